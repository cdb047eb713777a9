//! `steadygrad train`: an experiment is trained, and what came of it is kept in a folder.

use crate::folder::Earlier;
use crate::progress::{Guard, Progress};
use crate::run::{self, Run};
use crate::watching::Watching;
use crate::{Outcome, Source, folder};
use serde_json::{Map, json};
use std::io::Write;
use std::path::PathBuf;
use steadygrad::chart::{Table, number};
use steadygrad::lab::Watcher;
use steadygrad::prelude::{Fit, WatchSchedule};

#[derive(Debug, clap::Args)]
pub struct Train {
    #[command(flatten)]
    source: Source,
    /// The folder that receives experiment, history, chart and weights [default: runs/<name>-<time>].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Prints one JSON object at the end, and nothing else on standard output: of every loss and metric the last value that
    /// was measured, and what the doctor says.
    #[arg(long)]
    json: bool,
    /// Threads that may share a large step; they change no result.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: u16,
    /// Watches for what makes networks sick, warns once, and gives a verdict at the end; this is the default.
    #[arg(long, overrides_with = "no_doctor")]
    doctor: bool,
    /// No doctor: nothing is looked at beyond the table.
    #[arg(long)]
    no_doctor: bool,
}

impl Train {
    pub fn run(self) -> anyhow::Result<Outcome> {
        let experiment = self.source.experiment()?;
        match &self.out {
            Some(folder) => folder::check(folder)?,
            None => folder::probe("runs".as_ref())
                .map_err(|e| anyhow::anyhow!("{e}\n  help: name a folder for the results with --out DIR"))?,
        }
        let earlier = self.out.as_deref().map(Earlier::of).unwrap_or_default();
        let prepared = experiment.prepare(self.threads.into())?;
        let mut callbacks = prepared.callbacks()?;
        let mut learner = prepared.learner()?;
        learner.watch(WatchSchedule::Default);
        let wanted = self.doctor || !self.no_doctor;
        let watcher = if wanted { Some(Watcher::new(&experiment, &prepared)?) } else { None };
        let mut watching = watcher.as_ref().map(Watching::new);
        let (mut progress, mut guard) = (Progress::new(), Guard::default());
        let mut fit = Fit::with(prepared.fit.clone()).callback(&mut guard).callback(&mut progress);
        if let Some(watching) = &mut watching {
            fit = fit.callback(watching);
        }
        if let Some(validation) = &prepared.data.validation {
            fit = fit.validation(validation);
        }
        for callback in &mut callbacks {
            fit = fit.callback(&mut **callback);
        }
        let mut history = learner.fit(&prepared.data.train, fit).map_err(|e| prepared.located(e))?;
        guard.conclude(&mut history);
        let folder =
            self.out.unwrap_or_else(|| run::default_folder(&experiment, self.source.file.as_deref()));
        let run = Run {
            experiment: &experiment,
            prepared: &prepared,
            learner: &learner,
            history: &history,
            earlier: &earlier,
        };
        let weights = run.write(&folder)?;
        let speed = history.samples as f64 / history.seconds;
        let diagnosis = watcher.map(|watcher| watcher.conclude(&mut learner, &history)).transpose()?;
        let mut out = std::io::stdout().lock();
        if self.json {
            let mut object = Map::new();
            for (name, value) in history.last_logs().iter() {
                object.insert(name.to_string(), number(value));
            }
            object.insert("seconds".into(), number(history.seconds));
            object.insert("samples_per_second".into(), number(speed));
            object.insert("weights".into(), json!(weights));
            object.insert("non_finite".into(), run::non_finite(&history));
            if let Some(diagnosis) = diagnosis {
                object.insert("doctor".into(), diagnosis.to_json());
            }
            writeln!(out, "{}", serde_json::Value::Object(object))?;
        } else {
            if let Some(chart) = learner.chart() {
                write!(out, "\n{}", Table(chart))?;
            }
            writeln!(out, "\n{history}; {speed:.0} samples a second")?;
            writeln!(out, "kept in {}", folder.display())?;
            if let Some(diagnosis) = diagnosis {
                write!(out, "\ndoctor: {}", diagnosis.brief())?;
            }
        }
        run::warn(&history.warnings);
        Ok(match guard.not_finite {
            None => Outcome::Fine,
            Some(what) => Outcome::NotFinite(format!(
                "{what}\n  help: a smaller learning_rate, clipnorm = 1.0 in the optimizer, or another \
                 kernel_initializer keep numbers finite; what was computed until then is in {}",
                folder.display()
            )),
        })
    }
}
