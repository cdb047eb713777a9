//! A table of text in a box, drawn as the Python library `rich` draws it.

use std::fmt;

/// Where text stands in its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    Left,
    Center,
    Right,
}

/// A column: its head, and the width asked for.
#[derive(Debug, Clone)]
pub struct Column {
    pub head: String,
    pub align: Align,
    pub width: usize,
}

/// Rows of cells.
#[derive(Debug)]
pub struct Table {
    columns: Vec<Column>,
    /// With the blank on each side.
    widths: Vec<usize>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table so many characters wide, border included.
    pub fn new(length: usize, columns: Vec<Column>) -> Table {
        let widths = columns.iter().map(|c| c.width + 2).collect();
        Table {
            widths: narrowed(widths, length.saturating_sub(columns.len() + 1)),
            columns,
            rows: Vec::new(),
        }
    }

    /// A row, with a cell for each column.
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    fn line(&self, f: &mut fmt::Formatter<'_>, [left, middle, right]: [char; 3], fill: &str) -> fmt::Result {
        let parts: Vec<String> = self.widths.iter().map(|&w| fill.repeat(w)).collect();
        writeln!(f, "{left}{}{right}", parts.join(&middle.to_string()))
    }

    fn cells(&self, f: &mut fmt::Formatter<'_>, cells: &[String], bar: char) -> fmt::Result {
        let columns = self.columns.iter().zip(&self.widths).zip(cells);
        let cells: Vec<Vec<String>> =
            columns.map(|((c, w), cell)| wrapped(cell, w.saturating_sub(2).max(1), c.align)).collect();
        for i in 0..cells.iter().map(Vec::len).max().unwrap_or(0) {
            for (cell, width) in cells.iter().zip(&self.widths) {
                let blank = " ".repeat(width.saturating_sub(2).max(1));
                write!(f, "{bar} {} ", cell.get(i).unwrap_or(&blank))?;
            }
            writeln!(f, "{bar}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heads: Vec<String> = self.columns.iter().map(|c| c.head.clone()).collect();
        self.line(f, ['┏', '┳', '┓'], "━")?;
        self.cells(f, &heads, '┃')?;
        self.line(f, ['┡', '╇', '┩'], "━")?;
        for (i, row) in self.rows.iter().enumerate() {
            if i > 0 {
                self.line(f, ['├', '┼', '┤'], "─")?;
            }
            self.cells(f, row, '│')?;
        }
        let parts: Vec<String> = self.widths.iter().map(|&w| "─".repeat(w)).collect();
        write!(f, "└{}┘", parts.join("┴"))
    }
}

/// Widths that fit in this much room together: what is too much is taken from all of them alike, halves rounded to even.
fn narrowed(widths: Vec<usize>, room: usize) -> Vec<usize> {
    let mut too_much = widths.iter().sum::<usize>().saturating_sub(room);
    let mut left = widths.len();
    let take = |width: usize| {
        let share = (too_much as f64 / left as f64).round_ties_even() as usize;
        let share = share.min(width);
        too_much -= share;
        left -= 1;
        width - share
    };
    widths.into_iter().map(take).collect()
}

/// The text in lines of exactly this width. A word that is longer ends in `…`.
fn wrapped(text: &str, width: usize, align: Align) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    // Words with the blanks behind them; blanks at the beginning belong to the first.
    let mut starts = Vec::new();
    let mut in_word = false;
    for (i, c) in chars.iter().enumerate() {
        if !c.is_whitespace() && !in_word {
            starts.push(if starts.is_empty() { 0 } else { i });
        }
        in_word = !c.is_whitespace();
    }
    let mut breaks = vec![0];
    let mut used = 0;
    for (k, &start) in starts.iter().enumerate() {
        let end = starts.get(k + 1).copied().unwrap_or(chars.len());
        let word = chars[start..end].iter().collect::<String>();
        if used + word.trim_end().chars().count() > width && start > 0 {
            breaks.push(start);
            used = 0;
        }
        used += end - start;
    }
    let ends = breaks.iter().skip(1).copied().chain([chars.len()]);
    breaks.iter().zip(ends).map(|(&from, to)| aligned(&chars[from..to], width, align)).collect()
}

fn aligned(line: &[char], width: usize, align: Align) -> String {
    let mut text: Vec<char> = line.to_vec();
    while text.last().is_some_and(|c| c.is_whitespace()) {
        text.pop();
    }
    if text.len() > width {
        text.truncate(width.saturating_sub(1));
        text.push('…');
    }
    let blank = width.saturating_sub(text.len());
    let before = match align {
        Align::Left => 0,
        Align::Center => blank / 2,
        Align::Right => blank,
    };
    format!("{}{}{}", " ".repeat(before), text.into_iter().collect::<String>(), " ".repeat(blank - before))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_wide_is_taken_from_all() {
        assert_eq!(narrowed(vec![41, 33, 20], 84), [38, 29, 17]);
        assert_eq!(narrowed(vec![42, 34, 20, 12], 95), [39, 31, 16, 9]);
        assert_eq!(narrowed(vec![3, 3], 10), [3, 3]);
    }

    #[test]
    fn long_text_goes_on_in_the_next_line() {
        assert_eq!(wrapped("batch_norm (Batch)", 12, Align::Left), ["batch_norm  ", "(Batch)     "]);
        assert_eq!(wrapped("  └ a b", 5, Align::Left), ["  └ a", "b    "]);
        assert_eq!(wrapped("Trainable", 7, Align::Center), ["Traina…"]);
        assert_eq!(wrapped("toolongaword x", 6, Align::Right), ["toolo…", "     x"]);
        assert_eq!(wrapped("", 3, Align::Left), ["   "]);
    }
}
