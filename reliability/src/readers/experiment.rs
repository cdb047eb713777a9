//! Experiments: parsed, data loaded, model put together, compiled, callbacks made; not trained.

use super::{is_worth, scratch, used};
use std::sync::OnceLock;
use steadygrad_kernels::{Error, Result};
use steadygrad_lab::Experiment;
use steadygrad_nn::config::Value;

const KEPT: &str = include_str!("../../../crates/steadygrad/tests/kept_files/run.toml");

/// Many layers of many kinds.
const CONVOLUTIONS: &str = r#"
[let]
act = "relu"
wide = 4
[data]
source = "digits"
samples = 40
channels = 1
scale = "unit"
validation_split = 0.2
[model]
layers = [
  { layer = "conv2d", filters = "$wide", kernel_size = 3, padding = "same", strides = 2, activation = "$act" },
  { layer = "batch_normalization" },
  { layer = "max_pooling2d", pool_size = 2 },
  { repeat = 2, block = [{ residual = [{ layer = "depthwise_conv2d", kernel_size = [3, 3], padding = "same" }, { layer = "spatial_dropout2d", rate = 0.1 }] }] },
  { layer = "zero_padding2d", padding = 1 },
  { layer = "conv2d_transpose", filters = 3, kernel_size = 2, strides = 2 },
  { layer = "up_sampling2d", size = 2 },
  { layer = "random_flip" },
  { layer = "global_average_pooling2d" },
  { layer = "reshape", target_shape = [3, 1] },
  { layer = "layer_normalization" },
  { layer = "flatten" },
  { layer = "dense", units = 10, activation = "softmax", kernel_regularizer = "l2" } ]
[compile]
optimizer = { class_name = "SGD", config = { learning_rate = { class_name = "ExponentialDecay", config = { initial_learning_rate = 0.1, decay_steps = 10, decay_rate = 0.9 } }, momentum = 0.9, clipnorm = 1.0 } }
loss = "sparse_categorical_crossentropy"
metrics = ["accuracy", { class_name = "SparseTopKCategoricalAccuracy", config = { k = 3 } }]
[fit]
epochs = 1
batch_size = 8
class_weight = { 0 = 1.0, 1 = 2.5 }
callbacks = [{ class_name = "EarlyStopping", config = { patience = 2, monitor = "val_loss" } }, { class_name = "ReduceLROnPlateau", config = { factor = 0.5 } }]
[lab]
vary = { "fit.batch_size" = [16, 32], "let.act" = ["relu", "elu"] }
seeds = 2
"#;

/// Files, several inputs, names.
const GRAPH: &str = r#"
[data]
train = "x.csv"
target = "label"
scale = "standard"
one_hot = 2
[model]
input_shape = [2]
layers = [
  { layer = "dense", units = 4, activation = { class_name = "LeakyReLU", config = { negative_slope = 0.1 } }, name = "a", kernel_initializer = { class_name = "VarianceScaling", config = { scale = 2.0, mode = "fan_in", distribution = "uniform" } } },
  { layer = "dense", units = 4, activation = "selu", inputs = ["input"], name = "b", kernel_initializer = "orthogonal", kernel_constraint = "max_norm" },
  { layer = "concatenate", inputs = ["a", "b"] },
  { layer = "gaussian_noise", stddev = 0.1 },
  { layer = "dense", units = 2, activation = "softmax" } ]
[compile]
optimizer = "adamw"
loss = { class_name = "CategoricalCrossentropy", config = { label_smoothing = 0.1 } }
metrics = ["accuracy"]
[fit]
epochs = 2
validation_split = 0.25
seed = 3
on_non_finite = "rollback"
[checkpoints]
each_epoch = false
every_steps = 500
every_minutes = 2.5
keep = 2
monitor = "val_loss"
mode = "min"
"#;

/// A model in a file of Keras, trained on arrays of NumPy.
const FROM_FILE: &str = r#"
[data]
train = "x.npz"
most_bytes = 1000000
[model]
file = "dense.keras"
rescale = "lsuv"
[compile]
optimizer = "rmsprop"
loss = "mse"
[fit]
epochs = 1
"#;

fn files() -> Result<()> {
    static MADE: OnceLock<Result<()>> = OnceLock::new();
    let make = || {
        scratch::file("x.csv", b"a,b,label\n1,2,0\n3,4,1\n5,6,0\n7,8.5,1\n")?;
        scratch::file(
            "dense.keras",
            include_bytes!("../../../crates/steadygrad/tests/kept_files/0.1/dense.keras"),
        )?;
        let x = steadygrad_data::Array::zeros([8, 4])?;
        let bytes =
            steadygrad_formats::npz::to_bytes(&[("x", &x), ("y", &steadygrad_data::Array::zeros([8, 3])?)])?;
        scratch::file("x.npz", &bytes).map(|_| ())
    };
    MADE.get_or_init(make).clone()
}

pub fn toml_seeds() -> Vec<Vec<u8>> {
    let deep =
        steadygrad_lab::DEFAULT.replace("depth = 20", "depth = 2").replace("units = 100", "units = 12");
    [KEPT, CONVOLUTIONS, GRAPH, FROM_FILE, &deep].map(|text| text.as_bytes().to_vec()).to_vec()
}

pub fn json_seeds() -> Vec<Vec<u8>> {
    let json = |text: &Vec<u8>| {
        let experiment = Experiment::parse(&String::from_utf8_lossy(text)).expect("the seeds are right");
        experiment.config().to_json().to_string().into_bytes()
    };
    toml_seeds().iter().map(json).collect()
}

/// Samples of a generated set that are waited for.
const MOST_SAMPLES: i64 = 2000;

pub fn read(bytes: &[u8], count: &mut usize) -> Result<()> {
    files()?;
    let text = std::str::from_utf8(bytes).map_err(|_| Error::format("not UTF-8").help("save it as UTF-8"))?;
    let mut experiment = Experiment::parse(text)?.with_base(scratch()?);
    // What is asked for may take as long as it takes; this asks for less.
    for (key, most) in [("samples", MOST_SAMPLES), ("one_hot", 1000)] {
        let asked = match experiment.config().get("data") {
            Some(Value::Map(data)) => data.get(key).cloned(),
            _ => None,
        };
        let much = match asked {
            Some(Value::Int(n)) => n > most,
            Some(Value::Text(word)) => word.starts_with('$'),
            _ => false,
        };
        if much {
            experiment.set(&format!("data.{key}={most}"))?;
        }
    }
    experiment.to_toml()?;
    if let Ok(model) = experiment.model()
        && !is_worth(&model, count)?
    {
        return Ok(());
    }
    let prepared = experiment.prepare(1)?;
    let data = [Some(&prepared.data.train), prepared.data.validation.as_ref()];
    *count += data.into_iter().flatten().map(super::tables::numbers).sum::<usize>();
    prepared.callbacks()?;
    let mut learner = prepared.learner()?;
    used(&mut learner, count)
}
