//! A model with its memory: trained, evaluated, asked for predictions.

use crate::arrays::{Numbers, Out, arrays, out, slice};
use crate::backup::{self, Backup};
use crate::custom::{self, PythonLoss, PythonMetric};
use crate::errors::{json, python};
use crate::graph::{PyGraph, told};
use crate::hooks::{Borrowed, Hook, hooks};
use crate::objects::{member, optimizer as optimizer_of, value};
use crate::place::Place;
use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::sync::Arc;
use steadygrad::chart::Sick;
use steadygrad::data::{Array, Dataset};
use steadygrad::engine::apply::{Stored, Variable};
use steadygrad::engine::callbacks::Callback;
use steadygrad::engine::{
    Asked, Compile, Fit, FitSettings, Learner, Logs, LossSpec, MetricSpec, OnNonFinite, Shuffle, Trainable,
};
use steadygrad::extend::{Loss, Metric};
use steadygrad::nn::optimizers::Sgd;

/// A loss for an output (or for all): its settings or a Python function, and its weight.
type LossGiven<'py> = (Option<String>, Bound<'py, PyAny>, f64);
/// A metric for an output (or for all): its settings or a Python object, and whether sample weights count.
type MetricGiven<'py> = (Option<String>, Bound<'py, PyAny>, bool);
/// A variable of the optimizer: its name, a count, or numbers with their shape.
type Kept<'py> = (String, Option<u64>, Option<Bound<'py, Out>>);
/// Epoch, batch, step, place and phase of a number that was not finite, and what was done.
type Bad = (usize, usize, u64, String, &'static str, &'static str);
/// Names with their values, epochs, warnings, what was not finite, and whether it was interrupted.
type Trained = (Vec<(String, Vec<f64>)>, Vec<usize>, Vec<String>, Vec<Bad>, bool);
/// Numbers by name.
type Told = Vec<(String, f64)>;

/// A model that trains here.
#[pyclass(name = "Learner", module = "steadygrad._native", frozen)]
pub struct PyLearner {
    place: Arc<Place>,
}

/// The samples of a training or of a validation.
pub struct Samples {
    x: Vec<Array>,
    y: Vec<Array>,
    weights: Option<Vec<f32>>,
}

impl Samples {
    pub fn read(x: &[Numbers<'_>], y: &[Numbers<'_>], weights: Option<&Numbers<'_>>) -> PyResult<Samples> {
        let weights = weights.map(|w| slice(w).map(<[f32]>::to_vec)).transpose()?;
        Ok(Samples { x: arrays(x)?, y: arrays(y)?, weights })
    }

    pub fn data(self) -> steadygrad::Result<Dataset> {
        let data = Dataset::multi(self.x, self.y)?;
        match self.weights {
            Some(weights) => data.with_weights(weights),
            None => Ok(data),
        }
    }
}

fn loss(given: &Bound<'_, PyAny>) -> PyResult<Arc<dyn Loss>> {
    match given.extract::<String>() {
        Ok(spec) => member(&spec),
        Err(_) => Ok(Arc::new(PythonLoss::new(given)?)),
    }
}

fn metric(given: &Bound<'_, PyAny>) -> PyResult<Asked> {
    match given.extract::<String>() {
        Ok(spec) => Ok(Asked::Named(value(&spec)?)),
        Err(_) => {
            let metric = PythonMetric::new(given)?;
            let name = metric.name();
            Ok(Asked::As(name, Arc::new(metric)))
        }
    }
}

fn logs(logs: &Logs) -> Told {
    logs.iter().map(|(name, value)| (name.to_string(), value)).collect()
}

/// The settings of `fit` from JSON; Python has checked their types.
fn settings(text: &str) -> PyResult<FitSettings> {
    let all: Json = serde_json::from_str(text).map_err(json)?;
    let whole = |key: &str| all[key].as_u64().and_then(|n| usize::try_from(n).ok());
    let usual = FitSettings::default();
    let mut class_weight = BTreeMap::new();
    for (class, weight) in all["class_weight"].as_object().into_iter().flatten() {
        if let (Ok(class), Some(weight)) = (class.parse(), weight.as_f64()) {
            class_weight.insert(class, weight);
        }
    }
    let how = all["on_non_finite"].as_str();
    Ok(FitSettings {
        on_non_finite: how.map(OnNonFinite::of).transpose().map_err(python)?,
        epochs: whole("epochs").unwrap_or(usual.epochs),
        batch_size: whole("batch_size"),
        validation_split: all["validation_split"].as_f64().unwrap_or(0.0),
        shuffle: match all["shuffle"].as_str() {
            Some("batch") => Shuffle::Batch,
            Some("no") => Shuffle::No,
            _ => Shuffle::All,
        },
        class_weight,
        initial_epoch: whole("initial_epoch").unwrap_or(0),
        steps_per_epoch: whole("steps_per_epoch"),
        validation_steps: whole("validation_steps"),
        validation_batch_size: whole("validation_batch_size"),
        validation_freq: whole("validation_freq").unwrap_or(1),
    })
}

impl PyLearner {
    /// Does something with the learner, with Python free to go on.
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut Learner) -> steadygrad::Result<T> + Send,
    ) -> PyResult<T> {
        let done = self.place.work(py, false, work);
        custom::take_failure()?;
        done
    }
}

#[pymethods]
impl PyLearner {
    #[new]
    #[pyo3(signature = (graph, optimizer=None, losses=Vec::new(), metrics=Vec::new(), seed=0, threads=1))]
    fn new(
        py: Python<'_>,
        graph: &PyGraph,
        optimizer: Option<&str>,
        losses: Vec<LossGiven<'_>>,
        metrics: Vec<MetricGiven<'_>>,
        seed: u64,
        threads: usize,
    ) -> PyResult<PyLearner> {
        let mut compile = match optimizer {
            Some(spec) => Compile::without_loss(optimizer_of(spec)?),
            None => Compile::without_loss(Sgd::new(0.01)),
        }
        .seed(seed)
        .threads(threads);
        for (output, given, weight) in &losses {
            compile.losses.push(LossSpec { output: output.clone(), loss: loss(given)?, weight: *weight });
        }
        for (output, given, weighted) in &metrics {
            let spec = MetricSpec { output: output.clone(), metric: metric(given)?, weighted: *weighted };
            compile.metrics.push(spec);
        }
        let model = graph.inner();
        let learner = py.detach(|| model.compile(compile)).map_err(python)?;
        Ok(PyLearner { place: Arc::new(Place::new(learner)) })
    }

    /// The names of all weights, in Keras' order.
    fn names(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        self.with(py, |learner| Ok(learner.weights().into_iter().map(|(name, _)| name).collect()))
    }

    fn weights<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, Out>>> {
        let all = self.with(py, |learner| Ok(learner.weights()))?;
        all.into_iter().map(|(_, array)| out(py, array)).collect()
    }

    fn set_weights(&self, py: Python<'_>, weights: Vec<Numbers<'_>>) -> PyResult<()> {
        let weights = arrays(&weights)?;
        self.with(py, move |learner| learner.set_weights(&weights))
    }

    /// Outputs for these samples; with `draw`, as a step of training sees them.
    /// In training noise is drawn anew for every `draw`.
    #[pyo3(signature = (x, draw=None))]
    fn predict<'py>(
        &self,
        py: Python<'py>,
        x: Vec<Numbers<'py>>,
        draw: Option<u64>,
    ) -> PyResult<Vec<Bound<'py, Out>>> {
        let x = arrays(&x)?;
        let made = self.with(py, move |learner| match draw {
            Some(draw) => learner.forward_as_in_training(&x, draw),
            None => learner.predict_all(&x),
        })?;
        made.into_iter().map(|array| out(py, array)).collect()
    }

    #[pyo3(signature = (x, y, weights, batch_size, steps, callbacks, verbose, model))]
    #[allow(clippy::too_many_arguments, reason = "these are Keras' arguments of `evaluate`")]
    fn evaluate(
        &self,
        py: Python<'_>,
        x: Vec<Numbers<'_>>,
        y: Vec<Numbers<'_>>,
        weights: Option<Numbers<'_>>,
        batch_size: usize,
        steps: Option<usize>,
        callbacks: Vec<Hook>,
        verbose: u8,
        model: Py<PyAny>,
    ) -> PyResult<Told> {
        let samples = Samples::read(&x, &y, weights.as_ref())?;
        let borrowed = Borrowed::new(self.place.clone(), model)?;
        let (mut list, outcome) = hooks(py, callbacks, verbose, &borrowed, true)?;
        let done = self.place.work(py, true, |learner| {
            let data = samples.data()?;
            let each = list.iter_mut().map(|c| &mut **c as &mut dyn Callback).collect();
            learner.evaluate_with(&data, batch_size, steps, each)
        });
        drop(list);
        let interrupted = outcome.finish(py)?;
        custom::take_failure()?;
        if interrupted {
            return Err(PyKeyboardInterrupt::new_err("the evaluation was ended"));
        }
        done.map(|found| logs(&found))
    }

    #[pyo3(signature = (x, y, weights, validation, settings_json, callbacks, verbose, model, backup=None))]
    #[allow(clippy::too_many_arguments, reason = "these are Keras' arguments of `fit`")]
    fn fit(
        &self,
        py: Python<'_>,
        x: Vec<Numbers<'_>>,
        y: Vec<Numbers<'_>>,
        weights: Option<Numbers<'_>>,
        validation: Option<(Vec<Numbers<'_>>, Vec<Numbers<'_>>, Option<Numbers<'_>>)>,
        settings_json: &str,
        callbacks: Vec<Hook>,
        verbose: u8,
        model: Py<PyAny>,
        backup: Option<backup::Asked>,
    ) -> PyResult<Trained> {
        let settings = settings(settings_json)?;
        let samples = Samples::read(&x, &y, weights.as_ref())?;
        let validation = validation.map(|(x, y, w)| Samples::read(&x, &y, w.as_ref())).transpose()?;
        let borrowed = Borrowed::new(self.place.clone(), model)?;
        let (mut list, outcome) = hooks(py, callbacks, verbose, &borrowed, false)?;
        let done = self.place.work(py, true, |learner| {
            let data = samples.data()?;
            let validation = validation.map(Samples::data).transpose()?;
            let mut fit = Fit::with(settings);
            if let Some(validation) = &validation {
                fit = fit.validation(validation);
            }
            for callback in &mut list {
                fit = fit.callback(&mut **callback);
            }
            let mut backup = backup.map(|asked| Backup::open(asked, &outcome)).transpose()?;
            let newest = backup.as_ref().map(Backup::newest).transpose()?.unwrap_or_default();
            if let Some(backup) = &mut backup {
                fit = fit.keeper(backup);
            }
            let mut history = learner.fit(&data, fit.from(newest.state.as_ref()))?;
            history.warnings.extend(newest.skipped.iter().map(|why| format!("passed over: {why}")));
            if let Some(backup) = backup.filter(|_| !outcome.interrupted()) {
                backup.finish()?;
            }
            Ok(history)
        });
        drop(list);
        let interrupted = outcome.finish(py)?;
        custom::take_failure()?;
        let history = done?;
        let values = history.iter().map(|(name, values)| (name.to_string(), values.to_vec())).collect();
        let bad = history.non_finite.into_iter().map(|n| {
            let Sick { place, phase, .. } = n.first;
            (n.epoch, n.batch, n.step, place, phase.name(), n.done.name())
        });
        Ok((values, history.epochs, history.warnings, bad.collect(), interrupted))
    }

    #[pyo3(signature = (x, y, weights=None))]
    fn train_on_batch(
        &self,
        py: Python<'_>,
        x: Vec<Numbers<'_>>,
        y: Vec<Numbers<'_>>,
        weights: Option<Numbers<'_>>,
    ) -> PyResult<Told> {
        let samples = Samples::read(&x, &y, weights.as_ref())?;
        self.with(py, move |learner| Ok(logs(&learner.train_on_batch(&samples.data()?)?)))
    }

    #[pyo3(signature = (x, y, weights=None))]
    fn test_on_batch(
        &self,
        py: Python<'_>,
        x: Vec<Numbers<'_>>,
        y: Vec<Numbers<'_>>,
        weights: Option<Numbers<'_>>,
    ) -> PyResult<Told> {
        let samples = Samples::read(&x, &y, weights.as_ref())?;
        self.with(py, move |learner| Ok(logs(&learner.test_on_batch(&samples.data()?)?)))
    }

    /// What is measured, in the order in which it was asked for.
    fn measured(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        self.with(py, |learner| Ok(learner.measured()))
    }

    fn learning_rate(&self, py: Python<'_>) -> PyResult<f64> {
        self.with(py, |learner| Ok(learner.learning_rate()))
    }

    fn set_learning_rate(&self, py: Python<'_>, rate: f64) -> PyResult<()> {
        self.with(py, |learner| learner.set_learning_rate(rate))
    }

    fn iterations(&self, py: Python<'_>) -> PyResult<u64> {
        self.with(py, |learner| Ok(learner.iterations()))
    }

    fn swap(&self, py: Python<'_>, to_eval: bool) -> PyResult<()> {
        self.with(py, |learner| {
            if to_eval {
                learner.swap_to_eval()
            } else {
                learner.swap_to_train()
            }
            Ok(())
        })
    }

    fn optimizer_variables<'py>(&self, py: Python<'py>) -> PyResult<Vec<Kept<'py>>> {
        let all = self.with(py, |learner| Ok(learner.optimizer_variables()))?;
        let one = |variable: Variable| match variable.value {
            Stored::Count(count) => Ok((variable.name, Some(count), None)),
            Stored::Numbers(values) => {
                Ok((variable.name, None, Some(crate::arrays::shaped(py, values, variable.shape)?)))
            }
        };
        all.into_iter().map(one).collect()
    }

    /// Takes over weights and optimizer of a file of Keras; what is to be said about it.
    fn resume(&self, py: Python<'_>, path: &str) -> PyResult<Vec<String>> {
        self.with(py, |learner| {
            steadygrad::lab::resume(learner, path)?;
            Ok(learner.warnings().to_vec())
        })
    }

    /// Keras' `summary` as text, with the optimizer's share once it was used.
    #[pyo3(signature = (line_length=None, columns=None, show_trainable=false, expand_nested=false))]
    fn summary(
        &self,
        py: Python<'_>,
        line_length: Option<usize>,
        columns: Option<usize>,
        show_trainable: bool,
        expand_nested: bool,
    ) -> PyResult<String> {
        let summary = self.with(py, |learner| Ok(learner.summary()))?;
        Ok(told(summary, line_length, columns, show_trainable, expand_nested))
    }

    /// Writes what `predict` computes as a file of ONNX.
    fn export_onnx(&self, py: Python<'_>, path: &str) -> PyResult<()> {
        self.with(py, |learner| steadygrad::export_onnx(learner, path))
    }

    /// Writes model, weights, settings and optimizer to a file of Keras.
    fn save(&self, py: Python<'_>, path: &str) -> PyResult<()> {
        self.with(py, |learner| steadygrad::save_model(learner, path))
    }
}
