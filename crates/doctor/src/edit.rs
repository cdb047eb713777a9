//! Edits: changes of an experiment as plain data, that can be shown, applied and tried.

mod leaves;

use leaves::{Leaf, leaves, table_at};
use serde_json::{Value as Json, json};
use std::fmt;
use steadygrad_chart::number;
use steadygrad_kernels::{Error, Result};
use steadygrad_nn::activations::Activation;
use steadygrad_nn::config::{Config, Value};
use steadygrad_nn::layers::{self, Role, Standard};
use steadygrad_nn::moments::{gain, recommended};

/// One change of an experiment: of its model, of how it is trained, or of its data.
///
/// ```
/// use steadygrad_doctor::Edit;
/// use steadygrad_nn::config::{Config, Value};
/// let layer = Config::new().with("layer", "dense").with("units", 9).with("activation", "relu");
/// let head = Config::new().with("layer", "dense").with("units", 1);
/// let model = Config::new().with("layers", vec![Value::from(layer), head.into()]);
/// let before = Config::new().with("model", model);
/// let after = Edit::Initializers.apply(&before)?;
/// assert!(after.to_json().to_string().contains("he_uniform"));
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// Kernels drawn as the activation behind them needs it, by `moments`.
    Initializers,
    /// All hidden activations become this one, and kernels are drawn as it needs.
    Activation(Value),
    /// This normalization between every hidden linear layer and its activation, without a bias before it where it is useless.
    Normalize(&'static str),
    /// The bias goes from every layer whose output is batch-normalized.
    DropBias,
    /// Every batch normalization with this momentum of its moving averages.
    Momentum(f64),
    /// Hidden layers with so many times the units.
    Width(usize),
    /// Only this part of the hidden layers, from the first.
    Depth(f64),
    /// Hidden layers that keep their width are added to what they read.
    Residual,
    /// The last layer with this activation.
    Head(Value),
    /// No dropout and no other noise between the layers.
    NoDropout,
    /// No regularizer of weights or activities, and no weight decay.
    NoRegularization,
    /// One key: "compile.optimizer.config.learning_rate".
    Set(&'static str, Value),
}

impl Edit {
    /// The experiment with this change. Constants of `[let]` must be in their places already.
    ///
    /// # Errors
    /// If the model is not a list of layers, or a layer in it is not right.
    pub fn apply(&self, experiment: &Config) -> Result<Config> {
        let mut changed = experiment.clone();
        if let Edit::Set(key, value) = self {
            set(&mut changed, key, value.clone());
            // There is one bound at most.
            if *key == CLIP {
                for other in ["compile.optimizer.config.clipnorm", "compile.optimizer.config.clipvalue"] {
                    take(&mut changed, other);
                }
            }
            return Ok(changed);
        }
        let found = leaves(experiment)?;
        let last = found.iter().rposition(|leaf| leaf.linear());
        let hidden = |(i, leaf): &(usize, &Leaf)| leaf.linear() && Some(*i) != last;
        match self {
            Edit::Initializers => {
                for leaf in found.iter().filter(|leaf| leaf.linear()) {
                    let initializer = match &leaf.follows {
                        Some(f) => initializer_for(&**f, leaf.uniform()),
                        // A linear or softmax head passes on what it gets.
                        None => "lecun_normal".into(),
                    };
                    table_at(&mut changed, &leaf.path, |layer| leaf.draw(layer, &initializer))?;
                }
            }
            Edit::Activation(to) => {
                let activation = activation(to)?;
                for (_, leaf) in found.iter().enumerate().filter(hidden) {
                    let initializer = initializer_for(&*activation, leaf.uniform());
                    table_at(&mut changed, &leaf.path, |layer| {
                        leaf.draw(layer, &initializer);
                        if layer.get("activation").is_some() {
                            layer.set("activation", to.clone());
                        }
                    })?;
                }
                // Activations that stand alone, up to the last linear layer.
                for leaf in &found[..last.unwrap_or(found.len())] {
                    if matches!(leaf.layer.role(), Role::Pointwise(_)) {
                        let new = Config::new().with("layer", "activation").with("activation", to.clone());
                        table_at(&mut changed, &leaf.path, |layer| {
                            let name = layer.get("name").cloned();
                            *layer = match name {
                                Some(name) => new.with("name", name),
                                None => new,
                            };
                        })?;
                    }
                }
            }
            Edit::Width(times) => {
                for (_, leaf) in found.iter().enumerate().filter(hidden) {
                    table_at(&mut changed, &leaf.path, |layer| {
                        for key in ["units", "filters"] {
                            if let Some(Value::Int(n)) = layer.get(key).cloned() {
                                layer.set(key, n.saturating_mul(*times as i64));
                            }
                        }
                    })?;
                }
            }
            Edit::Head(to) => {
                let Some(last) = last else { return Err(no_layers()) };
                // An activation of its own behind the last linear layer is the head; else the layer's own.
                let own = found[last + 1..].iter().rfind(|l| !matches!(l.layer.role(), Role::Shape));
                let path = own.map_or(&found[last].path, |leaf| &leaf.path);
                table_at(&mut changed, path, |layer| {
                    if own.is_some() {
                        *layer = Config::new().with("layer", "activation").with("activation", to.clone());
                    } else {
                        layer.set("activation", to.clone());
                    }
                })?;
            }
            Edit::DropBias => {
                for leaf in found.iter().filter(|leaf| leaf.normalized && leaf.linear()) {
                    table_at(&mut changed, &leaf.path, |layer| layer.set("use_bias", false))?;
                }
            }
            Edit::Momentum(momentum) => {
                for leaf in found
                    .iter()
                    .filter(|leaf| matches!(leaf.layer.role(), Role::Normalize(Standard::OverBatch)))
                {
                    table_at(&mut changed, &leaf.path, |layer| layer.set("momentum", *momentum))?;
                }
            }
            Edit::Normalize(kind) => leaves::normalize(&mut changed, kind, last.map(|i| &found[i].path))?,
            Edit::Depth(part) => leaves::shorten(&mut changed, *part)?,
            Edit::Residual => leaves::residual(&mut changed, last.map(|i| &found[i].path))?,
            Edit::NoDropout => leaves::without_noise(&mut changed)?,
            Edit::NoRegularization => {
                leaves::without_penalties(&mut changed)?;
                take(&mut changed, DECAY);
                // These decay by themselves.
                if decays(&changed) {
                    set(&mut changed, DECAY, 0.0.into());
                }
            }
            Edit::Set(..) => {}
        }
        Ok(changed)
    }
}

/// The bound of the norm of all gradients.
pub(crate) const CLIP: &str = "compile.optimizer.config.global_clipnorm";
const DECAY: &str = "compile.optimizer.config.weight_decay";

/// The optimizer decays the weights where nothing is said.
fn decays(experiment: &Config) -> bool {
    let Some(Value::Map(compile)) = experiment.get("compile") else { return false };
    let made = compile.get("optimizer").map(|spec| {
        let class = match spec {
            Value::Map(map) => map.get("class_name").cloned().unwrap_or(Value::Null),
            name => name.clone(),
        };
        steadygrad_nn::optimizers::Optimizer::from_value(&class)
    });
    made.is_some_and(|o| o.is_ok_and(|o| o.weight_decay.is_some()))
}

/// Takes a dotted key away; whether it was there.
fn take(config: &mut Config, key: &str) -> bool {
    match key.split_once('.') {
        None => config.remove(key).is_some(),
        Some((first, rest)) => match config.get_mut(first) {
            Some(Value::Map(inner)) => take(inner, rest),
            _ => false,
        },
    }
}

fn no_layers() -> Error {
    Error::argument("the model has no list of layers").at("[model]")
}

/// The activation of this name or spec.
fn activation(spec: &Value) -> Result<std::sync::Arc<dyn Activation>> {
    let made = layers::from_config("Activation", &Config::new().with("activation", spec.clone()))?;
    match made.layer.role() {
        Role::Pointwise(f) => Ok(f),
        _ => Err(Error::argument(format!("{spec} does not act on each number alone"))),
    }
}

/// The initializer for weights before this activation, by its usual name where it has one; uniform where the old one was.
pub(crate) fn initializer_for(f: &dyn Activation, uniform: bool) -> Value {
    let square = gain(f).powi(2);
    let named = [(2.0, ["he_normal", "he_uniform"]), (1.0, ["lecun_normal", "lecun_uniform"])];
    let known = named.iter().find(|(s, _)| (s - square).abs() < 1e-3 || !square.is_finite());
    if let Some((_, names)) = known {
        return names[usize::from(uniform)].into();
    }
    use steadygrad_nn::initializers::Initializer;
    let scaling = recommended(f);
    let mut config = scaling.config();
    config.set("scale", (square * 1e4).round() / 1e4);
    config.remove("seed");
    if uniform {
        config.set("distribution", "uniform");
    }
    Config::new().with("class_name", scaling.class()).with("config", config).into()
}

/// Sets a dotted key, making tables on the way; a name on the way becomes `{class_name, config}`.
fn set(config: &mut Config, key: &str, value: Value) {
    match key.split_once('.') {
        None => config.set(key, value),
        Some((first, rest)) => {
            let mut inner = match config.get(first).cloned() {
                Some(Value::Map(map)) => map,
                Some(Value::Text(name)) => Config::new().with("class_name", name),
                _ => Config::new(),
            };
            set(&mut inner, rest, value);
            config.set(first, inner);
        }
    }
}

impl Edit {
    /// As JSON, for who makes the change elsewhere: `{"kind": "activation", "to": "elu"}`.
    ///
    /// ```
    /// use steadygrad_doctor::Edit;
    /// assert_eq!(Edit::Width(8).to_json().to_string(), r#"{"kind":"width","to":8}"#);
    /// ```
    pub fn to_json(&self) -> Json {
        match self {
            Edit::Initializers => json!({ "kind": "initializers" }),
            Edit::Activation(to) => json!({ "kind": "activation", "to": to.to_json() }),
            Edit::Normalize(to) => json!({ "kind": "normalize", "to": to }),
            Edit::DropBias => json!({ "kind": "drop_bias" }),
            Edit::Momentum(to) => json!({ "kind": "momentum", "to": number(*to) }),
            Edit::Width(to) => json!({ "kind": "width", "to": to }),
            Edit::Depth(to) => json!({ "kind": "depth", "to": number(*to) }),
            Edit::Residual => json!({ "kind": "residual" }),
            Edit::Head(to) => json!({ "kind": "head", "to": to.to_json() }),
            Edit::NoDropout => json!({ "kind": "no_dropout" }),
            Edit::NoRegularization => json!({ "kind": "no_regularization" }),
            Edit::Set(key, to) => json!({ "kind": "set", "key": key, "to": to.to_json() }),
        }
    }
}

impl fmt::Display for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |v: &Value| match v {
            Value::Text(t) => t.clone(),
            other => other.to_string(),
        };
        match self {
            Edit::Initializers => f.write_str("draw the kernels for the activation behind them"),
            Edit::Activation(to) => write!(f, "{} in the hidden layers, with kernels drawn for it", word(to)),
            Edit::Normalize("batch_normalization") => {
                f.write_str("batch normalization before every hidden activation")
            }
            Edit::Normalize(_) => f.write_str("layer normalization before every hidden activation"),
            Edit::DropBias => f.write_str("no bias before a batch normalization"),
            Edit::Momentum(m) => write!(f, "momentum {m} in the batch normalizations"),
            Edit::Width(n) => write!(f, "{n} times the units in the hidden layers"),
            Edit::Depth(part) => write!(f, "{:.0} % of the hidden layers", 100.0 * part),
            Edit::Residual => f.write_str("residual connections around the hidden layers"),
            Edit::Head(to) => write!(f, "{} on the last layer", word(to)),
            Edit::NoDropout => f.write_str("no dropout"),
            Edit::NoRegularization => f.write_str("no regularizers and no weight decay"),
            Edit::Set("model.rescale", _) => {
                f.write_str("scale the weights until every layer keeps the signal's size (LSUV)")
            }
            Edit::Set("data.scale", to) => write!(f, "inputs scaled: data.scale = {}", word(to)),
            Edit::Set("data.target_scale", to) => {
                write!(f, "targets scaled: data.target_scale = {}", word(to))
            }
            Edit::Set(key, value) => write!(f, "{key} = {}", word(value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An experiment with these layers and this optimizer.
    fn experiment(layers: Vec<Value>, optimizer: impl Into<Value>) -> Config {
        let compile = Config::new().with("optimizer", optimizer);
        Config::new().with("model", Config::new().with("layers", layers)).with("compile", compile)
    }

    fn dense() -> Config {
        Config::new().with("layer", "dense").with("units", 3)
    }

    #[test]
    fn dropout_is_taken_out_of_blocks_too() {
        let dropout = || Value::from(Config::new().with("layer", "dropout").with("rate", 0.9));
        let inner = Config::new().with("repeat", 2).with("block", vec![dense().into(), dropout()]);
        let alone = Config::new().with("repeat", 2).with("block", vec![dropout()]);
        let residual = Config::new().with("residual", vec![dense().into(), dropout()]);
        let layers = vec![dropout(), inner.into(), alone.into(), residual.into(), dense().into()];
        let after = Edit::NoDropout.apply(&experiment(layers, "adam")).unwrap().to_json().to_string();
        assert_eq!((after.matches("dropout").count(), after.matches("\"dense\"").count()), (0, 3), "{after}");
        assert_eq!(after.matches("repeat").count(), 1, "{after}");
    }

    #[test]
    fn penalties_and_decay_are_taken_out() {
        let heavy = dense().with("kernel_regularizer", "l2").with("activity_regularizer", "l1");
        let activity = Config::new().with("layer", "activity_regularization").with("l2", 3.0);
        let block = Config::new().with("block", vec![Value::from(heavy), activity.into()]);
        let decay = |class: &str| {
            let config = Config::new().with("weight_decay", 0.5).with("learning_rate", 0.1);
            Config::new().with("class_name", class).with("config", config)
        };
        let layers = vec![block.into(), dense().into()];
        let after = |optimizer: Value| {
            let edit = Edit::NoRegularization;
            edit.apply(&experiment(layers.clone(), optimizer)).unwrap().to_json().to_string()
        };
        let sgd = after(decay("SGD").into());
        assert!(!sgd.contains("regular") && !sgd.contains("decay") && sgd.contains("0.1"), "{sgd}");
        // This one decays where nothing is said.
        for optimizer in [decay("AdamW").into(), Value::from("adamw")] {
            let after = after(optimizer);
            assert!(after.contains("\"weight_decay\":0.0"), "{after}");
        }
    }

    #[test]
    fn a_bound_takes_the_place_of_another() {
        let config = Config::new().with("clipnorm", 1e-6).with("learning_rate", 0.1);
        let sgd = Config::new().with("class_name", "SGD").with("config", config);
        let after = Edit::Set(CLIP, 2.0.into()).apply(&experiment(vec![dense().into()], sgd)).unwrap();
        let after = after.to_json().to_string();
        assert!(!after.contains("\"clipnorm\"") && after.contains("\"global_clipnorm\":2.0"), "{after}");
    }

    #[test]
    fn momentum_is_set_in_every_batch_normalization_blocks_opened() {
        let norm = || Config::new().with("layer", "batch_normalization");
        let block = Config::new().with("repeat", 2).with("block", vec![Value::from(norm())]);
        let layers = vec![Value::from(norm()), block.into(), "relu".into()];
        let before = Config::new().with("model", Config::new().with("layers", layers));
        let after = Edit::Momentum(0.9).apply(&before).unwrap().to_json().to_string();
        assert_eq!(after.matches("\"momentum\":0.9").count(), 2, "{after}");
    }
}
