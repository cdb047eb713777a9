//! `steadygrad forecast`: what theory expects of a network, from its layers and initializers alone.

use crate::{Outcome, Source};
use std::io::Write;

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
        let (forecast, of_data) = self.source.experiment()?.forecast()?;
        let mut out = std::io::stdout().lock();
        if self.json {
            writeln!(out, "{}", forecast.to_json())?;
        } else {
            write!(out, "{forecast}")?;
            let fed = if of_data { "the experiment's own data" } else { "standardized data" };
            writeln!(out, "of a network fed with {fed}")?;
        }
        Ok(Outcome::Fine)
    }
}
