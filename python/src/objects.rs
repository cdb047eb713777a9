//! Members of the families by their settings: what they are called in full, and what they compute on arrays.

use crate::arrays::{Numbers, Out, array, shaped, slice};
use crate::errors::{json, python};
use numpy::PyUntypedArrayMethods;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use serde_json::{Value as Json, json};
use std::sync::{Arc, Mutex, PoisonError};
use steadygrad::engine::callbacks;
use steadygrad::extend::{
    Accumulator, Block, Constraint, Draw, Initializer, Isa, Loss, Metric, Regularizer, Shape,
};
use steadygrad::nn::activations;
use steadygrad::nn::config::{Config, FromValue, Value};
use steadygrad::nn::losses::{Reduction, reduce};
use steadygrad::nn::metrics::Batch;
use steadygrad::nn::optimizers::Optimizer;
use steadygrad::nn::schedules::Rate;

/// A value from JSON that stands for a member of a family.
pub fn value(text: &str) -> PyResult<Value> {
    Ok(Value::from_json(&serde_json::from_str::<Json>(text).map_err(json)?))
}

/// The same, read.
pub fn member<T: FromValue>(text: &str) -> PyResult<T> {
    T::from_value(&value(text)?).map_err(python)
}

/// An optimizer.
pub fn optimizer(text: &str) -> PyResult<Optimizer> {
    Optimizer::from_value(&value(text)?).map_err(python)
}

fn told(class: &str, config: &Config) -> String {
    json!({ "class_name": class, "config": config.to_json() }).to_string()
}

/// Class and full settings of a member: `{class_name, config}`.
#[pyfunction]
pub fn describe(family: &str, spec: &str) -> PyResult<String> {
    Ok(match family {
        "initializer" => {
            let made: Arc<dyn Initializer> = member(spec)?;
            told(made.class(), &made.config())
        }
        "regularizer" => {
            let made: Arc<dyn Regularizer> = member(spec)?;
            told(made.class(), &made.config())
        }
        "constraint" => {
            let made: Arc<dyn Constraint> = member(spec)?;
            told(made.class(), &made.config())
        }
        "loss" => {
            let made: Arc<dyn Loss> = member(spec)?;
            told(made.class(), &made.config())
        }
        "metric" => {
            let made: Arc<dyn Metric> = member(spec)?;
            told(made.class(), &made.config().with("name", made.name()))
        }
        "optimizer" => {
            let made = optimizer(spec)?;
            told(made.rule.class(), &made.config())
        }
        "schedule" => match member(spec)? {
            Rate::Schedule(made) => told(made.class(), &made.config()),
            Rate::Constant(_) => return Err(PyValueError::new_err("expected a schedule, found a number")),
        },
        "activation" => {
            let made: Arc<dyn steadygrad::extend::Layer> = member(spec)?;
            made.as_activation().to_json().to_string()
        }
        "callback" => {
            callbacks::from_value(&value(spec)?).map_err(python)?;
            spec.to_string()
        }
        other => return Err(PyValueError::new_err(format!("there is no family {other:?}"))),
    })
}

/// All classes of a family with their other names.
#[pyfunction]
pub fn catalog(family: &str) -> PyResult<Vec<(String, Vec<String>)>> {
    use steadygrad::nn::{
        constraints, initializers, layers, losses, metrics, optimizers, regularizers, schedules,
    };
    macro_rules! listed {
        ($catalog:expr) => {
            $catalog
                .iter()
                .map(|e| (e.class.to_string(), e.names.iter().map(|n| n.to_string()).collect()))
                .collect()
        };
    }
    Ok(match family {
        "initializer" => listed!(initializers::CATALOG),
        "regularizer" => listed!(regularizers::CATALOG),
        "constraint" => listed!(constraints::CATALOG),
        "loss" => listed!(losses::CATALOG),
        "metric" => listed!(metrics::CATALOG),
        "optimizer" => listed!(optimizers::CATALOG),
        "schedule" => listed!(schedules::CATALOG),
        "activation" => listed!(activations::CATALOG),
        "layer" => listed!(layers::CATALOG),
        "callback" => listed!(callbacks::CATALOG),
        other => return Err(PyValueError::new_err(format!("there is no family {other:?}"))),
    })
}

/// Keras' snake case of a class name.
#[pyfunction]
pub fn snake_case(class_name: &str) -> String {
    steadygrad::nn::names::snake_case(class_name)
}

/// Numbers drawn by an initializer.
#[pyfunction]
pub fn draw<'py>(
    py: Python<'py>,
    initializer: &str,
    shape: Vec<usize>,
    seed: u64,
    key: &str,
) -> PyResult<Bound<'py, Out>> {
    let made: Arc<dyn Initializer> = member(initializer)?;
    let size = shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d)).filter(|&n| n <= 1 << 40);
    let Some(size) = size else {
        return Err(PyValueError::new_err(format!("an array of the shape {shape:?} is too large")));
    };
    let mut values = vec![0.0; size];
    py.detach(|| made.fill(&Draw::new(seed, key), &shape, &mut values)).map_err(python)?;
    shaped(py, values, shape)
}

/// What a regularizer adds to the loss.
#[pyfunction]
pub fn penalty(regularizer: &str, weights: Numbers<'_>) -> PyResult<f64> {
    let made: Arc<dyn Regularizer> = member(regularizer)?;
    made.check(weights.shape()).map_err(python)?;
    Ok(made.value(slice(&weights)?, weights.shape()))
}

/// Weights as a constraint leaves them.
#[pyfunction]
pub fn constrained<'py>(
    py: Python<'py>,
    constraint: &str,
    weights: Numbers<'py>,
) -> PyResult<Bound<'py, Out>> {
    let made: Arc<dyn Constraint> = member(constraint)?;
    made.check(weights.shape()).map_err(python)?;
    let mut values = slice(&weights)?.to_vec();
    made.apply(&mut values, weights.shape());
    shaped(py, values, weights.shape().to_vec())
}

/// The learning rate of a schedule at a step.
#[pyfunction]
pub fn rate(schedule: &str, step: u64) -> PyResult<f64> {
    Ok(member::<Rate>(schedule)?.at(step))
}

/// The values of a loss, one for each sample (or position), or with its reduction one number.
#[pyfunction]
#[pyo3(signature = (loss, y_true, y_pred, weights=None, reduced=true))]
pub fn loss<'py>(
    py: Python<'py>,
    loss: &str,
    y_true: Numbers<'py>,
    y_pred: Numbers<'py>,
    weights: Option<Numbers<'py>>,
    reduced: bool,
) -> PyResult<Bound<'py, Out>> {
    let made: Arc<dyn Loss> = member(loss)?;
    let (target, prediction) = (array(&y_true)?, array(&y_pred)?);
    let shape = Shape::from(prediction.row_shape());
    let rows = prediction.rows();
    if target.rows() != rows {
        let words = format!("y_true has {} samples and y_pred {rows}: there must be as many", target.rows());
        return Err(PyValueError::new_err(words));
    }
    made.check_shape(&shape, &Shape::from(target.row_shape())).map_err(python)?;
    made.check(&shape, target.data()).map_err(python)?;
    let block = Block { rows, shape: shape.dims() };
    let mut values = vec![0.0; made.extent(&shape).at(rows)];
    made.values(Isa::best(), block, target.data(), prediction.data(), &mut values);
    let weights = weights.as_ref().map(slice).transpose()?;
    if reduced && made.reduction() != Reduction::None {
        let mut cotangent = vec![0.0; values.len()];
        let number =
            reduce(made.reduction(), &values, weights, target.data(), made.ignore(), 1.0, &mut cotangent);
        return shaped(py, vec![number as f32], Vec::new());
    }
    if let Some(weights) = weights {
        let each = values.len() / weights.len().max(1);
        for (i, value) in values.iter_mut().enumerate() {
            *value *= weights[i / each.max(1)];
        }
    }
    let whole = values.len();
    let dims = if whole == rows {
        vec![rows]
    } else {
        // A value for every position of a sample, or one for the whole batch.
        let mut dims = vec![rows];
        dims.extend(&shape.dims()[..shape.rank().saturating_sub(1)]);
        if dims.iter().product::<usize>() == whole { dims } else { vec![whole] }
    };
    let dims = if whole == 1 && rows != 1 { Vec::new() } else { dims };
    shaped(py, values, dims)
}

/// A metric with what it has seen.
#[pyclass(name = "Metric", module = "steadygrad._native", frozen)]
pub struct PyMetric {
    seen: Mutex<Box<dyn Accumulator>>,
}

#[pymethods]
impl PyMetric {
    #[new]
    fn new(spec: &str) -> PyResult<PyMetric> {
        let made: Arc<dyn Metric> = member(spec)?;
        Ok(PyMetric { seen: Mutex::new(made.start()) })
    }

    #[pyo3(signature = (y_true, y_pred, weights=None))]
    fn update(&self, y_true: Numbers<'_>, y_pred: Numbers<'_>, weights: Option<Numbers<'_>>) -> PyResult<()> {
        let (target, prediction) = (array(&y_true)?, array(&y_pred)?);
        let batch = Batch {
            rows: prediction.rows(),
            target_shape: target.row_shape(),
            prediction_shape: prediction.row_shape(),
            target: target.data(),
            prediction: prediction.data(),
            weights: weights.as_ref().map(slice).transpose()?,
        };
        if target.rows() != batch.rows {
            let words = format!(
                "y_true has {} samples and y_pred {}: there must be as many",
                target.rows(),
                batch.rows
            );
            return Err(PyValueError::new_err(words));
        }
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).update(batch).map_err(python)
    }

    fn result(&self) -> Vec<f64> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).result()
    }

    fn reset(&self) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).reset();
    }
}
