//! `steadygrad doctor`: looks at a network, before training and while it trains, and says what ails it.

use crate::{Outcome, Source};
use std::io::Write;
use std::path::{Path, PathBuf};
use steadygrad::chart::Chart;
use steadygrad::data::file::read_text;
use steadygrad::doctor::Verdict;
use steadygrad::extend::Place;
use steadygrad::lab::{self, Diagnosis, Experiment, Watcher};

#[derive(Debug, clap::Args)]
pub struct Doctor {
    #[command(flatten)]
    source: Source,
    /// Reads a finished run instead of training: the folder that `train` wrote.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["file", "set", "init_only", "epochs"])]
    run: Option<PathBuf>,
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
        let experiment = match &self.run {
            Some(folder) => crate::with_cache(crate::run::experiment(folder)?),
            None => self.source.experiment()?,
        };
        let doctor = lab::Doctor {
            epochs: if self.init_only { 0 } else { self.epochs },
            threads: usize::from(self.threads),
            progress: Some(crate::progress::doing),
            ..lab::Doctor::default()
        };
        let diagnosis = match &self.run {
            Some(folder) => of_run(&experiment, folder)?,
            None => doctor.examine(&experiment)?,
        };
        crate::progress::doing("");
        let page = || steadygrad::report::page(&diagnosis, &self.source.title(&experiment));
        let written = crate::page::write(self.html.as_deref(), page);
        let mut out = crate::terminal::out();
        if self.json {
            writeln!(out, "{}", diagnosis.to_json())?;
        } else {
            write!(out, "{diagnosis}")?;
            if let Some(root) = diagnosis.findings.first() {
                writeln!(out, "\n`steadygrad explain {}` says more", root.code)?;
            }
        }
        crate::page::told(&mut out, written, !self.json)?;
        Ok(if diagnosis.verdict == Verdict::Sick { Outcome::Sick } else { Outcome::Fine })
    }
}

/// What the record of a finished run says, beside a look at the network as it started.
pub fn of_run(experiment: &Experiment, folder: &Path) -> anyhow::Result<Diagnosis> {
    let read = |name: &str| read_text(folder.join(name));
    let place = |name: &str| folder.join(name).display().to_string();
    let chart = Chart::parse(&read("chart.json")?).place(|| place("chart.json"))?;
    let kept: serde_json::Value = serde_json::from_str(&read("history.json")?)
        .map_err(|e| anyhow::anyhow!("{}: {e}", place("history.json")))?;
    let number = |v: &serde_json::Value| match v.as_str() {
        Some("inf") => Some(f64::INFINITY),
        Some("-inf") => Some(f64::NEG_INFINITY),
        Some(_) => Some(f64::NAN),
        None => v.as_f64(),
    };
    let series = kept.get("history").and_then(|h| h.as_object()).into_iter().flatten();
    let series = series.map(|(name, values)| {
        let values = values.as_array().into_iter().flatten().filter_map(number).collect();
        (name.clone(), values)
    });
    let prepared = experiment.prepare(1)?;
    let watcher = Watcher::new(experiment, &prepared)?;
    Ok(watcher.conclude_record(chart, &series.collect::<Vec<(String, Vec<f64>)>>()))
}
