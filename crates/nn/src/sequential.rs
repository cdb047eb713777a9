//! A model that is one layer after another.

use crate::assembly::Assembly;
use crate::layers::layer::Layer;
use crate::model::{Model, Wire};
use crate::shape::Shape;
use std::sync::Arc;

/// Layers in a row. It turns into a [`Model`] wherever one is asked for.
///
/// ```
/// use steadygrad_nn::{Sequential, Model, layers::{Dense, Flatten}, activations::Relu};
/// let model: Model = Sequential::new([28, 28])
///     .add(Flatten)
///     .add(Dense::new(100).activation(Relu))
///     .add_as("head", Dense::new(10))
///     .into();
/// assert_eq!(model.output_shapes().unwrap()[0].dims(), [10]);
/// assert_eq!(model.output_names(), ["head"]);
/// ```
#[derive(Debug, Clone)]
pub struct Sequential {
    input: Shape,
    name: Option<String>,
    layers: Vec<(Option<String>, Arc<dyn Layer>, bool)>,
}

impl Sequential {
    /// An empty row of layers for samples of this shape.
    pub fn new(input_shape: impl Into<Shape>) -> Sequential {
        Sequential { input: input_shape.into(), name: None, layers: Vec::new() }
    }

    /// The same with one layer more.
    #[allow(clippy::should_implement_trait)]
    pub fn add(mut self, layer: impl Layer) -> Sequential {
        self.layers.push((None, Arc::new(layer), true));
        self
    }

    /// The same with one layer more, of this name.
    pub fn add_as(mut self, name: &str, layer: impl Layer) -> Sequential {
        self.layers.push((Some(name.to_string()), Arc::new(layer), true));
        self
    }

    /// The same with one layer more that does not learn.
    pub fn add_frozen(mut self, layer: impl Layer) -> Sequential {
        self.layers.push((None, Arc::new(layer), false));
        self
    }

    /// The model's name.
    pub fn named(mut self, name: &str) -> Sequential {
        self.name = Some(name.to_string());
        self
    }

    /// The model.
    pub fn build(self) -> Model {
        let mut assembly = Assembly::default();
        let mut last = assembly.input(self.input, None);
        for (name, layer, trainable) in self.layers {
            let entry = assembly.entry(layer, name.as_deref(), trainable);
            last = assembly.node(entry, vec![Wire { node: last, output: 0 }]);
        }
        let model = assembly.model("Sequential", vec![Wire { node: last, output: 0 }]);
        match self.name {
            Some(name) => model.named(&name),
            None => model,
        }
    }
}

impl From<Sequential> for Model {
    fn from(sequential: Sequential) -> Model {
        sequential.build()
    }
}

impl From<&Model> for Model {
    fn from(model: &Model) -> Model {
        model.clone()
    }
}
