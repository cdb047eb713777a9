//! `steadygrad cure`: tries what the doctor prescribes, and keeps what is proved better.

use crate::progress::{counted, doing};
use crate::{Outcome, Source};
use std::io::Write;
use std::path::PathBuf;
use steadygrad::doctor::Verdict;
use steadygrad::lab::{Treatment, cure};

#[derive(Debug, clap::Args)]
pub struct Cure {
    #[command(flatten)]
    source: Source,
    /// The file that receives the cured experiment.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Seeds that everything is tried with; what is kept is proved with as many others.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=1000))]
    seeds: u64,
    /// Seconds of training in all, about.
    #[arg(long, default_value_t = 300.0)]
    seconds: f64,
    /// Trainings at once [default: the machine's threads].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// The file that receives diagnosis, trials and cure as one HTML page, which needs nothing else.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Prints one JSON object and nothing else on standard output.
    #[arg(long)]
    json: bool,
}

impl Cure {
    pub fn run(self) -> anyhow::Result<Outcome> {
        let experiment = self.source.experiment()?;
        let mut how = Treatment { seeds: self.seeds, seconds: self.seconds, ..Treatment::default() };
        how.threads = self.threads.map_or(how.threads, usize::from);
        how.progress = Some(counted);
        how.doctor.progress = Some(doing);
        let cure = cure(&experiment, &how)?;
        doing("");
        let diff = cure.diff(&experiment)?;
        // Before a word is said: who reads our output through `head` wants the files all the same. Why one could not be written
        // is said after what was found.
        let replace = steadygrad::data::file::replace;
        let kept = match (&self.out, &cure.cured) {
            (Some(file), Some(cured)) => {
                Some(cured.to_toml().and_then(|text| replace(file, text)).map(|()| file.as_path()))
            }
            _ => None,
        };
        let page = || steadygrad::report::page_of_cure(&cure, &diff, &self.source.title(&experiment));
        let shown = crate::page::write(self.html.as_deref(), page);
        let mut out = crate::terminal::out();
        if self.json {
            writeln!(out, "{}", cure.to_json())?;
        } else {
            write!(out, "{cure}")?;
            if !diff.is_empty() {
                write!(out, "\n{diff}")?;
            }
        }
        let (kept, shown) = (kept.transpose()?, shown.transpose()?);
        for (what, file) in [("the cured experiment", kept), ("the page", shown)] {
            if let Some(file) = file.filter(|_| !self.json) {
                writeln!(out, "\n{what} is in {}", file.display())?;
            }
        }
        let helped = cure.cured.is_some() || cure.diagnosis.verdict != Verdict::Sick;
        Ok(if helped { Outcome::Fine } else { Outcome::Sick })
    }
}
