//! Writing whole models as `.h5`, the file of Keras 2 that Keras 3 still writes and reads.

use super::config::{config_of, object};
use super::order::keras_order;
use super::places::{Place, places};
use super::saved::Saved;
use super::write::{numbers, readable};
use crate::hdf5::{self, Attribute, Group};
use serde_json::{Value as Json, json};
use std::sync::Arc;
use steadygrad_kernels::{Error, Place as _, Result};
use steadygrad_nn::config::{Config, FromValue, Value};
use steadygrad_nn::losses::Loss;
use steadygrad_nn::metrics::Metric;
use steadygrad_nn::optimizers::Optimizer;

/// A list whose texts take more bytes than this is cut into pieces: `weight_names0`, `weight_names1`, …
const LONGEST: usize = 64_512;
/// What a text takes at the least: where it lies.
const POINTER: usize = 16;
/// Weights of a model that are in none of its layers; there are none here.
const OWN: &str = "top_level_model_weights";

impl Saved {
    /// The bytes of an `.h5` file as `model.save("x.h5")` of Keras 3 writes it: what the model is, its weights, how it was compiled, and
    /// its optimizer's state.
    ///
    /// ```
    /// use steadygrad_data::Array;
    /// use steadygrad_formats::keras::Saved;
    /// use steadygrad_nn::{Model, Sequential, layers::Dense};
    /// let model = Model::from(Sequential::new([2]).add(Dense::new(1).use_bias(false)));
    /// let weights = vec![("dense/kernel".to_string(), Array::new([2, 1], vec![0.5, -1.0])?)];
    /// let saved = Saved { model, weights, compiled: None, optimizer: Vec::new(), keras_2_optimizer: Vec::new(), keras_version: None };
    /// assert_eq!(Saved::from_bytes(saved.to_h5()?)?.weights, saved.weights);
    /// # Ok::<(), steadygrad_kernels::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the model has layers that Keras does not have, two layers have one name, or weights are missing.
    pub fn to_h5(&self) -> Result<Vec<u8>> {
        let mut config = config_of(&self.model)?;
        plain(&mut config);
        let mut tree = Group::default();
        let version = self.version();
        head(&mut tree, version);
        tree.attributes.push(("model_config".into(), Attribute::Text(readable(&config)?)));
        if let Some(words) = &self.compiled {
            let words = training(words).place(|| "how the model is compiled")?;
            tree.attributes.push(("training_config".into(), Attribute::Text(words.to_string())));
        }
        let weights = tree.make("model_weights");
        head(weights, version);
        self.put_weights(weights)?;
        if !self.optimizer.is_empty() {
            let group = tree.make("optimizer_weights");
            let names = (0..self.optimizer.len()).map(|i| i.to_string()).collect::<Vec<_>>();
            for (name, variable) in names.iter().zip(&self.optimizer) {
                group.arrays.push((name.clone(), variable.clone()));
            }
            texts(group, "weight_names", &names)?;
        }
        hdf5::write(&tree)
    }

    fn put_weights(&self, to: &mut Group) -> Result<()> {
        let order = keras_order(&self.model);
        let names: Vec<String> = order.iter().map(|&i| self.model.entries[i].name.clone()).collect();
        let mut sorted = names.clone();
        sorted.sort();
        let twice = sorted.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| &pair[0]);
        if let Some(name) = twice.or_else(|| sorted.iter().find(|name| *name == OWN)) {
            return Err(Error::unsupported(format!("an .h5 file has no place for a layer called `{name}`"))
                .help("a .keras file has: it goes by classes, not by names"));
        }
        texts(to, "layer_names", &names)?;
        let all = places(&self.model)?;
        for (number, name) in names.iter().enumerate() {
            let mut own: Vec<&Place> = all.iter().filter(|place| place.layer == number).collect();
            // What learns stands first, as it did in Keras 2.
            own.sort_by_key(|place| !place.trainable);
            let group = at(to, name);
            for place in &own {
                let array = numbers(self.weight(place)?, &place.shape);
                match place.path.rsplit_once('/') {
                    Some((folder, last)) => at(group, folder).arrays.push((last.to_string(), array)),
                    None => group.arrays.push((place.path.clone(), array)),
                }
            }
            let paths: Vec<String> = own.iter().map(|place| place.path.clone()).collect();
            texts(group, "weight_names", &paths)?;
        }
        texts(to.make(OWN), "weight_names", &[])
    }
}

/// The group at this path within, made where it is not there yet.
fn at<'a>(group: &'a mut Group, path: &str) -> &'a mut Group {
    path.split('/').filter(|part| !part.is_empty()).fold(group, |group, part| group.make(part))
}

fn head(group: &mut Group, version: &str) {
    // Kernels lie as in TensorFlow, whatever Keras runs on.
    for (name, text) in [("backend", "tensorflow"), ("keras_version", version)] {
        group.attributes.push((name.into(), Attribute::Text(text.into())));
    }
}

/// A list of texts, cut into pieces where it is long: an attribute may have 64 KB.
fn texts(group: &mut Group, name: &str, texts: &[String]) -> Result<()> {
    let widest = texts.iter().map(String::len).max().unwrap_or(0);
    if widest > LONGEST {
        return Err(Error::unsupported(format!("a name of {widest} bytes"))
            .help(format!("an .h5 file takes names of {LONGEST} bytes at the most")));
    }
    // As lists without entries, Keras' are lists of no numbers.
    if texts.is_empty() {
        group.attributes.push((name.into(), Attribute::Numbers(Vec::new())));
        return Ok(());
    }
    let each = widest.max(POINTER);
    let pieces =
        (1..=texts.len()).find(|n| texts.len().div_ceil(*n) * each <= LONGEST).unwrap_or(texts.len());
    if pieces == 1 {
        group.attributes.push((name.into(), Attribute::Texts(texts.to_vec())));
        return Ok(());
    }
    for (i, piece) in texts.chunks(texts.len().div_ceil(pieces)).enumerate() {
        group.attributes.push((format!("{name}{i}"), Attribute::Texts(piece.to_vec())));
    }
    Ok(())
}

/// Models and layers by class and settings alone, as they are written in these files; what stands within settings keeps its module.
fn plain(json: &mut Json) {
    let Some(map) = json.as_object_mut() else { return };
    for key in ["module", "registered_name", "build_config", "compile_config"] {
        map.remove(key);
    }
    if let Some(layers) = map.get_mut("config").and_then(|c| c.get_mut("layers")).and_then(Json::as_array_mut)
    {
        layers.iter_mut().for_each(plain);
    }
}

/// How it was compiled: the optimizer apart, in full, as nothing can be left out there.
fn training(words: &Json) -> Result<Json> {
    let mut all = json!({
        "loss": null, "loss_weights": null, "metrics": null, "weighted_metrics": null,
        "run_eagerly": false, "steps_per_execution": 1, "jit_compile": false,
    });
    for (key, value) in words.as_object().into_iter().flatten().filter(|(key, _)| *key != "optimizer") {
        all[key.as_str()] = match key.as_str() {
            "loss" => in_full(value, &|value| {
                let loss: Arc<dyn Loss> = FromValue::from_value(value).ok()?;
                Some((loss.class(), loss.config()))
            }),
            "metrics" | "weighted_metrics" => in_full(value, &|value| {
                let metric: Arc<dyn Metric> = FromValue::from_value(value).ok()?;
                // In the logs it is called as it was asked for.
                let called = if let Value::Text(name) = value { name.as_str() } else { metric.class() };
                Some((metric.class(), metric.config().with("name", called)))
            }),
            _ => value.clone(),
        };
    }
    let given = words.get("optimizer").cloned().unwrap_or(Json::Null);
    let optimizer = Optimizer::from_value(&Value::from_json(&given));
    all["optimizer_config"] = match (optimizer, given) {
        (Ok(known), _) => {
            let mut config = known.config().to_json();
            for (key, value) in config.as_object_mut().into_iter().flatten() {
                *value = object(key, value.take());
            }
            json!({ "class_name": known.rule.class(), "config": config })
        }
        // One that is not known here was read from a file, and is written as it was.
        (Err(_), Json::Object(map)) if map.contains_key("class_name") => Json::Object(map),
        (Err(e), _) => return Err(e),
    };
    Ok(all)
}

/// Words that stand for one of several metrics, depending on the model.
const DEPENDING: [&str; 4] = ["accuracy", "acc", "crossentropy", "ce"];

/// Names as classes with settings: Keras cannot read all names from these files, not even its own.
fn in_full(json: &Json, known: &dyn Fn(&Value) -> Option<(&'static str, Config)>) -> Json {
    match json {
        Json::String(name) if !DEPENDING.contains(&name.as_str()) => match known(&Value::from_json(json)) {
            Some((class, config)) => json!({ "class_name": class, "config": config.to_json() }),
            None => json.clone(),
        },
        Json::Array(items) => items.iter().map(|item| in_full(item, known)).collect(),
        Json::Object(map) if !map.contains_key("class_name") => {
            map.iter().map(|(output, value)| (output.clone(), in_full(value, known))).collect()
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_are_cut_and_read_as_one() {
        for (count, length, pieces) in
            [(3, 10, 1), (4032, 5, 1), (4033, 5, 2), (700, 100, 2), (5000, 90, 7), (2, 64_512, 2)]
        {
            let names: Vec<String> = (0..count).map(|i| format!("{i:0>length$}")).collect();
            let mut tree = Group::default();
            texts(&mut tree, "weight_names", &names).unwrap();
            assert_eq!(tree.attributes.len(), pieces, "{count} of {length}");
            let again = hdf5::read(hdf5::write(&tree).unwrap()).unwrap();
            assert!(again.texts("weight_names") == Some(names), "{count} of {length}");
        }
        let mut tree = Group::default();
        texts(&mut tree, "weight_names", &[]).unwrap();
        assert_eq!(hdf5::read(hdf5::write(&tree).unwrap()).unwrap().texts("weight_names"), Some(Vec::new()));
        let error = texts(&mut tree, "weight_names", &["x".repeat(70_000)]).unwrap_err().to_string();
        assert!(error.contains("70000 bytes"), "{error}");
    }

    #[test]
    fn what_a_model_is_compiled_with_is_told_in_full() {
        let words = json!({
            "optimizer": { "class_name": "SGD", "config": { "learning_rate": {
                "class_name": "ExponentialDecay",
                "config": { "initial_learning_rate": 0.1, "decay_steps": 3, "decay_rate": 0.9 } } } },
            "loss": { "a": "mse", "b": "huber" },
            "metrics": { "a": ["accuracy", "mae"], "b": [{ "class_name": "AUC", "config": {} }] },
            "weighted_metrics": ["of_my_own"],
        });
        let all = training(&words).unwrap();
        let optimizer = &all["optimizer_config"];
        assert_eq!(
            (&optimizer["class_name"], &optimizer["config"]["momentum"]),
            (&json!("SGD"), &json!(0.0))
        );
        assert_eq!(optimizer["config"]["learning_rate"]["module"], "keras.optimizers.schedules");
        assert_eq!(all["loss"]["a"]["class_name"], "MeanSquaredError");
        assert_eq!(all["loss"]["b"]["config"]["delta"], 1.0);
        assert_eq!(all["metrics"]["a"][0], "accuracy");
        assert_eq!(all["metrics"]["a"][1]["class_name"], "MeanAbsoluteError");
        assert_eq!(all["metrics"]["a"][1]["config"]["name"], "mae");
        assert_eq!(all["metrics"]["b"][0]["class_name"], "AUC");
        assert_eq!(all["weighted_metrics"], json!(["of_my_own"]));
        assert_eq!(
            training(&json!({ "optimizer": "adam" })).unwrap()["optimizer_config"]["class_name"],
            "Adam"
        );
        let foreign = json!({ "optimizer": { "class_name": "Mine", "config": {} } });
        assert_eq!(training(&foreign).unwrap()["optimizer_config"], foreign["optimizer"]);
        assert!(training(&json!({ "optimizer": "adammm" })).is_err());
    }

    #[test]
    fn layers_that_cannot_be_told_apart_by_name_are_refused() {
        use steadygrad_nn::{Sequential, layers::Dense};
        let made = |name: &str| {
            let model: steadygrad_nn::Model = Sequential::new([2]).add_as(name, Dense::new(1)).into();
            let weights = places(&model)
                .unwrap()
                .into_iter()
                .map(|p| (p.path.clone(), steadygrad_data::Array::zeros(p.shape.clone()).unwrap()));
            let weights = weights.collect();
            let (optimizer, compiled, keras_version) = (Vec::new(), None, Some("2.15.0".to_string()));
            Saved { model, weights, compiled, optimizer, keras_2_optimizer: Vec::new(), keras_version }
        };
        let error = made(OWN).to_h5().unwrap_err().to_string();
        assert!(error.contains(OWN) && error.contains(".keras"), "{error}");
        let mut saved = made("head");
        let again = Saved::from_bytes(saved.to_h5().unwrap()).unwrap();
        // What is written is no file of Keras 2, wherever it came from.
        assert!(again.keras_version.unwrap().starts_with('3'));
        saved.weights.pop();
        assert!(saved.to_h5().unwrap_err().to_string().contains("is missing"));
    }
}
