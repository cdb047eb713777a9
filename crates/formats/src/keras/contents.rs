//! What is in a file of Keras, told without making anything of it: also where its layers are not known here.

use super::archive;
use super::keras_2;
use super::layer::{class, name};
use super::saved::{helped, json, optimizer_of};
use super::{deeper_than, is_known, is_model, list_unknown};
use crate::hdf5::{self, Group, Numbers};
use serde_json::Value as Json;
use std::path::Path;
use steadygrad_data::file;
use steadygrad_kernels::{Place as _, Result};

/// The kinds of files that Keras writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `.keras`: a whole model.
    Archive,
    /// `.h5`: a whole model, as Keras 2 wrote them.
    Model,
    /// `.weights.h5`: weights by classes of layers, of Keras 3.
    Weights,
    /// `.h5`: weights by names of layers, of Keras 2.
    OldWeights,
}

/// What is in a file of Keras. Numbers are read and nothing is judged.
#[derive(Debug, Clone)]
pub struct Contents {
    /// The kind of the file.
    pub kind: Kind,
    /// The version of Keras that wrote it, if it says so.
    pub keras_version: Option<String>,
    /// What the model is.
    pub config: Option<Json>,
    /// How it was compiled, in the words of Keras 3.
    pub compiled: Option<Json>,
    /// The weights under their paths in the file.
    pub weights: Vec<(String, Numbers)>,
    /// The variables of the optimizer under their names in the file.
    pub optimizer: Vec<(String, Numbers)>,
}

/// A layer of a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// Its class.
    pub class: String,
    /// How deep it lies in models within models, from 0.
    pub level: usize,
    /// Whether there is such a layer here.
    pub known: bool,
}

impl Contents {
    /// What is in this file.
    ///
    /// # Errors
    /// If it cannot be read, or is no file of Keras.
    pub fn read(path: impl AsRef<Path>) -> Result<Contents> {
        let path = path.as_ref();
        Contents::from_bytes(file::read(path)?).place(|| path.display().to_string())
    }

    /// The same from the bytes of such a file.
    ///
    /// ```
    /// use steadygrad_formats::hdf5::{self, Group, Numbers, Values};
    /// use steadygrad_formats::keras::{Contents, Kind};
    /// let kernel = Numbers { shape: vec![1, 2], values: Values::Float(vec![0.5, -1.0]) };
    /// let mut tree = Group::default();
    /// tree.make("layers").make("dense").make("vars").arrays.push(("0".into(), kernel));
    /// let contents = Contents::from_bytes(hdf5::write(&tree)?)?;
    /// assert_eq!((contents.kind, contents.weights[0].0.as_str()), (Kind::Weights, "layers/dense/0"));
    /// # Ok::<(), steadygrad_kernels::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Contents::read`].
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Contents> {
        Contents::parse(bytes).map_err(helped)
    }

    fn parse(bytes: Vec<u8>) -> Result<Contents> {
        if !bytes.starts_with(b"PK") {
            return of_tree(&hdf5::read(bytes)?);
        }
        let parts = archive::read(bytes)?;
        let config = json(&parts.config).place(|| "config.json")?;
        let metadata = json(&parts.metadata).unwrap_or(Json::Null);
        let tree = hdf5::read(parts.weights).place(|| "model.weights.h5")?;
        Ok(Contents {
            kind: Kind::Archive,
            keras_version: metadata["keras_version"].as_str().map(str::to_string),
            compiled: config.get("compile_config").filter(|c| c.get("optimizer").is_some()).cloned(),
            config: Some(config),
            weights: weights(&tree),
            optimizer: numbered(&tree),
        })
    }

    /// The classes of layers that are not known here, each once.
    pub fn unknown(&self) -> Vec<String> {
        self.config.as_ref().map_or_else(Vec::new, unknown_layers)
    }

    /// The layers of the model in the order of the file, also those that are not known here.
    pub fn layers(&self) -> Vec<Listed> {
        self.config.as_ref().map_or_else(Vec::new, listed)
    }
}

/// The classes of layers in a configuration that are not known here, each once: `` `LSTM` ``.
///
/// ```
/// use serde_json::json;
/// let config = json!({ "class_name": "Sequential", "config": { "layers": [
///     { "class_name": "Dense", "config": {} }, { "class_name": "LSTM", "config": {} },
/// ] } });
/// assert_eq!(steadygrad_formats::keras::unknown_layers(&config), ["`LSTM`"]);
/// ```
pub fn unknown_layers(config: &Json) -> Vec<String> {
    let mut unknown = Vec::new();
    if !deeper_than(config, super::DEEPEST) {
        list_unknown(config, &mut unknown);
    }
    unknown
}

/// The layers of a configuration in its order, those of models within under their models.
pub fn listed(config: &Json) -> Vec<Listed> {
    let mut all = Vec::new();
    if !deeper_than(config, super::DEEPEST) {
        list(config, 0, &mut all);
    }
    all
}

fn list(model: &Json, level: usize, all: &mut Vec<Listed>) {
    let layers = model.get("config").and_then(|c| c.get("layers")).and_then(Json::as_array);
    for layer in layers.into_iter().flatten() {
        let class = class(layer);
        let plain = |text: &str| -> String { text.chars().filter(|c| !c.is_control()).take(60).collect() };
        all.push(Listed {
            name: plain(name(layer).unwrap_or("")),
            class: plain(class),
            level,
            known: is_known(layer),
        });
        if is_model(class) {
            list(layer, level + 1, all);
        }
    }
}

fn of_tree(tree: &Group) -> Result<Contents> {
    let version = tree.text("keras_version").map(str::to_string);
    let Some(config) = tree.text("model_config") else {
        let old = tree.attribute("layer_names").is_some() || tree.attribute("layer_names0").is_some();
        return Ok(Contents {
            kind: if old { Kind::OldWeights } else { Kind::Weights },
            keras_version: version,
            config: None,
            compiled: None,
            weights: weights(tree),
            optimizer: numbered(tree),
        });
    };
    let config = json(config.as_bytes()).place(|| "`model_config`")?;
    let compiled = tree.text("training_config").map(|text| json(text.as_bytes())).transpose();
    Ok(Contents {
        kind: Kind::Model,
        keras_version: version,
        config: Some(config),
        compiled: compiled.place(|| "`training_config`")?.map(keras_2::renamed),
        weights: tree.group("model_weights").map_or_else(Vec::new, weights),
        optimizer: keras_2::optimizer(tree),
    })
}

fn numbered(tree: &Group) -> Vec<(String, Numbers)> {
    optimizer_of(tree).into_iter().enumerate().map(|(i, numbers)| (i.to_string(), numbers)).collect()
}

/// All arrays but those of the optimizer and of random states.
fn weights(tree: &Group) -> Vec<(String, Numbers)> {
    let mut all = Vec::new();
    gather(tree, "", &mut all);
    all
}

fn gather(group: &Group, path: &str, all: &mut Vec<(String, Numbers)>) {
    let mut arrays: Vec<_> = group.arrays.iter().collect();
    // Names that are numbers, by their size.
    arrays.sort_by_key(|(name, _)| name.parse::<usize>().unwrap_or(0));
    all.extend(arrays.into_iter().map(|(name, array)| (format!("{path}{name}"), array.clone())));
    for (name, within) in &group.groups {
        match name.as_str() {
            "seed_generator" => {}
            "optimizer" | "optimizer_weights" if path.is_empty() => {}
            "vars" => gather(within, path, all),
            _ => gather(within, &format!("{path}{name}/"), all),
        }
    }
}
