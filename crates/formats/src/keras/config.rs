//! What a network is, in the JSON of Keras 3: `config.json` and `model.to_json()`.

use super::order::keras_order;
use serde_json::{Value as Json, json};
use steadygrad_kernels::{Error, Result};
use steadygrad_nn::Shape;
use steadygrad_nn::layers::Layer;
use steadygrad_nn::model::{Entry, Model, Wire};

/// The configuration of a model as Keras 3 writes and reads it.
///
/// ```
/// use steadygrad_formats::keras::{config_of, model_from_config};
/// use steadygrad_nn::{Model, Sequential, layers::Dense};
/// let model = Model::from(Sequential::new([4]).add(Dense::new(3)));
/// let config = config_of(&model)?;
/// assert_eq!(config["config"]["layers"][1]["config"]["units"], 3);
/// assert_eq!(model_from_config(&config)?.output_shapes()?, model.output_shapes()?);
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
///
/// # Errors
/// If it has layers that Keras does not have: they are all named.
pub fn config_of(model: &Model) -> Result<Json> {
    let mut unknown = Vec::new();
    own_layers(model, &mut unknown);
    if !unknown.is_empty() {
        return Err(Error::unsupported(format!("layers that Keras does not have: {}", unknown.join(", ")))
            .help("write the weights alone, and build the model in code"));
    }
    whole(model)
}

/// Layers of somebody's own, whose class stands in no catalog.
fn own_layers(model: &Model, unknown: &mut Vec<String>) {
    for entry in &model.entries {
        if let Some(inner) = entry.layer.as_model() {
            own_layers(inner, unknown);
        } else {
            let class = entry.layer.class();
            let known = steadygrad_nn::layers::CATALOG.iter().any(|e| e.class == class);
            if !known && !unknown.iter().any(|u| u == class) {
                unknown.push(class.to_string());
            }
        }
    }
}

fn whole(model: &Model) -> Result<Json> {
    let shapes = shapes(model)?;
    let order = keras_order(model);
    let graph = model.class != "Sequential";
    let mut listed: Vec<usize> = order.clone();
    if !graph {
        // Of a chain the input stands first.
        let input = (0..model.entries.len()).filter(|&i| model.entries[i].layer.class() == "InputLayer");
        listed = input.chain(order).collect();
    }
    let layers: Vec<Json> = listed.iter().map(|&i| layer(model, i, &shapes, graph)).collect::<Result<_>>()?;
    let input_shape = model.input_shapes().first().map(batch);
    if !graph {
        return Ok(json!({
            "module": "keras", "class_name": "Sequential", "registered_name": null,
            "config": { "name": model.name, "trainable": true, "dtype": float32(), "layers": layers,
                        "build_input_shape": input_shape },
            "build_config": { "input_shape": input_shape },
        }));
    }
    let name = |node: usize| model.entries[model.nodes[node].entry].name.clone();
    let inputs: Vec<Json> = model.inputs.iter().map(|&node| json!([name(node), 0, 0])).collect();
    let outputs: Vec<Json> = model
        .outputs
        .iter()
        .map(|wire| {
            let Wire { node, output } = *wire;
            let inner = model.entries[model.nodes[node].entry].layer.as_model();
            // A graph within has a node of its own, which counts here.
            let first = usize::from(inner.is_some_and(|m| m.class != "Sequential"));
            json!([name(node), first + call(model, node), output])
        })
        .collect();
    let ends = |mut all: Vec<Json>| if all.len() == 1 { all.remove(0) } else { Json::Array(all) };
    Ok(json!({
        "module": "keras.src.models.functional", "class_name": "Functional", "registered_name": "Functional",
        "config": { "name": model.name, "trainable": true, "layers": layers,
                    "input_layers": ends(inputs), "output_layers": ends(outputs) },
        "build_config": { "input_shape": null },
    }))
}

/// Which call of its layer a node is.
fn call(model: &Model, node: usize) -> usize {
    let entry = model.nodes[node].entry;
    model.nodes[..node].iter().filter(|n| n.entry == entry).count()
}

/// The shapes of every node's outputs.
fn shapes(model: &Model) -> Result<Vec<Vec<Shape>>> {
    let mut all: Vec<Vec<Shape>> = Vec::with_capacity(model.nodes.len());
    for node in &model.nodes {
        let inputs: Vec<Shape> = node.inputs.iter().map(|w| all[w.node][w.output].clone()).collect();
        all.push(model.entries[node.entry].layer.output_shapes(&inputs)?);
    }
    Ok(all)
}

fn batch(shape: &Shape) -> Json {
    let dims = shape.dims().iter().map(|&d| Json::from(d));
    Json::Array([Json::Null].into_iter().chain(dims).collect())
}

fn float32() -> Json {
    json!({ "module": "keras", "class_name": "DTypePolicy", "config": { "name": "float32" }, "registered_name": null })
}

fn layer(model: &Model, i: usize, shapes: &[Vec<Shape>], graph: bool) -> Result<Json> {
    let entry = &model.entries[i];
    let mut json = match entry.layer.as_model() {
        Some(inner) => {
            let mut json = whole(inner)?;
            json["config"]["name"] = entry.name.as_str().into();
            json["config"]["trainable"] = entry.trainable.into();
            json
        }
        None => plain(entry),
    };
    let nodes: Vec<usize> = (0..model.nodes.len()).filter(|&n| model.nodes[n].entry == i).collect();
    let read =
        |node: usize| model.nodes[node].inputs.iter().map(|w| &shapes[w.node][w.output]).collect::<Vec<_>>();
    if entry.layer.class() != "InputLayer" && entry.layer.as_model().is_none() {
        let first = nodes.first().map(|&n| read(n)).unwrap_or_default();
        let shape = match first[..] {
            [one] => batch(one),
            _ => first.into_iter().map(batch).collect(),
        };
        json["build_config"] = json!({ "input_shape": shape });
    }
    // A layer that stands in the place of an activation is built by what it says, and by nothing else.
    if let (Some(Json::Object(activation)), Some(&node)) =
        (json["config"].get_mut("activation"), nodes.first())
    {
        activation.insert("build_config".into(), json!({ "input_shape": shapes[node].first().map(batch) }));
    }
    if graph {
        let tensor = |w: &Wire| {
            let name = &model.entries[model.nodes[w.node].entry].name;
            json!({ "class_name": "__keras_tensor__", "config": {
                "shape": batch(&shapes[w.node][w.output]), "dtype": "float32",
                "keras_history": [name, call(model, w.node), w.output] } })
        };
        let inbound = nodes.iter().filter(|&&n| !model.nodes[n].inputs.is_empty()).map(|&n| {
            let read: Vec<Json> = model.nodes[n].inputs.iter().map(tensor).collect();
            let args = if read.len() == 1 { Json::Array(read) } else { json!([read]) };
            json!({ "args": args, "kwargs": {} })
        });
        json["name"] = entry.name.as_str().into();
        json["inbound_nodes"] = inbound.collect();
    }
    Ok(json)
}

fn plain(entry: &Entry) -> Json {
    let class = entry.layer.class();
    let mut config = serde_json::Map::new();
    config.insert("name".into(), entry.name.as_str().into());
    if class == "InputLayer" {
        let shape = entry.layer.output_shapes(&[]).ok().and_then(|s| s.first().map(batch));
        config.insert("batch_shape".into(), shape.unwrap_or(Json::Null));
        for (key, value) in [
            ("dtype", json!("float32")),
            ("sparse", false.into()),
            ("ragged", false.into()),
            ("optional", false.into()),
        ] {
            config.insert(key.into(), value);
        }
    } else {
        // The only layers that will not be told.
        if !class.starts_with("SpatialDropout") {
            config.insert("trainable".into(), entry.trainable.into());
        }
        config.insert("dtype".into(), float32());
        if let Json::Object(own) = entry.layer.config().to_json() {
            config.extend(own.into_iter().map(|(key, value)| {
                let value = object(&key, value);
                (key, value)
            }));
        }
    }
    json!({ "module": "keras.layers", "class_name": class, "config": config, "registered_name": null })
}

/// Objects of Keras say which module they are of; that goes by what they are used as.
pub(crate) fn object(key: &str, value: Json) -> Json {
    let module = match key {
        _ if key.ends_with("initializer") => "keras.initializers",
        _ if key.ends_with("regularizer") => "keras.regularizers",
        _ if key.ends_with("constraint") => "keras.constraints",
        "learning_rate" => "keras.optimizers.schedules",
        "optimizer" => "keras.optimizers",
        "loss" => "keras.losses",
        "metrics" | "weighted_metrics" => "keras.metrics",
        _ => "keras.layers",
    };
    match value {
        Json::Object(mut map) if map.contains_key("class_name") => {
            if let Some(Json::Object(own)) = map.get_mut("config") {
                for (key, value) in own.iter_mut() {
                    *value = object(key, value.take());
                }
            }
            map.insert("module".into(), module.into());
            map.insert("registered_name".into(), Json::Null);
            Json::Object(map)
        }
        Json::Object(map) => map.into_iter().map(|(name, value)| (name, object(key, value))).collect(),
        Json::Array(items) => items.into_iter().map(|item| object(key, item)).collect(),
        other => other,
    }
}
