//! Keras' model files. Here: what the network is, from the JSON of `config.json` and of `model.to_json()`.
//!
//! A file is not trusted. Its layers are those of [`steadygrad_nn::layers::CATALOG`], and no others; nothing in it is run;
//! what is nested too deeply, or would unfold to too many layers, is refused.

mod archive;
mod config;
mod contents;
mod functional;
mod keras_2;
mod layer;
mod order;
mod places;
mod saved;
mod sequential;
mod write;
mod write_old;

pub use config::config_of;
pub use contents::{Contents, Kind, Listed, listed, unknown_layers};
pub use order::keras_order;
pub use places::{Place, places};
pub use saved::{Saved, is_keras_file, json, read_weights};

use layer::{Fields, text};
use serde_json::Value as Json;
use steadygrad_kernels::{Error, Place as _, Result};
use steadygrad_nn::Model;
use steadygrad_nn::layers::CATALOG;

/// How deeply lists and objects may be nested in each other: a model within a model takes four.
const DEEPEST: usize = 100;

/// How many layers a model may have, those of the models within counted at each of their uses.
const MOST_LAYERS: usize = 10_000;

/// The model that a Keras 3 configuration describes: `Sequential` or `Functional`, with all models within. Names, layers that
/// are used several times, and which layers learn are kept. It has no weights yet.
///
/// ```
/// use serde_json::json;
/// use steadygrad_formats::keras::model_from_config;
/// let model = model_from_config(&json!({
///     "module": "keras", "class_name": "Sequential", "registered_name": null,
///     "config": {"name": "digits", "trainable": true, "layers": [
///         {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [null, 64], "name": "pixels"}},
///         {"module": "keras.layers", "class_name": "Dense", "config": {"name": "head", "units": 10}},
///     ]},
/// }))?;
/// assert_eq!((model.name.as_str(), model.output_names()), ("digits", vec!["head".to_string()]));
/// assert_eq!(model.output_shapes()?[0].dims(), [10]);
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
///
/// # Errors
/// First of all, if it has layers that are not known here: they are all listed. Then if it is not what Keras writes, or its
/// layers do not fit together.
pub fn model_from_config(config: &Json) -> Result<Model> {
    if deeper_than(config, DEEPEST) {
        return Err(Error::format(format!("the configuration is nested more than {DEEPEST} deep")));
    }
    let mut unknown = Vec::new();
    list_unknown(config, &mut unknown);
    if !unknown.is_empty() {
        let known: Vec<&str> = CATALOG.iter().map(|e| e.class).collect();
        return Err(Error::unsupported(format!("layers that are not known here: {}", unknown.join(", ")))
            .help(format!("known are: {}", known.join(", "))));
    }
    let read = model(config).and_then(|(model, _)| model.output_shapes().map(|_| model));
    read.map_err(|e| match e.remedy() {
        "" => e.help(
            "the configuration is damaged, or not of a model of Keras: write it anew with model.to_json()",
        ),
        _ => e,
    })
}

/// A model, and how many layers it unfolds to.
fn model(json: &Json) -> Result<(Model, usize)> {
    let fields = Fields::of(json, "the model")?;
    let (class, config) = (fields.text("class_name")?, fields.object("config")?);
    let name = config.maybe("name").and_then(Json::as_str);
    let place = || name.unwrap_or(class).to_string();
    let (model, size) = match class {
        "Sequential" => sequential::model(&config),
        "Functional" | "Model" => functional::model(&config),
        other => {
            Err(Error::format(format!("expected a Sequential or Functional model, found {}", text(other))))
        }
    }
    .place(place)?;
    if size > MOST_LAYERS {
        return Err(Error::format(format!(
            "the model has more than {MOST_LAYERS} layers, each counted as often as it is called"
        ))
        .at(place())
        .help("the file is damaged, or made to fill the memory"));
    }
    Ok((if let Some(name) = name { model.named(name) } else { model }, size))
}

/// Whether this is a class of models.
fn is_model(class: &str) -> bool {
    matches!(class, "Sequential" | "Functional" | "Model")
}

/// Lists and objects within each other, counted without recursion: it is what makes recursion safe elsewhere.
fn deeper_than(json: &Json, deepest: usize) -> bool {
    let mut open = vec![(json, 1)];
    while let Some((json, depth)) = open.pop() {
        if depth > deepest {
            return true;
        }
        match json {
            Json::Array(items) => open.extend(items.iter().map(|item| (item, depth + 1))),
            Json::Object(map) => open.extend(map.values().map(|value| (value, depth + 1))),
            _ => {}
        }
    }
    false
}

/// All classes of layers that are not known here, each once. What is malformed is not noticed yet.
fn list_unknown(json: &Json, unknown: &mut Vec<String>) {
    let Some(class) = json.get("class_name").and_then(Json::as_str) else { return };
    if !from_keras(json) {
        let module = json.get("module").and_then(Json::as_str).unwrap_or("custom");
        push_once(unknown, format!("{} of {}", text(class), text(module)));
    } else if is_model(class) {
        let layers = json.get("config").and_then(|c| c.get("layers")).and_then(Json::as_array);
        for layer in layers.into_iter().flatten() {
            list_unknown(layer, unknown);
        }
    } else if !is_known(json) {
        push_once(unknown, text(class));
    }
}

/// Whether a layer, or a model in the place of one, is one of Keras' and is here.
fn is_known(json: &Json) -> bool {
    let class = layer::class(json);
    from_keras(json) && (is_model(class) || CATALOG.iter().any(|e| e.class == class))
}

fn push_once(list: &mut Vec<String>, item: String) {
    if !list.contains(&item) {
        list.push(item);
    }
}

/// Not a class of somebody's own, which may be called as one of Keras'.
fn from_keras(json: &Json) -> bool {
    let module = json.get("module").and_then(Json::as_str).unwrap_or("keras");
    let registered = json.get("registered_name").and_then(Json::as_str).unwrap_or("");
    let first = module.split('.').next().unwrap_or("");
    matches!(first, "keras" | "tf_keras" | "tensorflow") && !registered.contains('>')
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_files;
