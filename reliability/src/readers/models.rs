//! Models and weights: `.keras`, `.h5`, `.weights.h5`, safetensors, and configurations in JSON.

use super::{is_worth, scratch, used};
use std::path::Path;
use std::sync::OnceLock;
use steadygrad_engine::{Compile, Learner, Trainable};
use steadygrad_formats::keras::{Contents, Saved, config_of};
use steadygrad_kernels::Result;
use steadygrad_lab::{Experiment, Inspection, load_model, load_weights};
use steadygrad_nn::optimizers::Sgd;
use steadygrad_nn::{Model, Sequential, layers};

macro_rules! kept {
    ($($name:literal),* $(,)?) => {
        vec![$(include_bytes!(concat!("../../../crates/steadygrad/tests/kept_files/", $name)).to_vec()),*]
    };
}

pub fn keras_seeds() -> Vec<Vec<u8>> {
    kept!["0.1/dense.keras", "0.1/image.keras"]
}

pub fn h5_seeds() -> Vec<Vec<u8>> {
    kept!["0.1/dense.h5", "0.1/image.h5", "keras_2/adam.h5", "keras_2/old_ftrl.h5", "keras_2/sgd_m.h5"]
}

pub fn weights_seeds() -> Vec<Vec<u8>> {
    kept!["0.1/dense.weights.h5", "0.1/image.weights.h5", "0.1/dense.h5"]
}

pub fn safetensors_seeds() -> Vec<Vec<u8>> {
    kept!["0.1/dense.safetensors", "0.1/image.safetensors"]
}

/// A configuration with a shared layer, a model within, and two inputs.
fn graph() -> Model {
    use steadygrad_nn::functional::{add, input_as, shared};
    let (a, b) = (input_as("a", [4]), input_as("b", [4]));
    let tower = shared(layers::Dense::new(3)).named("tower");
    let inner =
        Model::from(Sequential::new([3]).add(layers::Dense::new(3)).add(layers::BatchNormalization::new()));
    let sum = add([&tower.on(&a), &tower.on(&b)]).then(inner);
    Model::new(&[&a, &b], &[&sum.then(layers::Dense::new(2))])
}

pub fn json_seeds() -> Vec<Vec<u8>> {
    let images = Sequential::new([6, 6, 1])
        .add(layers::Conv2D::new(2, 3))
        .add(layers::MaxPooling2D::new(2))
        .add(layers::Flatten)
        .add(layers::Dropout::new(0.5))
        .add(layers::Dense::new(3));
    let all = [Model::from(images), graph()];
    let config = |model: &Model| config_of(model).expect("Keras has these layers").to_string().into_bytes();
    all.iter().map(config).collect()
}

fn compiled(model: Model) -> Result<Learner> {
    model.compile(Compile::without_loss(Sgd::new(0.01)))
}

/// What `inspect` says, and what a user trains on with.
fn whole(path: &Path, bytes: &[u8], count: &mut usize) -> Result<()> {
    if let Ok(contents) = Contents::from_bytes(bytes.to_vec()) {
        *count += 2 * contents
            .weights
            .iter()
            .chain(&contents.optimizer)
            .map(|(_, n)| n.values.len())
            .sum::<usize>();
        contents.unknown();
        contents.layers();
    }
    let saved = Saved::from_bytes(bytes.to_vec())?;
    *count += 2 * saved.weights.iter().map(|(_, array)| array.data().len()).sum::<usize>();
    if !is_worth(&saved.model, count)? {
        return Ok(());
    }
    if let Ok(inspection) = Inspection::read(path) {
        *count += inspection.to_string().len();
    }
    used(&mut load_model(path)?, count)
}

pub fn keras(bytes: &[u8], count: &mut usize) -> Result<()> {
    whole(&scratch::file("m.keras", bytes)?, bytes, count)
}

pub fn h5(bytes: &[u8], count: &mut usize) -> Result<()> {
    whole(&scratch::file("m.h5", bytes)?, bytes, count)
}

/// The models whose weights were kept.
fn kept() -> Result<&'static [Model; 2]> {
    static KEPT: OnceLock<Result<[Model; 2]>> = OnceLock::new();
    let make = || {
        let [dense, image] = <[Vec<u8>; 2]>::try_from(keras_seeds()).expect("there are two");
        Ok([Saved::from_bytes(dense)?.model, Saved::from_bytes(image)?.model])
    };
    KEPT.get_or_init(make).as_ref().map_err(Clone::clone)
}

/// Into both models; a file is of one of them at the most.
fn into(path: &Path, count: &mut usize) -> Result<()> {
    let mut result = Ok(());
    for model in kept()? {
        let mut learner = compiled(model.clone())?;
        *count += learner.memory().total() as usize / 4;
        result = load_weights(&mut learner, path);
        if result.is_ok() {
            break;
        }
    }
    result
}

pub fn weights(bytes: &[u8], count: &mut usize) -> Result<()> {
    into(&scratch::file("m.weights.h5", bytes)?, count)
}

pub fn safetensors(bytes: &[u8], count: &mut usize) -> Result<()> {
    let path = scratch::file("m.safetensors", bytes)?;
    let arrays = steadygrad_data::safetensors::parse(bytes)?;
    *count += 2 * arrays.iter().map(|(_, array)| array.data().len()).sum::<usize>();
    drop(arrays);
    into(&path, count)
}

/// As an experiment names it.
const BY_FILE: &str = "[data]\nsource = \"circles\"\n[model]\nfile = \"m.json\"\n[compile]\noptimizer = \"sgd\"\nloss = \"mse\"\n";

pub fn json(bytes: &[u8], count: &mut usize) -> Result<()> {
    scratch::file("m.json", bytes)?;
    let model = Experiment::parse(BY_FILE)?.with_base(scratch()?).model()?;
    if !is_worth(&model, count)? {
        return Ok(());
    }
    used(&mut compiled(model)?, count)
}
