//! A diagnosis in a terminal: the verdict, what was found, and the way of the gradient.

use crate::Diagnosis;
use crate::table::{Row, ledger};
use crate::words::{decibels, wrapped, wrapped_from};
use std::fmt;
use steadygrad_chart::Kind;
use steadygrad_doctor::{Finding, Severity, Verdict};

impl Diagnosis {
    /// The ledger at the start by layers with weights, from the loss down.
    pub fn rows(&self) -> Vec<Row> {
        let ledger = self.ledger();
        let (mut rows, mut row, mut reached) = (Vec::new(), Row::default(), 0.0);
        let name = |i: usize| self.start.layers[i].whole.clone();
        for entry in &ledger.way {
            let layer = &self.start.layers[entry.layer];
            let role = if entry.kind == Kind::Branch { "sum" } else { layer.role.as_str() };
            if role == "linear" {
                (row.layer, row.reached) = (name(entry.layer), reached);
            }
            let cell = match role {
                "linear" => &mut row.weights,
                "activation" => &mut row.activation,
                "normalization" => &mut row.normalization,
                _ => &mut row.other,
            };
            let expected = self.expected(entry.layer, entry.input).filter(|_| role != "sum");
            cell.measured = Some(cell.measured.unwrap_or(0.0) + entry.decibels);
            cell.expected = expected.map(|e| e + cell.expected.unwrap_or(0.0)).or(cell.expected);
            reached += entry.decibels;
            if role == "linear" {
                rows.push(std::mem::take(&mut row));
            }
        }
        if let Some(end) = ledger.end {
            (row.layer, row.reached) = (name(end), reached);
            rows.push(row);
        }
        rows
    }
}

impl Diagnosis {
    /// The verdict in a few lines: the root of what is sick, its causes, and what to try first.
    pub fn brief(&self) -> String {
        let root = self.findings.first().filter(|_| self.verdict == Verdict::Sick);
        let Some(root) = root else {
            let margin = self.gradient().map_or_else(String::new, |r| {
                let r = decibels(r);
                format!("; before training the gradient came to the first layer with {r} dB against the last")
            });
            let also = self.findings.iter().filter(|f| f.severity == Severity::Warning);
            let also = also.map(|f| line("", &format!("{} {}: {}", f.code, f.condition, f.summary)));
            let head = wrapped_from(&format!("{}{margin}", self.verdict), 0, 2);
            return format!("{head}\n{}", also.collect::<String>());
        };
        let head = format!("sick: {}: {}", root.condition.replace('_', " "), root.summary);
        let mut text = wrapped_from(&head, 0, 2) + "\n";
        if !root.causes.is_empty() {
            let causes: Vec<String> = root.causes.iter().map(|c| c.to_string().replace('_', " ")).collect();
            text += &line("cause  ", &causes.join(", "));
        }
        if let Some(first) = root.prescriptions.first() {
            text += &line("try    ", &first.title);
        }
        let more = format!("steadygrad explain {}; steadygrad doctor; steadygrad cure", root.code);
        text + &line("more   ", &more)
    }
}

impl Diagnosis {
    /// Why there is no table of what reaches each layer.
    fn no_way(&self) -> String {
        let parts = &self.setup.parts;
        let learn = parts.iter().filter(|p| p.trainable).count();
        match parts.len() {
            0 | 1 => "one layer with weights: there is no way on which a gradient could be lost".into(),
            all if learn < all => format!(
                "{learn} of {all} layers with weights {}",
                match learn {
                    1 => "learns: no gradient goes below it",
                    _ => "learn: no gradient goes below them",
                }
            ),
            _ => "the loss reads one layer with weights: a gradient cannot be lost on the way to it".into(),
        }
    }
}

/// An indented line: what it is about, and a text that goes on under itself.
fn line(about: &str, text: &str) -> String {
    let indent = 2 + about.chars().count();
    let under = if about.is_empty() { 4 } else { indent };
    format!("  {about}{}\n", wrapped_from(text, indent, under))
}

/// dense_1 … dense_9, where they are many.
fn layers(names: &[String]) -> String {
    match names {
        [first, .., last] if names.len() > 4 => format!("{last} … {first} ({} layers)", names.len()),
        _ => names.join(", "),
    }
}

fn finding(f: &mut fmt::Formatter<'_>, found: &Finding) -> fmt::Result {
    let head = match found.severity {
        Severity::Sick => format!("{} {}", found.code, found.condition),
        less => format!("{} {} ({less})", found.code, found.condition),
    };
    writeln!(f, "{}", wrapped_from(&format!("{head}: {}", found.summary), 0, 2))?;
    if !found.layers.is_empty() {
        writeln!(f, "  where     {}", wrapped(&layers(&found.layers), 12))?;
    }
    let causes: Vec<String> = found.causes.iter().map(|c| c.to_string().replace('_', " ")).collect();
    if found.severity == Severity::Sick && found.follows_from.is_none() {
        let why = if causes.is_empty() { "not sure".to_string() } else { causes.join(", ") };
        writeln!(f, "  cause     {}", wrapped(&why, 12))?;
    } else if !causes.is_empty() {
        writeln!(f, "  cause     {}", wrapped(&causes.join(", "), 12))?;
    }
    for e in &found.evidence {
        let text = format!("{}: {}; healthy: {}", e.what, figure(e.measured), e.expected);
        writeln!(f, "  measured  {}", wrapped(&text, 12))?;
    }
    for p in &found.prescriptions {
        writeln!(f, "  try       {}", wrapped(&format!("{} ({})", p.title, p.applicability), 12))?;
    }
    Ok(())
}

fn figure(x: f64) -> String {
    match x.abs() {
        _ if !x.is_finite() => format!("{x}"),
        size if size == 0.0 || (0.01..1e5).contains(&size) => {
            let digits = if size < 10.0 { 3 } else { 2 };
            format!("{x:.digits$}").trim_end_matches('0').trim_end_matches('.').to_string()
        }
        _ => format!("{x:.1e}"),
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = format!("{:.1} s", self.seconds);
        let looked = match self.steps {
            0 => "at the start".to_string(),
            1 => "at the start and 1 step".to_string(),
            n => format!("at the start and {n} steps"),
        };
        let name = |found: &Finding| found.condition.replace('_', " ");
        match self.findings.first().filter(|_| self.verdict == Verdict::Sick) {
            Some(root) => writeln!(f, "sick: {} (looked {looked}, {seconds})", name(root))?,
            None => writeln!(f, "{} (looked {looked}, {seconds})", self.verdict)?,
        }
        let rows = self.rows();
        if let Some(reached) = self.gradient().filter(|_| self.verdict == Verdict::Healthy && rows.len() > 1)
        {
            let growth = reached > 0.0 && self.forecast.normalized;
            let margin = if growth { steadygrad_doctor::FAR_NORMALIZED } else { steadygrad_doctor::FAR };
            let margin = margin - reached.abs();
            let spare = if margin >= 0.0 {
                format!("{margin:.0} dB to spare")
            } else {
                "it was in trouble, and found its way while it trained".into()
            };
            let reached = decibels(reached);
            let text = format!("gradient at the first layer against the last: {reached} dB; {spare}");
            writeln!(f, "{}", wrapped_from(&text, 0, 2))?;
        }
        if self.verdict == Verdict::Healthy && rows.len() == 1 {
            writeln!(f, "{}", self.no_way())?;
        }
        for found in self.findings.iter().filter(|found| found.follows_from.is_none()) {
            writeln!(f)?;
            finding(f, found)?;
            for after in self.findings.iter().filter(|a| a.follows_from == Some(found.code)) {
                let text = format!("{} {}: {}", after.code, after.condition, after.summary);
                writeln!(f, "  and so    {}", wrapped(&text, 12))?;
            }
        }
        if rows.len() > 1 {
            writeln!(f, "\nwhat reaches each layer of the gradient before training, from the loss down,")?;
            writeln!(f, "in dB (20 dB is a factor of ten; in brackets: what theory expects)")?;
            ledger(f, &rows)?;
        }
        for left in &self.forecast.left_out {
            writeln!(f, "{}", wrapped_from(&format!("the theory leaves out {left}"), 0, 2))?;
        }
        Ok(())
    }
}
