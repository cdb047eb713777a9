//! The chart as a table: one row a layer.

use crate::chart::{Chart, Layer, Observation};
use comfy_table::{CellAlignment, ContentArrangement, Table as Grid, presets};
use std::fmt;

/// A chart shown as a table: the last sample, and how it was at the start where that differs much.
#[derive(Debug)]
pub struct Table<'a>(pub &'a Chart);

/// Three significant digits, in the shortest way.
fn short(x: f64) -> String {
    if x == 0.0 {
        "0".into()
    } else if !x.is_finite() {
        format!("{x}").to_lowercase()
    } else if (1e-2..1e4).contains(&x.abs()) {
        let digits = (2 - x.abs().log10().floor() as i32).max(0) as usize;
        format!("{x:.digits$}")
    } else {
        format!("{x:.1e}")
    }
}

/// A share; blank where it is not known.
fn percent(x: f64) -> String {
    match x {
        _ if x.is_nan() => String::new(),
        0.0 => "0".into(),
        _ => format!("{:.0} %", 100.0 * x),
    }
}

/// As a [`Table`].
impl fmt::Display for Chart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Table(self).fmt(f)
    }
}

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(last) = self.0.samples.last() else {
            return f.write_str("no step was looked at\n");
        };
        let mut grid = Grid::new();
        grid.load_style(presets::UTF8_BORDERS_ONLY).set_content_arrangement(ContentArrangement::Disabled);
        let mut header = vec!["layer", "signal", "delta", "gradient", "update", "saturated", "zero", "dead"];
        header.extend(self.0.first_non_finite.as_ref().map(|_| ""));
        grid.set_header(header);
        let layers: Vec<(&Layer, &Observation)> = self.0.layers.iter().zip(&last.layers).collect();
        for parts in layers.chunk_by(|a, b| a.0.whole == b.0.whole) {
            // What goes out of a layer is what goes out of its last part.
            let ((_, within), (end, out)) = (parts[0], parts[parts.len() - 1]);
            if parts.iter().all(|(_, seen)| seen.is_empty()) {
                continue;
            }
            let blank = String::new;
            let signal = out.signal.as_ref();
            let first = |values: &[f64]| values.first().map_or_else(blank, |&v| short(v));
            let sick = self.0.first_non_finite.as_ref();
            let sick = sick.filter(|s| s.place.split('/').next() == Some(&*end.whole));
            let delta = parts.iter().rev().find_map(|(_, seen)| seen.delta);
            let mut row = vec![
                end.whole.clone(),
                signal.map_or_else(blank, |s| short(s.deviation)),
                delta.map_or_else(blank, short),
                first(&within.gradients),
                first(&within.updates),
                if end.bounded { signal.map_or_else(blank, |s| percent(s.saturated)) } else { blank() },
                signal.map_or_else(blank, |s| percent(s.zero)),
                out.dead.map_or_else(blank, percent),
            ];
            row.extend(sick.map(|s| format!("first non-finite: {}", s.phase)));
            grid.add_row(row);
        }
        for column in grid.column_iter_mut().skip(1).take(7) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        writeln!(
            f,
            "step {} (signal: standard deviation over the batch; delta, gradient: root mean square;",
            last.step
        )?;
        writeln!(
            f,
            "update: size of the last step against the weights; dead: 0 for every sample of the epoch)"
        )?;
        writeln!(f, "{grid}")?;
        if let Some(sick) = &self.0.first_non_finite {
            writeln!(f, "first non-finite value: {sick}")?;
        }
        Ok(())
    }
}

impl Observation {
    /// Nothing was seen.
    pub fn is_empty(&self) -> bool {
        self.signal.is_none()
            && self.delta.is_none()
            && self.dead.is_none()
            && self.gradients.is_empty()
            && self.updates.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!(short(0.0), "0");
        assert_eq!(short(1.23456), "1.23");
        assert_eq!(short(0.012345), "0.0123");
        assert_eq!(short(0.0012345), "1.2e-3");
        assert_eq!(short(1234.5), "1234");
        assert_eq!(short(1.2e-9), "1.2e-9");
        assert_eq!(short(f64::NAN), "nan");
        assert_eq!(
            (percent(0.5), percent(0.0), percent(f64::NAN)),
            ("50 %".into(), "0".into(), String::new())
        );
    }
}
