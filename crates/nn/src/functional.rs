//! Models as graphs: symbolic values that layers are applied to.

use crate::assembly::Assembly;
use crate::layers::layer::Layer;
use crate::model::{Model, Wire};
use crate::shape::Shape;
use std::collections::HashMap;
use std::sync::Arc;
use steadygrad_kernels::Error;

/// A symbolic value: what a layer will make of others.
///
/// ```
/// use steadygrad_nn::{Model, functional::{add, input}, layers::Dense, activations::Relu};
/// let x = input([64]);
/// let h = x.then(Dense::new(64).activation(Relu));
/// let model = Model::of(&add([&x, &h]).then(Dense::new(10)));
/// assert_eq!(model.output_shapes().unwrap()[0].dims(), [10]);
/// ```
#[derive(Debug, Clone)]
pub struct Value(Arc<Made>, usize);

#[derive(Debug)]
enum Made {
    Input { shape: Shape, name: Option<String> },
    By { layer: Arc<Applied>, inputs: Vec<Value> },
}

/// A deep network must not overflow the stack when it is dropped: values that nobody else holds go one after another.
impl Drop for Made {
    fn drop(&mut self) {
        let Made::By { inputs, .. } = self else { return };
        let mut open = std::mem::take(inputs);
        while let Some(value) = open.pop() {
            if let Some(Made::By { inputs, .. }) = Arc::into_inner(value.0).as_mut() {
                open.append(inputs);
            }
        }
    }
}

#[derive(Debug)]
struct Applied {
    layer: Arc<dyn Layer>,
    name: Option<String>,
    trainable: bool,
}

/// An input of samples of this shape.
pub fn input(shape: impl Into<Shape>) -> Value {
    Value(Arc::new(Made::Input { shape: shape.into(), name: None }), 0)
}

/// An input with a name.
pub fn input_as(name: &str, shape: impl Into<Shape>) -> Value {
    Value(Arc::new(Made::Input { shape: shape.into(), name: Some(name.to_string()) }), 0)
}

/// A layer that is used at several places with the same weights.
///
/// ```
/// use steadygrad_nn::{Model, functional::{add, input, shared}, layers::Dense};
/// let (a, b) = (input([8]), input([8]));
/// let tower = shared(Dense::new(16));
/// let model = Model::new(&[&a, &b], &[&add([&tower.on(&a), &tower.on(&b)])]);
/// assert_eq!(model.entries.iter().filter(|e| e.layer.class() == "Dense").count(), 1);
/// ```
pub fn shared(layer: impl Layer) -> Shared {
    Shared(Arc::new(Applied { layer: Arc::new(layer), name: None, trainable: true }))
}

/// A layer with weights of its own, to be put to use with [`Shared::on`].
#[derive(Debug, Clone)]
pub struct Shared(Arc<Applied>);

impl Shared {
    /// The same under this name.
    pub fn named(self, name: &str) -> Shared {
        let layer = self.0.layer.clone();
        Shared(Arc::new(Applied { layer, name: Some(name.to_string()), trainable: self.0.trainable }))
    }

    /// The same, not learning.
    pub fn frozen(self) -> Shared {
        let layer = self.0.layer.clone();
        Shared(Arc::new(Applied { layer, name: self.0.name.clone(), trainable: false }))
    }

    /// The layer applied to a value.
    pub fn on(&self, value: &Value) -> Value {
        self.on_all(&[value])
    }

    /// The layer applied to several values.
    pub fn on_all(&self, values: &[&Value]) -> Value {
        let inputs = values.iter().map(|v| (*v).clone()).collect();
        Value(Arc::new(Made::By { layer: self.0.clone(), inputs }), 0)
    }
}

impl Value {
    /// The layer applied to this value.
    pub fn then(&self, layer: impl Layer) -> Value {
        shared(layer).on(self)
    }

    /// The layer applied to this value, with a name.
    pub fn then_as(&self, name: &str, layer: impl Layer) -> Value {
        shared(layer).named(name).on(self)
    }

    /// Another output of the same layer.
    pub fn output(&self, index: usize) -> Value {
        Value(self.0.clone(), index)
    }
}

/// A layer applied to several values.
pub fn merge<const N: usize>(layer: impl Layer, values: [&Value; N]) -> Value {
    shared(layer).on_all(&values)
}

/// Their sum.
pub fn add<const N: usize>(values: [&Value; N]) -> Value {
    merge(crate::layers::Add, values)
}

/// The first minus the second.
///
/// ```
/// use steadygrad_nn::{Model, functional::{input, multiply, subtract}};
/// let (a, b) = (input([3]), input([3]));
/// let model = Model::new(&[&a, &b], &[&multiply([&a, &subtract(&a, &b)])]);
/// assert_eq!(model.output_shapes().unwrap()[0].dims(), [3]);
/// ```
pub fn subtract(a: &Value, b: &Value) -> Value {
    merge(crate::layers::Subtract, [a, b])
}

/// Their product, element by element.
pub fn multiply<const N: usize>(values: [&Value; N]) -> Value {
    merge(crate::layers::Multiply, values)
}

/// Their mean, element by element.
pub fn average<const N: usize>(values: [&Value; N]) -> Value {
    merge(crate::layers::Average, values)
}

/// The largest of them, element by element.
pub fn maximum<const N: usize>(values: [&Value; N]) -> Value {
    merge(crate::layers::Maximum, values)
}

/// The smallest of them, element by element.
pub fn minimum<const N: usize>(values: [&Value; N]) -> Value {
    merge(crate::layers::Minimum, values)
}

/// Side by side along the last axis.
pub fn concatenate<const N: usize>(values: [&Value; N]) -> Value {
    merge(crate::layers::Concatenate::new(), values)
}

impl Model {
    /// The model that computes this value from all inputs it depends on.
    pub fn of(output: &Value) -> Model {
        Model::new(&[], &[output])
    }

    /// The model with these inputs, in this order, and these outputs; without inputs, with all that the outputs depend on.
    ///
    /// Outputs that depend on an input that is not among those given are told when the model is used.
    pub fn new(inputs: &[&Value], outputs: &[&Value]) -> Model {
        let mut graph =
            Graph { assembly: Assembly::default(), nodes: HashMap::new(), entries: HashMap::new() };
        for (i, value) in inputs.iter().enumerate() {
            graph.node(value);
            if let Made::By { layer, .. } = &*value.0 {
                let class = layer.layer.class();
                graph.assembly.fail(
                    Error::argument(format!(
                        "input {i} of the model is what a {class} makes, and not an input"
                    ))
                    .help("give what `input(…)` returned"),
                );
            }
        }
        let declared = graph.assembly.input_names().len();
        let wires = outputs.iter().map(|v| Wire { node: graph.node(v), output: v.1 }).collect();
        let all = graph.assembly.input_names();
        if let Some(name) = all.get(declared).filter(|_| !inputs.is_empty()) {
            let error = Error::argument(format!(
                "the outputs depend on the input `{name}`, which is not among the model's {declared} inputs"
            ));
            graph.assembly.fail(error.help(
                "name all inputs, in the order of the data; Model::of(…) and Model::new(&[], …) find them by themselves",
            ));
        }
        graph.assembly.model("Functional", wires)
    }
}

struct Graph {
    assembly: Assembly,
    nodes: HashMap<*const Made, usize>,
    entries: HashMap<*const Applied, usize>,
}

impl Graph {
    /// The node that makes this value, with all nodes that it depends on before it.
    fn node(&mut self, value: &Value) -> usize {
        // A deep network must not overflow the stack: depth-first with a list of its own.
        let mut open = vec![value.clone()];
        while let Some(value) = open.last().cloned() {
            let id = Arc::as_ptr(&value.0);
            if self.nodes.contains_key(&id) {
                open.pop();
                continue;
            }
            match &*value.0 {
                Made::Input { shape, name } => {
                    let node = self.assembly.input(shape.clone(), name.as_deref());
                    self.nodes.insert(id, node);
                }
                Made::By { layer, inputs } => {
                    let missing: Vec<Value> = inputs
                        .iter()
                        .rev()
                        .filter(|v| !self.nodes.contains_key(&Arc::as_ptr(&v.0)))
                        .cloned()
                        .collect();
                    if !missing.is_empty() {
                        open.extend(missing);
                        continue;
                    }
                    let wires = inputs
                        .iter()
                        .map(|v| Wire { node: self.nodes[&Arc::as_ptr(&v.0)], output: v.1 })
                        .collect();
                    let entry = match self.entries.get(&Arc::as_ptr(layer)) {
                        Some(&entry) => entry,
                        None => {
                            let entry = self.assembly.entry(
                                layer.layer.clone(),
                                layer.name.as_deref(),
                                layer.trainable,
                            );
                            self.entries.insert(Arc::as_ptr(layer), entry);
                            entry
                        }
                    };
                    let node = self.assembly.node(entry, wires);
                    self.nodes.insert(id, node);
                }
            }
            open.pop();
        }
        self.nodes[&Arc::as_ptr(&value.0)]
    }
}
