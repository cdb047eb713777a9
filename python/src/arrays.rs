//! Numbers that lie in Python's memory, as slices and arrays of ours.

use numpy::{PyReadonlyArrayDyn, PyUntypedArrayMethods};
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
