//! What Python raised in the midst of a training.

use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use steadygrad::{Error, Result};

/// What Python raised meanwhile.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    raised: Arc<Mutex<Option<PyErr>>>,
    /// The training is kept: an interrupt ends it where that can be done, and a second one at once.
    kept: Arc<AtomicBool>,
    /// A validation was ended before its last batch.
    cut: Arc<AtomicBool>,
}

impl Outcome {
    fn raised(&self) -> MutexGuard<'_, Option<PyErr>> {
        self.raised.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn raise(&self, error: PyErr) -> Error {
        let words = error.to_string();
        self.raised().get_or_insert(error);
        Error::argument(words).at("a callback")
    }

    /// An interrupt ends the training as it would have ended; all else is an error.
    pub fn heed(&self, error: PyErr, stop: &mut bool) -> Result<()> {
        let interrupt = Python::attach(|py| error.is_instance_of::<PyKeyboardInterrupt>(py));
        if !interrupt {
            return Err(self.raise(error));
        }
        *stop |= !self.kept.load(Relaxed) || self.interrupted();
        self.raise(error);
        Ok(())
    }

    /// The training is kept from now on, and left by its keeper.
    pub fn keep(&self) {
        self.kept.store(true, Relaxed);
    }

    /// A validation ends before its last batch.
    pub fn cut(&self) {
        self.cut.store(true, Relaxed);
    }

    /// Whether one did.
    pub fn is_cut(&self) -> bool {
        self.cut.load(Relaxed)
    }

    /// Whether the user wants it to end.
    pub fn interrupted(&self) -> bool {
        Python::attach(|py| {
            self.raised().as_ref().is_some_and(|error| error.is_instance_of::<PyKeyboardInterrupt>(py))
        })
    }

    /// Raises it; whether the training was interrupted.
    pub fn finish(&self, py: Python<'_>) -> PyResult<bool> {
        match self.raised().take() {
            Some(error) if error.is_instance_of::<PyKeyboardInterrupt>(py) => Ok(true),
            Some(error) => Err(error),
            None => Ok(false),
        }
    }
}
