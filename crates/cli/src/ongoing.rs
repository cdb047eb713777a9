//! A training that is not finished: what of it lies in its folder, and how it is gone on with.
//!
//! ```text
//! DIR/checkpoints/lock               held while it runs
//! DIR/checkpoints/experiment.toml    what is trained; it is there from before the first step until all results are written
//! DIR/checkpoints/results            while they are written: until then, those of an earlier run are whole
//! DIR/checkpoints/step-….checkpoint  the newest few; of a finished training the last one stays
//! DIR/checkpoints/best.checkpoint    where `[checkpoints]` asks for it
//! ```

use crate::folder;
use crate::signals::{Signal, Signals};
use anyhow::Context;
use std::path::{Path, PathBuf};
use steadygrad::Result;
use steadygrad::data::file::{part_of, remove_parts, replace};
use steadygrad::engine::checkpoint::{
    Checkpoints, Keeper, Moment, Newest, Onward, State, is_own as is_own_name,
};
use steadygrad::extend::{Training, nearest};
use steadygrad::lab::{Experiment, Prepared};

pub const FOLDER: &str = "checkpoints";
const EXPERIMENT: &str = "experiment.toml";
const RESULTS: &str = "results";
/// What lies there beside the checkpoints.
const OWN: [&str; 2] = [EXPERIMENT, RESULTS];

/// Whether all that is in this folder is of a training's checkpoints.
pub fn is_own(checkpoints: &Path) -> bool {
    let own = |name: &std::ffi::OsStr| {
        let name = name.to_string_lossy();
        is_own_name(&name) || OWN.contains(&part_of(&name).unwrap_or(&name))
    };
    std::fs::read_dir(checkpoints)
        .is_ok_and(|mut all| all.all(|one| one.is_ok_and(|one| own(&one.file_name()))))
}

/// Where the experiment of a training in this folder lies as long as it is not finished.
fn place(folder: &Path) -> PathBuf {
    folder.join(FOLDER).join(EXPERIMENT)
}

/// Whether a training in this folder has begun and not come to its end.
pub fn is_unfinished(folder: &Path) -> bool {
    place(folder).exists()
}

/// Whether its results are being written, or were when it was stopped: some are of this training, others of the one before.
pub fn is_being_written(folder: &Path) -> bool {
    folder.join(FOLDER).join(RESULTS).exists()
}

/// The command that goes on with it.
pub fn command(folder: &Path) -> String {
    format!("steadygrad train --resume {}", quoted(folder))
}

/// A path as an argument in a shell: quoted where a letter means something there, and never taken for an option.
fn quoted(path: &Path) -> String {
    let mut name = path.display().to_string();
    if name.starts_with('-') {
        name.insert_str(0, "./");
    }
    let plain = |c: char| c.is_alphanumeric() || "/-_.:+@".contains(c);
    match name.chars().all(plain) && !name.is_empty() {
        true => name,
        false => format!("'{}'", name.replace('\'', r"'\''")),
    }
}

/// What is trained in this folder, finished or not.
pub fn experiment(folder: &Path) -> anyhow::Result<Experiment> {
    let own = place(folder);
    if !own.exists() && !folder.join("history.json").exists() {
        let parent =
            folder.parent().filter(|parent| is_unfinished(parent) || parent.join("history.json").exists());
        let help = match parent.filter(|_| folder.ends_with(FOLDER)) {
            Some(parent) => format!("name the folder of the run: {}", command(parent)),
            None => "name the folder of a run, as `steadygrad train` printed it".into(),
        };
        anyhow::bail!("{}: there is no training in it\n  help: {help}", folder.display());
    }
    let experiment = if own.exists() { Experiment::load(own)? } else { crate::run::experiment(folder)? };
    // Paths in the file are absolute; those of overrides start where the command runs.
    Ok(crate::with_cache(experiment.with_base("")))
}

/// What may be another when a training is gone on with, beside `checkpoints.…`.
const MAY_CHANGE: [&str; 7] = [
    "fit.epochs",
    "data.train",
    "data.validation",
    "data.path",
    "model.file",
    "model.weights",
    "fit.callbacks",
];

/// Whether this setting may be another when a training is gone on with.
pub fn may_change(assignment: &str) -> anyhow::Result<()> {
    let key = assignment.split('=').next().unwrap_or_default().trim();
    if MAY_CHANGE.contains(&key) || key.starts_with("checkpoints.") {
        return Ok(());
    }
    let meant = nearest(key, &MAY_CHANGE).map_or(String::new(), |meant| format!("did you mean `{meant}`? "));
    anyhow::bail!(
        "--set {assignment}: a training is gone on with as it began\n  help: {meant}only fit.epochs, checkpoints.… and the places of files \
         may be others; for other settings train anew, into a folder of its own"
    )
}

/// Keeps a training in its folder, and leaves it when a signal asks for that.
#[derive(Debug)]
pub struct Ongoing<'a> {
    folder: PathBuf,
    /// What was there of the way to it.
    standing: PathBuf,
    checkpoints: Checkpoints,
    /// The experiment as it is kept.
    text: String,
    /// What the training goes by.
    course: String,
    signals: &'a Signals,
    /// One was unfinished there before.
    unfinished: bool,
    /// The training has begun: nothing was wrong with what it is of.
    begun: bool,
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
        let standing = folder::standing(&folder.join(FOLDER));
        let checkpoints = prepared.checkpoints.open(folder.join(FOLDER))?;
        remove_parts(checkpoints.folder(), |name| OWN.contains(&name))?;
        remove_parts(folder, |name| folder::FILES.contains(&name))?;
        Ok(Ongoing {
            folder: folder.to_path_buf(),
            standing,
            checkpoints,
            text: String::new(),
            course: String::new(),
            signals,
            unfinished: is_unfinished(folder),
            begun: false,
            kept: false,
            left: None,
        })
    }

    /// The checkpoint to go on from, if there is one, and those that do not hold.
    pub fn newest(&self) -> anyhow::Result<Newest> {
        let newest = self.checkpoints.newest()?;
        if newest.state.is_none() && !newest.skipped.is_empty() {
            let experiment = if self.unfinished { place(&self.folder) } else { self.folder.join(EXPERIMENT) };
            anyhow::bail!(
                "{}: none of its checkpoints holds\n  {}\n  help: train it anew, into another folder: steadygrad train {} --out DIR",
                self.folder.display(),
                newest.skipped.join("\n  "),
                quoted(&experiment)
            );
        }
        Ok(newest)
    }

    /// Says what is trained; it goes on from here, or from the beginning. Nothing is written yet.
    ///
    /// # Errors
    /// If it is another experiment than that of the checkpoint.
    pub fn of(&mut self, experiment: &Experiment, from: Option<&State>) -> anyhow::Result<()> {
        self.text = experiment.to_toml()?;
        let again = Experiment::parse(&self.text).map_err(|e| e.at("the experiment, as it would be kept"))?;
        self.course = again.course()?;
        let Some(before) = from.map(|state| state.text("run/course")).transpose()? else { return Ok(()) };
        self.kept = true;
        if before != self.course {
            let changed = before.lines().zip(self.course.lines()).find(|(before, now)| before != now);
            let (before, now) = changed.unwrap_or(("a part of it", "another"));
            let [before, now] = [before, now].map(|line| line.trim().trim_end_matches(','));
            anyhow::bail!(
                "{}: the experiment is not the one that was trained: it had {before}, and has {now}\n  help: put back what was \
                 there; for other settings train anew, into a folder of its own",
                self.folder.display()
            );
        }
        Ok(())
    }

    /// Writes the results. When all are there, the last checkpoint stays, from which more epochs may follow, and the best.
    ///
    /// # Errors
    /// If they cannot be written: how it can be done again.
    pub fn finish<T>(self, write: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
        self.written(write)
            .map_err(|error| anyhow::anyhow!("{error:#}\n  help: mend that, then: {}", command(&self.folder)))
    }

    fn written<T>(&self, write: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
        let marker = self.checkpoints.folder().join(RESULTS);
        replace(&marker, "")?;
        let written = write()?;
        self.checkpoints.retain(1)?;
        for place in [marker, place(&self.folder)] {
            std::fs::remove_file(&place).with_context(|| place.display().to_string())?;
        }
        Ok(written)
    }

    /// The training failed: says how it may be gone on with; where nothing was kept, nothing of it is left.
    pub fn failed(self, error: anyhow::Error) -> anyhow::Error {
        if self.kept && self.begun {
            return anyhow::anyhow!(
                "{error:#}\n  what was kept before can be gone on with: {}",
                command(&self.folder)
            );
        }
        let inner = self.checkpoints.folder();
        if self.begun && !self.unfinished {
            let _ = std::fs::remove_file(place(&self.folder));
        }
        if self.made() {
            // As long as the lock is held. A folder that somebody has put something into stays.
            self.checkpoints.leave();
            for made in
                inner.ancestors().take_while(|made| *made != self.standing && !made.as_os_str().is_empty())
            {
                let _ = std::fs::remove_dir(made);
            }
        }
        error
    }

    /// Whether the folder of the checkpoints was made by this training.
    fn made(&self) -> bool {
        self.standing != self.checkpoints.folder()
    }

    /// The checkpoints' folder.
    pub fn checkpoints(&self) -> &Path {
        self.checkpoints.folder()
    }
}

impl Keeper for Ongoing<'_> {
    fn begin(&mut self, training: &mut Training<'_>, from: Option<&State>) -> Result<()> {
        self.checkpoints.begin(training, from)?;
        if from.is_none() {
            // What another training left is its past.
            self.checkpoints.clear()?;
        }
        self.begun = true;
        replace(place(&self.folder), &self.text)
    }

    fn wants(&mut self, training: &mut Training<'_>, moment: Moment<'_>) -> Result<bool> {
        // Asked in any case, as it compares every epoch with the best.
        let wanted = self.checkpoints.wants(training, moment)?;
        // From the last moment of a training more epochs may follow.
        let last = moment.logs.is_some() && (training.stop || moment.epoch >= training.epochs);
        Ok(wanted || last || self.signals.asked().is_some())
    }

    fn keep(&mut self, training: &mut Training<'_>, moment: Moment<'_>, mut state: State) -> Result<Onward> {
        let mut run = state.under("run");
        run.put_text("course", self.course.clone());
        self.checkpoints.keep(training, moment, state)?;
        self.kept = true;
        let Some(signal) = self.signals.asked() else { return Ok(Onward::Go) };
        self.left = Some(Left { signal, epoch: moment.epoch, batch: moment.batch, step: moment.step });
        Ok(Onward::Leave)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_arguments_as_they_are() {
        let said = ["runs/a-1", "-x", "two words", "it's", ""].map(|path| quoted(Path::new(path)));
        assert_eq!(said, ["runs/a-1", "./-x", "'two words'", r"'it'\''s'", "''"]);
    }
}
