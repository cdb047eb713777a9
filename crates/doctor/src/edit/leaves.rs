//! The layers of an experiment's list, blocks opened: where each stands, and what follows it.

use std::sync::Arc;
use steadygrad_kernels::{Error, Place, Result};
use steadygrad_nn::activations::Activation;
use steadygrad_nn::config::{Config, Value};
use steadygrad_nn::layers::{self, Layer, Role, Standard};
use steadygrad_nn::moments::gain;

/// A layer of the list. One in a repeated block stands for all its repetitions.
pub(crate) struct Leaf {
    /// The way to it from `layers`: indices, and the names of the lists inside of blocks.
    pub path: Vec<Step>,
    /// The layer.
    pub layer: Arc<dyn Layer>,
    /// The activation that acts on its output, itself included.
    pub follows: Option<Arc<dyn Activation>>,
    /// A batch normalization acts on its output before any activation.
    pub normalized: bool,
    /// Some activation stands inside of it.
    inner: bool,
}

/// A step on the way to a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// An item of the list.
    Item(usize),
    /// A list inside of the item: "block", "residual", "shortcut".
    Within(&'static str),
}

/// Makes a new list of layers from a list and the way to it.
type Rewriter<'a> = dyn Fn(&[Step], Vec<Value>) -> Result<Vec<Value>> + 'a;

const LISTS: [&str; 3] = ["block", "residual", "shortcut"];

impl Leaf {
    /// Its weights are drawn from a uniform distribution.
    pub fn uniform(&self) -> bool {
        let Role::Linear { initializer, .. } = self.layer.role() else { return false };
        initializer.class().ends_with("Uniform")
            || initializer.config().get("distribution") == Some(&Value::from("uniform"))
    }

    /// Has its weights drawn by this initializer. A depthwise kernel, for which an initializer would take the fan of the whole layer,
    /// by the numbers that an output sees: σ = g/√taps, with g the gain of what follows it, 1 where that is another kernel.
    pub fn draw(&self, table: &mut Config, initializer: &Value) {
        let config = self.layer.config();
        for key in
            ["kernel_initializer", "pointwise_initializer"].into_iter().filter(|k| config.get(k).is_some())
        {
            table.set(key, initializer.clone());
        }
        let taps = match config.get("kernel_size") {
            Some(Value::List(sizes)) => sizes.iter().fold(1.0, |n, size| match size {
                Value::Int(size) => n * *size as f64,
                _ => n,
            }),
            _ => return,
        };
        if config.get("depthwise_initializer").is_some() {
            let alone = config.get("pointwise_initializer").is_none();
            let gain = self.follows.as_ref().filter(|_| alone).map_or(1.0, |f| gain(&**f));
            let deviation = (1e4 * gain / taps.sqrt()).round() / 1e4;
            let drawn = Config::new().with("mean", 0.0).with("stddev", deviation);
            table.set(
                "depthwise_initializer",
                Config::new().with("class_name", "RandomNormal").with("config", drawn),
            );
        }
    }

    /// Multiplies by weights.
    pub fn linear(&self) -> bool {
        matches!(self.layer.role(), Role::Linear { .. })
    }
}

fn list_of(experiment: &Config) -> Result<&Vec<Value>> {
    match experiment.get("model") {
        Some(Value::Map(model)) => match model.get("layers") {
            Some(Value::List(items)) => Ok(items),
            _ => Err(super::no_layers()),
        },
        _ => Err(super::no_layers()),
    }
}

/// All layers of the experiment's list in the order of the file.
pub(crate) fn leaves(experiment: &Config) -> Result<Vec<Leaf>> {
    let mut all = Vec::new();
    collect(list_of(experiment)?, &mut Vec::new(), &mut all)?;
    // From the end: what stands behind decides.
    let mut next: (Option<Arc<dyn Activation>>, bool) = (None, false);
    for leaf in all.iter_mut().rev() {
        let role = leaf.layer.role();
        match &role {
            Role::Linear { .. } => {
                if leaf.inner {
                    next = (inner_activation(&*leaf.layer), false);
                }
                (leaf.follows, leaf.normalized) = std::mem::take(&mut next);
            }
            Role::Pointwise(f) => next = (Some(f.clone()), false),
            Role::Normalize(Standard::OverBatch) => next.1 = true,
            Role::Normalize(_) | Role::Noise(_) | Role::Shape | Role::Pool(_) => {}
            _ => next = (None, false),
        }
    }
    Ok(all)
}

fn collect(items: &[Value], path: &mut Vec<Step>, all: &mut Vec<Leaf>) -> Result<()> {
    for (i, item) in items.iter().enumerate() {
        path.push(Step::Item(i));
        let table = match item {
            Value::Map(table) => table.clone(),
            Value::Text(name) => Config::new().with("layer", name.as_str()),
            other => return Err(Error::argument(format!("expected a layer, found {}", other.kind()))),
        };
        let inside = LISTS.iter().filter_map(|key| match table.get(key) {
            Some(Value::List(items)) => Some((*key, items)),
            _ => None,
        });
        let mut block = false;
        for (key, items) in inside {
            block = true;
            path.push(Step::Within(key));
            collect(items, path, all)?;
            path.pop();
        }
        if !block {
            let mut own = table.clone();
            let class = match own.remove("layer") {
                Some(Value::Text(class)) => class,
                _ => return Err(Error::argument("a layer without a name")),
            };
            own.remove("inputs");
            let layer = layers::from_config(&class, &own).place(|| format!("layer {i}"))?.layer;
            let inner = inner_activation(&*layer).is_some();
            all.push(Leaf { path: path.clone(), layer, follows: None, normalized: false, inner });
        }
        path.pop();
    }
    Ok(())
}

/// The activation inside of a layer.
fn inner_activation(layer: &dyn Layer) -> Option<Arc<dyn Activation>> {
    let config = layer.config();
    let spec = config.get("activation").filter(|v| !matches!(v, Value::Null))?;
    if *spec == Value::from("linear") || !matches!(layer.role(), Role::Linear { .. }) {
        return None;
    }
    super::activation(spec).ok()
}

/// Changes the table of the layer at this path.
pub(crate) fn table_at(
    experiment: &mut Config,
    path: &[Step],
    change: impl FnOnce(&mut Config),
) -> Result<()> {
    let Some(Value::Map(model)) = experiment.get_mut("model") else { return Err(super::no_layers()) };
    let mut at = model.get_mut("layers").ok_or_else(super::no_layers)?;
    for step in path {
        at = match (step, at) {
            (Step::Item(i), Value::List(items)) => items.get_mut(*i).ok_or_else(super::no_layers)?,
            (Step::Within(key), Value::Map(map)) => map.get_mut(key).ok_or_else(super::no_layers)?,
            _ => return Err(super::no_layers()),
        };
    }
    if let Value::Text(name) = at {
        *at = Config::new().with("layer", name.as_str()).into();
    }
    match at {
        Value::Map(table) => {
            change(table);
            Ok(())
        }
        _ => Err(super::no_layers()),
    }
}

/// Rewrites every list of layers, innermost first. `f` gets each list with the path to it.
fn rewrite(experiment: &mut Config, f: &Rewriter<'_>) -> Result<()> {
    fn list(items: Vec<Value>, path: &mut Vec<Step>, f: &Rewriter<'_>) -> Result<Vec<Value>> {
        let mut done = Vec::with_capacity(items.len());
        for (i, mut item) in items.into_iter().enumerate() {
            path.push(Step::Item(i));
            if let Value::Map(table) = &mut item {
                for key in LISTS {
                    if let Some(Value::List(inner)) = table.get(key).cloned() {
                        path.push(Step::Within(key));
                        table.set(key, Value::List(list(inner, path, f)?));
                        path.pop();
                    }
                }
            }
            path.pop();
            done.push(item);
        }
        f(path, done)
    }
    let items = list_of(experiment)?.clone();
    let items = list(items, &mut Vec::new(), f)?;
    if let Some(Value::Map(model)) = experiment.get_mut("model") {
        model.set("layers", Value::List(items));
    }
    Ok(())
}

/// The layer that an item of a list is, if it is one.
fn layer_of(item: &Value) -> Option<Arc<dyn Layer>> {
    let mut own = match item {
        Value::Map(table) => table.clone(),
        Value::Text(name) => Config::new().with("layer", name.as_str()),
        _ => return None,
    };
    let Some(Value::Text(class)) = own.remove("layer") else { return None };
    own.remove("inputs");
    Some(layers::from_config(&class, &own).ok()?.layer)
}

fn is_linear(item: &Value) -> bool {
    layer_of(item).is_some_and(|l| matches!(l.role(), Role::Linear { .. }))
}

fn is_normalization(item: &Value) -> bool {
    layer_of(item).is_some_and(|l| matches!(l.role(), Role::Normalize(_)))
}

/// Takes the layers out that add noise, dropout among them; and a block with nothing else in it.
pub(crate) fn without_noise(experiment: &mut Config) -> Result<()> {
    let noise = |item: &Value| layer_of(item).is_some_and(|l| matches!(l.role(), Role::Noise(_)));
    let empty = |item: &Value| matches!(item, Value::Map(t) if t.get("block").is_some_and(is_empty));
    rewrite(experiment, &|_, items| Ok(items.into_iter().filter(|i| !noise(i) && !empty(i)).collect()))
}

fn is_empty(list: &Value) -> bool {
    matches!(list, Value::List(items) if items.is_empty())
}

/// Takes the regularizers out of all layers, and the layers that are nothing else.
pub(crate) fn without_penalties(experiment: &mut Config) -> Result<()> {
    let only = |item: &Value| layer_of(item).is_some_and(|l| l.class() == "ActivityRegularization");
    rewrite(experiment, &|_, items| {
        let bare = |mut item: Value| {
            if let Value::Map(table) = &mut item {
                let keys: Vec<String> = table.iter().map(|(k, _)| k.to_string()).collect();
                for key in keys.iter().filter(|k| k.ends_with("_regularizer")) {
                    table.remove(key);
                }
            }
            item
        };
        Ok(items.into_iter().filter(|i| !only(i)).map(bare).collect())
    })
}

/// This normalization behind every linear layer but the last, before its activation.
pub(crate) fn normalize(experiment: &mut Config, kind: &str, last: Option<&Vec<Step>>) -> Result<()> {
    rewrite(experiment, &|path, items| {
        let mut out = Vec::new();
        let normalized: Vec<bool> =
            (0..items.len()).map(|i| items.get(i + 1).is_some_and(is_normalization)).collect();
        for (i, item) in items.into_iter().enumerate() {
            let here: Vec<Step> = path.iter().cloned().chain([Step::Item(i)]).collect();
            if !is_linear(&item) || last == Some(&here) || normalized[i] {
                out.push(item);
                continue;
            }
            let Value::Map(mut layer) = item else { continue };
            let inner = layer.remove("activation").filter(|a| *a != Value::from("linear"));
            if kind == "batch_normalization" {
                layer.set("use_bias", false);
            }
            let first = layer.get("data_format") == Some(&Value::from("channels_first"));
            let normalization = Config::new().with("layer", kind);
            out.push(layer.into());
            out.push(if first { normalization.with("axis", 1) } else { normalization }.into());
            out.extend(inner.map(|f| Config::new().with("layer", "activation").with("activation", f).into()));
        }
        Ok(out)
    })
}

/// A part of the repetitions of every block; where nothing is repeated, of the hidden layers.
pub(crate) fn shorten(experiment: &mut Config, part: f64) -> Result<()> {
    let less = |n: usize| ((n as f64 * part).round() as usize).max(1);
    let repeats = |item: &Value| matches!(item, Value::Map(t) if t.get("repeat").is_some());
    if list_of(experiment)?.iter().any(repeats) {
        return rewrite(experiment, &|_, items| {
            let shorter = |mut item: Value| {
                if let Value::Map(table) = &mut item
                    && let Some(Value::Int(n)) = table.get("repeat").cloned()
                {
                    table.set("repeat", less(n.max(0) as usize));
                }
                item
            };
            Ok(items.into_iter().map(shorter).collect())
        });
    }
    // Groups of a linear layer and what follows it; the first and the last stay.
    rewrite(experiment, &|path, items| {
        if !path.is_empty() {
            return Ok(items);
        }
        let starts: Vec<usize> = (0..items.len()).filter(|&i| is_linear(&items[i])).collect();
        let hidden = starts.len().saturating_sub(2);
        let gone = hidden - less(hidden).min(hidden);
        if gone == 0 {
            return Ok(items);
        }
        let (from, to) = (starts[1], starts[1 + gone]);
        // What brings the signal into another shape stays: what comes behind counts on it.
        let goes = |item: &Value| {
            layer_of(item).is_some_and(|l| {
                let own = matches!(l.role(), Role::Pointwise(_) | Role::Normalize(_) | Role::Noise(_));
                own || matches!(l.role(), Role::Linear { .. })
            })
        };
        let kept = items.into_iter().enumerate().filter(|(i, item)| !(from..to).contains(i) || !goes(item));
        Ok(kept.map(|(_, item)| item).collect())
    })
}

/// How many units or filters a linear layer has, and whether what comes out has the places of what goes in.
fn extent(item: &Value) -> (Option<i64>, bool) {
    let Value::Map(table) = item else { return (None, true) };
    let units = ["units", "filters"].iter().find_map(|key| match table.get(key) {
        Some(Value::Int(n)) => Some(*n),
        _ => None,
    });
    let one = |value: &Value| match value {
        Value::List(all) => all.iter().all(|v| *v == Value::Int(1)),
        value => *value == Value::Int(1),
    };
    let all_ones = |key: &str, without: bool| table.get(key).map_or(without, one);
    let same = table.get("padding").is_some_and(|p| *p != Value::from("valid"));
    let window = table.get("kernel_size").is_some();
    (units, all_ones("strides", true) && (!window || same || all_ones("kernel_size", false)))
}

/// Every hidden linear layer that keeps the shape of its input, with what follows it, but the first of the network, becomes a residual block.
pub(crate) fn residual(experiment: &mut Config, last: Option<&Vec<Step>>) -> Result<()> {
    let first = leaves(experiment)?.iter().find(|l| l.linear()).map(|l| l.path.clone());
    rewrite(experiment, &|path, items| {
        if path.contains(&Step::Within("residual")) || path.contains(&Step::Within("shortcut")) {
            return Ok(items);
        }
        let here = |i: usize| path.iter().cloned().chain([Step::Item(i)]).collect::<Vec<Step>>();
        let mut out: Vec<Value> = Vec::new();
        let mut block: Vec<Value> = Vec::new();
        let close = |block: &mut Vec<Value>, out: &mut Vec<Value>| {
            if !block.is_empty() {
                out.push(Config::new().with("residual", std::mem::take(block)).into());
            }
        };
        // A repeated block keeps its width, so its first layer may have a way around it too.
        let repeated = path.last() == Some(&Step::Within("block"));
        let mut before: Option<i64> = None;
        for (i, item) in items.into_iter().enumerate() {
            let linear = is_linear(&item);
            let (units, places) = if linear { extent(&item) } else { (None, true) };
            let keeps = places && (units.is_none() || before.is_none() || units == before);
            before = units.or(before);
            let begins =
                linear && keeps && last != Some(&here(i)) && (repeated || first.as_ref() != Some(&here(i)));
            let belongs = layer_of(&item).is_some_and(|l| {
                matches!(l.role(), Role::Pointwise(_) | Role::Normalize(_) | Role::Noise(_))
            });
            if begins {
                close(&mut block, &mut out);
                block.push(item);
            } else if belongs && !block.is_empty() {
                block.push(item);
            } else {
                close(&mut block, &mut out);
                out.push(item);
            }
        }
        close(&mut block, &mut out);
        Ok(out)
    })
}
