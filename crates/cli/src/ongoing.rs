//! A training that is not finished: what of it lies in its folder, and how it is gone on with.
//!
//! ```text
//! DIR/checkpoints/lock               held while it runs
//! DIR/checkpoints/experiment.toml    what is trained; it is there from before the first step until all results are written
//! DIR/checkpoints/step-….checkpoint  the newest few; of a finished training the last one stays
//! DIR/checkpoints/best.checkpoint    where `[checkpoints]` asks for it
//! ```

use crate::folder::{self, Earlier};
use crate::signals::{Signal, Signals};
use anyhow::Context;
use std::path::{Path, PathBuf};
use steadygrad::Result;
use steadygrad::data::file::replace;
use steadygrad::engine::checkpoint::{Checkpoints, Keeper, Moment, Newest, Onward, State};
use steadygrad::extend::Training;
use steadygrad::lab::{Experiment, Prepared};
use steadygrad::prelude::Error;

pub const FOLDER: &str = "checkpoints";
const EXPERIMENT: &str = "experiment.toml";

/// Whether a training in this folder has begun and not come to its end.
pub fn is_unfinished(folder: &Path) -> bool {
    folder.join(FOLDER).join(EXPERIMENT).exists()
}

/// The command that goes on with it.
pub fn command(folder: &Path) -> String {
    let name = folder.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/-_.:+@".contains(c);
    match name.chars().all(plain) {
        true => format!("steadygrad train --resume {name}"),
        false => format!("steadygrad train --resume '{}'", name.replace('\'', r"'\''")),
    }
}

/// What is trained in this folder, finished or not.
pub fn experiment(folder: &Path) -> anyhow::Result<Experiment> {
    let own = folder.join(FOLDER).join(EXPERIMENT);
    let experiment = if own.exists() { Experiment::load(own)? } else { crate::run::experiment(folder)? };
    // Paths in the file are absolute; those of overrides start where the command runs.
    Ok(crate::with_cache(experiment.with_base("")))
}

/// What may be another when a training is gone on with.
pub fn may_change(assignment: &str) -> anyhow::Result<()> {
    let key = assignment.split('=').next().unwrap_or_default().trim();
    if key == "fit.epochs" || key.starts_with("checkpoints.") {
        return Ok(());
    }
    anyhow::bail!(
        "--set {assignment}: a training is gone on with as it began\n  help: only fit.epochs and checkpoints.… may be others; \
         for other settings train anew, into a folder of its own"
    )
}

/// Keeps a training in its folder, and leaves it when a signal asks for that.
#[derive(Debug)]
pub struct Ongoing<'a> {
    folder: PathBuf,
    /// What was there of the way to it.
    standing: PathBuf,
    checkpoints: Checkpoints,
    /// What the training goes by.
    course: String,
    /// What was in the folder before it began.
    pub earlier: Earlier,
    signals: &'a Signals,
    /// A checkpoint was kept.
    kept: bool,
    /// A signal asked to leave, and where that was.
    pub left: Option<Left>,
}

/// Where a training was left.
#[derive(Debug, Clone, Copy)]
pub struct Left {
    pub signal: Signal,
    pub epoch: usize,
    pub batch: usize,
    pub step: u64,
}

impl<'a> Ongoing<'a> {
    /// Nobody else may train into this folder from now on.
    pub fn open(folder: &Path, prepared: &Prepared, signals: &'a Signals) -> anyhow::Result<Ongoing<'a>> {
        let standing = folder::standing(folder);
        Ok(Ongoing {
            folder: folder.to_path_buf(),
            standing,
            checkpoints: prepared.checkpoints.open(folder.join(FOLDER))?,
            course: String::new(),
            earlier: Earlier::default(),
            signals,
            kept: false,
            left: None,
        })
    }

    /// It begins anew: what another one left is its past.
    fn begin(&mut self, experiment: &Experiment) -> anyhow::Result<()> {
        let text = experiment.to_toml()?;
        self.course = Experiment::parse(&text)?.course()?;
        self.earlier = Earlier::of(&self.folder);
        self.checkpoints.clear()?;
        replace(self.checkpoints.folder().join(EXPERIMENT), text)?;
        Ok(())
    }

    /// The checkpoint to go on from, if there is one, and those that do not hold.
    pub fn newest(&self) -> anyhow::Result<Newest> {
        let newest = self.checkpoints.newest()?;
        if newest.state.is_none() && !newest.skipped.is_empty() {
            let experiment = self.folder.join(FOLDER).join(EXPERIMENT);
            let experiment = if experiment.exists() { experiment } else { self.folder.join(EXPERIMENT) };
            anyhow::bail!(
                "{}: none of its checkpoints holds\n  {}\n  help: train it anew, into another folder: steadygrad train {} --out DIR",
                self.folder.display(),
                newest.skipped.join("\n  "),
                experiment.display()
            );
        }
        Ok(newest)
    }

    /// It goes on from here; from the beginning, if nothing was kept.
    pub fn go_on(&mut self, experiment: &Experiment, from: Option<&State>) -> anyhow::Result<()> {
        let Some(state) = from else { return self.begin(experiment) };
        let text = experiment.to_toml()?;
        self.course = Experiment::parse(&text)?.course()?;
        self.earlier = Earlier::parse(state.text("run/earlier")?);
        self.kept = true;
        replace(self.checkpoints.folder().join(EXPERIMENT), text)?;
        Ok(())
    }

    /// All results are written: of the checkpoints the last one stays, from which more epochs may follow, and the best.
    pub fn finish(self) -> anyhow::Result<()> {
        self.checkpoints.retain(1)?;
        let place = self.checkpoints.folder().join(EXPERIMENT);
        std::fs::remove_file(&place).with_context(|| place.display().to_string())
    }

    /// The training failed: says how it may be gone on with; where nothing was kept, nothing is left.
    pub fn failed(self, error: Error) -> anyhow::Error {
        if self.kept {
            return anyhow::anyhow!(
                "{error}\n  what was kept before can be gone on with: {}",
                command(&self.folder)
            );
        }
        let (folder, standing) = (self.folder.clone(), self.standing.clone());
        let inner = self.checkpoints.folder().to_path_buf();
        drop(self);
        let _ = std::fs::remove_dir_all(inner);
        // Folders that were made go again; one that has other files in it stays.
        for made in folder.ancestors().take_while(|made| *made != standing && !made.as_os_str().is_empty()) {
            let _ = std::fs::remove_dir(made);
        }
        error.into()
    }

    /// The checkpoints' folder.
    pub fn checkpoints(&self) -> &Path {
        self.checkpoints.folder()
    }
}

impl Keeper for Ongoing<'_> {
    fn begin(&mut self, training: &mut Training<'_>, from: Option<&State>) -> Result<()> {
        if let Some(state) = from {
            let before = state.text("run/course")?;
            if before != self.course {
                let changed = before.lines().zip(self.course.lines()).find(|(before, now)| before != now);
                let (before, now) = changed.unwrap_or(("a part of it", "another"));
                return Err(Error::format(format!(
                    "the experiment is not the one that was trained: it had {before}, and has {now}"
                ))
                .at(self.checkpoints.folder().join(EXPERIMENT).display().to_string())
                .help("put back what was there; for other settings train anew, into a folder of its own"));
            }
        }
        self.checkpoints.begin(training, from)
    }

    fn wants(&mut self, training: &mut Training<'_>, moment: Moment<'_>) -> bool {
        self.signals.asked().is_some() || self.checkpoints.wants(training, moment)
    }

    fn keep(&mut self, training: &mut Training<'_>, moment: Moment<'_>, mut state: State) -> Result<Onward> {
        let mut run = state.under("run");
        run.put_text("course", self.course.clone());
        run.put_text("earlier", self.earlier.to_text());
        self.checkpoints.keep(training, moment, state)?;
        self.kept = true;
        let Some(signal) = self.signals.asked() else { return Ok(Onward::Go) };
        self.left = Some(Left { signal, epoch: moment.epoch, batch: moment.batch, step: moment.step });
        Ok(Onward::Leave)
    }
}
