//! The files, read by another reader of the wire format; what is in them is run by ONNX Runtime in `python/tests/test_onnx.py`.

use super::{IR_VERSION, OPSET, bytes, write};
use prost::Message;
use std::sync::Arc;
use steadygrad_data::Array;
use steadygrad_kernels::{Real, Result};
use steadygrad_nn::activations::{Pointwise, Relu, Relu6, Saved, Softmax};
use steadygrad_nn::config::Config;
use steadygrad_nn::functional::{add, input, shared};
use steadygrad_nn::initializers::Zeros;
use steadygrad_nn::layers::{
    BatchNormalization, Conv2D, Dense, Dropout, Flatten, Layer, LayerNormalization, MaxPooling2D, Reshape,
};
use steadygrad_nn::lowering::{Lowering, ParamSpec};
use steadygrad_nn::model::Purpose;
use steadygrad_nn::step::{CustomStep, Step};
use steadygrad_nn::{Extent, Layout, Model, Sequential, Shape};

#[derive(Clone, PartialEq, Message)]
struct File {
    #[prost(int64, tag = "1")]
    ir_version: i64,
    #[prost(string, tag = "2")]
    producer: String,
    #[prost(message, required, tag = "7")]
    graph: Graph,
    #[prost(message, repeated, tag = "8")]
    opsets: Vec<Opset>,
}

#[derive(Clone, PartialEq, Message)]
struct Opset {
    #[prost(string, tag = "1")]
    domain: String,
    #[prost(int64, tag = "2")]
    version: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Graph {
    #[prost(message, repeated, tag = "1")]
    nodes: Vec<Node>,
    #[prost(string, tag = "2")]
    name: String,
    #[prost(message, repeated, tag = "5")]
    tensors: Vec<Tensor>,
    #[prost(message, repeated, tag = "11")]
    inputs: Vec<Port>,
    #[prost(message, repeated, tag = "12")]
    outputs: Vec<Port>,
}

#[derive(Clone, PartialEq, Message)]
struct Node {
    #[prost(string, repeated, tag = "1")]
    inputs: Vec<String>,
    #[prost(string, repeated, tag = "2")]
    outputs: Vec<String>,
    #[prost(string, tag = "3")]
    name: String,
    #[prost(string, tag = "4")]
    op: String,
    #[prost(message, repeated, tag = "5")]
    attributes: Vec<Attribute>,
}

#[derive(Clone, PartialEq, Message)]
struct Attribute {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(float, optional, tag = "2")]
    float: Option<f32>,
    #[prost(int64, optional, tag = "3")]
    int: Option<i64>,
    #[prost(int64, repeated, packed = "false", tag = "8")]
    ints: Vec<i64>,
    #[prost(int64, tag = "20")]
    kind: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Tensor {
    #[prost(int64, repeated, packed = "false", tag = "1")]
    dims: Vec<i64>,
    #[prost(int64, tag = "2")]
    kind: i64,
    #[prost(string, tag = "8")]
    name: String,
    #[prost(bytes = "vec", tag = "9")]
    raw: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct Port {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, required, tag = "2")]
    kind: Kind,
}

#[derive(Clone, PartialEq, Message)]
struct Kind {
    #[prost(message, required, tag = "1")]
    tensor: TensorKind,
}

#[derive(Clone, PartialEq, Message)]
struct TensorKind {
    #[prost(int64, tag = "1")]
    element: i64,
    #[prost(message, required, tag = "2")]
    shape: Dims,
}

#[derive(Clone, PartialEq, Message)]
struct Dims {
    #[prost(message, repeated, tag = "1")]
    dims: Vec<Dim>,
}

#[derive(Clone, PartialEq, Message)]
struct Dim {
    #[prost(int64, optional, tag = "1")]
    size: Option<i64>,
    #[prost(string, optional, tag = "2")]
    symbol: Option<String>,
}

/// Weights 1, 2, 3, … for all of the model.
fn weights(model: &Model) -> Vec<(String, Array)> {
    let recipe = model.lower(&Purpose::inference()).unwrap();
    let parameters = recipe.parameters.iter().map(|p| (p.path.clone(), p.shape.clone()));
    let states = recipe.states.iter().map(|s| (s.path.clone(), s.shape.clone()));
    let array = |shape: &Shape| {
        let numbers = (0..shape.size()).map(|i| 1.0 + i as f32).collect();
        Array::new(if shape.rank() == 0 { vec![1] } else { shape.dims().to_vec() }, numbers).unwrap()
    };
    parameters.chain(states).map(|(path, shape)| (path, array(&shape))).collect()
}

fn read(model: impl Into<Model>) -> File {
    let model = model.into();
    File::decode(bytes(&model, &weights(&model)).unwrap().as_slice()).unwrap()
}

fn operators(file: &File) -> Vec<&str> {
    file.graph.nodes.iter().map(|node| node.op.as_str()).collect()
}

#[test]
fn a_dense_network_is_what_one_expects() {
    let layers = Sequential::new([4]).add(Dense::new(3).activation(Relu)).add(Dropout::new(0.5));
    let file = read(layers.add(LayerNormalization::new()).add(Dense::new(2).activation(Softmax)));
    assert_eq!((file.ir_version, file.opsets[0].version), (IR_VERSION, OPSET));
    assert_eq!((file.opsets[0].domain.as_str(), file.producer.as_str()), ("", "steadygrad"));
    assert_eq!(operators(&file), ["Gemm", "Relu", "LayerNormalization", "Gemm", "Softmax"]);
    let [input, output] = [&file.graph.inputs[0], &file.graph.outputs[0]].map(|port| {
        assert_eq!(port.kind.tensor.element, 1);
        let dims = &port.kind.tensor.shape.dims;
        assert_eq!(dims[0].symbol.as_deref(), Some("N"));
        (port.name.as_str(), dims[1].size)
    });
    assert_eq!((input.1, output), (Some(4), ("dense_1", Some(2))));
    let first = &file.graph.nodes[0];
    assert_eq!(first.inputs, [input.0, "dense/kernel", "dense/bias"]);
    assert_eq!(file.graph.nodes[1].name, "dense/activation/Relu");
    assert_eq!(file.graph.nodes[4].outputs, ["dense_1"]);
    let kernel = &file.graph.tensors[0];
    assert_eq!((kernel.name.as_str(), kernel.dims.as_slice(), kernel.kind), ("dense/kernel", &[4, 3][..], 1));
    assert_eq!(kernel.raw[4..8], 2.0_f32.to_le_bytes());
}

#[test]
fn weights_of_a_convolution_have_their_filters_first() {
    let file = read(Sequential::new([4, 4, 2]).add(Conv2D::new(3, (1, 2)).use_bias(false)));
    assert_eq!(operators(&file), ["Transpose", "Conv", "Transpose"]);
    let kernel = file.graph.tensors.iter().find(|tensor| tensor.name == "conv2d/kernel").unwrap();
    assert_eq!(kernel.dims, [3, 2, 1, 2]);
    let (numbers, _) = kernel.raw.as_chunks::<4>();
    let numbers: Vec<f32> = numbers.iter().map(|b| f32::from_le_bytes(*b)).collect();
    // Here [tap, channel, filter], there [filter, channel, tap].
    assert_eq!(numbers, [1.0, 7.0, 4.0, 10.0, 2.0, 8.0, 5.0, 11.0, 3.0, 9.0, 6.0, 12.0]);
}

#[test]
fn transposes_that_meet_are_gone() {
    let conv = || Conv2D::new(3, 3).use_bias(false);
    let layers = Sequential::new([12, 12, 1]).add(conv()).add(BatchNormalization::new()).add(Relu);
    let file = read(layers.add(MaxPooling2D::new(2)).add(conv()).add(Flatten).add(Dense::new(1)));
    let expected = [
        "Transpose",
        "Conv",
        "BatchNormalization",
        "Relu",
        "MaxPool",
        "Conv",
        "Transpose",
        "Reshape",
        "Gemm",
    ];
    assert_eq!(operators(&file), expected);
    // A Reshape and its inverse too.
    let file = read(Sequential::new([6]).add(Reshape::new([2, 3])).add(Reshape::new([6])).add(Relu));
    assert_eq!(operators(&file), ["Relu"]);
}

#[test]
fn a_shared_layer_has_its_weights_once() {
    let tower = shared(Dense::new(4));
    let (a, b) = (input([4]), input([4]));
    let file = read(Model::of(&add([&tower.on(&a), &tower.on(&b)])));
    assert_eq!(operators(&file), ["Gemm", "Gemm", "Add"]);
    assert_eq!(file.graph.tensors.len(), 2);
    assert_eq!(file.graph.nodes[0].inputs[1..], file.graph.nodes[1].inputs[1..]);
    assert_ne!(file.graph.nodes[0].name, file.graph.nodes[1].name);
    assert_eq!(file.graph.outputs[0].name, "add");
}

#[test]
fn names_are_there_once_whatever_layers_are_called() {
    // Numbers and shapes that stand in the file are called so.
    let x = input([3, 2]);
    let y = x.then_as("6", Relu6).then_as("[0, 6]", Flatten);
    let file =
        read(Model::of(&y.then_as("0", Dense::new(6)).then(Reshape::new([2, 3])).then_as("[0, 2, 3]", Relu)));
    let made = file.graph.nodes.iter().flat_map(|node| &node.outputs);
    let mut names: Vec<&str> = made.map(String::as_str).collect();
    names.extend(file.graph.tensors.iter().map(|tensor| tensor.name.as_str()));
    names.extend(file.graph.inputs.iter().map(|port| port.name.as_str()));
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn the_same_model_is_the_same_bytes() {
    let model: Model = Sequential::new([4]).add(Dense::new(3)).into();
    let weights = weights(&model);
    assert_eq!(bytes(&model, &weights).unwrap(), bytes(&model, &weights).unwrap());
    let folder = tempfile::tempdir().unwrap();
    write(folder.path().join("m.onnx"), &model, &weights).unwrap();
    assert_eq!(std::fs::read(folder.path().join("m.onnx")).unwrap(), bytes(&model, &weights).unwrap());
}

#[test]
fn weights_must_be_those_of_the_model() {
    let model: Model = Sequential::new([4]).add(Dense::new(3)).into();
    let good = weights(&model);
    let says = |weights: &[(String, Array)]| bytes(&model, weights).unwrap_err().to_string();
    assert!(says(&good[..1]).contains("`dense/bias` is missing"));
    assert!(
        says(&[good.clone(), vec![("odd".into(), Array::zeros([1]).unwrap())]].concat()).contains("`odd`")
    );
    assert!(says(&[good.clone(), good[..1].to_vec()].concat()).contains("twice"));
    let mut other = good.clone();
    other[0].1 = Array::zeros([3, 4]).unwrap();
    assert!(says(&other).contains("[3, 4], expected [4, 3]"));
}

/// f(x) = x·|x|
#[derive(Debug, Clone)]
struct SignedSquare;
impl Pointwise for SignedSquare {
    const NAME: &'static str = "signed_square";
    const SAVED: Saved = Saved::Input;
    fn f<R: Real>(&self, x: R) -> R {
        x * x.abs()
    }
    fn df<R: Real>(&self, x: R) -> R {
        R::of(2.0) * x.abs()
    }
}

/// A step that nobody else knows.
#[derive(Debug)]
struct Reversed;
impl CustomStep for Reversed {
    fn name(&self) -> &str {
        "reversed"
    }
    fn run(&self, _: usize, inputs: &[&[f32]], outputs: &mut [&mut [f32]]) {
        outputs[0].copy_from_slice(inputs[0]);
        outputs[0].reverse();
    }
    fn run64(&self, _: usize, inputs: &[&[f64]], outputs: &mut [&mut [f64]]) {
        outputs[0].copy_from_slice(inputs[0]);
        outputs[0].reverse();
    }
}

#[derive(Debug)]
struct Reverse;
impl Layer for Reverse {
    fn class(&self) -> &'static str {
        "Reverse"
    }
    fn config(&self) -> Config {
        Config::new()
    }
    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        Ok(inputs.to_vec())
    }
    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        let x = at.input(0);
        let y = at.port(at.shape(x).clone());
        let (inputs, outputs) = (vec![at.slot(x)], vec![at.slot(y)]);
        at.forward(Step::Custom { step: Arc::new(Reversed), inputs, outputs });
        at.output(y);
        Ok(())
    }
}

/// z + (z + b), z = x·W: the product has two readers.
#[derive(Debug)]
struct Twice;
impl Layer for Twice {
    fn class(&self) -> &'static str {
        "Twice"
    }
    fn config(&self) -> Config {
        Config::new()
    }
    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        Ok(vec![inputs[0].with_last(2)])
    }
    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        let x = at.input(0);
        let k = at.shape(x).last();
        let kernel = at.param("kernel", [k, 2], &ParamSpec::new(Zeros))?;
        let bias = at.param("bias", 2, &ParamSpec::new(Zeros))?;
        let [z, moved, y] = [(); 3].map(|()| at.port(Shape::from(2)));
        let (a, b, out) = (at.slot(x), kernel.slot, at.slot(z));
        let (m, k, n) = (Extent::Rows(1), Extent::Fixed(k), Extent::Fixed(2));
        at.forward(Step::Gemm { a, b, out, m, k, n, ta: false, tb: false, bias: None, map: None });
        let layout = Layout::last(&Shape::from(2));
        let shift = Some(bias.slot);
        at.forward(Step::ScaleShift { x: out, scale: None, shift, out: at.slot(moved), layout });
        at.forward(Step::Sum { inputs: vec![out, at.slot(moved)], out: at.slot(y) });
        at.output(y);
        Ok(())
    }
}

#[test]
fn a_layer_of_ones_own_is_written_by_its_steps_and_what_others_read_is_not_joined() {
    let file = read(Sequential::new([3]).add(Twice));
    assert_eq!(operators(&file), ["Gemm", "Add", "Add"]);
    assert_eq!(file.graph.nodes[0].inputs[1..], ["twice/kernel"]);
    let [moved, sum] = [&file.graph.nodes[1], &file.graph.nodes[2]];
    assert_eq!(moved.inputs, ["twice/Gemm", "twice/bias"]);
    assert_eq!(sum.inputs, ["twice/Gemm", moved.outputs[0].as_str()]);
}

#[test]
fn all_layers_without_words_are_named_at_once_and_nothing_is_written() {
    let layers = Sequential::new([4]).add(Dense::new(3).activation(SignedSquare)).add_as("back", Reverse);
    let model: Model = layers.add(Dense::new(2)).add_as("again", SignedSquare).into();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.onnx");
    let said = write(&path, &model, &weights(&model)).unwrap_err();
    for part in ["dense/activation", "signed_square", "back (Reverse: ", "`reversed`", "m.onnx"] {
        assert!(said.to_string().contains(part), "{part}: {said}");
    }
    assert!(!said.remedy().is_empty() && !path.exists());
}
