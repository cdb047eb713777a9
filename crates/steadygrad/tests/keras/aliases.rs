//! Names: every string that Keras knows a thing by is known here, and means the same thing.

use crate::harness::{family, json};
use std::sync::Arc;
use steadygrad_kernels::Result;
use steadygrad_nn::config::{FromValue, Value};
use steadygrad_nn::constraints::Constraint;
use steadygrad_nn::initializers::Initializer;
use steadygrad_nn::layers::Layer;
use steadygrad_nn::losses::Loss;
use steadygrad_nn::metrics::Metric;
use steadygrad_nn::names::snake_case;
use steadygrad_nn::optimizers::Optimizer;
use steadygrad_nn::regularizers::Regularizer;

/// The class of what this name builds, in a family; `None` where its entry was found and says which argument it lacks.
fn built(family: &str, name: &str) -> Result<Option<String>> {
    let value = Value::from(name);
    let built = match family {
        "initializers" => Arc::<dyn Initializer>::from_value(&value).map(|x| x.class().to_string()),
        "activations" => Arc::<dyn Layer>::from_value(&value).map(|x| x.plain_name().to_string()),
        "losses" => Arc::<dyn Loss>::from_value(&value).map(|x| x.class().to_string()),
        "metrics" => Arc::<dyn Metric>::from_value(&value).map(|x| x.class().to_string()),
        "optimizers" => Optimizer::from_value(&value).map(|x| x.rule.class().to_string()),
        "regularizers" => Arc::<dyn Regularizer>::from_value(&value).map(|x| x.class().to_string()),
        "constraints" => Arc::<dyn Constraint>::from_value(&value).map(|x| x.class().to_string()),
        other => panic!("no such family: {other}"),
    };
    match built {
        Ok(class) => Ok(Some(class)),
        Err(e) if e.what().ends_with("is missing") => Ok(None),
        Err(e) => Err(e),
    }
}

/// `HeNormal` and `he_normal` are the same.
fn plain(name: &str) -> String {
    snake_case(name).replace('_', "")
}

#[test]
fn aliases() {
    family("aliases", |family, path| {
        let info = json(&path.join("aliases.json"));
        for (kind, names) in info["registry"].as_object().unwrap() {
            for (name, class) in names.as_object().unwrap() {
                family.case(&format!("{kind}/{name}"), || {
                    let class = class.as_str().unwrap();
                    match built(kind, name).map_err(|e| e.to_string())? {
                        Some(ours) if plain(&ours) != plain(class) => {
                            Err(format!("it is {ours} here, {class} in Keras"))
                        }
                        _ => Ok(()),
                    }
                });
            }
        }
        for (kind, names) in info["get_probe"].as_object().unwrap() {
            for (name, found) in names.as_object().unwrap() {
                let known = found.as_str().is_some_and(|f| !f.starts_with('!'));
                family.case(&format!("{kind}/get {name}"), || match (built(kind, name), known) {
                    (Err(e), true) => Err(e.to_string()),
                    // Names of Keras 2, or of another family, may be known here and not there; but nobody is called `nope`.
                    (Ok(class), false) if name == "nope" => Err(format!("it is {class:?} here")),
                    (Err(e), false) if e.kind() != steadygrad_kernels::Kind::Name => {
                        Err(format!("another error: {e}"))
                    }
                    _ => Ok(()),
                });
            }
        }
    });
}
