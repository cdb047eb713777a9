//! Model files.

use crate::arrays::{Numbers, array};
use crate::errors::{json, python};
use numpy::{IxDyn, PyArray, PyArrayDyn, PyArrayMethods};
use pyo3::prelude::*;
use steadygrad::data::{Array, safetensors};
use steadygrad::engine::{Compile, Trainable};
use steadygrad::formats::keras::model_from_config;
use steadygrad::nn::optimizers::Sgd;
use steadygrad::{export_onnx as export, load_model, save_model};

/// Loads a model from a file of Keras, and writes it to another one.
#[pyfunction]
pub fn rewrite(py: Python<'_>, from: &str, to: &str) -> PyResult<()> {
    py.detach(|| save_model(&load_model(from)?, to)).map_err(python)
}

/// Writes a new model of a Keras configuration, with the weights that this seed draws, to a file of Keras.
#[pyfunction]
pub fn create(py: Python<'_>, model: &str, seed: u64, to: &str) -> PyResult<()> {
    let model = serde_json::from_str(model).map_err(json)?;
    py.detach(|| {
        let learner = model_from_config(&model)?.compile(Compile::without_loss(Sgd::new(0.01)).seed(seed))?;
        save_model(&learner, to)
    })
    .map_err(python)
}

/// Loads a model from a file of Keras, and writes it to one of ONNX.
#[pyfunction]
pub fn export_onnx(py: Python<'_>, from: &str, to: &str) -> PyResult<()> {
    py.detach(|| export(&load_model(from)?, to)).map_err(python)
}

/// All outputs of the model in a file of Keras, for one array for each of its inputs.
#[pyfunction]
pub fn predict<'py>(
    py: Python<'py>,
    from: &str,
    x: Vec<Numbers<'py>>,
) -> PyResult<Vec<Bound<'py, PyArrayDyn<f32>>>> {
    let x: Vec<Array> = x.iter().map(array).collect::<PyResult<_>>()?;
    let outputs = py.detach(|| load_model(from)?.predict_all(&x)).map_err(python)?;
    outputs.into_iter().map(|output| handed_out(py, output)).collect()
}

/// All arrays of a safetensors file, by name, in the order of the file.
#[pyfunction]
pub fn read_safetensors<'py>(
    py: Python<'py>,
    from: &str,
) -> PyResult<Vec<(String, Bound<'py, PyArrayDyn<f32>>)>> {
    let arrays = py.detach(|| safetensors::read(from)).map_err(python)?;
    arrays.into_iter().map(|(name, array)| Ok((name, handed_out(py, array)?))).collect()
}

/// Writes arrays to a safetensors file.
#[pyfunction]
pub fn write_safetensors(py: Python<'_>, to: &str, arrays: Vec<(String, Numbers<'_>)>) -> PyResult<()> {
    let arrays: Vec<(String, Array)> =
        arrays.iter().map(|(name, numbers)| Ok((name.clone(), array(numbers)?))).collect::<PyResult<_>>()?;
    py.detach(|| safetensors::write(to, &arrays)).map_err(python)
}

fn handed_out(py: Python<'_>, array: Array) -> PyResult<Bound<'_, PyArrayDyn<f32>>> {
    let shape = array.shape().to_vec();
    PyArray::from_vec(py, array.into_data()).reshape(IxDyn(&shape))
}
