//! Checkpoints as files in a folder: one writer, the newest few, and the best.

use super::state::State;
use super::training::{Keeper, Moment, Onward};
use crate::callbacks::{Mode, Training, monitor::Monitor};
use crate::system::{Clock, available_memory};
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use steadygrad_data::file::{self, names, part_of, replace_with};
use steadygrad_kernels::{Error, Kind, Place, Result};

const ENDING: &str = ".checkpoint";
const BEST: &str = "best.checkpoint";
const LOCK: &str = "lock";

/// A folder that checkpoints are kept in: after every epoch, and where it is asked for after so many steps or so much time within one.
///
/// Every file is written beside its place, brought to the disk, and moved there. The newest three are kept, and the best of a number of
/// the logs apart from them. As long as this value lives nobody else may keep checkpoints there; a training that does not go on
/// from those of another takes their place.
///
/// ```
/// use steadygrad_data::digits;
/// use steadygrad_engine::{Compile, Fit, Trainable, checkpoint::Checkpoints};
/// use steadygrad_nn::{Sequential, layers::{Dense, Flatten}, losses::SparseCategoricalCrossentropy, optimizers::Adam};
/// # use steadygrad_kernels::Result;
/// # fn main() -> Result<()> {
/// # let folder = std::env::temp_dir().join(format!("steadygrad-folder-{}", std::process::id()));
/// let model = Sequential::new([8, 8]).add(Flatten).add(Dense::new(10));
/// let compile = Compile::new(Adam::new(0.01), SparseCategoricalCrossentropy.from_logits());
/// let data = digits::all()?;
/// // `folder` is a path.
/// let mut checkpoints = Checkpoints::new(&folder)?.every_steps(20);
/// model.compile(compile.clone())?.fit(&data, Fit::epochs(2).keeper(&mut checkpoints))?;
///
/// let newest = checkpoints.newest()?;
/// let history = model.compile(compile)?.fit(&data, Fit::epochs(3).from(newest.state.as_ref()).keeper(&mut checkpoints))?;
/// assert_eq!(history.epochs, [0, 1, 2]);
/// # std::fs::remove_dir_all(folder).unwrap();
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Checkpoints {
    folder: PathBuf,
    steps: Option<u64>,
    seconds: Option<f64>,
    epochs: bool,
    keep: usize,
    /// The number that is watched, and its best value.
    best: Option<(Monitor, Option<f64>)>,
    /// It was better than ever before in the epoch that is over now.
    improved: bool,
    last: Clock,
    /// Held as long as the file is open; the system lets go of it when the process ends, however that is. Nothing on a disk that knows
    /// no locks.
    lock: Option<File>,
}

/// The newest checkpoint that holds.
#[derive(Debug, Default)]
pub struct Newest {
    /// What it is of; nothing where there is none.
    pub state: Option<State>,
    /// Its file.
    pub path: Option<PathBuf>,
    /// Why newer ones do not hold, each with its file.
    pub skipped: Vec<String>,
}

impl Checkpoints {
    /// In this folder, which is made where it is not there. What others left there half written is taken away.
    ///
    /// # Errors
    /// If it cannot be made or written to, or another program keeps checkpoints there.
    pub fn new(folder: impl AsRef<Path>) -> Result<Checkpoints> {
        let folder = folder.as_ref().to_path_buf();
        let lock = lock(&folder)?;
        file::remove_parts(&folder, is_checkpoint)?;
        let (steps, seconds, best, last) = (None, None, None, Clock::start());
        Ok(Checkpoints { folder, steps, seconds, epochs: true, keep: 3, best, improved: false, last, lock })
    }

    /// After every so many steps, too.
    pub fn every_steps(mut self, steps: u64) -> Checkpoints {
        self.steps = Some(steps.max(1));
        self
    }

    /// When so many seconds have gone by since the last one, too.
    pub fn every_seconds(mut self, seconds: f64) -> Checkpoints {
        self.seconds = Some(seconds);
        self
    }

    /// Whether there is one after every epoch; so it is, if nothing is said.
    pub fn each_epoch(mut self, each: bool) -> Checkpoints {
        self.epochs = each;
        self
    }

    /// So many of the newest stay; at least one does.
    pub fn keep_last(mut self, count: usize) -> Checkpoints {
        self.keep = count.max(1);
        self
    }

    /// The one after the epoch in which this number of the logs was best stays apart, as `best.checkpoint`.
    pub fn best(mut self, monitor: &str, mode: Mode) -> Checkpoints {
        let mut watched = Monitor::new("the best checkpoint", 0.0);
        (watched.key, watched.mode) = (monitor.into(), mode);
        self.best = Some((watched, None));
        self
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The newest checkpoint that holds; those that are torn, changed or of another version are told of and passed over.
    ///
    /// # Errors
    /// If the folder or a checkpoint in it cannot be read: that one may hold, and be the newest.
    pub fn newest(&self) -> Result<Newest> {
        let mut newest = Newest::default();
        for name in self.files()?.into_iter().rev() {
            let path = self.folder.join(&name);
            match read(&path) {
                Ok(state) => {
                    (newest.state, newest.path) = (Some(state), Some(path));
                    break;
                }
                Err(why) if why.kind() == Kind::Format => newest.skipped.push(why.to_string()),
                Err(why) => return Err(why),
            }
        }
        Ok(newest)
    }

    /// Takes away all but so many of the newest; the best one stays.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn retain(&self, count: usize) -> Result<()> {
        let files = self.files()?;
        for name in &files[..files.len().saturating_sub(count)] {
            // One that cannot be taken away does no harm.
            let _ = std::fs::remove_file(self.folder.join(name));
        }
        Ok(())
    }

    /// Takes the folder away, if nothing else is in it; for a training that failed before anything was kept.
    pub fn leave(&self) {
        let only_lock = names(&self.folder).is_ok_and(|names| names.iter().all(|name| name == LOCK));
        if only_lock {
            let _ = std::fs::remove_file(self.folder.join(LOCK));
            let _ = std::fs::remove_dir(&self.folder);
        }
    }

    /// Takes away all of them, the best one too.
    ///
    /// # Errors
    /// If the folder cannot be read, or one cannot be taken away.
    pub fn clear(&self) -> Result<()> {
        for name in names(&self.folder)?.iter().filter(|name| is_checkpoint(name)) {
            let path = self.folder.join(name);
            std::fs::remove_file(&path).map_err(|e| Error::file(&path, &e))?;
        }
        Ok(())
    }

    /// The names of its checkpoints but for the best, from the oldest to the newest.
    fn files(&self) -> Result<Vec<String>> {
        let mut files = names(&self.folder)?;
        files.retain(|name| is_checkpoint(name) && name != BEST);
        // Numbers have ten digits, so that their order is that of their words; longer ones come behind.
        files.sort_by_key(|name| (name.len(), name.clone()));
        Ok(files)
    }

    /// Whether the watched number is better than after all epochs before.
    fn is_better(&mut self, training: &mut Training<'_>, moment: Moment<'_>) -> Result<bool> {
        let (Some((monitor, best)), Some(logs)) = (&mut self.best, moment.logs) else { return Ok(false) };
        let value = monitor.value(training, logs, "no best checkpoint is kept")?;
        let Some(value) = value.filter(|value| monitor.improves(*value, *best)) else { return Ok(false) };
        *best = Some(value);
        Ok(true)
    }
}

/// Makes the folder, and sees to it that nobody else keeps checkpoints in it.
fn lock(folder: &Path) -> Result<Option<File>> {
    let place = folder.join(LOCK);
    let failed = |cause: io::Error| Error::file(&place, &cause);
    loop {
        file::make_folder(folder)?;
        let lock = File::options().create(true).truncate(false).write(true).open(&place);
        let lock = match lock {
            // Somebody took the folder away just now, see [`Checkpoints::leave`].
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => continue,
            lock => lock.map_err(failed)?,
        };
        match lock.try_lock() {
            Ok(()) if is_at(&lock, &place) => return Ok(Some(lock)),
            // The file was taken away between opening and locking it: who comes next would lock another one.
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::argument("another training keeps its checkpoints there")
                    .at(folder.display().to_string())
                    .help("wait until it has ended, or take another folder"));
            }
            // As on some disks of clusters.
            Err(TryLockError::Error(cause)) if knows_no_locks(&cause) => return Ok(None),
            Err(TryLockError::Error(cause)) => {
                return Err(failed(cause).help("keep the checkpoints on another disk"));
            }
        }
    }
}

/// Whether an error says that there are no locks: ENOSYS and the like, and ENOLCK, which has no kind of its own.
fn knows_no_locks(cause: &io::Error) -> bool {
    cause.kind() == io::ErrorKind::Unsupported
        || (cfg!(target_os = "linux") && cause.raw_os_error() == Some(37))
}

/// Whether this file is the one that lies there.
#[cfg(unix)]
fn is_at(file: &File, place: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let which = |about: std::fs::Metadata| (about.dev(), about.ino());
    match (file.metadata(), std::fs::metadata(place)) {
        (Ok(own), Ok(there)) => which(own) == which(there),
        _ => false,
    }
}

/// A file that is open cannot be taken away here.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    true
}

/// What a best value is of.
fn best_of(monitor: &Monitor) -> String {
    format!("{} {:?}", monitor.key, monitor.mode)
}

/// Whether a file of this name is one that [`Checkpoints`] keeps: a checkpoint, or the lock of its folder. All others are somebody else's.
pub fn is_own(name: &str) -> bool {
    name == LOCK || is_checkpoint(part_of(name).unwrap_or(name))
}

fn is_checkpoint(name: &str) -> bool {
    let step = name.strip_prefix("step-").and_then(|rest| rest.strip_suffix(ENDING));
    name == BEST || step.is_some_and(|step| step.len() >= 10 && step.bytes().all(|b| b.is_ascii_digit()))
}

/// The checkpoint in this file.
///
/// # Errors
/// If it cannot be read, or is none that holds: the file, and why.
pub fn read(path: impl AsRef<Path>) -> Result<State> {
    let path = path.as_ref();
    let place = || path.display().to_string();
    let bytes = std::fs::metadata(path).map_err(|e| Error::file(path, &e))?.len();
    // It is held twice: as bytes, and as what they mean.
    if available_memory().is_some_and(|room| bytes > room / 2) {
        return Err(Error::new(Kind::Memory, format!("it has {bytes} bytes, for which there is no memory"))
            .at(place()));
    }
    State::from_bytes(&file::read(path)?).place(place)
}

impl Keeper for Checkpoints {
    fn begin(&mut self, training: &mut Training<'_>, from: Option<&State>) -> Result<()> {
        self.last = Clock::start();
        if self.lock.is_none() {
            training.warn(format!(
                "{}: this disk knows no locks, so that nothing keeps a second training out of the folder",
                self.folder.display()
            ));
        }
        let Some((monitor, best)) = &mut self.best else { return Ok(()) };
        monitor.begin(training)?;
        // The best of another number is no measure for this one.
        let same = |state: &&State| state.text("keeper/of").is_ok_and(|of| of == best_of(monitor));
        *best = match from.filter(same) {
            Some(state) => state.maybe("keeper/best")?,
            None => None,
        };
        Ok(())
    }

    fn wants(&mut self, training: &mut Training<'_>, moment: Moment<'_>) -> Result<bool> {
        // Asked after every epoch, so that the best is the best of all.
        self.improved = self.is_better(training, moment)?;
        Ok(match moment.logs {
            Some(_) => self.epochs || self.improved,
            None => {
                self.steps.is_some_and(|steps| moment.step.is_multiple_of(steps))
                    || self.seconds.is_some_and(|seconds| self.last.seconds() >= seconds)
            }
        })
    }

    fn keep(&mut self, _: &mut Training<'_>, moment: Moment<'_>, mut state: State) -> Result<Onward> {
        if let Some((monitor, best)) = &self.best {
            let mut keeper = state.under("keeper");
            keeper.put_maybe("best", *best);
            keeper.put_text("of", best_of(monitor));
        }
        if self.improved {
            replace_with(self.folder.join(BEST), |file| state.write(file))?;
        }
        let name = format!("step-{:010}{ENDING}", moment.step);
        replace_with(self.folder.join(&name), |file| state.write(file))?;
        // Of what lies ahead nothing holds, or it is another training's that this one takes the place of.
        for ahead in self.files()?.iter().rev().take_while(|other| **other != name) {
            let _ = std::fs::remove_file(self.folder.join(ahead));
        }
        self.retain(self.keep)?;
        self.last = Clock::start();
        Ok(Onward::Go)
    }
}
