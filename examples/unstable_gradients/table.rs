//! How the story is set in a terminal: headlines, aligned tables, sentences of 98 columns, a line of progress.

use std::fmt;
use std::io::{IsTerminal, Write};

const WIDTH: usize = 98;

/// Rows of text: the first column to the left, all others to the right.
pub struct Table {
    left: usize,
    groups: Vec<(String, usize)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// With these column titles.
    pub fn new<S: Into<String>>(titles: impl IntoIterator<Item = S>) -> Table {
        Table { left: 1, groups: Vec::new(), rows: vec![titles.into_iter().map(Into::into).collect()] }
    }

    /// A line above the titles, for so many columns each; a first one without text is for the first column.
    pub fn groups(mut self, groups: Vec<(String, usize)>) -> Table {
        self.groups = groups;
        self
    }

    /// So many columns to the left.
    pub fn left(mut self, columns: usize) -> Table {
        self.left = columns;
        self
    }

    /// One row more.
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// The first column of each group, and how many columns it has.
    fn spans(&self) -> Vec<(usize, usize)> {
        let mut start = 0;
        let span = |(_, columns): &(String, usize)| {
            start += columns;
            (start - columns, *columns)
        };
        self.groups.iter().map(span).collect()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let widest = |c: usize| self.rows.iter().filter_map(|r| r.get(c)).map(|t| t.chars().count()).max();
        let mut widths: Vec<usize> = (0..columns).map(|c| widest(c).unwrap_or(0)).collect();
        let spans = self.spans();
        for ((start, count), (title, _)) in spans.iter().zip(&self.groups) {
            // A title that is wider than its columns widens the first of them.
            let room: usize = widths[*start..start + count].iter().sum::<usize>() + 2 * (count - 1);
            widths[*start] += title.chars().count().saturating_sub(room);
        }
        // Groups stand a little apart.
        let gap = |c: usize| match c {
            0 => 0,
            _ if spans.len() > 2 && spans.iter().any(|(start, _)| *start == c) => 4,
            _ => 2,
        };
        let lines = |f: &mut fmt::Formatter<'_>| {
            let total = widths.iter().enumerate().map(|(c, w)| w + gap(c)).sum::<usize>();
            writeln!(f, "  {}", "─".repeat(total))
        };
        if !self.groups.is_empty() {
            let mut line = String::new();
            for ((start, count), (title, _)) in spans.iter().zip(&self.groups) {
                let room: usize = (*start..start + count).map(|c| widths[c] + gap(c)).sum();
                line += &format!("{title:>room$}");
            }
            writeln!(f, "  {}", line.trim_end())?;
        }
        for (i, row) in self.rows.iter().enumerate() {
            let mut line = String::new();
            for (c, (text, width)) in row.iter().zip(&widths).enumerate() {
                line += &" ".repeat(gap(c));
                line += &if c < self.left { format!("{text:<width$}") } else { format!("{text:>width$}") };
            }
            writeln!(f, "  {}", line.trim_end())?;
            if i == 0 {
                lines(f)?;
            }
        }
        writeln!(f)
    }
}

/// A headline, and what the tables below it show.
pub fn headline(title: &str, about: &str) {
    println!("\n{title}\n{}", "═".repeat(title.chars().count()));
    say(about);
    println!();
}

/// Text in lines that fit the terminal.
pub fn say(text: &str) {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > WIDTH {
            println!("{line}");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line += word;
    }
    println!("{line}");
}

/// What follows from a table.
pub fn conclude(text: &str) {
    say(&format!("→ {text}"));
}

/// Three significant digits, in the shortest way.
pub fn short(x: f64) -> String {
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

/// A number of things: "1 epoch", "5 epochs".
pub fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// A fraction in percent: whole ones, and a digit after the point below 1 %, so that little is not nothing.
pub fn percent(x: f64) -> String {
    if x > 0.0 && x < 0.01 { format!("{:.1} %", 100.0 * x) } else { format!("{:.0} %", 100.0 * x) }
}

/// An accuracy in percent; one that is none, as "diverged".
pub fn accuracy(x: Option<f64>) -> String {
    x.map_or("diverged".into(), |x| format!("{:.1} %", 100.0 * x))
}

/// One line on stderr that says how far it is, where a person is looking.
pub struct Progress {
    done: usize,
    all: usize,
}

impl Progress {
    /// So many pieces of work.
    pub fn new(all: usize) -> Progress {
        Progress { done: 0, all }
    }

    /// The next piece begins.
    pub fn next(&mut self, what: &str) {
        self.done += 1;
        Progress::show(&format!("[{}/{}] {what} …", self.done, self.all));
    }

    /// Takes the line away.
    pub fn clear(self) {
        Progress::show("");
    }

    fn show(text: &str) {
        let mut terminal = std::io::stderr();
        if terminal.is_terminal() {
            // That the line cannot be shown is no reason to stop.
            let _ = write!(terminal, "\r\x1b[K{text}").and_then(|()| terminal.flush());
        }
    }
}
