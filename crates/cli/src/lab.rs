//! `steadygrad lab`: trains every combination of what an experiment's `[lab]` table varies, and compares them.

use crate::progress::counted;
use crate::{Outcome, Source};
use std::io::Write;

#[derive(Debug, clap::Args)]
pub struct Lab {
    #[command(flatten)]
    source: Source,
    /// Trainings at once [default: the machine's threads].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Prints one JSON object and nothing else on standard output.
    #[arg(long)]
    json: bool,
    /// The file that receives the comparison as one HTML page, which needs nothing else.
    #[arg(long, value_name = "FILE")]
    html: Option<std::path::PathBuf>,
}

impl Lab {
    pub fn run(self) -> anyhow::Result<Outcome> {
        let experiment = self.source.experiment()?;
        let threads = self
            .threads
            .map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from);
        let grid = steadygrad::lab::grid(&experiment, threads, Some(counted))?;
        let page = || steadygrad::report::page_of_grid(&grid, &self.source.title(&experiment));
        let written = crate::page::write(self.html.as_deref(), page);
        let mut out = crate::terminal::out();
        if self.json {
            writeln!(out, "{}", grid.to_json())?;
        } else {
            write!(out, "{grid}")?;
        }
        crate::page::told(&mut out, written, !self.json)?;
        Ok(Outcome::Fine)
    }
}
