//! `steadygrad train`: an experiment is trained, and what came of it is kept in a folder.

use crate::ongoing::{self, Left, Ongoing};
use crate::progress::{Guard, Progress};
use crate::run::{self, Run};
use crate::signals::Signals;
use crate::watching::Watching;
use crate::{Outcome, Source, folder};
use anyhow::Context;
use serde_json::{Map, Value as Json, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use steadygrad::chart::{Table, number};
use steadygrad::engine::checkpoint::{Newest, State};
use steadygrad::lab::{Diagnosis, Experiment, Watcher};
use steadygrad::prelude::{Fit, History, Learner, OnNonFinite, WatchSchedule};

#[derive(Debug, clap::Args)]
pub struct Train {
    #[command(flatten)]
    source: Source,
    /// The folder that receives experiment, history, chart and weights [default: runs/<name>-<time>].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Goes on with a training that was stopped, killed, or is to have more epochs (--set fit.epochs=N): from the newest checkpoint
    /// in its folder, and bit for bit as if it had never stopped.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["out", "file"])]
    resume: Option<PathBuf>,
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
        let experiment = self.experiment()?;
        let folder = self.folder(&experiment)?;
        let prepared = experiment.prepare(self.threads.into())?;
        let mut callbacks = prepared.callbacks()?;
        let mut learner = prepared.learner()?;
        learner.watch(WatchSchedule::Default);
        let wanted = self.doctor || !self.no_doctor;
        let watcher = if wanted { Some(Watcher::new(&experiment, &prepared)?) } else { None };
        let mut watching = watcher.as_ref().map(Watching::new);
        let signals = Signals::listen().context("signals cannot be listened to")?;
        let mut ongoing = Ongoing::open(&folder, &prepared, &signals)?;
        let from = match self.start(&folder, &mut ongoing, &experiment, prepared.fit.epochs) {
            Ok(from) => from,
            Err(error) => return Err(ongoing.failed(error)),
        };
        let (mut progress, mut guard) = (Progress::new(), Guard::default());
        let mut settings = prepared.fit.clone();
        settings.on_non_finite.get_or_insert(OnNonFinite::Stop);
        let mut fit = Fit::with(settings).from(from.as_ref()).keeper(&mut ongoing);
        fit = fit.callback(&mut guard).callback(&mut progress);
        if let Some(validation) = &prepared.data.validation {
            fit = fit.validation(validation);
        }
        for callback in &mut callbacks {
            fit = fit.callback(&mut **callback);
        }
        if let Some(watching) = &mut watching {
            fit = fit.callback(watching);
        }
        let fitted = learner.fit(&prepared.data.train, fit);
        progress.close();
        // What is left to do can be done again.
        signals.over();
        let mut history = match fitted {
            Ok(history) => history,
            Err(error) => return Err(ongoing.failed(prepared.located(error).into())),
        };
        if let Some(left) = ongoing.left {
            return self.stopped(left, &ongoing, &folder, &history);
        }
        guard.conclude(&mut history);
        let run = Run { experiment: &experiment, prepared: &prepared, learner: &learner, history: &history };
        let weights = ongoing.finish(|| run.write(&folder))?;
        let diagnosis = watcher.map(|watcher| watcher.conclude(&mut learner, &history)).transpose()?;
        self.tell(&folder, &weights, &learner, &history, diagnosis)?;
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

    fn experiment(&self) -> anyhow::Result<Experiment> {
        let Some(folder) = &self.resume else { return Ok(self.source.experiment()?) };
        let mut experiment = ongoing::experiment(folder)?;
        for assignment in &self.source.set {
            ongoing::may_change(assignment)?;
            experiment.set(assignment)?;
        }
        Ok(experiment)
    }

    /// Where it is kept: whether anything can be is asked before anything is trained.
    fn folder(&self, experiment: &Experiment) -> anyhow::Result<PathBuf> {
        if let Some(folder) = self.resume.as_ref().or(self.out.as_ref()) {
            match self.resume {
                None => folder::check(folder)?,
                Some(_) => folder::probe(folder)
                    .map_err(|e| anyhow::anyhow!("--resume {}: {e}", folder.display()))?,
            }
            return Ok(folder.clone());
        }
        folder::probe("runs".as_ref())
            .map_err(|e| anyhow::anyhow!("{e}\n  help: name a folder for the results with --out DIR"))?;
        Ok(run::default_folder(experiment, self.source.file.as_deref()))
    }

    /// The checkpoint that it goes on from, if it does. From here on no other training can begin in the folder.
    fn start(
        &self,
        folder: &Path,
        ongoing: &mut Ongoing<'_>,
        experiment: &Experiment,
        epochs: usize,
    ) -> anyhow::Result<Option<State>> {
        // One may have while the data were read.
        let from = match &self.resume {
            None => folder::check(folder).map(|()| None)?,
            Some(_) if self.experiment()?.to_toml()? != experiment.to_toml()? => {
                anyhow::bail!("--resume {}: another training has gone on there meanwhile", folder.display())
            }
            Some(folder) => going_on(folder, ongoing.newest()?, epochs)?,
        };
        ongoing.of(experiment, from.as_ref())?;
        Ok(from)
    }

    /// A signal asked to stop.
    fn stopped(
        &self,
        left: Left,
        ongoing: &Ongoing<'_>,
        folder: &Path,
        history: &History,
    ) -> anyhow::Result<Outcome> {
        let Left { signal, epoch, batch, step } = left;
        if self.json {
            let mut object = numbers(history);
            let stopped = json!({
                "signal": signal.name(), "epoch": epoch, "batch": batch, "step": step, "folder": folder.display().to_string(),
            });
            object.insert("stopped".into(), stopped);
            writeln!(crate::terminal::out(), "{}", Json::Object(object))?;
        }
        let place = match batch {
            0 => format!("after epoch {epoch}"),
            _ => format!("in epoch {}, after batch {batch}", epoch + 1),
        };
        let text = format!(
            "stopped by {} {place}; all of it is kept in {}\n  go on with: {}",
            signal.name(),
            ongoing.checkpoints().display(),
            ongoing::command(folder)
        );
        Ok(Outcome::Stopped(text, signal.exit_code()))
    }

    fn tell(
        &self,
        folder: &Path,
        weights: &Path,
        learner: &Learner,
        history: &History,
        diagnosis: Option<Diagnosis>,
    ) -> anyhow::Result<()> {
        let mut out = crate::terminal::out();
        if self.json {
            let mut object = numbers(history);
            object.insert("memory_bytes".into(), json!(learner.memory().total()));
            object.insert("weights".into(), json!(weights.display().to_string()));
            object.insert("non_finite".into(), run::non_finite(history));
            if let Some(diagnosis) = diagnosis {
                object.insert("doctor".into(), diagnosis.to_json());
            }
            writeln!(out, "{}", Json::Object(object))?;
            return Ok(());
        }
        if let Some(chart) = learner.chart() {
            write!(out, "\n{}", Table(chart))?;
        }
        writeln!(out, "\n{history}; {:.0} samples a second", speed(history))?;
        writeln!(out, "kept in {}", folder.display())?;
        if let Some(diagnosis) = diagnosis {
            write!(out, "\ndoctor: {}", diagnosis.brief())?;
        }
        Ok(())
    }
}

fn speed(history: &History) -> f64 {
    history.samples as f64 / history.seconds
}

/// Of every loss and metric the last value, and how long it took.
fn numbers(history: &History) -> Map<String, Json> {
    let logs = history.last_logs();
    let mut object: Map<String, Json> =
        logs.iter().map(|(name, value)| (name.to_string(), number(value))).collect();
    object.insert("seconds".into(), number(history.seconds));
    object.insert("samples_per_second".into(), number(speed(history)));
    object
}

/// From where a training goes on, which it says.
///
/// # Errors
/// If nothing is left to train.
fn going_on(folder: &Path, newest: Newest, epochs: usize) -> anyhow::Result<Option<State>> {
    let skipped: Vec<String> = newest.skipped.iter().map(|why| format!("passed over: {why}")).collect();
    run::warn(&skipped);
    let unfinished = ongoing::is_unfinished(folder);
    let (Some(state), Some(path)) = (newest.state, newest.path) else {
        if !unfinished {
            anyhow::bail!(
                "--resume {0}: the training is finished, and no checkpoint of it is there\n  help: train it anew, into another folder: \
                 steadygrad train {0}/experiment.toml --out DIR",
                folder.display()
            );
        }
        crate::say(&format!("{}: no checkpoint yet, so the training begins anew", folder.display()));
        return Ok(None);
    };
    let (epoch, batch, step) = (state.size("fit/epoch")?, state.size("fit/batch")?, state.count("fit/step")?);
    let reached = epoch + usize::from(batch > 0);
    let refuse = |why: String, help: &str| {
        anyhow::bail!("--resume {}: {why}\n  help: {help}", folder.display());
    };
    if epochs < reached {
        let why = format!("epoch {reached} has begun, and {epochs} are asked for");
        return refuse(why, &format!("fit.epochs must be {reached} or more"));
    }
    if !unfinished && epoch >= epochs {
        let why = format!("the training is finished: {epoch} of {epochs} epochs are done");
        return refuse(why, "--set fit.epochs=N goes on to epoch N");
    }
    if !unfinished && state.count("fit/stop")? != 0 {
        let why = format!("the training is finished: it was ended early, after epoch {epoch}");
        return refuse(
            why,
            "what ended it, a callback or a number that is not finite, is a part of it: train anew",
        );
    }
    let place = if batch == 0 { String::new() } else { format!(" and {batch} batches") };
    let counted = if epoch == 1 { "1 epoch".to_string() } else { format!("{epoch} epochs") };
    crate::say(&format!("going on after {counted}{place} (step {step}) from {}", path.display()));
    Ok(Some(state))
}
