//! Floor 7 of steadygrad: the Python package. Here is what needs Rust; the words that users write are in `steadygrad/*.py`.

mod arrays;
mod attached;
mod diagnosis;
mod errors;
mod files;
mod mirror;

use pyo3::prelude::*;

/// The native half of the package; an implementation detail, without promises.
#[pymodule]
mod _native {
    use super::*;

    #[pymodule_export]
    use super::attached::{PyAttached, looks_at};
    #[pymodule_export]
    use super::diagnosis::Diagnosed;
    #[pymodule_export]
    use super::files::{create, export_onnx, predict, read_safetensors, rewrite, write_safetensors};
    #[pymodule_export]
    use super::mirror::PyMirror;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
