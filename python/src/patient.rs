//! The doctor and a model of our own: examined, forecast, cured.

use crate::arrays::Numbers;
use crate::diagnosis::Diagnosed;
use crate::errors::python;
use crate::graph::PyGraph;
use crate::learner::Samples;
use crate::objects::member;
use crate::waiting::{counted, doing, wait};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use serde_json::{Value as Json, json};
use std::sync::Arc;
use steadygrad::doctor::checks;
use steadygrad::engine::{Asked, Compile, Fit, FitSettings, LossSpec, MetricSpec, Shuffle};
use steadygrad::extend::Loss;
use steadygrad::lab::{Doctor, Experiment, Treatment, cure};

/// A model with its data, to be looked at.
#[pyclass(name = "Patient", module = "steadygrad._native", frozen)]
pub struct PyPatient {
    experiment: Experiment,
}

/// What is asked of the doctor.
fn doctor(epochs: usize, seconds: f64) -> Doctor {
    Doctor { epochs, seconds, progress: Some(doing), ..Doctor::default() }
}

/// The models of two experiments, as their files say them.
fn before_and_after(before: &Experiment, after: &Experiment) -> String {
    let model = |experiment: &Experiment| {
        experiment.config().get("model").map_or(Json::Null, steadygrad::nn::config::Value::to_json)
    };
    json!({ "before": model(before), "after": model(after) }).to_string()
}

#[pymethods]
impl PyPatient {
    #[new]
    #[pyo3(signature = (graph, optimizer, losses, metrics, seed, settings, x, y, sample_weight=None, validation=None, weights=None))]
    #[allow(clippy::too_many_arguments, reason = "a model, how it is compiled, and its data")]
    fn new(
        graph: &PyGraph,
        optimizer: &str,
        losses: Vec<(Option<String>, String, f64)>,
        metrics: Vec<(Option<String>, String, bool)>,
        seed: u64,
        settings: (usize, usize, f64, bool),
        x: Vec<Numbers<'_>>,
        y: Vec<Numbers<'_>>,
        sample_weight: Option<Numbers<'_>>,
        validation: Option<(Vec<Numbers<'_>>, Vec<Numbers<'_>>)>,
        weights: Option<&str>,
    ) -> PyResult<PyPatient> {
        // The doctor's page and texts write seeds as whole numbers with a sign.
        let mut compile = Compile::without_loss(crate::objects::optimizer(optimizer)?).seed(seed >> 1);
        for (output, spec, weight) in losses {
            compile.losses.push(LossSpec { output, loss: member::<Arc<dyn Loss>>(&spec)?, weight });
        }
        for (output, spec, weighted) in metrics {
            let metric = Asked::Named(crate::objects::value(&spec)?);
            compile.metrics.push(MetricSpec { output, metric, weighted });
        }
        let (epochs, batch_size, validation_split, shuffle) = settings;
        let settings = FitSettings {
            epochs,
            batch_size: Some(batch_size),
            validation_split,
            shuffle: if shuffle { Shuffle::All } else { Shuffle::No },
            ..FitSettings::default()
        };
        let mut experiment = Experiment::new(graph.inner().clone(), compile, Fit::with(settings));
        if !x.is_empty() {
            let data = Samples::read(&x, &y, sample_weight.as_ref())?.data().map_err(python)?;
            experiment = experiment.data(&data);
        }
        if let Some((x, y)) = validation {
            experiment = experiment.validation(&Samples::read(&x, &y, None)?.data().map_err(python)?);
        }
        if let Some(path) = weights {
            let path = Json::from(path).to_string();
            experiment.set(&format!("model.weights={path}")).map_err(python)?;
        }
        Ok(PyPatient { experiment })
    }

    fn examine(&self, py: Python<'_>, epochs: usize, seconds: f64, quiet: bool) -> PyResult<Diagnosed> {
        let experiment = self.experiment.clone();
        let found = wait(py, quiet, move || doctor(epochs, seconds).examine(&experiment));
        Ok(Diagnosed::new(found?))
    }

    /// What theory expects: as text, as JSON, and as a page.
    fn forecast(&self, py: Python<'_>, title: &str) -> PyResult<(String, String, String)> {
        let (forecast, of_data) = py.detach(|| self.experiment.forecast()).map_err(python)?;
        let fed = if of_data { "these data" } else { "standardized data" };
        let text = format!("{forecast}of a network fed with {fed}\n");
        let page = steadygrad::report::page_of_forecast(&forecast, title);
        Ok((text, forecast.to_json().to_string(), page))
    }

    /// Tries what is prescribed: text, JSON, page, the change as a diff, and, where it is cured, the model before and after; the cured
    /// one is written to a file.
    #[allow(clippy::type_complexity, reason = "what came of it, in four forms")]
    #[allow(clippy::too_many_arguments, reason = "how thoroughly, and where to")]
    fn cure(
        &self,
        py: Python<'_>,
        epochs: usize,
        seconds: f64,
        seeds: u64,
        title: &str,
        file: &str,
        quiet: bool,
    ) -> PyResult<(Diagnosed, String, String, String, String, Option<String>)> {
        let usual = Treatment::default();
        let doctor = doctor(epochs, usual.doctor.seconds);
        let how = Treatment { doctor, seeds, seconds, progress: Some(counted), ..usual };
        let (experiment, title, file) = (self.experiment.clone(), title.to_string(), file.to_string());
        let (cure, diff, page) = wait(py, quiet, move || {
            let cure = cure(&experiment, &how)?;
            let diff = cure.diff(&experiment)?;
            if let Some(cured) = &cure.cured {
                steadygrad::save_model(&cured.prepare(1)?.learner()?, file)?;
            }
            let page = steadygrad::report::page_of_cure(&cure, &diff, &title);
            Ok((cure, diff, page))
        })?;
        let (text, json) = (cure.to_string(), cure.to_json().to_string());
        let both = cure.cured.as_ref().map(|cured| before_and_after(&self.experiment, cured));
        Ok((Diagnosed::new(cure.diagnosis), text, json, page, diff, both))
    }

    /// The model before and after a prescription, as an experiment file says it.
    fn edited(&self, diagnosis: &Diagnosed, finding: usize, prescription: usize) -> PyResult<String> {
        let found = diagnosis.inner().findings.get(finding);
        let Some(given) = found.and_then(|f| f.prescriptions.get(prescription)) else {
            return Err(PyValueError::new_err("the diagnosis has no such prescription"));
        };
        let after = self.experiment.edited(&given.edits).map_err(python)?;
        Ok(before_and_after(&self.experiment, &after))
    }
}

/// The text of a check by its code or name; all codes, names and titles where none is given.
#[pyfunction]
#[pyo3(signature = (condition=None))]
pub fn explain(condition: Option<&str>) -> PyResult<String> {
    match condition {
        Some(condition) => {
            let check = checks::find(condition).map_err(python)?;
            Ok(format!("{} {}\n\n{}", check.code, check.name, check.explain()))
        }
        None => {
            let line = |c: &checks::Check| format!("{}  {:<26} {}\n", c.code, c.name, c.title());
            Ok(checks::CATALOG.iter().map(line).collect())
        }
    }
}
