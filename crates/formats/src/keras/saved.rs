//! A model as Keras keeps it: what it is, its weights, how it was compiled, and where its optimizer stands.

use super::archive;
use super::keras_2;
use super::model_from_config;
use super::places::{Place, places};
use crate::hdf5::{self, Group, Numbers};
use serde_json::Value as Json;
use std::path::Path;
use steadygrad_data::json::within;
use steadygrad_data::{Array, file};
use steadygrad_kernels::{Error, Place as _, Result};
use steadygrad_nn::Model;

/// A model with its weights, read from a file or to be written to one.
#[derive(Debug, Clone)]
pub struct Saved {
    /// What it is.
    pub model: Model,
    /// Its weights under their paths here, in Keras' order; none where the file has a configuration alone.
    pub weights: Vec<(String, Array)>,
    /// How it was compiled, in Keras' words (`optimizer`, `loss`, `metrics`, …), if it was.
    pub compiled: Option<Json>,
    /// The variables of its optimizer in Keras' order: iteration, learning rate, slots. None where it was not saved, or by Keras 2.
    pub optimizer: Vec<Numbers>,
    /// The variables of an optimizer of Keras 2 under their names, in the file's order. It keeps other variables, in another order:
    /// `dense/kernel/m:0`. They are read and never written.
    pub keras_2_optimizer: Vec<(String, Numbers)>,
    /// The version of Keras that wrote it.
    pub keras_version: Option<String>,
}

/// Whether a file of this name is one of Keras': `.keras`, `.h5`, `.hdf5`.
///
/// ```
/// use steadygrad_formats::keras::is_keras_file;
/// assert!(is_keras_file("net.keras".as_ref()) && is_keras_file("net.weights.h5".as_ref()) && !is_keras_file("net.json".as_ref()));
/// ```
pub fn is_keras_file(path: &Path) -> bool {
    let extension = path.extension().and_then(|e| e.to_str()).map(str::to_lowercase);
    matches!(extension.as_deref(), Some("keras" | "h5" | "hdf5"))
}

impl Saved {
    /// The model in a `.keras` file, or in an `.h5` file of Keras 2 or 3.
    ///
    /// # Errors
    /// If it cannot be read; if it has layers that are not known here, they are all named before anything else.
    pub fn read(path: impl AsRef<Path>) -> Result<Saved> {
        let path = path.as_ref();
        Saved::from_bytes(file::read(path)?).place(|| path.display().to_string())
    }

    /// The same from the bytes of such a file.
    ///
    /// # Errors
    /// As for [`Saved::read`].
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Saved> {
        let read = if bytes.starts_with(b"PK") { from_archive(bytes) } else { from_old(bytes) };
        read.map_err(helped)
    }
}

/// Reads the weights of this model from a `.weights.h5` or `.h5` file.
///
/// # Errors
/// If it cannot be read, or is another model's.
pub fn read_weights(path: impl AsRef<Path>, model: &Model) -> Result<Vec<(String, Array)>> {
    weights_in(path.as_ref(), model).map_err(helped)
}

fn weights_in(path: &Path, model: &Model) -> Result<Vec<(String, Array)>> {
    let place = || path.display().to_string();
    let bytes = file::read(path)?;
    if bytes.starts_with(b"PK") {
        let parts = archive::read(bytes).place(place)?;
        return weights_of(&hdf5::read(parts.weights).place(place)?, model).place(place);
    }
    let tree = hdf5::read(bytes).place(place)?;
    let old = tree.group("model_weights").unwrap_or(&tree);
    let by_order = old.attribute("layer_names").is_some() || old.attribute("layer_names0").is_some();
    if by_order { old_weights(old, model) } else { weights_of(&tree, model) }.place(place)
}

/// What can be done where nothing better is known.
pub(super) fn helped(error: Error) -> Error {
    match error.remedy() {
        "" => error.help("the file is damaged, or not of this model: get it again, or save the model anew"),
        _ => error,
    }
}

fn from_archive(bytes: Vec<u8>) -> Result<Saved> {
    let parts = archive::read(bytes)?;
    let config = json(&parts.config).place(|| "config.json")?;
    let model = model_from_config(&config).place(|| "config.json")?;
    let metadata = json(&parts.metadata).unwrap_or(Json::Null);
    let tree = hdf5::read(parts.weights).place(|| "model.weights.h5")?;
    Ok(Saved {
        weights: weights_of(&tree, &model).place(|| "model.weights.h5")?,
        compiled: config.get("compile_config").filter(|c| c.get("optimizer").is_some()).cloned(),
        optimizer: optimizer_of(&tree),
        keras_2_optimizer: Vec::new(),
        keras_version: metadata["keras_version"].as_str().map(str::to_string),
        model,
    })
}

/// A file of `model.save("x.h5")`.
fn from_old(bytes: Vec<u8>) -> Result<Saved> {
    let tree = hdf5::read(bytes)?;
    let Some(config) = tree.text("model_config") else {
        return Err(Error::format("the file has weights and no model").help(
            "it was written by save_weights: build the model, and load the weights into it (load_weights, or [model] weights)",
        ));
    };
    let model = model_from_config(&json(config.as_bytes()).place(|| "`model_config`")?)?;
    let none = Group::default();
    let old = tree.group("model_weights").unwrap_or(&none);
    let version = tree.text("keras_version").map(str::to_string);
    let compiled = tree.text("training_config").map(|text| json(text.as_bytes())).transpose();
    let compiled = compiled.place(|| "`training_config`")?.map(keras_2::renamed);
    let variables = keras_2::optimizer(&tree);
    // Those of Keras 3 are in its order, whatever their names.
    let (new, keras_2) = match version.as_deref().is_some_and(|v| v.starts_with('3')) {
        true => (variables.into_iter().map(|(_, numbers)| numbers).collect(), Vec::new()),
        false => (Vec::new(), variables),
    };
    Ok(Saved {
        weights: old_weights(old, &model).place(|| "`model_weights`")?,
        optimizer: new,
        keras_2_optimizer: keras_2,
        compiled,
        keras_version: version,
        model,
    })
}

/// What to do with a configuration that is too long to be read, or to be written so that it can be read again.
pub(super) const TOO_LONG: &str = "some 3,500 layers weigh as much: keep the experiment, or the script, and the weights alone in a .safetensors file";

/// JSON as Python writes it, with NaN and Infinity, which are no JSON.
///
/// # Errors
/// If it is none, or longer than the configuration of some 3,500 layers: then nothing of it is read.
pub fn json(bytes: &[u8]) -> Result<Json> {
    let bad = |e: &dyn std::fmt::Display| Error::format(format!("not valid JSON: {e}"));
    let text = std::str::from_utf8(bytes).map_err(|e| bad(&e))?;
    within(bytes).map_err(|e| e.help(TOO_LONG))?;
    serde_json::from_str(text).or_else(|e| {
        let quoted = quote_numbers(text);
        serde_json::from_str(&quoted).map_err(|_| bad(&e))
    })
}

/// NaN, Infinity and -Infinity outside of texts as the texts that stand for them here.
fn quote_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut rest, mut inside, mut escaped) = (text, false, false);
    while let Some(c) = rest.chars().next() {
        if !inside {
            let known = [("-Infinity", "\"-inf\""), ("Infinity", "\"inf\""), ("NaN", "\"nan\"")];
            if let Some((word, with)) = known.iter().find(|(word, _)| rest.starts_with(word)) {
                out += with;
                rest = &rest[word.len()..];
                continue;
            }
        }
        inside ^= c == '"' && !escaped;
        escaped = inside && c == '\\' && !escaped;
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
    out
}

/// The numbers of a weight, which must have its shape.
fn fitting(place: &Place, found: Option<&Numbers>) -> Result<(String, Array)> {
    let Some(found) = found else {
        return Err(Error::format(format!("the weight `{}` is missing", place.path))
            .help("the weights are of another model, or the file is cut"));
    };
    let same = found.shape == place.shape;
    // Keras 2 keeps some single numbers as such, and some as a list of one.
    let one = place.shape.iter().product::<usize>() == 1 && found.values.len() == 1;
    if !same && !one {
        return Err(Error::shape(format!(
            "the weight `{}` has the shape {:?}, and the file has {:?}",
            place.path, place.shape, found.shape
        ))
        .help("the weights are of another model"));
    }
    // Here an array has an axis: a single number is a list of one.
    let shape = if place.shape.is_empty() { vec![1] } else { place.shape.clone() };
    Ok((place.path.clone(), Array::new(shape, found.values.floats())?))
}

/// Weights as Keras 3 keeps them.
fn weights_of(tree: &Group, model: &Model) -> Result<Vec<(String, Array)>> {
    // Its first versions called it otherwise.
    let old_name = tree.group("layers").is_none() && tree.group("_layer_checkpoint_dependencies").is_some();
    let one = |place: &Place| {
        let group = if old_name {
            place.group.replace("layers/", "_layer_checkpoint_dependencies/")
        } else {
            place.group.clone()
        };
        fitting(place, tree.array(&format!("{group}/{}", place.number)))
    };
    places(model)?.iter().map(one).collect()
}

/// Weights as Keras keeps them in `.h5` files: by layers in their order, those without weights left out; in each what learns first.
fn old_weights(tree: &Group, model: &Model) -> Result<Vec<(String, Array)>> {
    let all = places(model)?;
    let names = tree.texts("layer_names").unwrap_or_default();
    let with_weights: Vec<(&Group, Vec<String>)> = names
        .iter()
        .filter_map(|name| {
            let group = tree.at(name)?;
            let weights = group.texts("weight_names").unwrap_or_default();
            (!weights.is_empty()).then_some((group, weights))
        })
        .collect();
    let mut layers: Vec<usize> = all.iter().map(|place| place.layer).collect();
    layers.sort_unstable();
    layers.dedup();
    if layers.len() != with_weights.len() {
        return Err(Error::format(format!(
            "the model has {} layers with weights, and the file has {}",
            layers.len(),
            with_weights.len()
        ))
        .help("the weights are of another model"));
    }
    let mut found = Vec::with_capacity(all.len());
    for (layer, (group, names)) in layers.into_iter().zip(with_weights) {
        let mut own: Vec<&Place> = all.iter().filter(|place| place.layer == layer).collect();
        own.sort_by_key(|place| !place.trainable);
        if own.len() != names.len() {
            let what = format!("it has {} weights, and the file has {}", own.len(), names.len());
            return Err(Error::format(what)
                .at(own[0].layer_name.clone())
                .help("the weights are of another model"));
        }
        for (place, name) in own.into_iter().zip(names) {
            found.push(fitting(place, group.array(&name)).place(|| place.layer_name.clone())?);
        }
    }
    found.sort_by_key(|(path, _)| all.iter().position(|place| place.path == *path));
    Ok(found)
}

/// `optimizer/vars/0`, `1`, …
pub(super) fn optimizer_of(tree: &Group) -> Vec<Numbers> {
    (0..).map_while(|i| tree.array(&format!("optimizer/vars/{i}")).cloned()).collect()
}
