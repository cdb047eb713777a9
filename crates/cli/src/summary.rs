//! `steadygrad summary`: the network of an experiment.

use crate::{Outcome, Source};
use std::io::Write;

#[derive(Debug, clap::Args)]
pub struct Summary {
    #[command(flatten)]
    source: Source,
    /// Also the plan of a training step: what is computed, in which order, where in memory.
    #[arg(long)]
    plan: bool,
}

impl Summary {
    pub fn run(self) -> anyhow::Result<Outcome> {
        let experiment = self.source.experiment()?;
        let mut out = crate::terminal::out();
        let summary = steadygrad::engine::Summary::of(&experiment.model()?)?;
        let columns = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        let summary = if let Some(columns) = columns { summary.columns(columns) } else { summary };
        writeln!(out, "{summary}")?;
        if self.plan {
            let learner = experiment.prepare(1)?.learner()?;
            writeln!(out, "\n{}", learner.plan())?;
        }
        Ok(Outcome::Fine)
    }
}
