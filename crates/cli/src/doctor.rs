//! `steadygrad doctor`: looks at a network, before training and while it trains, and says what ails it.

use crate::{Outcome, Source};
use std::io::Write;
use std::path::PathBuf;
use steadygrad::doctor::Verdict;
use steadygrad::lab::{Examination, examine};

#[derive(Debug, clap::Args)]
pub struct Doctor {
    #[command(flatten)]
    source: Source,
    /// Looks at the network before training only.
    #[arg(long, conflicts_with = "epochs")]
    init_only: bool,
    /// Epochs of training that are watched, at most.
    #[arg(long, default_value_t = 3)]
    epochs: usize,
    /// Prints one JSON object and nothing else.
    #[arg(long)]
    json: bool,
    /// The file that receives the diagnosis as one HTML page, which needs nothing else.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Threads that large steps are shared among; they change no result.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    threads: u16,
}

impl Doctor {
    pub fn run(self) -> anyhow::Result<Outcome> {
        let experiment = self.source.experiment()?;
        let how = Examination {
            epochs: if self.init_only { 0 } else { self.epochs },
            threads: usize::from(self.threads),
            ..Examination::default()
        };
        let diagnosis = examine(&experiment, &how)?;
        // Before a word is said: who reads our output through `head` wants the file all the same. Why it could not be written is
        // said after what was found.
        let written = self.html.as_ref().map(|file| {
            let page = steadygrad::report::page(&diagnosis, &self.source.title(&experiment));
            steadygrad::data::file::replace(file, page).map(|()| file)
        });
        let mut out = std::io::stdout().lock();
        if self.json {
            writeln!(out, "{}", diagnosis.to_json())?;
        } else {
            write!(out, "{diagnosis}")?;
            if let Some(root) = diagnosis.findings.first() {
                writeln!(out, "\n`steadygrad explain {}` says more", root.code)?;
            }
        }
        if let Some(file) = written.transpose()?.filter(|_| !self.json) {
            writeln!(out, "\nthe page is in {}", file.display())?;
        }
        Ok(if diagnosis.verdict == Verdict::Sick { Outcome::Sick } else { Outcome::Fine })
    }
}
