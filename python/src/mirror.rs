//! A network of Keras', run here too with its weights.

use crate::arrays::{Numbers, array};
use crate::attached::curves;
use crate::diagnosis::{Diagnosed, finding};
use crate::errors::{json, python};
use pyo3::prelude::*;
use serde_json::Value as Json;
use std::sync::{Mutex, MutexGuard, PoisonError};
use steadygrad::data::{Array, Dataset};
use steadygrad::formats::keras::model_from_config;
use steadygrad::lab::Mirror;

/// The same network with the weights of another program.
#[pyclass(name = "Mirror", module = "steadygrad._native")]
pub struct PyMirror {
    // What measures losses may not be shared between threads.
    inner: Mutex<Mirror>,
}

impl PyMirror {
    fn mirror(&self) -> MutexGuard<'_, Mirror> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn all(arrays: &[Numbers<'_>]) -> PyResult<Vec<Array>> {
    arrays.iter().map(array).collect()
}

#[pymethods]
impl PyMirror {
    /// Of a Keras configuration and of its `compile_config`, with some of the data.
    #[new]
    fn new(
        py: Python<'_>,
        model: &str,
        compile: &str,
        plan: (usize, usize, usize),
        x: Vec<Numbers<'_>>,
        y: Vec<Numbers<'_>>,
    ) -> PyResult<PyMirror> {
        let model: Json = serde_json::from_str(model).map_err(json)?;
        let compile: Json = serde_json::from_str(compile).map_err(json)?;
        let data = Dataset::multi(all(&x)?, all(&y)?).map_err(python)?;
        let (epochs, batch_size, samples) = plan;
        let made = py.detach(|| {
            let model = model_from_config(&model)?;
            Mirror::new(model, &compile, epochs, batch_size, samples, &data)
        });
        Ok(PyMirror { inner: Mutex::new(made.map_err(python)?) })
    }

    fn left_out(&self) -> Vec<String> {
        self.mirror().left_out().to_vec()
    }

    #[pyo3(signature = (step, loss, before, after=None))]
    fn look(
        &self,
        py: Python<'_>,
        step: u64,
        loss: Option<f64>,
        before: Vec<Numbers<'_>>,
        after: Option<Vec<Numbers<'_>>>,
    ) -> PyResult<()> {
        let before = all(&before)?;
        let after = after.map(|after| all(&after)).transpose()?;
        py.detach(|| self.mirror().look(step, loss, &before, after.as_deref())).map_err(python)
    }

    fn alarm(&self, py: Python<'_>, curves_json: &str) -> PyResult<Option<String>> {
        let curves = curves(&serde_json::from_str(curves_json).map_err(json)?);
        let found = py.detach(|| self.mirror().alarm(&curves));
        Ok(found.map(|found| finding(&found).to_string()))
    }

    fn conclude(&self, py: Python<'_>, curves_json: &str) -> PyResult<Diagnosed> {
        let curves = curves(&serde_json::from_str(curves_json).map_err(json)?);
        Ok(Diagnosed::new(py.detach(|| self.mirror().conclude(&curves)).map_err(python)?))
    }

    /// The model before and after a prescription, as an experiment file says it.
    fn edited(&self, diagnosis: &Diagnosed, finding: usize, prescription: usize) -> PyResult<String> {
        Ok(self.mirror().edited(diagnosis.inner(), finding, prescription).map_err(python)?.to_string())
    }
}
