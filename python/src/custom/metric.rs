//! Metrics: `f(y_true, y_pred)`, or objects that keep what they have seen.

use super::{array, attached, fail, name_of, numbers};
use crate::arrays::shaped;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use std::sync::Arc;
use steadygrad::extend::{Accumulator, Config, Metric};
use steadygrad::nn::metrics::{Batch, Direction};
use steadygrad::{Error, Result};

/// A metric: `f(y_true, y_pred)`, whose mean over the samples counts; or an object with `update_state`, `result`, `reset_state`.
#[derive(Debug, Clone)]
pub struct PythonMetric {
    name: String,
    object: Arc<Py<PyAny>>,
    stateful: bool,
}

impl PythonMetric {
    pub fn new(object: &Bound<'_, PyAny>) -> PyResult<PythonMetric> {
        let stateful = object.hasattr("update_state")?;
        if !stateful && !object.is_callable() {
            let words =
                format!("expected the settings of a metric or a function, found {}", object.get_type());
            return Err(PyTypeError::new_err(words));
        }
        Ok(PythonMetric { name: name_of(object), object: Arc::new(object.clone().unbind()), stateful })
    }
}

impl Metric for PythonMetric {
    fn class(&self) -> &'static str {
        "PythonMetric"
    }
    fn config(&self) -> Config {
        Config::new().with("name", self.name.as_str())
    }
    fn name(&self) -> String {
        self.name.clone()
    }
    fn direction(&self) -> Direction {
        Direction::None
    }
    fn start(&self) -> Box<dyn Accumulator> {
        Box::new(Seen { metric: self.clone(), sum: 0.0, count: 0.0 })
    }
}

#[derive(Debug)]
struct Seen {
    metric: PythonMetric,
    sum: f64,
    count: f64,
}

impl Seen {
    fn try_update(&mut self, batch: Batch<'_>) -> PyResult<()> {
        attached(|py| {
            let y_true = array(py, batch.target, batch.rows, batch.target_shape)?;
            let y_pred = array(py, batch.prediction, batch.rows, batch.prediction_shape)?;
            let object = self.metric.object.bind(py);
            let weights = batch.weights.map(|w| shaped(py, w.to_vec(), vec![w.len()])).transpose()?;
            if self.metric.stateful {
                match weights {
                    Some(weights) => object.call_method1("update_state", (y_true, y_pred, weights))?,
                    None => object.call_method1("update_state", (y_true, y_pred))?,
                };
                return Ok(());
            }
            let made = numbers(py, &object.call1((y_true, y_pred))?)?;
            let values = crate::arrays::slice(&made)?;
            let each = (values.len() / batch.rows.max(1)).max(1);
            if values.len() == 1 && batch.rows != 1 {
                // One number for the batch counts once, as in Keras.
                self.sum += f64::from(values[0]);
                self.count += 1.0;
            } else {
                for (i, value) in values.iter().enumerate() {
                    let weight = if i / each < batch.rows { batch.weight(i / each) } else { 1.0 };
                    self.sum += f64::from(*value) * weight;
                    self.count += weight;
                }
            }
            Ok(())
        })
    }
}

impl Accumulator for Seen {
    fn update(&mut self, batch: Batch<'_>) -> Result<()> {
        self.try_update(batch).map_err(|error| {
            let words = error.to_string();
            fail(error);
            Error::argument(words).at(format!("metric `{}`", self.metric.name))
        })
    }

    fn result(&self) -> Vec<f64> {
        if !self.metric.stateful {
            return vec![if self.count == 0.0 { 0.0 } else { self.sum / self.count }];
        }
        let told = attached(|py| {
            let result = self.metric.object.bind(py).call_method0("result")?;
            numbers(py, &result).and_then(|made| Ok(crate::arrays::slice(&made)?.to_vec()))
        });
        match told {
            Ok(values) => values.into_iter().map(f64::from).collect(),
            Err(error) => {
                fail(error);
                vec![f64::NAN]
            }
        }
    }

    fn reset(&mut self) {
        (self.sum, self.count) = (0.0, 0.0);
        if self.metric.stateful {
            let done = attached(|py| self.metric.object.bind(py).call_method0("reset_state").map(|_| ()));
            if let Err(error) = done {
                fail(error);
            }
        }
    }
}
