//! The doctor beside a training that another framework runs.

use crate::arrays::{Numbers, array, slice};
use crate::diagnosis::{Diagnosed, finding};
use crate::errors::{json, python};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use serde_json::Value as Json;
use steadygrad::chart::{Form, Layer, Schedule};
use steadygrad::data::Dataset;
use steadygrad::doctor::{Curves, Part, Setup};
use steadygrad::lab::{Attached, Experiment};

/// A record of a training, and the doctor who reads it.
#[pyclass(name = "Attached", module = "steadygrad._native")]
pub struct PyAttached {
    inner: Attached,
}

fn text(json: &Json, key: &str) -> String {
    json[key].as_str().unwrap_or_default().to_string()
}

fn texts(json: &Json) -> Vec<String> {
    json.as_array().into_iter().flatten().filter_map(|t| t.as_str().map(str::to_string)).collect()
}

fn whole(json: &Json) -> usize {
    json.as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(0)
}

fn layer(json: &Json) -> Layer {
    let inputs = json["inputs"].as_array().into_iter().flatten();
    let path = text(json, "path");
    let whole_name = json["whole"].as_str().unwrap_or(&path).to_string();
    Layer {
        whole: whole_name,
        class: text(json, "class"),
        role: text(json, "role"),
        inputs: inputs.map(|i| i.as_u64().and_then(|n| usize::try_from(n).ok())).collect(),
        size: whole(&json["size"]),
        parameters: texts(&json["parameters"]),
        bounded: json["bounds"].is_array(),
        path,
    }
}

fn form(json: &Json) -> Form {
    let bounds = json["bounds"].as_array().and_then(|b| b[..].first()?.as_f64().zip(b.get(1)?.as_f64()));
    Form { units: whole(&json["units"]).max(1), apart: whole(&json["apart"]).max(1), bounds }
}

fn part(json: &Json) -> Part {
    Part {
        path: text(json, "path"),
        units: whole(&json["units"]),
        fan_in: whole(&json["fan_in"]),
        variance: json["variance"].as_f64(),
        activation: json["activation"].as_str().map(str::to_string),
        bias: json["bias"].as_bool().unwrap_or(false),
        batch_normalized: json["batch_normalized"].as_bool().unwrap_or(false),
        normalized: json["normalized"].as_bool().unwrap_or(false),
        trainable: json["trainable"].as_bool().unwrap_or(true),
        ..Part::default()
    }
}

/// What is known of data and training.
fn setup(json: &Json) -> Setup {
    let flag = |key: &str| json[key].as_bool().unwrap_or(false);
    Setup {
        samples: whole(&json["samples"]),
        validation: whole(&json["validation"]),
        parts: json["parts"].as_array().into_iter().flatten().map(part).collect(),
        momentum: json["momentum"].as_f64(),
        head: text(json, "head"),
        outputs: whole(&json["outputs"]),
        loss: text(json, "loss"),
        from_logits: flag("from_logits"),
        optimizer: text(json, "optimizer"),
        learning_rate: json["learning_rate"].as_f64().unwrap_or(f64::NAN),
        clips: flag("clips"),
        regularized: flag("regularized"),
        noisy: flag("noisy"),
        batch_size: whole(&json["batch_size"]),
        epochs: whole(&json["epochs"]),
        ..Setup::default()
    }
}

/// The losses of a training; null is NaN.
pub fn curves(json: &Json) -> Curves {
    let list = |key: &str| {
        let number = |v: &Json| v.as_f64().unwrap_or(f64::NAN);
        json[key].as_array().into_iter().flatten().map(number).collect()
    };
    Curves {
        loss: list("loss"),
        val_loss: list("val_loss"),
        metric: list("metric"),
        val_metric: list("val_metric"),
        metric_name: text(json, "metric_name"),
        modes: None,
    }
}

#[pymethods]
impl PyAttached {
    /// For a network that this JSON describes: `{"layers": [{path, whole, class, role, inputs, size, parameters, units, apart,
    /// bounds}], "setup": {…}}`.
    #[new]
    fn new(description: &str) -> PyResult<PyAttached> {
        let described: Json = serde_json::from_str(description).map_err(json)?;
        let Some(layers) = described["layers"].as_array() else {
            return Err(PyValueError::new_err("expected a list of layers"));
        };
        let forms = layers.iter().map(form).collect();
        let layers = layers.iter().map(layer).collect();
        let inner = Attached::new(layers, forms, setup(&described["setup"])).map_err(python)?;
        Ok(PyAttached { inner })
    }

    /// The twin: an experiment as JSON, and some of its data. Whether it could be made ready, or why not.
    fn twin(
        &mut self,
        py: Python<'_>,
        experiment: &str,
        x: Vec<Numbers<'_>>,
        y: Vec<Numbers<'_>>,
    ) -> PyResult<Option<String>> {
        let all = |arrays: &[Numbers<'_>]| arrays.iter().map(array).collect::<PyResult<Vec<_>>>();
        let data = Dataset::multi(all(&x)?, all(&y)?).map_err(python)?;
        let made = Experiment::parse(experiment).map(|e| e.data(&data));
        let twin = made.and_then(|twin| py.detach(|| twin.prepare(1).map(|_| ())).map(|()| twin));
        match twin {
            Ok(twin) => {
                let empty = Attached::new(Vec::new(), Vec::new(), Setup::default()).map_err(python)?;
                self.inner = std::mem::replace(&mut self.inner, empty).twin(twin);
                Ok(None)
            }
            Err(why) => Ok(Some(why.to_string())),
        }
    }

    /// What is known of data and training, anew.
    fn setup(&mut self, setup_json: &str) -> PyResult<()> {
        *self.inner.setup() = setup(&serde_json::from_str(setup_json).map_err(json)?);
        Ok(())
    }

    fn input(&mut self, name: &str, values: Numbers<'_>) -> PyResult<()> {
        self.inner.recorder().input(name, slice(&values)?);
        Ok(())
    }

    fn signal(&mut self, layer: usize, values: Numbers<'_>) -> PyResult<()> {
        self.inner.recorder().signal(layer, slice(&values)?).map_err(python)
    }

    fn delta(&mut self, layer: usize, values: Numbers<'_>) -> PyResult<()> {
        self.inner.recorder().delta(layer, slice(&values)?).map_err(python)
    }

    fn passed(&mut self, layer: usize, input: usize, values: Numbers<'_>) -> PyResult<()> {
        self.inner.recorder().passed(layer, input, slice(&values)?).map_err(python)
    }

    fn gradient(&mut self, layer: usize, parameter: usize, values: Numbers<'_>) -> PyResult<()> {
        self.inner.recorder().gradient(layer, parameter, slice(&values)?).map_err(python)
    }

    fn before(&mut self, layer: usize, parameter: usize, values: Numbers<'_>) -> PyResult<()> {
        self.inner.recorder().before(layer, parameter, slice(&values)?).map_err(python)
    }

    fn after(&mut self, layer: usize, parameter: usize, values: Numbers<'_>) -> PyResult<()> {
        self.inner.recorder().after(layer, parameter, slice(&values)?).map_err(python)
    }

    fn epoch(&mut self) {
        self.inner.recorder().epoch();
    }

    fn end_step(&mut self, step: u64, loss: f64) {
        self.inner.recorder().end_step(step, loss);
    }

    #[pyo3(signature = (clipped, norm_before=None, norm_after=None))]
    fn clipped(&mut self, clipped: bool, norm_before: Option<f64>, norm_after: Option<f64>) {
        self.inner.recorder().clipped(clipped, norm_before, norm_after);
    }

    /// The root of what is sick by now, as JSON.
    fn alarm(&self, py: Python<'_>, curves_json: &str) -> PyResult<Option<String>> {
        let curves = curves(&serde_json::from_str(curves_json).map_err(json)?);
        let found = py.detach(|| self.inner.alarm(&curves));
        Ok(found.map(|found| finding(&found).to_string()))
    }

    /// The diagnosis of what was recorded.
    fn conclude(&self, py: Python<'_>, curves_json: &str) -> PyResult<Diagnosed> {
        let curves = curves(&serde_json::from_str(curves_json).map_err(json)?);
        Ok(Diagnosed::new(py.detach(|| self.inner.conclude(&curves))))
    }
}

/// Whether this step, counted from 0, is looked at: "default", "always", "never".
#[pyfunction]
pub fn looks_at(schedule: &str, step: u64) -> PyResult<bool> {
    let schedule = match schedule {
        "default" => Schedule::Seldom,
        "always" => Schedule::Always,
        "never" => Schedule::Never,
        other => {
            let what = format!("`schedule` must be \"default\", \"always\" or \"never\", got {other:?}");
            return Err(PyValueError::new_err(what));
        }
    };
    Ok(schedule.includes(step))
}
