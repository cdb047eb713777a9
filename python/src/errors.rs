//! Our errors as Python's exceptions.

use pyo3::PyErr;
use pyo3::exceptions::{PyOSError, PyValueError};
use steadygrad::{Error, Kind};

/// The exception of an error: what could not be read or written is an OSError, all else a ValueError.
pub fn python(error: Error) -> PyErr {
    match error.kind() {
        Kind::File => PyOSError::new_err(error.to_string()),
        _ => PyValueError::new_err(error.to_string()),
    }
}

/// The exception of JSON that is not as it has to be.
pub fn json(error: serde_json::Error) -> PyErr {
    PyValueError::new_err(format!("not valid JSON: {error}"))
}
