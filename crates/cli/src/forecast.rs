//! `steadygrad forecast`: what theory expects of a network, from its layers and initializers alone.

use crate::{Outcome, Source};
use std::io::Write;
use steadygrad::doctor::Forecast;

#[derive(Debug, clap::Args)]
pub struct Command {
    #[command(flatten)]
    source: Source,
    /// Prints one JSON object and nothing else.
    #[arg(long)]
    json: bool,
}

impl Command {
    pub fn run(self) -> anyhow::Result<Outcome> {
        let model = self.source.experiment()?.model()?;
        let forecast = Forecast::of(&model, &[])?;
        let mut out = std::io::stdout().lock();
        if self.json {
            writeln!(out, "{}", forecast.to_json())?;
        } else {
            write!(out, "{forecast}")?;
        }
        Ok(Outcome::Fine)
    }
}
