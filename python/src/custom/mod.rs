//! Functions of the user's own, written in Python on arrays of numpy: activations, losses, metrics.
//!
//! A step of a plan cannot fail. What a function raises is kept, its numbers become NaN, and the exception is raised again as soon
//! as the plan is through.

mod activation;
mod loss;
mod metric;

pub use activation::function_layer;
pub use loss::PythonLoss;
pub use metric::PythonMetric;

use crate::arrays::shaped;
use crate::place::within_a_step;
use numpy::{PyArrayDyn, PyArrayMethods, PyReadonlyArrayDyn};
use pyo3::prelude::*;
use pyo3::types::PyString;
use std::sync::{Mutex, PoisonError};

static FAILURE: Mutex<Option<PyErr>> = Mutex::new(None);

fn fail(error: PyErr) {
    FAILURE.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
}

/// Whether a function has raised something that nobody has heard yet.
pub fn failed() -> bool {
    FAILURE.lock().unwrap_or_else(PoisonError::into_inner).is_some()
}

/// Raises what a function raised.
pub fn take_failure() -> PyResult<()> {
    match FAILURE.lock().unwrap_or_else(PoisonError::into_inner).take() {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

/// Does something in Python from within a step.
fn attached<T>(work: impl FnOnce(Python<'_>) -> T) -> T {
    within_a_step(|| Python::attach(work))
}

fn array<'py>(
    py: Python<'py>,
    data: &[f32],
    rows: usize,
    shape: &[usize],
) -> PyResult<Bound<'py, PyArrayDyn<f32>>> {
    let mut dims = vec![rows];
    dims.extend(shape);
    shaped(py, data.to_vec(), dims)
}

/// What a function gave back, as float32 numbers.
fn numbers<'py>(py: Python<'py>, given: &Bound<'py, PyAny>) -> PyResult<PyReadonlyArrayDyn<'py, f32>> {
    let numpy = py.import("numpy")?;
    let array = numpy.call_method1("ascontiguousarray", (given, "float32"))?;
    Ok(array.cast::<PyArrayDyn<f32>>().map_err(PyErr::from)?.readonly())
}

fn name_of(function: &Bound<'_, PyAny>) -> String {
    let named = function.getattr("name").or_else(|_| function.getattr("__name__"));
    match named.and_then(|name| name.extract::<String>()) {
        Ok(name) => name,
        Err(_) => function
            .get_type()
            .name()
            .map_or_else(|_| "function".into(), |n: Bound<'_, PyString>| n.to_string()),
    }
}

/// The function's derivative: what it carries as `gradient`.
fn gradient_of(function: &Bound<'_, PyAny>) -> Option<Py<PyAny>> {
    function.getattr("gradient").ok().filter(|g| g.is_callable()).map(Bound::unbind)
}
