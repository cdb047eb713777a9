//! What Keras 2 calls otherwise, and keeps otherwise.

use crate::hdf5::{Group, Numbers};
use serde_json::{Value as Json, json};

/// How a model was compiled, in the words of Keras 3.
pub(super) fn renamed(mut config: Json) -> Json {
    if let Some(map) = config.as_object_mut()
        && let Some(mut optimizer) = map.remove("optimizer_config")
    {
        decay_as_schedule(&mut optimizer);
        map.insert("optimizer".into(), optimizer);
    }
    modern(&mut config);
    config
}

/// `decay` of the old optimizers: rate / (1 + decay · t), which is a schedule since.
fn decay_as_schedule(optimizer: &mut Json) {
    let nadam = optimizer["class_name"] == "Nadam";
    let Some(config) = optimizer.get_mut("config").and_then(Json::as_object_mut) else { return };
    let Some(decay) = config.remove("decay") else { return };
    // Of Nadam it is the schedule of its momentum.
    if nadam || decay.as_f64() == Some(0.0) || decay.is_null() {
        return;
    }
    if let Some(rate) =
        config.get("learning_rate").or_else(|| config.get("lr")).filter(|rate| rate.is_number())
    {
        let schedule = json!({ "class_name": "InverseTimeDecay", "config": {
            "initial_learning_rate": rate, "decay_steps": 1, "decay_rate": decay } });
        config.remove("lr");
        config.insert("learning_rate".into(), schedule);
    } else {
        // A schedule and a decay: it stays, and is refused by name.
        config.insert("decay".into(), decay);
    }
}

fn modern(json: &mut Json) {
    match json {
        Json::Array(items) => items.iter_mut().for_each(modern),
        Json::Object(map) => {
            if map.get("reduction").and_then(Json::as_str) == Some("auto") {
                map.insert("reduction".into(), "sum_over_batch_size".into());
            }
            let class = map.get("class_name").and_then(Json::as_str).map(str::to_string);
            if let Some((_, class)) = class.as_deref().and_then(|c| c.split_once('>')) {
                map.insert("class_name".into(), class.into());
            }
            // A function that is averaged.
            let averaged = matches!(class.as_deref(), Some("MeanMetricWrapper" | "LossFunctionWrapper"));
            let function = map.get("config").and_then(|c| c.get("fn")).cloned();
            // A loss of its own class says, too, by which function it works.
            if let (Some(Json::Object(own)), false) = (map.get_mut("config"), averaged) {
                own.remove("fn");
            }
            map.values_mut().for_each(modern);
            if let (true, Some(function)) = (averaged, function) {
                *json = function;
            }
        }
        _ => {}
    }
}

/// The variables of an optimizer in an `.h5` file, under their names and in their order.
pub(super) fn optimizer(tree: &Group) -> Vec<(String, Numbers)> {
    let Some(group) = tree.group("optimizer_weights") else { return Vec::new() };
    let names = group.texts("weight_names").unwrap_or_default();
    names.into_iter().map_while(|name| Some((name.clone(), group.array(&name)?.clone()))).collect()
}
