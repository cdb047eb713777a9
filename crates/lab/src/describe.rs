//! What was made in code, in the words of the experiment file: a model, and how it is trained.

use std::sync::Arc;
use steadygrad_engine::{Asked, Compile, FitSettings, Shuffle};
use steadygrad_nn::Model;
use steadygrad_nn::config::{Config, FromValue, Value};
use steadygrad_nn::layers;
use steadygrad_nn::metrics::Metric;
use steadygrad_nn::model::{Entry, Wire};
use steadygrad_nn::names::snake_case;
use steadygrad_nn::optimizers::Optimizer;

/// The `[model]` table; nothing where the file has no words for it: a layer used twice, a model within, a second output of a
/// layer.
pub(crate) fn model(model: &Model) -> Option<Config> {
    let uses = |i: usize| model.nodes.iter().filter(|n| n.entry == i).count();
    let plain = |e: &Entry| e.layer.as_model().is_none();
    let several = model.nodes.iter().flat_map(|n| &n.inputs).chain(&model.outputs).any(|w| w.output > 0);
    if several || (0..model.entries.len()).any(|i| uses(i) != 1) || !model.entries.iter().all(plain) {
        return None;
    }
    let wiring = Wiring::of(model)?;
    let entry = |node: usize| &model.entries[model.nodes[node].entry];
    let mut items: Vec<(usize, Value)> = Vec::new();
    for (n, node) in model.nodes.iter().enumerate() {
        let e = entry(n);
        let (given, called) = (e.key == e.name, wiring.called.contains(&n));
        if node.inputs.is_empty() && model.inputs == [0] && !given && !called {
            continue;
        }
        let mut item = match wiring.around[n] {
            Some(side) => {
                let within = items.split_off(items.partition_point(|(of, _)| *of <= side));
                Config::new().with("residual", within.into_iter().map(|(_, item)| item).collect::<Vec<_>>())
            }
            None => layer(e),
        };
        if given || called {
            item.set("name", e.name.as_str());
        }
        if !e.trainable {
            item.set("trainable", false);
        }
        if wiring.by_name(n, &node.inputs) {
            let names: Vec<String> = node.inputs.iter().map(|w| entry(w.node).name.clone()).collect();
            item.set("inputs", names);
        }
        items.push((n, item.into()));
    }
    let items: Vec<Value> = items.into_iter().map(|(_, item)| item).collect();
    let plain_end = wiring.plain_end;
    let mut table = Config::new();
    let own_name = snake_case(model.class) != model.name;
    if own_name {
        table.set("name", model.name.as_str());
    }
    let inputs_listed = items
        .iter()
        .any(|item| matches!(item, Value::Map(m) if m.get("layer") == Some(&"input_layer".into())));
    if let (false, [shape]) = (inputs_listed, &model.input_shapes()[..]) {
        table.set("input_shape", shape.dims());
    }
    table.set("layers", Value::List(items));
    if !plain_end {
        let names: Vec<String> = model.outputs.iter().map(|w| entry(w.node).name.clone()).collect();
        table.set("outputs", names);
    }
    Some(table)
}

/// How the nodes of a graph are written: one under the other, as a residual block, or by names.
struct Wiring {
    /// For a sum that closes a residual block: the node that the block begins behind.
    around: Vec<Option<usize>>,
    /// Nodes that are read by their names.
    called: Vec<usize>,
    /// The last node is the model's only output.
    plain_end: bool,
}

/// Whether a node reads just the one before it.
fn in_line(node: usize, wires: &[Wire]) -> bool {
    matches!(wires, [w] if w.node + 1 == node)
}

impl Wiring {
    fn of(model: &Model) -> Option<Wiring> {
        let nodes = &model.nodes;
        let readers = |of: usize| {
            let reads = move |wires: &[Wire]| wires.iter().any(|w| w.node == of);
            let ends = reads(&model.outputs).then_some(nodes.len());
            (0..nodes.len()).filter(move |&m| reads(&nodes[m].inputs)).chain(ends)
        };
        let mut around: Vec<Option<usize>> = Vec::new();
        for (n, node) in nodes.iter().enumerate() {
            let sum = model.entries[node.entry].layer.class() == "Add";
            let block = match node.inputs[..] {
                [a, b] if sum => Some((a.node.min(b.node), a.node.max(b.node))),
                _ => None,
            };
            let closes = |&(side, end): &(usize, usize)| {
                let inside = side + 1..n;
                let chain = |m: usize| in_line(m, &nodes[m].inputs) || around[m].is_some_and(|s| s >= side);
                end + 1 == n
                    && side < end
                    && inside.clone().all(chain)
                    && inside.into_iter().all(|m| readers(m).all(|r| r <= n))
            };
            around.push(block.filter(closes).map(|(side, _)| side));
        }
        let plain_end = in_line(nodes.len(), &model.outputs);
        let mut wiring = Wiring { around, called: Vec::new(), plain_end };
        let named = (0..nodes.len()).filter(|&n| wiring.by_name(n, &nodes[n].inputs));
        let named = named.flat_map(|n| nodes[n].inputs.clone());
        let ends = model.outputs.iter().copied().filter(|_| !plain_end);
        wiring.called = named.chain(ends).map(|w| w.node).collect();
        (!nodes.is_empty()).then_some(wiring)
    }

    /// Whether a node says by names what it reads.
    fn by_name(&self, node: usize, wires: &[Wire]) -> bool {
        !in_line(node, wires) && !wires.is_empty() && self.around[node].is_none()
    }
}

/// A layer with what differs from its defaults.
fn layer(entry: &Entry) -> Config {
    let (class, full) = (entry.layer.class(), entry.layer.config());
    let same =
        |config: &Config| layers::from_config(class, config).is_ok_and(|made| made.layer.config() == full);
    let mut item = Config::new().with("layer", snake_case(class));
    for (key, value) in shortest(&full, &same).iter() {
        item.set(key, value.clone());
    }
    item
}

/// As few words as say the same: settings that are the defaults are left out, and what is plain is called by its name alone.
fn shortest(full: &Config, same: &dyn Fn(&Config) -> bool) -> Config {
    let mut short = full.clone();
    for (key, _) in full.iter() {
        let mut without = short.clone();
        without.remove(key);
        if same(&without) {
            short = without;
        }
    }
    for (key, value) in short.clone().iter() {
        let Value::Map(spec) = value else { continue };
        let (Some(Value::Text(class)), Some(Value::Map(config))) =
            (spec.get("class_name"), spec.get("config"))
        else {
            continue;
        };
        let named = short.clone().with(key, snake_case(class));
        if same(&named) {
            short = named;
            continue;
        }
        let put = |config: &Config| {
            let spec = Config::new().with("class_name", class.as_str()).with("config", config.clone());
            short.clone().with(key, spec)
        };
        let inner = shortest(config, &|config| same(&put(config)));
        short = put(&inner);
    }
    short
}

/// A member of a family by its name, or with what differs from its defaults.
fn member(class: &str, full: &Config, same: &dyn Fn(&Value) -> bool) -> Value {
    let spec = |config: &Config| -> Value {
        Config::new().with("class_name", class).with("config", config.clone()).into()
    };
    let named = Value::from(snake_case(class));
    if same(&named) { named } else { spec(&shortest(full, &|config| same(&spec(config)))) }
}

/// The `[compile]` table.
pub(crate) fn compile(compile: &Compile) -> Config {
    let optimizer = &compile.optimizer;
    let full = optimizer.config();
    let same = |value: &Value| Optimizer::from_value(value).is_ok_and(|o| o.config() == full);
    let mut table = Config::new().with("optimizer", member(optimizer.rule.class(), &full, &same));
    let losses = compile.losses.iter().map(|spec| {
        let full = spec.loss.config();
        let same = |value: &Value| {
            Arc::from_value(value).is_ok_and(|l: Arc<dyn steadygrad_nn::losses::Loss>| {
                l.config() == full && l.class() == spec.loss.class()
            })
        };
        (spec.output.clone(), member(spec.loss.class(), &full, &same))
    });
    table.set("loss", per_output(losses));
    if compile.losses.iter().any(|l| l.weight != 1.0) {
        let weights = compile.losses.iter().map(|l| (l.output.clone(), Value::from(l.weight)));
        table.set("loss_weights", per_output(weights));
    }
    for (key, weighted) in [("metrics", false), ("weighted_metrics", true)] {
        let specs = compile.metrics.iter().filter(|m| m.weighted == weighted);
        let mut all: Vec<(Option<String>, Vec<Value>)> = Vec::new();
        for spec in specs {
            let value = metric(&spec.metric);
            match all.iter_mut().find(|(output, _)| *output == spec.output) {
                Some((_, values)) => values.push(value),
                None => all.push((spec.output.clone(), vec![value])),
            }
        }
        if !all.is_empty() {
            table.set(key, per_output(all.into_iter().map(|(o, values)| (o, Value::List(values)))));
        }
    }
    table
}

fn metric(asked: &Asked) -> Value {
    let spec = |metric: &Arc<dyn Metric>| {
        let full = metric.config();
        let same = |value: &Value| {
            Arc::<dyn Metric>::from_value(value)
                .is_ok_and(|m| m.config() == full && m.class() == metric.class())
        };
        member(metric.class(), &full, &same)
    };
    match asked {
        Asked::Named(value) => value.clone(),
        Asked::Metric(metric) => spec(metric),
        Asked::As(name, metric) => {
            let config = metric.config().with("name", name.as_str());
            Config::new().with("class_name", metric.class()).with("config", config).into()
        }
    }
}

/// One value for all outputs, or a table by their names.
fn per_output(values: impl Iterator<Item = (Option<String>, Value)>) -> Value {
    let mut table = Config::new();
    for (output, value) in values {
        match output {
            None => return value,
            Some(name) => table.set(&name, value),
        }
    }
    table.into()
}

/// The `[fit]` table, with the seed of the run.
pub(crate) fn fit(settings: &FitSettings, seed: u64) -> Config {
    let usual = FitSettings::default();
    let mut table = Config::new().with("epochs", settings.epochs);
    let mut differs = |key: &str, value: Option<usize>, usual: Option<usize>| {
        if let Some(value) = value.filter(|_| value != usual) {
            table.set(key, value);
        }
    };
    differs("batch_size", settings.batch_size, None);
    differs("initial_epoch", Some(settings.initial_epoch), Some(usual.initial_epoch));
    differs("steps_per_epoch", settings.steps_per_epoch, None);
    differs("validation_steps", settings.validation_steps, None);
    differs("validation_batch_size", settings.validation_batch_size, None);
    differs("validation_freq", Some(settings.validation_freq), Some(usual.validation_freq));
    if settings.validation_split != 0.0 {
        table.set("validation_split", settings.validation_split);
    }
    match settings.shuffle {
        Shuffle::All => {}
        Shuffle::Batch => table.set("shuffle", "batch"),
        Shuffle::No => table.set("shuffle", false),
    }
    if let Some(how) = settings.on_non_finite {
        table.set("on_non_finite", how.name());
    }
    if !settings.class_weight.is_empty() {
        let weights = settings.class_weight.iter().map(|(class, w)| (class.to_string(), Value::from(*w)));
        table.set("class_weight", weights.collect::<Config>());
    }
    table.set("seed", seed as i64);
    table
}
