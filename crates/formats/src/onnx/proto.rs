//! The messages of ONNX that are written: nodes, attributes, tensors, and the model around them.

use super::wire::Message;
use super::{IR_VERSION, OPSET};

/// ONNX' number for f32.
const FLOAT: i64 = 1;
/// ONNX' number for i64.
const INT64: i64 = 7;

/// The numbers of a tensor that stands in the file.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Numbers {
    /// Weights and the like.
    Float(Vec<f32>),
    /// Shapes, axes, places.
    Whole(Vec<i64>),
}

/// A tensor that stands in the file.
#[derive(Debug, Clone)]
pub(super) struct Tensor {
    pub name: String,
    pub dims: Vec<usize>,
    pub numbers: Numbers,
}

impl Tensor {
    fn message(&self) -> Message {
        let (kind, raw): (i64, Vec<u8>) = match &self.numbers {
            Numbers::Float(numbers) => (FLOAT, numbers.iter().flat_map(|x| x.to_le_bytes()).collect()),
            Numbers::Whole(numbers) => (INT64, numbers.iter().flat_map(|x| x.to_le_bytes()).collect()),
        };
        Message::default()
            .each(&self.dims, |m, &dim| m.int(1, dim as i64))
            .int(2, kind)
            .text(8, &self.name)
            .bytes(9, &raw)
    }
}

/// The setting of a node.
#[derive(Debug, Clone)]
pub(super) enum Attribute {
    Int(i64),
    Float(f32),
    Ints(Vec<i64>),
}

impl Attribute {
    fn message(&self, name: &str) -> Message {
        let named = Message::default().text(1, name);
        match self {
            Attribute::Float(value) => named.float(2, *value).int(20, 1),
            Attribute::Int(value) => named.int(3, *value).int(20, 2),
            Attribute::Ints(values) => named.each(values, |m, &v| m.int(8, v)).int(20, 7),
        }
    }
}

/// One operation.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub op: &'static str,
    pub name: String,
    pub inputs: Vec<String>,
    pub outputs: Vec<String>,
    pub attributes: Vec<(&'static str, Attribute)>,
}

impl Node {
    fn message(&self) -> Message {
        Message::default()
            .each(&self.inputs, |m, name| m.text(1, name))
            .each(&self.outputs, |m, name| m.text(2, name))
            .text(3, &self.name)
            .text(4, self.op)
            .each(&self.attributes, |m, (name, value)| m.message(5, &value.message(name)))
    }
}

/// An input or output of the graph: its name and the shape of one sample.
#[derive(Debug, Clone)]
pub(super) struct Port {
    pub name: String,
    pub dims: Vec<usize>,
}

impl Port {
    /// f32, with the batch as the symbol N in front.
    fn message(&self) -> Message {
        let batch = Message::default().text(2, "N");
        let shape = Message::default().message(1, &batch);
        let shape = shape.each(&self.dims, |m, &dim| m.message(1, &Message::default().int(1, dim as i64)));
        let tensor = Message::default().int(1, FLOAT).message(2, &shape);
        Message::default().text(1, &self.name).message(2, &Message::default().message(1, &tensor))
    }
}

/// All of a file.
#[derive(Debug)]
pub(super) struct File {
    pub name: String,
    pub nodes: Vec<Node>,
    pub tensors: Vec<Tensor>,
    pub inputs: Vec<Port>,
    pub outputs: Vec<Port>,
}

impl File {
    /// The bytes. Weights are many: each goes when it is written.
    pub fn bytes(self) -> Vec<u8> {
        let graph =
            Message::default().each(&self.nodes, |m, node| m.message(1, &node.message())).text(2, &self.name);
        let graph = self
            .tensors
            .into_iter()
            .fold(graph, |m, tensor| m.message(5, &tensor.message()))
            .each(&self.inputs, |m, port| m.message(11, &port.message()))
            .each(&self.outputs, |m, port| m.message(12, &port.message()));
        let opset = Message::default().text(1, "").int(2, OPSET);
        Message::default()
            .int(1, IR_VERSION)
            .text(2, "steadygrad")
            .text(3, env!("CARGO_PKG_VERSION"))
            .message(7, &graph)
            .message(8, &opset)
            .finish()
    }
}
