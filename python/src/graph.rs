//! A model put together from layers, as plain data.

use crate::errors::python;
use crate::layers::PyLayer;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use std::sync::Arc;
use steadygrad::engine::{Summary, Trainable};
use steadygrad::extend::Layer;
use steadygrad::formats::keras::keras_order;
use steadygrad::nn::Model;
use steadygrad::nn::assembly::Assembly;
use steadygrad::nn::model::Wire;

/// A layer of a graph: what it is, its name, the key of its random numbers, whether it learns.
type Entry<'py> = (Bound<'py, PyAny>, String, String, bool);

/// A use of a layer: which layer, and what it reads: (node, output).
type Node = (usize, Vec<(usize, usize)>);

/// A model without weights.
#[pyclass(name = "Graph", module = "steadygrad._native", frozen)]
pub struct PyGraph {
    inner: Model,
}

impl PyGraph {
    pub fn inner(&self) -> &Model {
        &self.inner
    }
}

/// A layer, or a model that stands in the place of one.
fn layer(object: &Bound<'_, PyAny>) -> PyResult<Arc<dyn Layer>> {
    if let Ok(layer) = object.cast::<PyLayer>() {
        return Ok(layer.get().inner().clone());
    }
    match object.cast::<PyGraph>() {
        Ok(graph) => Ok(Arc::new(graph.get().inner.clone())),
        Err(_) => Err(PyTypeError::new_err("expected a Layer or a Graph of the native half")),
    }
}

#[pymethods]
impl PyGraph {
    /// Of these layers and their uses; `inputs` are nodes that read nothing, in the model's order.
    #[new]
    fn new(
        name: &str,
        chain: bool,
        entries: Vec<Entry<'_>>,
        nodes: Vec<Node>,
        inputs: Vec<usize>,
        outputs: Vec<(usize, usize)>,
    ) -> PyResult<PyGraph> {
        let wire = |&(node, output): &(usize, usize)| Wire { node, output };
        let mut assembly = Assembly::default();
        let mut made = Vec::with_capacity(entries.len());
        let mut keys = Vec::new();
        // An input is made with its node.
        for (object, name, key, trainable) in &entries {
            let layer = layer(object)?;
            made.push(match layer.class() {
                "InputLayer" => None,
                _ => Some(assembly.entry(layer, Some(name), *trainable)),
            });
            keys.push((name.as_str(), key.as_str()));
        }
        let mut places = Vec::with_capacity(nodes.len());
        for (entry, reads) in &nodes {
            let wires = reads.iter().map(|w| Wire { node: places[w.0], output: w.1 }).collect();
            places.push(match made.get(*entry).copied().flatten() {
                Some(made) => assembly.node(made, wires),
                None => {
                    let (object, name, ..) = &entries[*entry];
                    let shape = layer(object)?.output_shapes(&[]).map_err(python)?.swap_remove(0);
                    assembly.input(shape, Some(name))
                }
            });
        }
        let outputs = outputs.iter().map(|w| wire(&(places[w.0], w.1))).collect();
        let mut model = assembly.model(if chain { "Sequential" } else { "Functional" }, outputs).named(name);
        for entry in &mut model.entries {
            if let Some((_, key)) = keys.iter().find(|(name, _)| *name == entry.name) {
                entry.key = key.to_string();
            }
        }
        model.inputs = inputs.into_iter().map(|node| places[node]).collect();
        model.output_shapes().map_err(python)?;
        Ok(PyGraph { inner: model })
    }

    /// The names of the layers in Keras' order.
    fn order(&self) -> Vec<String> {
        keras_order(&self.inner).into_iter().map(|i| self.inner.entries[i].name.clone()).collect()
    }

    fn output_shapes(&self) -> PyResult<Vec<Vec<usize>>> {
        let shapes = self.inner.output_shapes().map_err(python)?;
        Ok(shapes.iter().map(|shape| shape.dims().to_vec()).collect())
    }

    /// Keras' `summary` as text.
    #[pyo3(signature = (line_length=None, columns=None, show_trainable=false, expand_nested=false))]
    fn summary(
        &self,
        line_length: Option<usize>,
        columns: Option<usize>,
        show_trainable: bool,
        expand_nested: bool,
    ) -> PyResult<String> {
        let summary = self.inner.summary().map_err(python)?;
        Ok(told(summary, line_length, columns, show_trainable, expand_nested))
    }
}

/// The text of a summary that is set so.
pub fn told(
    mut summary: Summary,
    line_length: Option<usize>,
    columns: Option<usize>,
    show_trainable: bool,
    expand_nested: bool,
) -> String {
    if let Some(length) = line_length {
        summary = summary.line_length(length);
    }
    if let Some(columns) = columns {
        summary = summary.columns(columns);
    }
    summary.show_trainable(show_trainable).expand_nested(expand_nested).to_string()
}

/// The summary of layers that do not know the shape of their input yet: their names and classes.
#[pyfunction]
#[pyo3(signature = (name, layers, line_length=None, columns=None))]
pub fn unbuilt_summary(
    name: &str,
    layers: Vec<(String, String)>,
    line_length: Option<usize>,
    columns: Option<usize>,
) -> String {
    let rows: Vec<(&str, &str)> = layers.iter().map(|(n, c)| (n.as_str(), c.as_str())).collect();
    told(Summary::unbuilt(name, &rows), line_length, columns, false, false)
}
