//! What callbacks that watch one number of the logs have in common: which one, and when it is better than before.

use super::callback::Training;
use crate::logs::Logs;
use steadygrad_kernels::{Error, Kind, Result};
use steadygrad_nn::args::Args;
use steadygrad_nn::config::{FromValue, Value};
use steadygrad_nn::metrics::Direction;

/// What callbacks that change the learning rate add to the logs.
pub(crate) const LEARNING_RATE: &str = "learning_rate";

/// Which way the watched number improves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// As the loss or the metric of this name says.
    #[default]
    Auto,
    /// Less is better.
    Min,
    /// More is better.
    Max,
}

impl FromValue for Mode {
    fn from_value(value: &Value) -> Result<Mode> {
        match String::from_value(value)?.as_str() {
            "auto" => Ok(Mode::Auto),
            "min" => Ok(Mode::Min),
            "max" => Ok(Mode::Max),
            other => Err(Error::name("mode", other, &["auto", "min", "max"])),
        }
    }
}

/// A number of the logs, and when it is an improvement.
#[derive(Debug, Clone)]
pub(crate) struct Monitor {
    owner: &'static str,
    pub key: String,
    pub mode: Mode,
    pub min_delta: f64,
    direction: Option<Direction>,
}

impl Monitor {
    /// `val_loss`, for the callback of this class.
    pub fn new(owner: &'static str, min_delta: f64) -> Monitor {
        Monitor { owner, key: "val_loss".into(), mode: Mode::Auto, min_delta, direction: None }
    }

    /// `monitor`, `mode` and, where there is one, `min_delta` from settings.
    pub fn read(&mut self, args: &mut Args<'_>, with_delta: bool) -> Result<()> {
        self.key = args.or("monitor", self.key.clone())?;
        self.mode = args.or("mode", Mode::Auto)?;
        if with_delta {
            self.min_delta = args.or("min_delta", self.min_delta)?;
        }
        Ok(())
    }

    /// Forgets what it found out about the number, as another training may have other metrics, and finds out anew.
    ///
    /// # Errors
    /// If nobody will know which way the number improves.
    pub fn begin(&mut self, training: &Training<'_>) -> Result<()> {
        self.direction = None;
        let names = training.names();
        if !names.is_empty() {
            let known: Vec<&str> = names.iter().map(String::as_str).collect();
            self.direction = Some(self.find_direction(training, &known)?);
        }
        Ok(())
    }

    /// The watched number, or `None`, with a warning that says what follows, where the logs do not have it.
    ///
    /// # Errors
    /// If nobody knows which way it improves.
    pub fn value(&mut self, training: &mut Training<'_>, logs: &Logs, so: &str) -> Result<Option<f64>> {
        if self.direction.is_none() {
            self.direction = Some(self.find_direction(training, &logs.names())?);
        }
        let value = logs.get(&self.key);
        // With `validation_freq`, an epoch without validation lacks nothing.
        let later =
            training.validation && self.key.starts_with("val_") && training.names().contains(&self.key);
        if value.is_none() && !later {
            training.warn(format!(
                "{}: `{}` is not among the logs ({}), so {so}; give validation data, or watch another one",
                self.owner,
                self.key,
                logs.names().join(", ")
            ));
        }
        Ok(value)
    }

    fn find_direction(&self, training: &Training<'_>, known: &[&str]) -> Result<Direction> {
        let found = match self.mode {
            Mode::Min => Direction::Down,
            Mode::Max => Direction::Up,
            Mode::Auto => training.direction(&self.key),
        };
        if found != Direction::None {
            return Ok(found);
        }
        let error = if known.contains(&self.key.as_str()) || self.key == LEARNING_RATE {
            Error::argument(format!("whether more or less of `{}` is better is not known", self.key))
                .help("say it with `mode`: \"min\" or \"max\"")
        } else {
            let near = steadygrad_kernels::nearest(&self.key, known);
            let near = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
            Error::new(Kind::Name, format!("`{}` is not a number of this training", self.key))
                .help(format!("{near}it can watch: {}", known.join(", ")))
        };
        Err(error.at("`monitor`").at(self.owner))
    }

    /// Better than the best before by more than `min_delta`, compared in f32 as Keras does; the first is always better.
    ///
    /// NaN is never better than a number. Any number is better than NaN: there Keras would be stuck for good.
    pub fn improves(&self, value: f64, best: Option<f64>) -> bool {
        let Some(best) = best else { return true };
        if best.is_nan() {
            return !value.is_nan();
        }
        let delta = self.min_delta.abs();
        match self.direction {
            Some(Direction::Up) => (value - delta) as f32 > best as f32,
            _ => ((value + delta) as f32) < best as f32,
        }
    }
}
