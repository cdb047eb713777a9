//! Where a learner is: at hand, at work, or lent to a hook of Python in the midst of a training.

use crate::errors::python;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;
use std::time::Duration;
use steadygrad::Result;
use steadygrad::engine::Learner;

thread_local! {
    /// A step on this thread is calling a function of Python.
    static WITHIN_A_STEP: Cell<bool> = const { Cell::new(false) };
}

/// Calls a function of Python from within a step: who asks for the learner there would wait for himself.
pub fn within_a_step<T>(call: impl FnOnce() -> T) -> T {
    let before = WITHIN_A_STEP.replace(true);
    let done = call();
    WITHIN_A_STEP.set(before);
    done
}

/// A learner that one piece of work at a time may have.
///
/// The lock is only ever held for a moment, and never while Python is waited for.
pub struct Place {
    state: Mutex<State>,
    changed: Condvar,
    /// The process that its threads live in.
    process: AtomicU32,
}

struct State {
    learner: Option<Learner>,
    /// What has it is a training, which may take long.
    training: bool,
    /// The thread whose hook has it meanwhile.
    lent_to: Option<ThreadId>,
}

impl Place {
    pub fn new(learner: Learner) -> Place {
        let state = State { learner: Some(learner), training: false, lent_to: None };
        let process = AtomicU32::new(std::process::id());
        Place { state: Mutex::new(state), changed: Condvar::new(), process }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The learner with what was so before, or nothing while other work has it.
    fn take(&self, training: bool) -> PyResult<Option<(Learner, bool)>> {
        let mut state = self.state();
        let others = state.lent_to.is_some_and(|thread| thread != std::thread::current().id());
        if (state.learner.is_none() && state.training) || others {
            return Err(PyRuntimeError::new_err("the model is training: wait until `fit` is done"));
        }
        if state.learner.is_none() && WITHIN_A_STEP.get() {
            return Err(PyRuntimeError::new_err(
                "the model is in the middle of a step: a function that the step calls can look at nothing but what it is given",
            ));
        }
        let before = state.training;
        Ok(state.learner.take().map(|learner| {
            state.training |= training;
            (learner, before)
        }))
    }

    fn put_back(&self, learner: Learner, training: bool) {
        let mut state = self.state();
        state.learner = Some(learner);
        state.training = training;
        self.changed.notify_all();
    }

    /// Does something with the learner, with Python free to go on; other work with it is waited for, a training is not.
    pub fn work<T: Send>(
        &self,
        py: Python<'_>,
        training: bool,
        work: impl FnOnce(&mut Learner) -> Result<T> + Send,
    ) -> PyResult<T> {
        let (mut learner, before) = loop {
            if let Some(taken) = self.take(training)? {
                break taken;
            }
            py.detach(|| {
                let state = self.state();
                if state.learner.is_none() {
                    // Whether it came in time is asked again.
                    let _ = self.changed.wait_timeout(state, Duration::from_millis(50));
                }
            });
            py.check_signals()?;
        };
        let process = std::process::id();
        let forked = self.process.swap(process, Ordering::Relaxed) != process;
        let (learner, done) = py.detach(|| {
            // Threads stay behind in the process that this one was forked from.
            let ready = if forked { learner.renew_threads() } else { Ok(()) };
            let done = ready.and_then(|()| work(&mut learner));
            (learner, done)
        });
        self.put_back(learner, before);
        done.map_err(python)
    }

    /// Lets a hook on this thread have the learner, with `spare` in its place meanwhile.
    pub fn lend<T>(&self, learner: &mut Learner, spare: &mut Option<Learner>, hook: impl FnOnce() -> T) -> T {
        let Some(stand_in) = spare.take() else { return hook() };
        let before = {
            let mut state = self.state();
            state.learner = Some(std::mem::replace(learner, stand_in));
            state.lent_to.replace(std::thread::current().id())
        };
        let done = hook();
        let mut state = self.state();
        state.lent_to = before;
        if let Some(back) = state.learner.take() {
            *spare = Some(std::mem::replace(learner, back));
        }
        done
    }
}
