//! Numbers by name: what an epoch came to, and the history of all epochs.

use crate::checkpoint::{State, Under};
use crate::on_non_finite::{NonFinite, restored};
use std::fmt;
use steadygrad_kernels::{Error, Place, Result};

/// Losses and metrics of a batch or an epoch, in the order of their names.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Logs(Vec<(String, f64)>);

impl Logs {
    /// The number of this name.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| *v)
    }

    /// Sets a number; a new name comes last.
    pub fn set(&mut self, name: &str, value: f64) {
        match self.0.iter_mut().find(|(n, _)| n == name) {
            Some((_, v)) => *v = value,
            None => self.0.push((name.to_string(), value)),
        }
    }

    /// Names and numbers in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.0.iter().map(|(n, v)| (n.as_str(), *v))
    }

    /// The names.
    pub fn names(&self) -> Vec<&str> {
        self.0.iter().map(|(n, _)| n.as_str()).collect()
    }

    /// Nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn sort(&mut self) {
        self.0.sort_by(|a, b| a.0.cmp(&b.0));
    }
}

impl fmt::Display for Logs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (name, value)) in self.iter().enumerate() {
            write!(f, "{}{name}: {}", if i > 0 { " - " } else { "" }, figure(value))?;
        }
        Ok(())
    }
}

/// A number as Keras' progress bar shows it: four digits after the point, or an exponent for the small ones.
pub fn figure(value: f64) -> String {
    if !value.is_finite() {
        return format!("{value}").to_lowercase();
    }
    if value.abs() > 1e-3 {
        return format!("{value:.4}");
    }
    let text = format!("{value:.4e}");
    match text.split_once('e') {
        Some((digits, power)) => {
            let (sign, power) = power.strip_prefix('-').map_or(("+", power), |p| ("-", p));
            format!("{digits}e{sign}{power:0>2}")
        }
        None => text,
    }
}

/// What a training came to, epoch by epoch.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct History {
    /// The numbers of the epochs, from 0.
    pub epochs: Vec<usize>,
    series: Vec<Series>,
    /// What the user should know: each thing once.
    pub warnings: Vec<String>,
    /// The batches in which a number was not finite, and what was done; where something was
    /// ([`OnNonFinite`](crate::OnNonFinite)).
    pub non_finite: Vec<NonFinite>,
    /// Samples seen in training.
    pub samples: usize,
    /// Seconds it took.
    pub seconds: f64,
}

/// The values of one name, each with the row of its epoch.
#[derive(Debug, Clone, PartialEq)]
struct Series {
    name: String,
    values: Vec<f64>,
    rows: Vec<usize>,
}

impl History {
    /// The values of this name, one for each epoch in which it was measured (`val_loss`: see `validation_freq`).
    pub fn get(&self, name: &str) -> Option<&[f64]> {
        self.series.iter().find(|s| s.name == name).map(|s| s.values.as_slice())
    }

    /// The values of this name beside `epochs`: `None` in the epochs in which it was not measured.
    pub fn by_epoch(&self, name: &str) -> Option<Vec<Option<f64>>> {
        let series = self.series.iter().find(|s| s.name == name)?;
        let mut values = vec![None; self.epochs.len()];
        for (&row, &value) in series.rows.iter().zip(&series.values) {
            values[row] = Some(value);
        }
        Some(values)
    }

    /// The last value of this name.
    pub fn last(&self, name: &str) -> Option<f64> {
        self.get(name)?.last().copied()
    }

    /// All names with their values: losses and metrics in the order of the alphabet, then what callbacks added.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[f64])> {
        self.series.iter().map(|s| (s.name.as_str(), s.values.as_slice()))
    }

    pub(crate) fn push(&mut self, epoch: usize, logs: &Logs) {
        let row = self.epochs.len();
        self.epochs.push(epoch);
        for (name, value) in logs.iter() {
            match self.series.iter_mut().find(|s| s.name == name) {
                Some(series) => {
                    series.values.push(value);
                    series.rows.push(row);
                }
                None => {
                    self.series.push(Series { name: name.to_string(), values: vec![value], rows: vec![row] })
                }
            }
        }
    }

    /// All of it.
    pub(crate) fn save(&self, state: &mut Under<'_>) {
        let whole = |numbers: &[usize]| numbers.iter().map(|&n| n as f64).collect::<Vec<f64>>();
        state.put_doubles("epochs", whole(&self.epochs));
        state.put_count("samples", self.samples as u64);
        state.put_doubles("seconds", [self.seconds]);
        self.save_non_finite(&mut state.under("non_finite"));
        state.put_count("series", self.series.len() as u64);
        for (i, series) in self.series.iter().enumerate() {
            let mut state = state.under(&format!("series_{i}"));
            state.put_text("name", series.name.clone());
            state.put_doubles("values", series.values.clone());
            state.put_doubles("rows", whole(&series.rows));
        }
    }

    /// What [`History::save`] kept.
    ///
    /// # Errors
    /// If it is none.
    pub(crate) fn restored(state: &State) -> Result<History> {
        let whole = |numbers: &[f64]| numbers.iter().map(|&n| n as usize).collect::<Vec<usize>>();
        let epochs = whole(state.doubles("epochs")?);
        let mut series = Vec::new();
        for i in 0..state.count("series")? {
            let state = state.within(&format!("series_{i}"));
            let (values, rows) = (state.doubles("values")?.to_vec(), whole(state.doubles("rows")?));
            if values.len() != rows.len() || rows.iter().any(|&row| row >= epochs.len()) {
                return Err(Error::format("its history has values of epochs that it has not"));
            }
            series.push(Series { name: state.text("name")?.to_string(), values, rows });
        }
        let seconds = state.maybe("seconds")?.unwrap_or(0.0);
        let non_finite = restored(&state.within("non_finite")).place(|| "`non_finite`")?;
        let (samples, warnings) = (state.size("samples")?, Vec::new());
        Ok(History { epochs, series, warnings, non_finite, samples, seconds })
    }

    /// The last value of every name, as Keras' `history.history[name][-1]`: where validation is not due at every epoch,
    /// the values of the last one in which it was.
    pub fn last_logs(&self) -> Logs {
        let last = self.series.iter().filter_map(|s| Some((s.name.clone(), *s.values.last()?)));
        Logs(last.collect())
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (n, s) = (self.epochs.len(), if self.epochs.len() == 1 { "" } else { "s" });
        write!(f, "{n} epoch{s} in {:.1} s: {}", self.seconds, self.last_logs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_beside_their_epochs() {
        let logs = |pairs: &[(&str, f64)]| Logs(pairs.iter().map(|(n, v)| (n.to_string(), *v)).collect());
        let mut history = History::default();
        history.push(3, &logs(&[("loss", 3.0)]));
        history.push(4, &logs(&[("loss", 2.0), ("val_loss", 5.0)]));
        history.push(5, &logs(&[("loss", 1.0)]));
        assert_eq!(history.get("val_loss"), Some(&[5.0][..]), "as in Keras, only what there is");
        assert_eq!(history.by_epoch("val_loss"), Some(vec![None, Some(5.0), None]));
        assert_eq!(history.by_epoch("loss"), Some(vec![Some(3.0), Some(2.0), Some(1.0)]));
        assert_eq!(history.by_epoch("mae"), None);
        assert_eq!(history.last_logs(), logs(&[("loss", 1.0), ("val_loss", 5.0)]));
    }

    #[test]
    fn figures_are_written_as_in_keras() {
        for (value, text) in
            [(0.93281, "0.9328"), (12.0, "12.0000"), (2.5e-4, "2.5000e-04"), (0.0, "0.0000e+00")]
        {
            assert_eq!(figure(value), text);
        }
        assert_eq!(figure(f64::NAN), "nan");
        assert_eq!(figure(f64::INFINITY), "inf");
    }
}
