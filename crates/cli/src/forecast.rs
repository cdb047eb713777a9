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
    /// The file that receives the forecast as one HTML page, which needs nothing else.
    #[arg(long, value_name = "FILE")]
    html: Option<std::path::PathBuf>,
}

impl Command {
    pub fn run(self) -> anyhow::Result<Outcome> {
        let experiment = self.source.experiment()?;
        let (forecast, of_data) = experiment.forecast()?;
        let page = || steadygrad::report::page_of_forecast(&forecast, &self.source.title(&experiment));
        let written = crate::page::write(self.html.as_deref(), page);
        let mut out = crate::terminal::out();
        if self.json {
            writeln!(out, "{}", forecast.to_json())?;
        } else {
            write!(out, "{forecast}")?;
            let fed = if of_data { "the experiment's own data" } else { "standardized data" };
            writeln!(out, "of a network fed with {fed}")?;
        }
        crate::page::told(&mut out, written, !self.json)?;
        Ok(Outcome::Fine)
    }
}
