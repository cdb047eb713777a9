//! Numbers that lie in Python's memory, as slices and arrays of ours.

use numpy::{PyArray1, PyArrayMethods, PyReadonlyArrayDyn, PyUntypedArrayMethods};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use steadygrad::data::Array;

use crate::errors::python;

/// Numbers as they are handed in: float32, in one piece. Python brings all others into this form.
pub type Numbers<'py> = PyReadonlyArrayDyn<'py, f32>;

/// The numbers where they lie.
pub fn slice<'a>(numbers: &'a Numbers<'_>) -> PyResult<&'a [f32]> {
    let words = "expected a float32 array in one piece (C order); numpy.ascontiguousarray makes one";
    numbers.as_slice().map_err(|_| PyTypeError::new_err(words))
}

/// A copy with its shape.
pub fn array(numbers: &Numbers<'_>) -> PyResult<Array> {
    Array::new(numbers.shape().to_vec(), slice(numbers)?.to_vec()).map_err(python)
}

/// Numbers as they are handed out.
pub type Out = numpy::PyArrayDyn<f32>;

/// Our numbers as an array of numpy's; they are moved, not copied.
pub fn out(py: Python<'_>, array: Array) -> PyResult<Bound<'_, Out>> {
    let shape = array.shape().to_vec();
    shaped(py, array.into_data(), shape)
}

/// Numbers of this shape as an array of numpy's.
pub fn shaped(py: Python<'_>, data: Vec<f32>, shape: Vec<usize>) -> PyResult<Bound<'_, Out>> {
    PyArray1::from_vec(py, data).reshape(shape)
}

/// Copies of them all.
pub fn arrays(all: &[Numbers<'_>]) -> PyResult<Vec<Array>> {
    all.iter().map(array).collect()
}
