//! Callbacks of Python in a training of ours.

use crate::errors::python;
use crate::outcome::Outcome;
use crate::place::Place;
use crate::progress::Progress;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use steadygrad::Result;
use steadygrad::engine::callbacks::{Callback, Training, Writer};
use steadygrad::engine::checkpoint::{State, Under};
use steadygrad::engine::{Compile, Learner, Logs, Trainable};
use steadygrad::nn::Sequential;
use steadygrad::nn::config::Value;
use steadygrad::nn::layers::Dense;
use steadygrad::nn::optimizers::Sgd;

/// A callback as Python gives it: with the settings of one of ours as `_spec`, or with hooks in Python.
pub type Hook = Py<PyAny>;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A learner that is training. While a hook of Python runs it is put back where Python finds it.
#[derive(Clone)]
pub struct Borrowed {
    place: Arc<Place>,
    /// Stands in the learner's place meanwhile.
    spare: Arc<Mutex<Option<Learner>>>,
    model: Arc<Py<PyAny>>,
}

impl std::fmt::Debug for Borrowed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Borrowed")
    }
}

impl Borrowed {
    pub fn new(place: Arc<Place>, model: Py<PyAny>) -> PyResult<Borrowed> {
        let spare = Sequential::new([1]).add(Dense::new(1)).compile(Compile::without_loss(Sgd::new(0.1)));
        let spare = Arc::new(Mutex::new(Some(spare.map_err(python)?)));
        Ok(Borrowed { place, spare, model: Arc::new(model) })
    }

    /// Lets Python have the learner while it does something.
    fn lend<T>(&self, learner: &mut Learner, work: impl FnOnce() -> T) -> T {
        // Hooks are called one after another: nobody waits here.
        let mut spare = lock(&self.spare).take();
        let done = self.place.lend(learner, &mut spare, work);
        *lock(&self.spare) = spare;
        done
    }
}

/// The callbacks of a training or of an evaluation, in their order, with the progress at the end.
pub fn hooks(
    py: Python<'_>,
    given: Vec<Hook>,
    verbose: u8,
    borrowed: &Borrowed,
    evaluating: bool,
) -> PyResult<(Vec<Box<dyn Callback>>, Outcome)> {
    let outcome = Outcome::default();
    let mut list: Vec<Box<dyn Callback>> = Vec::new();
    for object in given {
        let spec: Option<String> = object.bind(py).getattr("_spec")?.extract()?;
        let own: bool = spec.is_none() || object.bind(py).getattr("_has_hooks")?.extract()?;
        if let Some(spec) = spec {
            let made = steadygrad::engine::callbacks::from_value(&crate::objects::value(&spec)?);
            let mut inner = made.map_err(python)?;
            inner.files_are_written_by(&Writer::new(steadygrad::save_model));
            list.push(Box::new(Ours { inner, object: object.clone_ref(py), outcome: outcome.clone() }));
        }
        // A class of the user's own over one of ours has hooks as well.
        if own {
            let batches = object.bind(py).getattr("_wants_batches")?.extract()?;
            list.push(Box::new(Theirs {
                object,
                batches,
                borrowed: borrowed.clone(),
                outcome: outcome.clone(),
            }));
        }
    }
    list.push(Box::new(Progress::new(py, verbose, evaluating, outcome.clone())?));
    Ok((list, outcome))
}

/// A callback of ours, whose object in Python shows what it remembers.
#[derive(Debug)]
struct Ours {
    inner: Box<dyn Callback>,
    object: Hook,
    outcome: Outcome,
}

impl Ours {
    fn show(&self) -> Result<()> {
        let told = self.inner.remembers();
        if told.is_empty() {
            return Ok(());
        }
        let shown = Python::attach(|py| {
            for (name, value) in told.iter() {
                let object = self.object.bind(py);
                match value {
                    Value::Int(n) => object.setattr(name, n)?,
                    Value::Float(x) => object.setattr(name, x)?,
                    Value::Bool(b) => object.setattr(name, b)?,
                    _ => object.setattr(name, py.None())?,
                }
            }
            Ok(())
        });
        shown.map_err(|e| self.outcome.raise(e))
    }
}

impl Callback for Ours {
    fn wants_batches(&self) -> bool {
        self.inner.wants_batches()
    }
    fn writes(&self) -> bool {
        self.inner.writes()
    }
    fn name(&self) -> &str {
        self.inner.name()
    }
    fn save(&self, state: &mut Under<'_>) {
        self.inner.save(state);
    }
    fn restore(&mut self, state: &State) -> Result<()> {
        self.inner.restore(state)?;
        self.show()
    }
    fn on_train_begin(&mut self, training: &mut Training<'_>) -> Result<()> {
        self.inner.on_train_begin(training)
    }
    fn on_epoch_begin(&mut self, training: &mut Training<'_>, epoch: usize) -> Result<()> {
        self.inner.on_epoch_begin(training, epoch)
    }
    fn on_train_batch_begin(&mut self, training: &mut Training<'_>, batch: usize) -> Result<()> {
        self.inner.on_train_batch_begin(training, batch)
    }
    fn on_train_batch_end(&mut self, training: &mut Training<'_>, batch: usize, logs: &Logs) -> Result<()> {
        self.inner.on_train_batch_end(training, batch, logs)
    }
    fn on_test_begin(&mut self, training: &mut Training<'_>) -> Result<()> {
        self.inner.on_test_begin(training)
    }
    fn on_test_end(&mut self, training: &mut Training<'_>, logs: &Logs) -> Result<()> {
        self.inner.on_test_end(training, logs)
    }
    fn on_epoch_end(&mut self, training: &mut Training<'_>, epoch: usize, logs: &mut Logs) -> Result<()> {
        self.inner.on_epoch_end(training, epoch, logs)?;
        self.show()
    }
    fn on_train_end(&mut self, training: &mut Training<'_>, logs: &Logs) -> Result<()> {
        self.inner.on_train_end(training, logs)?;
        self.show()
    }
}

/// A callback with hooks in Python.
#[derive(Debug)]
struct Theirs {
    object: Hook,
    batches: bool,
    borrowed: Borrowed,
    outcome: Outcome,
}

impl Theirs {
    /// Calls a hook; numbers that it puts into the logs are put into ours.
    fn call(
        &self,
        training: &mut Training<'_>,
        hook: &str,
        index: Option<usize>,
        logs: Option<&mut Logs>,
    ) -> Result<()> {
        let Training { learner, stop, .. } = training;
        let done = self.borrowed.lend(learner, || {
            Python::attach(|py| {
                let told = PyDict::new(py);
                for (name, value) in logs.iter().flat_map(|logs| logs.iter()) {
                    told.set_item(name, value)?;
                }
                let object = self.object.bind(py);
                match index {
                    Some(index) => object.call_method1(hook, (index, &told))?,
                    None => object.call_method1(hook, (&told,))?,
                };
                if let Some(logs) = logs {
                    for (name, value) in told.iter() {
                        if let (Ok(name), Ok(value)) = (name.extract::<String>(), value.extract::<f64>()) {
                            logs.set(&name, value);
                        }
                    }
                }
                self.borrowed.model.bind(py).getattr("stop_training")?.is_truthy()
            })
        });
        match done {
            Ok(asked) => *stop |= asked,
            Err(error) => self.outcome.heed(error, stop)?,
        }
        Ok(())
    }
}

impl Callback for Theirs {
    fn wants_batches(&self) -> bool {
        self.batches
    }
    fn on_train_begin(&mut self, training: &mut Training<'_>) -> Result<()> {
        self.call(training, "on_train_begin", None, None)
    }
    fn on_epoch_begin(&mut self, training: &mut Training<'_>, epoch: usize) -> Result<()> {
        self.call(training, "on_epoch_begin", Some(epoch), None)
    }
    fn on_train_batch_begin(&mut self, training: &mut Training<'_>, batch: usize) -> Result<()> {
        self.call(training, "on_train_batch_begin", Some(batch), None)
    }
    fn on_train_batch_end(&mut self, training: &mut Training<'_>, batch: usize, logs: &Logs) -> Result<()> {
        self.call(training, "on_train_batch_end", Some(batch), Some(&mut logs.clone()))
    }
    fn on_test_begin(&mut self, training: &mut Training<'_>) -> Result<()> {
        self.call(training, "on_test_begin", None, None)
    }
    fn on_test_batch_begin(&mut self, training: &mut Training<'_>, batch: usize) -> Result<()> {
        self.call(training, "on_test_batch_begin", Some(batch), None)
    }
    fn on_test_batch_end(&mut self, training: &mut Training<'_>, batch: usize, logs: &Logs) -> Result<()> {
        self.call(training, "on_test_batch_end", Some(batch), Some(&mut logs.clone()))
    }
    fn on_test_end(&mut self, training: &mut Training<'_>, logs: &Logs) -> Result<()> {
        self.call(training, "on_test_end", None, Some(&mut logs.clone()))
    }
    fn on_epoch_end(&mut self, training: &mut Training<'_>, epoch: usize, logs: &mut Logs) -> Result<()> {
        self.call(training, "on_epoch_end", Some(epoch), Some(logs))
    }
    fn on_train_end(&mut self, training: &mut Training<'_>, logs: &Logs) -> Result<()> {
        self.call(training, "on_train_end", None, Some(&mut logs.clone()))
    }
}
