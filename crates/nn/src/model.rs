//! What a network is: an immutable graph of layers, plain data.

use crate::builder::{Builder, Mode, Port};
use crate::config::{Config, Value};
use crate::layers::layer::{Layer, Role};
use crate::losses::Loss;
use crate::lowering::{Context, Lowering};
use crate::recipe::{Home, LossInfo, Recipe};
use crate::shape::{Extent, Shape};
use crate::step::{Slot, Step};
use std::sync::Arc;
use steadygrad_kernels::{Error, Place, Result};

/// A layer of a model, with its name. It may stand at several nodes: then its weights are shared.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The layer.
    pub layer: Arc<dyn Layer>,
    /// Its name within the model: given, or made as Keras does (`dense`, `dense_1`).
    pub name: String,
    /// The key of its random numbers: the given name, else class and ordinal (`dense#1`), so that other layers may come
    /// and go without changing them.
    pub key: String,
    /// Whether it learns.
    pub trainable: bool,
}

/// One output of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Wire {
    /// The node.
    pub node: usize,
    /// Which of its outputs.
    pub output: usize,
}

/// One use of a layer.
#[derive(Debug, Clone)]
pub struct Node {
    /// Index into [`Model::entries`].
    pub entry: usize,
    /// What it reads; nodes come after what they read.
    pub inputs: Vec<Wire>,
}

/// A network: layers, and how they are wired. It has no weights; a learner has.
#[derive(Debug, Clone)]
pub struct Model {
    /// Its name.
    pub name: String,
    /// Keras' class: "Sequential" or "Functional".
    pub class: &'static str,
    /// The layers.
    pub entries: Vec<Entry>,
    /// Their uses.
    pub nodes: Vec<Node>,
    /// The nodes that are inputs.
    pub inputs: Vec<usize>,
    /// The outputs.
    pub outputs: Vec<Wire>,
    /// What was wrong while it was put together; told when it is used.
    pub(crate) fault: Option<Error>,
}

/// A loss for one output of a model.
#[derive(Debug, Clone)]
pub struct Objective {
    /// Which output.
    pub output: usize,
    /// The loss.
    pub loss: Arc<dyn Loss>,
    /// Its weight among the losses.
    pub weight: f64,
}

/// What to lower a model for.
#[derive(Debug, Clone)]
pub struct Purpose {
    /// Training or inference.
    pub mode: Mode,
    /// The seed of the noise in layers.
    pub seed: u64,
    /// The losses; none for prediction alone.
    pub objectives: Vec<Objective>,
    /// Compute the gradients for the inputs as well.
    pub input_gradients: bool,
}

impl Purpose {
    /// Prediction.
    pub fn inference() -> Purpose {
        Purpose { mode: Mode::Infer, seed: 0, objectives: Vec::new(), input_gradients: false }
    }

    /// Training for these objectives.
    pub fn training(seed: u64, objectives: Vec<Objective>) -> Purpose {
        Purpose { mode: Mode::Train, seed, objectives, input_gradients: false }
    }

    /// The losses without training.
    pub fn evaluation(objectives: Vec<Objective>) -> Purpose {
        Purpose { mode: Mode::Infer, seed: 0, objectives, input_gradients: false }
    }
}

impl Model {
    /// A model with this name. One with control characters in it is an error when the model is used.
    pub fn named(mut self, name: &str) -> Model {
        self.name = name.to_string();
        if name.contains(char::is_control) {
            let error = Error::argument(format!("`{}` cannot be the name of a model", name.escape_debug()));
            self.fault.get_or_insert(error.help("a name has no control characters"));
        }
        self
    }

    /// The shapes of all outputs of all nodes, or the first place where shapes do not fit.
    pub fn shapes(&self) -> Result<Vec<Vec<Shape>>> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        let mut shapes: Vec<Vec<Shape>> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let inputs: Result<Vec<Shape>> = node.inputs.iter().map(|w| self.shape_at(&shapes, w)).collect();
            let made = inputs.and_then(|inputs| {
                let made = self.entries[node.entry].layer.output_shapes(&inputs)?;
                made.iter().try_for_each(Shape::check)?;
                Ok(made)
            });
            shapes.push(made.place(|| self.place(node.entry))?);
        }
        Ok(shapes)
    }

    /// The shape on this wire.
    fn shape_at(&self, shapes: &[Vec<Shape>], wire: &Wire) -> Result<Shape> {
        let made = shapes.get(wire.node).map_or(&[][..], Vec::as_slice);
        made.get(wire.output).cloned().ok_or_else(|| {
            let name = self.nodes.get(wire.node).map_or("?", |n| self.entries[n.entry].name.as_str());
            Error::shape(format!(
                "`{name}` has {} outputs, and output {} is asked for",
                made.len(),
                wire.output
            ))
        })
    }

    pub(crate) fn place(&self, entry: usize) -> String {
        format!("layer {} ({})", entry, self.entries[entry].name)
    }

    /// Shapes of the inputs.
    pub fn input_shapes(&self) -> Vec<Shape> {
        self.inputs
            .iter()
            .filter_map(|&n| self.entries[self.nodes[n].entry].layer.output_shapes(&[]).ok())
            .flatten()
            .collect()
    }

    /// Shapes of the outputs.
    pub fn output_shapes(&self) -> Result<Vec<Shape>> {
        let shapes = self.shapes()?;
        self.outputs.iter().map(|w| self.shape_at(&shapes, w)).collect()
    }

    /// Names of the outputs: the layers that make them.
    pub fn output_names(&self) -> Vec<String> {
        self.outputs.iter().map(|w| self.entries[self.nodes[w.node].entry].name.clone()).collect()
    }

    /// Names of the inputs.
    pub fn input_names(&self) -> Vec<String> {
        self.inputs.iter().map(|&n| self.entries[self.nodes[n].entry].name.clone()).collect()
    }

    /// The entry of this name.
    pub fn entry(&self, name: &str) -> Result<&Entry> {
        self.entries.iter().find(|e| e.name == name).ok_or_else(|| {
            let known: Vec<&str> = self.entries.iter().map(|e| e.name.as_str()).collect();
            Error::name("layer of this model", name, &known)
        })
    }

    /// The model with this layer (not) learning. In a frozen BatchNormalization the moving statistics are used as well.
    pub fn with_trainable(mut self, name: &str, trainable: bool) -> Result<Model> {
        self.entry(name)?;
        for entry in &mut self.entries {
            if entry.name == name {
                entry.trainable = trainable;
            }
        }
        Ok(self)
    }

    /// All steps that it takes.
    pub fn lower(&self, purpose: &Purpose) -> Result<Recipe> {
        // What was wrong while it was put together, or a layer that cannot be, comes before shapes.
        self.fault.as_ref().map_or_else(|| self.check(), |fault| Err(fault.clone()))?;
        self.output_shapes()?;
        let mut build = Builder::new(purpose.mode, purpose.seed);
        let feeds: Vec<Port> = self
            .input_shapes()
            .into_iter()
            .map(|shape| build.new_port(Home::Feed, shape, purpose.input_gradients))
            .collect();
        let outputs = self.lower_nodes(&mut build, &feeds, |build, entry, inputs| {
            let context = Context {
                path: entry.name.clone(),
                key: entry.key.clone(),
                trainable: entry.trainable,
                depth: 0,
            };
            build.layer(&*entry.layer, &context, inputs)
        })?;
        let losses = lower_objectives(&mut build, &outputs, &purpose.objectives)?;
        let mut recipe = build.finish(&outputs, &feeds, purpose.input_gradients);
        recipe.targets = losses.iter().map(|l| l.1).collect();
        recipe.sample_weights = losses.iter().map(|l| l.2).collect();
        recipe.losses = losses.into_iter().map(|l| l.0).collect();
        Ok(recipe)
    }

    /// Lowers every node in order with `lower`, feeding the inputs.
    fn lower_nodes(
        &self,
        build: &mut Builder,
        feeds: &[Port],
        mut lower: impl FnMut(&mut Builder, &Entry, Vec<Port>) -> Result<Vec<Port>>,
    ) -> Result<Vec<Port>> {
        let mut ports: Vec<Vec<Port>> = Vec::with_capacity(self.nodes.len());
        for (n, node) in self.nodes.iter().enumerate() {
            if let Some(i) = self.inputs.iter().position(|&input| input == n) {
                ports.push(vec![feeds[i]]);
                continue;
            }
            let inputs = node.inputs.iter().map(|w| ports[w.node][w.output]).collect();
            ports.push(lower(build, &self.entries[node.entry], inputs)?);
        }
        Ok(self.outputs.iter().map(|w| ports[w.node][w.output]).collect())
    }
}

/// Losses, their gradients and their feeds: (info, target, sample weights).
fn lower_objectives(
    build: &mut Builder,
    outputs: &[Port],
    objectives: &[Objective],
) -> Result<Vec<(LossInfo, Slot, Slot)>> {
    let mut all = Vec::new();
    for objective in objectives {
        let output = *outputs.get(objective.output).ok_or_else(|| {
            Error::argument(format!(
                "a loss for output {}, but the model has {}",
                objective.output,
                outputs.len()
            ))
        })?;
        // A cross-entropy takes the logits where the last layer is a softmax or sigmoid: exact, not clipped.
        let (prediction, loss) = match build.head_of(output) {
            Some((logits, head)) => match objective.loss.on_logits(head) {
                Some(exact) => (logits, exact),
                None => (output, objective.loss.clone()),
            },
            None => (output, objective.loss.clone()),
        };
        let shape = build.shape_of(prediction).clone();
        let target = build.new_slot(Home::Feed, Extent::Rows(loss.target_shape(&shape).size()));
        let weights = build.new_slot(Home::Feed, Extent::Rows(1));
        let extent = loss.extent(&shape);
        let values = build.new_slot(Home::Result, extent);
        let cotangent = build.new_slot(Home::Value, extent);
        let value = build.new_slot(Home::Result, Extent::ONE);
        let slot = build.slot_of(prediction);
        build.forward(Step::Loss {
            loss: loss.clone(),
            target,
            prediction: slot,
            values,
            shape: shape.clone(),
        });
        build.forward(Step::Reduction {
            values,
            weights: Some(weights),
            target,
            ignore: loss.ignore(),
            out: value,
            cotangent,
            reduction: loss.reduction(),
            scale: objective.weight,
        });
        if let Some(out) = build.gradient_into(prediction) {
            build.backward([Step::LossGrad { loss, target, prediction: slot, cotangent, out, shape }]);
        }
        let info = LossInfo { output: objective.output, value, values, weight: objective.weight };
        all.push((info, target, weights));
    }
    Ok(all)
}

/// A model is a layer of other models; at several nodes its weights are shared.
impl Layer for Model {
    fn class(&self) -> &'static str {
        self.class
    }

    fn config(&self) -> Config {
        let layers = self.entries.iter().map(|e| {
            Value::from(
                Config::new()
                    .with("class_name", e.layer.class())
                    .with("name", e.name.as_str())
                    .with("trainable", e.trainable)
                    .with("config", e.layer.config()),
            )
        });
        let wires = |wires: &[Wire]| -> Value {
            Value::List(wires.iter().map(|w| Value::from(vec![w.node, w.output])).collect())
        };
        let nodes = self
            .nodes
            .iter()
            .map(|n| Value::from(Config::new().with("layer", n.entry).with("inputs", wires(&n.inputs))));
        Config::new()
            .with("name", self.name.as_str())
            .with("layers", Value::List(layers.collect()))
            .with("nodes", Value::List(nodes.collect()))
            .with("inputs", self.inputs.clone())
            .with("outputs", wires(&self.outputs))
    }

    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let expected = self.input_shapes();
        if inputs != expected {
            let list = |s: &[Shape]| s.iter().map(Shape::to_string).collect::<Vec<_>>().join(", ");
            return Err(Error::shape(format!(
                "the model `{}` expects {}, got {}",
                self.name,
                list(&expected),
                list(inputs)
            )));
        }
        Model::output_shapes(self)
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        let mut ports: Vec<Vec<Port>> = Vec::with_capacity(self.nodes.len());
        for (n, node) in self.nodes.iter().enumerate() {
            if let Some(i) = self.inputs.iter().position(|&input| input == n) {
                ports.push(vec![at.input(i)]);
                continue;
            }
            let inputs = node.inputs.iter().map(|w| ports[w.node][w.output]).collect();
            let entry = &self.entries[node.entry];
            ports.push(at.apply_entry(&*entry.layer, &entry.name, &entry.key, entry.trainable, inputs)?);
        }
        for wire in &self.outputs {
            at.output(ports[wire.node][wire.output]);
        }
        Ok(())
    }

    fn role(&self) -> Role {
        Role::Model
    }

    fn as_model(&self) -> Option<&Model> {
        Some(self)
    }
}
