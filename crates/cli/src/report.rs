//! `steadygrad report`: the page of a finished run.

use crate::Outcome;
use std::io::Write;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Report {
    /// The folder that `train` wrote.
    run: PathBuf,
    /// The file that receives the page [default: report.html in the folder].
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Prints one JSON object and nothing else: the diagnosis.
    #[arg(long)]
    json: bool,
}

impl Report {
    pub fn run(self) -> anyhow::Result<Outcome> {
        let experiment = crate::with_cache(crate::run::experiment(&self.run)?);
        let diagnosis = crate::doctor::of_run(&experiment, &self.run)?;
        let file = self.html.unwrap_or_else(|| self.run.join("report.html"));
        let title = experiment.name().unwrap_or_else(|| self.run.display().to_string());
        steadygrad::data::file::replace(&file, steadygrad::report::page(&diagnosis, &title))?;
        let mut out = crate::terminal::out();
        if self.json {
            writeln!(out, "{}", diagnosis.to_json())?;
        } else {
            writeln!(out, "{}the page is in {}", diagnosis.brief(), file.display())?;
        }
        Ok(Outcome::Fine)
    }
}
