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
        let mut out = std::io::stdout().lock();
        let model = experiment.model()?;
        for (entry, shapes) in model.entries.iter().zip(model.shapes()?) {
            writeln!(out, "{} {} {}", entry.name, entry.layer.class(), shapes[0])?;
        }
        if self.plan {
            let learner = experiment.prepare(1)?.learner()?;
            writeln!(out, "\n{}", learner.plan())?;
        }
        Ok(Outcome::Fine)
    }
}
