//! A training of Python that is kept in a folder, and gone on with where it was stopped.

use crate::errors::python;
use crate::outcome::Outcome;
use pyo3::prelude::*;
use steadygrad::engine::callbacks::Training;
use steadygrad::engine::checkpoint::{Checkpoints, Keeper, Moment, Newest, Onward, State};
use steadygrad::{Error, Result};

/// Where a training is kept, and when: the folder, batches between two checkpoints (none for every epoch), and whether they go when it
/// has come to its end.
pub type Asked = (String, Option<u64>, bool);

/// Keeps a training; an interrupt from the keyboard keeps it too, and leaves it there.
#[derive(Debug)]
pub struct Backup {
    checkpoints: Checkpoints,
    outcome: Outcome,
    forget: bool,
}

impl Backup {
    pub fn open((folder, every, forget): Asked, outcome: &Outcome) -> Result<Backup> {
        let mut checkpoints = Checkpoints::new(folder)?.keep_last(2).each_epoch(every.is_none());
        if let Some(every) = every {
            checkpoints = checkpoints.every_steps(every);
        }
        outcome.keep();
        Ok(Backup { checkpoints, outcome: outcome.clone(), forget })
    }

    pub fn newest(&self) -> Result<Newest> {
        self.checkpoints.newest()
    }

    /// The training has come to its end.
    pub fn finish(self) -> Result<()> {
        if self.forget { self.checkpoints.clear() } else { Ok(()) }
    }
}

impl Keeper for Backup {
    fn wants(&mut self, training: &mut Training<'_>, moment: Moment<'_>) -> Result<bool> {
        if !self.outcome.interrupted() {
            return self.checkpoints.wants(training, moment);
        }
        // After an epoch whose validation was cut, what was measured is not what it would have been.
        Ok(moment.logs.is_none() || !self.outcome.is_cut())
    }

    fn keep(&mut self, training: &mut Training<'_>, moment: Moment<'_>, state: State) -> Result<Onward> {
        self.checkpoints.keep(training, moment, state)?;
        Ok(if self.outcome.interrupted() { Onward::Leave } else { Onward::Go })
    }
}

/// The seed of the training that is kept in this folder, if one is: what goes on with it is made with the same.
#[pyfunction]
pub fn backup_seed(folder: &str) -> PyResult<Option<u64>> {
    if !std::path::Path::new(folder).is_dir() {
        return Ok(None);
    }
    let newest = Checkpoints::new(folder).and_then(|checkpoints| checkpoints.newest()).map_err(python)?;
    let seed =
        newest.state.map(|state| state.text("fit/seed").map(str::parse)).transpose().map_err(python)?;
    seed.transpose().map_err(|e: std::num::ParseIntError| python(Error::format(e.to_string())))
}
