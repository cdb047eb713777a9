//! Writing Keras' files.

use super::config::{config_of, object};
use super::order::keras_order;
use super::places::{Place, group_names, places};
use super::saved::{Saved, TOO_LONG};
use crate::hdf5::{self, Attribute, Group, Numbers, Values};
use serde_json::{Value as Json, json};
use std::io::{Cursor, Write};
use std::path::Path;
use steadygrad_data::Array;
use steadygrad_data::json::within;
use steadygrad_kernels::{Error, Result};
use steadygrad_nn::Model;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// The version of Keras whose files these are like.
const LIKE: &str = "3.15.1";

/// Layers that draw random numbers, whose state Keras keeps beside the weights.
const DRAWING: [&str; 7] = [
    "Dropout",
    "AlphaDropout",
    "GaussianDropout",
    "GaussianNoise",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
];

/// The text of a configuration, if it can be read again.
pub(super) fn readable(config: &Json) -> Result<String> {
    let text = config.to_string();
    within(text.as_bytes()).map_err(|e| e.at("the model's configuration").help(TOO_LONG))?;
    Ok(text)
}

impl Saved {
    /// The bytes of a `.keras` file, which Keras 3 loads: the same predictions, and with the optimizer's state the same training.
    ///
    /// The file is the same for the same model: it has no date.
    ///
    /// # Errors
    /// If the model has layers that Keras does not have, or too many to be read again, or weights are missing.
    pub fn to_keras(&self) -> Result<Vec<u8>> {
        let mut config = config_of(&self.model)?;
        if let Some(compiled) = &self.compiled {
            let mut words = compiled.clone();
            if let Some(map) = words.as_object_mut() {
                for (key, value) in map.iter_mut() {
                    *value = object(key, value.take());
                }
            }
            config["compile_config"] = words;
        }
        let metadata = json!({ "keras_version": self.version(), "written_by": concat!("steadygrad ", env!("CARGO_PKG_VERSION")) });
        let weights = hdf5::write(&self.tree()?)?;
        let bad =
            |e: &dyn std::fmt::Display| Error::format(format!("the .keras file cannot be put together: {e}"));
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let stored = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .large_file(weights.len() >= u32::MAX as usize);
        let (metadata, config) = (metadata.to_string(), readable(&config)?);
        let members: [(&str, &[u8]); 3] = [
            ("metadata.json", metadata.as_bytes()),
            ("config.json", config.as_bytes()),
            ("model.weights.h5", &weights),
        ];
        for (name, bytes) in members {
            zip.start_file(name, stored).map_err(|e| bad(&e))?;
            zip.write_all(bytes).map_err(|e| bad(&e))?;
        }
        Ok(zip.finish().map_err(|e| bad(&e))?.into_inner())
    }

    /// The bytes of a `.weights.h5` file, as `save_weights` writes it.
    ///
    /// # Errors
    /// If weights are missing.
    pub fn to_weights(&self) -> Result<Vec<u8>> {
        hdf5::write(&self.tree()?)
    }

    /// Writes a `.keras`, `.h5` or `.weights.h5` file, by the path's ending. An interrupted write leaves the old file as it was.
    ///
    /// # Errors
    /// If it ends otherwise, or cannot be written.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default().to_lowercase();
        let bytes = if name.ends_with(".keras") {
            self.to_keras()?
        } else if name.ends_with(".weights.h5") {
            self.to_weights()?
        } else if name.ends_with(".h5") || name.ends_with(".hdf5") {
            self.to_h5()?
        } else {
            return Err(Error::argument(format!(
                "`{}` is no name of a file that is written here",
                path.display()
            ))
            .help("models are written as x.keras or x.h5, weights alone as x.weights.h5"));
        };
        steadygrad_data::file::replace(path, bytes)
    }

    /// The version of Keras whose file this is like: that of the file it came from, unless Keras 2 wrote that, whose files are others.
    pub(super) fn version(&self) -> &str {
        self.keras_version.as_deref().filter(|version| version.starts_with('3')).unwrap_or(LIKE)
    }

    pub(super) fn weight(&self, place: &Place) -> Result<&Array> {
        let found = self.weights.iter().find(|(path, _)| *path == place.path);
        found
            .map(|(_, array)| array)
            .ok_or_else(|| Error::argument(format!("the weight `{}` is missing", place.path)))
    }

    /// Weights, the states of layers that draw, and the optimizer, as Keras keeps them.
    fn tree(&self) -> Result<Group> {
        let mut tree = Group::default();
        name(tree.make("vars"), &self.model.name);
        layers(&self.model, &mut tree);
        for place in places(&self.model)? {
            let array = self.weight(&place)?;
            let group = place.group.split('/').fold(&mut tree, |group, part| group.make(part));
            group.arrays.push((place.number.to_string(), numbers(array, &place.shape)));
        }
        if !self.optimizer.is_empty() {
            let vars = tree.make("optimizer").make("vars");
            for (i, variable) in self.optimizer.iter().enumerate() {
                vars.arrays.push((i.to_string(), variable.clone()));
            }
        }
        Ok(tree)
    }
}

/// A place for every layer, also of those without weights: Keras looks there.
fn layers(model: &Model, tree: &mut Group) {
    let names = group_names(model);
    let all = tree.make("layers");
    for (&i, group) in keras_order(model).iter().zip(names) {
        let entry = &model.entries[i];
        let own = all.make(&group);
        name(own.make("vars"), &entry.name);
        if let Some(inner) = entry.layer.as_model() {
            layers(inner, own);
        } else if DRAWING.contains(&entry.layer.class()) {
            let state = own.make("seed_generator").make("vars");
            state.arrays.push(("0".into(), Numbers { shape: vec![2], values: Values::Unsigned(vec![0, 0]) }));
        }
    }
}

fn name(group: &mut Group, name: &str) {
    group.attributes.push(("name".into(), Attribute::Text(name.to_string())));
}

pub(super) fn numbers(array: &Array, shape: &[usize]) -> Numbers {
    Numbers { shape: shape.to_vec(), values: Values::Float(array.data().to_vec()) }
}
