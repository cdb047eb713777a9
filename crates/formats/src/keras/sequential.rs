//! `Sequential`: a list of layers, with or without an `InputLayer` before them.

use super::layer::{self, Fields};
use serde_json::Value as Json;
use steadygrad_kernels::{Error, Place, Result};
use steadygrad_nn::assembly::Assembly;
use steadygrad_nn::model::{Model, Wire};
use steadygrad_nn::shape::Shape;

/// The model of this `config`, and how many layers it unfolds to.
pub fn model(config: &Fields<'_>) -> Result<(Model, usize)> {
    let mut layers = config.list("layers")?.as_slice();
    let mut assembly = Assembly::default();
    let (shape, name) = match layers.first().filter(|first| layer::class(first) == "InputLayer") {
        Some(first) => {
            layers = &layers[1..];
            layer::input(first).place(|| "layer 0")?
        }
        None => (input_shape(config, layers.first())?, None),
    };
    let mut last = assembly.input(shape, name.as_deref());
    let mut size = 0;
    for (i, json) in layers.iter().enumerate() {
        let read = layer::read(json).place(|| layer::name(json).map_or(format!("layer {i}"), layer::text))?;
        size += read.size;
        let entry = assembly.entry(read.layer, read.name.as_deref(), config.trainable() && read.trainable);
        last = assembly.node(entry, vec![Wire { node: last, output: 0 }]);
    }
    Ok((assembly.model("Sequential", vec![Wire { node: last, output: 0 }]), size))
}

/// The shape of a sample, where there is no `InputLayer` that says it.
fn input_shape(config: &Fields<'_>, first: Option<&Json>) -> Result<Shape> {
    let of_first =
        |path: [&str; 2]| first.and_then(|l| l.get(path[0])?.get(path[1])).filter(|s| !s.is_null());
    let said = [
        config.maybe("build_input_shape"),
        of_first(["config", "batch_input_shape"]),
        of_first(["config", "batch_shape"]),
        of_first(["build_config", "input_shape"]),
        of_first(["config", "build_input_shape"]),
    ];
    if let Some(shape) = said.into_iter().flatten().next() {
        return layer::sample_shape(shape);
    }
    // A model that comes first knows its own input.
    let inner = first.and_then(|l| l.get("config")?.get("layers")?.as_array()?.first());
    match inner.filter(|l| layer::class(l) == "InputLayer") {
        Some(inner) => Ok(layer::input(inner)?.0),
        None => Err(Error::unsupported("the model was saved before the shape of its input was known")
            .help("give it an `Input` as its first layer, or build it, before it is saved")),
    }
}
