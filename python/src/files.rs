//! Model files.

use crate::arrays::{Numbers, Out, array, out};
use crate::errors::{json, python};
use crate::graph::PyGraph;
use pyo3::prelude::*;
use steadygrad::data::safetensors;
use steadygrad::formats::keras::{Saved, config_of, model_from_config, read_weights};
use steadygrad::{load_model, save_model};

/// Loads a model from a file of Keras, and writes it to another one.
#[pyfunction]
pub fn rewrite(py: Python<'_>, source: &str, target: &str) -> PyResult<()> {
    py.detach(|| save_model(&load_model(source)?, target)).map_err(python)
}

/// What is in a file: the model, its weights by name, how it was compiled.
type Read<'py> = (String, Vec<(String, Bound<'py, Out>)>, Option<String>);

/// Reads a model from a `.keras` or `.h5` file.
#[pyfunction]
pub fn read_model<'py>(py: Python<'py>, path: &str) -> PyResult<Read<'py>> {
    let read = py.detach(|| {
        let saved = Saved::read(path)?;
        let config = config_of(&saved.model)?;
        Ok((saved, config))
    });
    let (saved, config) = read.map_err(python)?;
    let weights = saved.weights.into_iter().map(|(name, array)| Ok((name, out(py, array)?)));
    let weights = weights.collect::<PyResult<Vec<_>>>()?;
    Ok((config.to_string(), weights, saved.compiled.map(|c| c.to_string())))
}

/// The configuration of a model as Keras 3 writes it, from one of Keras 2 or 3.
#[pyfunction]
pub fn keras_3_config(config: &str) -> PyResult<String> {
    let config: serde_json::Value = serde_json::from_str(config).map_err(json)?;
    let model = model_from_config(&config).map_err(python)?;
    Ok(config_of(&model).map_err(python)?.to_string())
}

/// The configuration of a model as Keras 3 writes it.
#[pyfunction]
pub fn graph_config(graph: &PyGraph) -> PyResult<String> {
    Ok(config_of(graph.inner()).map_err(python)?.to_string())
}

/// The weights of a file, by their names in this model.
#[pyfunction]
pub fn read_weights_of<'py>(
    py: Python<'py>,
    path: &str,
    graph: &PyGraph,
) -> PyResult<Vec<(String, Bound<'py, Out>)>> {
    let model = graph.inner();
    let read = py.detach(|| match path.ends_with(".safetensors") {
        true => safetensors::read(path),
        false => read_weights(path, model),
    });
    read.map_err(python)?.into_iter().map(|(name, array)| Ok((name, out(py, array)?))).collect()
}

/// All arrays of a safetensors file, by name, in the order of the file.
#[pyfunction]
pub fn read_safetensors<'py>(py: Python<'py>, path: &str) -> PyResult<Vec<(String, Bound<'py, Out>)>> {
    let arrays = py.detach(|| safetensors::read(path)).map_err(python)?;
    arrays.into_iter().map(|(name, array)| Ok((name, out(py, array)?))).collect()
}

/// Writes arrays to a safetensors file.
#[pyfunction]
pub fn write_safetensors(py: Python<'_>, path: &str, arrays: Vec<(String, Numbers<'_>)>) -> PyResult<()> {
    let arrays = arrays.iter().map(|(name, numbers)| Ok((name.clone(), array(numbers)?)));
    let arrays = arrays.collect::<PyResult<Vec<_>>>()?;
    py.detach(|| safetensors::write(path, &arrays)).map_err(python)
}
