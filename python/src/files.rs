//! Model files.

use crate::errors::python;
use pyo3::prelude::*;
use steadygrad::{load_model, save_model};

/// Loads a model from a file of Keras, and writes it to another one.
#[pyfunction]
pub fn rewrite(py: Python<'_>, from: &str, to: &str) -> PyResult<()> {
    py.detach(|| save_model(&load_model(from)?, to)).map_err(python)
}
