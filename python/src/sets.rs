//! Data sets.

use crate::arrays::{Out, out};
use crate::errors::python;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use steadygrad::data::digits;

/// The digits that are part of the program: pixels of 8 × 8, and their classes.
#[pyfunction]
pub fn digits_8x8(py: Python<'_>) -> PyResult<(Bound<'_, Out>, Bound<'_, Out>)> {
    let mut all = digits::all().map_err(python)?;
    let (x, y) = (all.x.swap_remove(0), all.y.swap_remove(0));
    Ok((out(py, x)?, out(py, y)?))
}

/// The files of a published set: name, bytes, MD5 checksum.
#[pyfunction]
pub fn published(set: &str) -> PyResult<Vec<(&'static str, u64, &'static str)>> {
    let files = steadygrad::lab::published(set);
    let files = files.ok_or_else(|| PyValueError::new_err(format!("no set `{set}` is published")))?;
    Ok(files.iter().map(|file| (file.name, file.bytes, file.md5)).collect())
}
