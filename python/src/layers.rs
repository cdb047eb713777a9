//! A layer as its settings describe it, and what can be known of it without a model.

use crate::arrays::Out;
use crate::errors::{json, python};
use pyo3::prelude::*;
use serde_json::Value as Json;
use std::sync::Arc;
use steadygrad::engine::Trainable;
use steadygrad::extend::{Layer, Place};
use steadygrad::nn::Shape;
use steadygrad::nn::assembly::Assembly;
use steadygrad::nn::config::Config;
use steadygrad::nn::layers::from_config;
use steadygrad::nn::model::Wire;
use steadygrad::nn::optimizers::Sgd;
use steadygrad::{engine::Compile, nn::Model};

/// A weight that a layer has: name, shape, whether it learns, its first values.
type Weight<'py> = (String, Vec<usize>, bool, Bound<'py, Out>);

/// A layer: plain data.
#[pyclass(name = "Layer", module = "steadygrad._native", frozen)]
pub struct PyLayer {
    inner: Arc<dyn Layer>,
}

impl PyLayer {
    pub fn new(inner: Arc<dyn Layer>) -> PyLayer {
        PyLayer { inner }
    }

    pub fn inner(&self) -> &Arc<dyn Layer> {
        &self.inner
    }
}

pub fn shapes(dims: Vec<Vec<usize>>) -> Vec<Shape> {
    dims.into_iter().map(Shape::from).collect()
}

/// A model of this layer alone.
fn alone(layer: &Arc<dyn Layer>, inputs: &[Shape], key: &str) -> Model {
    let mut assembly = Assembly::default();
    let feeds: Vec<usize> = inputs.iter().map(|shape| assembly.input(shape.clone(), None)).collect();
    let entry = assembly.entry(layer.clone(), Some("it"), true);
    let wires = feeds.into_iter().map(|node| Wire { node, output: 0 }).collect();
    let node = assembly.node(entry, wires);
    let mut model = assembly.model("Functional", vec![Wire { node, output: 0 }]);
    for entry in model.entries.iter_mut().filter(|e| e.name == "it") {
        entry.key = key.to_string();
    }
    model
}

#[pymethods]
impl PyLayer {
    /// A layer of this class with these settings.
    #[new]
    fn of(class_name: &str, config: &str) -> PyResult<PyLayer> {
        let config: Json = serde_json::from_str(config).map_err(json)?;
        let made = Config::from_json(&config).and_then(|config| from_config(class_name, &config));
        Ok(PyLayer { inner: made.place(|| class_name.to_string()).map_err(python)?.layer })
    }

    /// All its settings, under the names of Keras' `get_config`.
    fn config(&self) -> String {
        self.inner.config().to_json().to_string()
    }

    /// The shapes of its outputs for samples of these shapes.
    fn output_shapes(&self, inputs: Vec<Vec<usize>>) -> PyResult<Vec<Vec<usize>>> {
        let made = self.inner.output_shapes(&shapes(inputs)).map_err(python)?;
        Ok(made.iter().map(|shape| shape.dims().to_vec()).collect())
    }

    /// Its weights for samples of these shapes, with the first values that this seed and key draw.
    fn draw<'py>(
        &self,
        py: Python<'py>,
        inputs: Vec<Vec<usize>>,
        seed: u64,
        key: &str,
    ) -> PyResult<Vec<Weight<'py>>> {
        let inputs = shapes(inputs);
        let made = py.detach(|| {
            let compile = Compile::without_loss(Sgd::new(0.01)).seed(seed);
            let learner = alone(&self.inner, &inputs, key).compile(compile)?;
            let learns: Vec<bool> = learner.weights_that_learn();
            Ok(learner.weights().into_iter().zip(learns).collect::<Vec<_>>())
        });
        let made = made.map_err(python)?;
        let one = |((path, array), learns): ((String, steadygrad::data::Array), bool)| {
            let name = path.split_once('/').map_or(path.clone(), |(_, name)| name.to_string());
            Ok((name, array.shape().to_vec(), learns, crate::arrays::out(py, array)?))
        };
        made.into_iter().map(one).collect()
    }
}
