//! The way of the gradient as a table that fits a terminal.

use crate::words::{decibels, wrapped_from};
use std::fmt;

/// Measured and expected decibels of one kind of factor in a row.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Cell {
    /// What was measured.
    pub measured: Option<f64>,
    /// What theory expects.
    pub expected: Option<f64>,
}

/// A layer with weights and what acts on its output: how much of the gradient each of them lets through, in dB.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Row {
    /// The layer: "dense_3".
    pub layer: String,
    /// The activation behind it.
    pub activation: Cell,
    /// The normalization behind it.
    pub normalization: Cell,
    /// Its weights.
    pub weights: Cell,
    /// Everything else on the way: sums where ways part, pooling, noise, merges.
    pub other: Cell,
    /// 20·log₁₀ of the gradient at the layer's weighted sums against that at the last layer's.
    pub reached: f64,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match (self.measured, self.expected) {
            (None, _) => String::new(),
            (Some(m), None) => decibels(m),
            (Some(m), Some(e)) => format!("{} ({})", decibels(m), decibels(e)),
        };
        f.pad(&text)
    }
}

/// A bar of up to `width` letters for a part of the longest.
fn bar(part: f64, width: usize) -> String {
    let eighths = (part.clamp(0.0, 1.0) * width as f64 * 8.0).round() as usize;
    let tail = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8];
    format!("{}{tail}", "█".repeat(eighths / 8))
}

/// Rows of a table that a terminal holds.
const MOST_ROWS: usize = 40;
/// Letters of a table's line.
const TABLE: usize = 79;
/// Letters of the longest bar, where there is room and where there is little.
const BAR: (usize, usize) = (16, 8);

/// A column of the table.
struct Column {
    head: &'static str,
    cells: Vec<Cell>,
    width: usize,
}

impl Column {
    /// As wide as what stands in it.
    fn narrow(&mut self) {
        let cells = self.cells.iter().map(|c| c.to_string().chars().count());
        self.width = cells.chain([self.head.len()]).max().unwrap_or(0);
    }
}

/// The columns of these rows, as wide as a terminal allows for names of this length; and those that had to leave out what theory
/// expects.
fn columns(rows: &[Row], longest: usize) -> (Vec<Column>, Vec<&'static str>) {
    let column =
        |head, width, cell: fn(&Row) -> Cell| Column { head, cells: rows.iter().map(cell).collect(), width };
    let mut all = vec![
        column("activation", 15, |r| r.activation),
        column("normalization", 15, |r| r.normalization),
        column("weights", 15, |r| r.weights),
        column("other", 8, |r| Cell { expected: None, ..r.other }),
    ];
    let usual = |c: &Column| ["activation", "weights"].contains(&c.head);
    all.retain(|c| usual(c) || c.cells.iter().any(|cell| cell.measured.is_some()));
    let mut left_out = Vec::new();
    if taken(&all, longest) + BAR.0 > TABLE {
        all.iter_mut().for_each(Column::narrow);
    }
    for head in ["weights", "activation", "normalization"] {
        let tight = taken(&all, longest) + BAR.1 > TABLE;
        if let Some(column) = all.iter_mut().find(|c| tight && c.head == head) {
            column.cells.iter_mut().for_each(|cell| cell.expected = None);
            column.narrow();
            left_out.push(head);
        }
    }
    (all, left_out)
}

/// Letters of a line in front of its bar.
fn taken(columns: &[Column], longest: usize) -> usize {
    2 + longest + columns.iter().map(|c| 2 + c.width).sum::<usize>() + 2 + 8 + 2
}

/// A name of so many letters at most.
fn shortened(name: &str, most: usize) -> String {
    match name.chars().count() {
        n if n <= most => name.into(),
        _ => name.chars().take(most - 1).chain(['…']).collect(),
    }
}

/// The table.
pub(crate) fn ledger(f: &mut fmt::Formatter<'_>, rows: &[Row]) -> fmt::Result {
    let reached = rows.iter().map(|r| r.reached).filter(|r| r.is_finite());
    let (low, high) = reached.fold((0.0_f64, 0.0_f64), |(l, h), r| (l.min(r), h.max(r)));
    // A span of less than a factor of ten would make a drama of noise.
    let span = (high - low).max(20.0);
    // A name longer than this is cut off.
    let longest = rows.iter().map(|r| r.layer.chars().count()).max().unwrap_or(5).clamp(5, 20);
    let (columns, left_out) = columns(rows, longest);
    if columns.iter().any(|c| c.head == "other") {
        writeln!(f, "(other: sums where ways part, merges, pooling, noise)")?;
    }
    if !left_out.is_empty() {
        let which = left_out.join(", ");
        let text = format!("(too wide for what theory expects of {which}: a page, --html FILE, shows it)");
        writeln!(f, "{}", wrapped_from(&text, 0, 1))?;
    }
    write!(f, "  {:longest$}", "layer")?;
    for column in &columns {
        write!(f, "  {:>1$}", column.head, column.width)?;
    }
    writeln!(f, "  {:>8}", "reached")?;
    // A number that is none says nothing of the layers below it.
    let known = rows.iter().position(|r| r.reached.is_nan()).unwrap_or(rows.len());
    let every = known.div_ceil(MOST_ROWS).max(1);
    let shown = |i: usize| i.is_multiple_of(every) || i + 1 == known;
    let room = TABLE.saturating_sub(taken(&columns, longest)).clamp(1, BAR.0);
    for (i, row) in rows[..known].iter().enumerate().filter(|(i, _)| shown(*i)) {
        write!(f, "  {:longest$}", shortened(&row.layer, longest))?;
        for column in &columns {
            write!(f, "  {:>1$}", column.cells[i], column.width)?;
        }
        let part = if row.reached.is_finite() { 1.0 - (high - row.reached) / span } else { 0.0 };
        let line = format!("  {:>8}  {}", decibels(row.reached), bar(part, room));
        writeln!(f, "{}", line.trim_end())?;
    }
    if let Some(row) = rows.get(known) {
        writeln!(f, "  {:longest$}  not a number from here down", shortened(&row.layer, longest))?;
    }
    if every > 1 {
        writeln!(f, "  (one of {every} layers is shown; a page, --html FILE, shows all)")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Table(Vec<Row>);

    impl fmt::Display for Table {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            ledger(f, &self.0)
        }
    }

    #[test]
    fn tables_fit_a_terminal_whatever_their_columns_and_names() {
        let cell = Cell { measured: Some(-112.6), expected: Some(-113.2) };
        for (normalization, other) in [(cell, cell), (cell, Cell::default()), (Cell::default(), cell)] {
            for layer in ["dense_1", "a_layer_with_a_name_that_does_not_end"] {
                let (layer, weights) = (layer.to_string(), cell);
                let row = Row { layer, activation: cell, normalization, weights, other, reached: -450.4 };
                let text = Table(vec![Row { reached: 0.0, ..row.clone() }, row]).to_string();
                let longest = text.lines().map(|l| l.chars().count()).max();
                assert!(longest <= Some(TABLE), "{longest:?}\n{text}");
                assert_eq!(text.contains("merges"), other.measured.is_some());
            }
        }
    }
}
