//! A grid in a terminal: a table of 80 columns, and in full what had to be shortened.

use crate::grid::{Grid, Setting};
use crate::labels::word;
use std::fmt;

/// Letters of a line.
const WIDTH: usize = 80;
/// A column of values is not made narrower.
const NARROWEST: usize = 6;
/// Letters of all columns but the values, with the gaps before them.
const FIXED: usize = 51;

/// At most so many letters, the middle left out.
fn cut(text: &str, most: usize) -> String {
    let n = text.chars().count();
    if n <= most {
        return text.to_string();
    }
    let (head, tail) = (most.saturating_sub(1).div_ceil(2), most.saturating_sub(1) / 2);
    text.chars().take(head).chain(['…']).chain(text.chars().skip(n - tail)).collect()
}

fn longest<'a>(texts: impl Iterator<Item = &'a String>) -> usize {
    texts.map(|t| t.chars().count()).max().unwrap_or(0)
}

/// Widths of the columns of values: as wide as they need; where that is too wide together the widest give way.
fn widths(columns: &[Vec<String>]) -> Vec<usize> {
    let mut widths: Vec<usize> = columns.iter().map(|c| longest(c.iter())).collect();
    let room = (WIDTH - FIXED).saturating_sub(2 * columns.len());
    while widths.iter().sum::<usize>() > room {
        let Some(widest) = widths.iter_mut().max().filter(|w| **w > NARROWEST) else { break };
        *widest -= 1;
    }
    widths
}

/// Values cut to a width; where that makes two of them look alike they are numbered.
fn fitted(values: &[String], width: usize) -> Vec<String> {
    let mut distinct: Vec<&String> = Vec::new();
    for value in values {
        if !distinct.contains(&value) {
            distinct.push(value);
        }
    }
    let clear = |i: usize| {
        let own = cut(distinct[i], width);
        (0..distinct.len()).all(|k| k == i || cut(distinct[k], width) != own)
    };
    let one = |value: &String| {
        let i = distinct.iter().position(|d| *d == value).unwrap_or(0);
        let number = format!("#{}", i + 1);
        if clear(i) { cut(value, width) } else { cut(value, width.saturating_sub(number.len())) + &number }
    };
    values.iter().map(one).collect()
}

fn decibels(x: f64) -> String {
    if x.is_finite() { format!("{x:+.0}") } else { format!("{x}") }
}

fn figure(x: f64) -> String {
    if x == 0.0 || (1e-3..1e5).contains(&x.abs()) { format!("{x:.3}") } else { format!("{x:.1e}") }
}

fn result(grid: &Grid, setting: &Setting) -> String {
    let (median, spread) = (setting.arm.median(&grid.measure), setting.arm.spread());
    match setting.arm.outcomes.len() {
        _ if !median.is_finite() => "not finite".into(),
        1 => figure(median),
        // What rounding leaves of a spread is none.
        _ if spread < 1e-6 * median.abs() => format!("{} ± 0.000", figure(median)),
        _ => format!("{} ± {}", figure(median), figure(spread)),
    }
}

impl fmt::Display for Grid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seeds = match self.settings.first().map_or(0, |s| s.arm.outcomes.len()) {
            1 => "one seed".to_string(),
            n => format!("median of {n} seeds ± spread"),
        };
        writeln!(f, "{}: {seeds}. Before training, in dB:", self.measure.name)?;
        writeln!(f, "gradient at the first layer against the last, signal behind the last hidden")?;
        writeln!(f, "layer against the first; dead units and saturated values in the worst layer\n")?;
        let labels = self.labels();
        let mut columns: Vec<Vec<String>> = Vec::new();
        for (k, key) in self.keys.iter().enumerate() {
            let short = key.rsplit('.').next().unwrap_or(key).to_string();
            columns.push([short].into_iter().chain(labels.iter().map(|l| l[k].clone())).collect());
        }
        let widths = widths(&columns);
        // The first of each column is its heading.
        let shown: Vec<Vec<String>> = columns
            .iter()
            .zip(&widths)
            .map(|(c, w)| [vec![cut(&c[0], *w)], fitted(&c[1..], *w)].concat())
            .collect();
        let values = |row: usize| -> String {
            shown.iter().zip(&widths).map(|(c, width)| format!("  {:width$}", c[row])).collect()
        };
        let head = cut(&self.measure.name, 13);
        writeln!(f, "{}  {head:>13}  gradient  signal   dead  saturated", values(0))?;
        for (row, s) in self.settings.iter().enumerate() {
            writeln!(
                f,
                "{}  {:>13}  {:>8}  {:>6}  {:>4.0}%  {:>8.0}%",
                values(row + 1),
                result(self, s),
                decibels(s.flow.gradient),
                decibels(s.flow.signal),
                100.0 * s.flow.dead,
                100.0 * s.flow.saturated,
            )?;
        }
        // What a short word stands for.
        let mut told: Vec<(String, String)> = Vec::new();
        for (row, s) in self.settings.iter().enumerate() {
            for (value, column) in s.values.iter().zip(&shown) {
                let entry = (column[row + 1].clone(), word(value));
                if entry.0 != entry.1 && !told.contains(&entry) {
                    told.push(entry);
                }
            }
        }
        if !told.is_empty() {
            writeln!(f)?;
        }
        for (short, full) in &told {
            // A class stands there already.
            let settings =
                full.strip_prefix(short).and_then(|rest| rest.strip_prefix('(')?.strip_suffix(')'));
            writeln!(f, "{short}: {}", settings.unwrap_or(full))?;
        }
        Ok(())
    }
}
