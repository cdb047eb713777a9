//! `steadygrad list`: the names that experiments are written with.

use crate::Outcome;
use std::io::Write;
use steadygrad::nn;
use steadygrad::nn::catalog::Entry;

#[derive(Debug, clap::Args)]
pub struct List {
    /// One family: data, layers, activations, initializers, losses, metrics, optimizers, schedules, regularizers,
    /// constraints, callbacks. All without it.
    family: Option<String>,
}

/// Names of a family: class, then the others in brackets.
fn names<T: ?Sized>(catalog: &[Entry<T>]) -> Vec<String> {
    sorted(catalog.iter().map(|e| (e.class, e.names)))
}

fn callbacks() -> Vec<String> {
    sorted(steadygrad::engine::callbacks::CATALOG.iter().map(|e| (e.class, e.names)))
}

fn sorted<'a>(members: impl Iterator<Item = (&'a str, &'a [&'a str])>) -> Vec<String> {
    let line = |(class, names): (&str, &[&str])| match names {
        [] => class.to_string(),
        names => format!("{class:<32} {}", names.join(", ")),
    };
    let mut lines: Vec<String> = members.map(line).collect();
    lines.sort();
    lines
}

impl List {
    pub fn run(self) -> anyhow::Result<Outcome> {
        let data = || -> Vec<String> {
            steadygrad::lab::sources().iter().map(|(name, what)| format!("{name:<32} {what}")).collect()
        };
        let families: [(&str, Vec<String>); 11] = [
            ("data", data()),
            ("layers", names(nn::layers::CATALOG)),
            ("activations", names(nn::activations::CATALOG)),
            ("initializers", names(nn::initializers::CATALOG)),
            ("losses", names(nn::losses::CATALOG)),
            ("metrics", names(nn::metrics::CATALOG)),
            ("optimizers", names(nn::optimizers::CATALOG)),
            ("schedules", names(nn::schedules::CATALOG)),
            ("regularizers", names(nn::regularizers::CATALOG)),
            ("constraints", names(nn::constraints::CATALOG)),
            ("callbacks", callbacks()),
        ];
        let mut out = crate::terminal::out();
        if let Some(family) = &self.family {
            let known: Vec<&str> = families.iter().map(|(n, _)| *n).collect();
            let found = families.iter().find(|(n, _)| n == family);
            let (_, lines) = found.ok_or_else(|| steadygrad::Error::name("family", family, &known))?;
            for line in lines {
                writeln!(out, "{line}")?;
            }
            return Ok(Outcome::Fine);
        }
        for (name, lines) in &families {
            writeln!(out, "{name}")?;
            for line in lines {
                writeln!(out, "  {line}")?;
            }
        }
        Ok(Outcome::Fine)
    }
}
