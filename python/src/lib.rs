//! Floor 7 of steadygrad: the Python package. Here is what needs Rust; the words that users write are in `steadygrad/*.py`.

mod arrays;
mod attached;
mod backup;
mod custom;
mod diagnosis;
mod errors;
mod files;
mod graph;
mod hooks;
mod layers;
mod learner;
mod mirror;
mod objects;
mod outcome;
mod patient;
mod place;
mod progress;
mod sets;
mod waiting;

use pyo3::prelude::*;

/// The native half of the package; an implementation detail, without promises.
#[pymodule]
mod _native {
    use super::*;

    #[pymodule_export]
    use super::attached::{PyAttached, looks_at};
    #[pymodule_export]
    use super::backup::backup_seed;
    #[pymodule_export]
    use super::custom::function_layer;
    #[pymodule_export]
    use super::diagnosis::Diagnosed;
    #[pymodule_export]
    use super::files::{
        graph_config, keras_3_config, read_model, read_safetensors, read_weights_of, rewrite,
        write_safetensors,
    };
    #[pymodule_export]
    use super::graph::{PyGraph, unbuilt_summary};
    #[pymodule_export]
    use super::layers::PyLayer;
    #[pymodule_export]
    use super::learner::PyLearner;
    #[pymodule_export]
    use super::mirror::PyMirror;
    #[pymodule_export]
    use super::objects::{PyMetric, catalog, constrained, describe, draw, loss, penalty, rate, snake_case};
    #[pymodule_export]
    use super::patient::{PyPatient, explain};
    #[pymodule_export]
    use super::progress::done_line;
    #[pymodule_export]
    use super::sets::{digits_8x8, published};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
