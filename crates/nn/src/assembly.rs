//! A model put together node by node.

use crate::layers::Input;
use crate::layers::layer::Layer;
use crate::model::{Entry, Model, Node, Wire};
use crate::names::{Counter, snake_case};
use crate::shape::Shape;
use std::sync::Arc;
use steadygrad_kernels::Error;

/// Puts a model together by hand, layer by layer and node by node, and names what has no name.
///
/// [`crate::Sequential`] and [`crate::functional`] are made with it, and so is what reads models from files.
/// A mistake, such as two layers of one name, is told when the model is used.
///
/// ```
/// use steadygrad_nn::{assembly::Assembly, layers::Dense, model::Wire};
/// use std::sync::Arc;
/// let mut assembly = Assembly::default();
/// let x = assembly.input([4].into(), None);
/// let dense = assembly.entry(Arc::new(Dense::new(4)), Some("twice"), true);
/// let once = assembly.node(dense, vec![Wire { node: x, output: 0 }]);
/// let twice = assembly.node(dense, vec![Wire { node: once, output: 0 }]);
/// let model = assembly.model("Functional", vec![Wire { node: twice, output: 0 }]);
/// assert_eq!(model.output_shapes()?[0].dims(), [4]);
/// # Ok::<(), steadygrad_nn::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Assembly {
    entries: Vec<Entry>,
    nodes: Vec<Node>,
    inputs: Vec<usize>,
    names: Counter,
    ordinals: Counter,
    fault: Option<Error>,
}

impl Assembly {
    /// Adds a layer and returns its entry. Without a name it gets the one that Keras would give it.
    pub fn entry(&mut self, layer: Arc<dyn Layer>, name: Option<&str>, trainable: bool) -> usize {
        let class = layer.class();
        let snake = snake_case(class);
        let given = name.is_some();
        let (name, key) = match name {
            Some(name) => {
                if name.is_empty() || name.contains('/') || name.contains(char::is_control) {
                    self.fail(
                        Error::argument(format!("`{}` cannot be the name of a layer", name.escape_debug())).help(
                            "a name has one letter or more, no control characters, and no `/`: it parts the layers of a path",
                        ),
                    );
                }
                (name.to_string(), name.to_string())
            }
            None => {
                let mut auto = self.names.next(&snake);
                while self.entries.iter().any(|e| e.name == auto) {
                    auto = self.names.next(&snake);
                }
                (auto, format!("{snake}#{}", self.ordinals.ordinal(&snake)))
            }
        };
        if let Some(i) = self.entries.iter().position(|e| e.name == name) {
            let first = &self.entries[i];
            let error = Error::argument(format!(
                "two layers have the name `{name}`: layer {i}, a {}, and layer {}, a {class}",
                first.layer.class(),
                self.entries.len()
            ));
            // A name that was made is the class in small letters, as Keras makes it.
            self.fail(if given && first.key != first.name {
                error.help(format!(
                    "layer {i} was named automatically: give it a name of its own, or layer {} another one",
                    self.entries.len()
                ))
            } else {
                error.help("give each layer a name of its own; to use one layer twice, share it")
            });
        }
        self.entries.push(Entry { layer, name, key, trainable });
        self.entries.len() - 1
    }

    /// Adds an input for samples of this shape and returns its node.
    pub fn input(&mut self, shape: Shape, name: Option<&str>) -> usize {
        let layer: Arc<dyn Layer> = Arc::new(Input::new(shape));
        let entry = self.entry(layer, name, true);
        self.nodes.push(Node { entry, inputs: Vec::new() });
        self.inputs.push(self.nodes.len() - 1);
        self.nodes.len() - 1
    }

    /// Adds a use of a layer, after the nodes that it reads, and returns its node.
    pub fn node(&mut self, entry: usize, inputs: Vec<Wire>) -> usize {
        let known = entry < self.entries.len() && inputs.iter().all(|w| w.node < self.nodes.len());
        if known {
            self.nodes.push(Node { entry, inputs });
        } else {
            self.fail(Error::argument(format!(
                "node {} uses a layer or reads a node that is not there yet",
                self.nodes.len()
            )));
        }
        self.nodes.len().saturating_sub(1)
    }

    /// The names of the inputs so far.
    pub(crate) fn input_names(&self) -> Vec<String> {
        self.inputs.iter().map(|&n| self.entries[self.nodes[n].entry].name.clone()).collect()
    }

    pub(crate) fn fail(&mut self, fault: Error) {
        self.fault.get_or_insert(fault);
    }

    /// The model with these outputs; `class` is "Sequential" or "Functional".
    pub fn model(mut self, class: &'static str, outputs: Vec<Wire>) -> Model {
        if outputs.iter().any(|w| w.node >= self.nodes.len()) {
            self.fail(Error::argument("an output of the model is made by a node that is not there"));
        }
        let outputs = outputs.into_iter().filter(|w| w.node < self.nodes.len()).collect();
        Model {
            name: snake_case(class),
            class,
            entries: self.entries,
            nodes: self.nodes,
            inputs: self.inputs,
            outputs,
            fault: self.fault,
        }
    }
}
