//! `Functional`: layers by name, each with the calls that were made of it; `inbound_nodes` say what a call read.

use super::is_model;
use super::layer::{self, Fields, text};
use serde_json::Value as Json;
use std::collections::{BTreeSet, HashMap};
use steadygrad_kernels::{Error, Place, Result};
use steadygrad_nn::assembly::Assembly;
use steadygrad_nn::model::{Model, Wire};

/// The output of a call: layer, which of its calls, which of the outputs.
#[derive(Debug, Clone, Copy)]
struct Tensor {
    call: (usize, usize),
    output: usize,
}

/// The names of the layers, and how many calls each has.
struct Layers<'a> {
    places: HashMap<&'a str, usize>,
    calls: Vec<usize>,
    counting: Vec<Counting>,
}

/// How the calls of a layer are counted.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Counting {
    /// From 0.
    Plain,
    /// A graph within has a node of its own from the day it was made: Keras 3 counts that one where the ends of the model are named,
    /// and there alone.
    GraphAtTheEnds,
    /// Keras 2 counts it everywhere, for all models within.
    Model,
}

impl Counting {
    fn of(json: &Json, calls: &[Json]) -> Counting {
        let class = layer::class(json);
        match calls.first() {
            Some(Json::Array(_)) if is_model(class) => Counting::Model,
            Some(Json::Object(_)) if matches!(class, "Functional" | "Model") => Counting::GraphAtTheEnds,
            _ => Counting::Plain,
        }
    }

    /// The call, from 0, of one that is counted so.
    fn call(self, number: usize, calls: usize, end: bool) -> usize {
        match self {
            Counting::Plain => number,
            Counting::GraphAtTheEnds if !end => number,
            // Before the first stands the last.
            Counting::GraphAtTheEnds => number.checked_sub(1).unwrap_or(calls.saturating_sub(1)),
            Counting::Model => number.saturating_sub(1),
        }
    }
}

/// The model of this `config`, and how many layers it unfolds to.
pub fn model(config: &Fields<'_>) -> Result<(Model, usize)> {
    let list = config.list("layers")?;
    let names = list
        .iter()
        .enumerate()
        .map(|(i, json)| layer::name(json).ok_or_else(|| Error::format(format!("layer {i} has no name"))));
    let names: Vec<&str> = names.collect::<Result<_>>()?;
    let mut places = HashMap::new();
    for (i, name) in names.iter().enumerate() {
        if places.insert(*name, i).is_some() {
            return Err(Error::format(format!("two layers have the name {}", text(name))));
        }
    }
    let mut assembly = Assembly::default();
    let (mut nodes, mut entries, mut sizes) = (HashMap::new(), Vec::new(), Vec::new());
    let mut inbound: Vec<&[Json]> = Vec::new();
    for (i, (json, name)) in list.iter().zip(&names).enumerate() {
        let calls = json.get("inbound_nodes").and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
        let place = || text(name);
        if layer::class(json) == "InputLayer" {
            let (shape, _) = layer::input(json).place(place)?;
            nodes.insert((i, 0), assembly.input(shape, Some(name)));
            entries.push(0);
            sizes.push(0);
            inbound.push(&[]);
        } else {
            if calls.is_empty() {
                return Err(Error::format("it is called nowhere in the model").at(place()));
            }
            let read = layer::read(json).place(place)?;
            entries.push(assembly.entry(read.layer, Some(name), config.trainable() && read.trainable));
            sizes.push(read.size);
            inbound.push(calls);
        }
    }
    let counts = inbound.iter().map(|calls| calls.len().max(1)).collect();
    let counting = list.iter().zip(&inbound).map(|(json, calls)| Counting::of(json, calls)).collect();
    let layers = Layers { places, calls: counts, counting };

    let mut calls: HashMap<(usize, usize), Vec<Tensor>> = HashMap::new();
    for (i, inbound) in inbound.iter().enumerate() {
        for (k, call) in inbound.iter().enumerate() {
            calls.insert((i, k), layers.arguments(call).place(|| text(names[i]))?);
        }
    }
    let size = calls.keys().fold(0usize, |n, (i, _)| n.saturating_add(sizes[*i]));
    let order = in_order(&calls, &nodes);
    for call in order.map_err(|call| Error::format("it depends on itself").at(text(names[call.0])))? {
        let inputs = calls[&call].iter().map(|t| Wire { node: nodes[&t.call], output: t.output }).collect();
        nodes.insert(call, assembly.node(entries[call.0], inputs));
    }

    let ends = |field: &str| -> Result<Vec<Tensor>> {
        let mut found = Vec::new();
        match config.maybe(field) {
            Some(json) => layers.ends(json, &mut found).place(|| format!("`{field}`"))?,
            None => return Err(Error::format(format!("`{field}` is missing"))),
        }
        Ok(found)
    };
    let inputs: Vec<usize> = ends("input_layers")?.iter().map(|t| nodes[&t.call]).collect();
    let outputs =
        ends("output_layers")?.iter().map(|t| Wire { node: nodes[&t.call], output: t.output }).collect();
    let mut model = assembly.model("Functional", outputs);
    let (mut given, mut own) = (inputs.clone(), model.inputs.clone());
    given.sort_unstable();
    own.sort_unstable();
    if given != own {
        return Err(Error::format(
            "`input_layers` must name every InputLayer of the model once, and nothing else",
        ));
    }
    if model.outputs.is_empty() {
        return Err(Error::format("`output_layers` is empty"));
    }
    model.inputs = inputs;
    Ok((model, size))
}

/// The calls in an order in which each comes after what it reads, otherwise as they stand in the file; or one that cannot be
/// put in order. Inputs are there from the beginning.
fn in_order(
    calls: &HashMap<(usize, usize), Vec<Tensor>>,
    inputs: &HashMap<(usize, usize), usize>,
) -> std::result::Result<Vec<(usize, usize)>, (usize, usize)> {
    let mut waiting: HashMap<(usize, usize), usize> = HashMap::new();
    let mut readers: HashMap<(usize, usize), Vec<(usize, usize)>> = HashMap::new();
    let mut ready = BTreeSet::new();
    for (&call, reads) in calls {
        let open: Vec<_> = reads.iter().filter(|t| !inputs.contains_key(&t.call)).collect();
        if open.is_empty() {
            ready.insert(call);
        }
        waiting.insert(call, open.len());
        for tensor in open {
            readers.entry(tensor.call).or_default().push(call);
        }
    }
    let mut order = Vec::with_capacity(calls.len());
    while let Some(call) = ready.pop_first() {
        order.push(call);
        for reader in readers.get(&call).into_iter().flatten() {
            if let Some(open) = waiting.get_mut(reader) {
                *open -= 1;
                if *open == 0 {
                    ready.insert(*reader);
                }
            }
        }
    }
    match waiting.iter().filter(|(_, open)| **open > 0).map(|(call, _)| *call).min() {
        Some(call) => Err(call),
        None => Ok(order),
    }
}

impl Layers<'_> {
    /// `[name, call, output]`, as an end of the model or within it.
    fn tensor(&self, json: &Json, end: bool) -> Result<Tensor> {
        let bad = || Error::format(format!("expected [layer, call, output], found {}", layer::kind(json)));
        let parts = json.as_array().filter(|p| p.len() >= 3).ok_or_else(bad)?;
        let name = parts[0].as_str().ok_or_else(bad)?;
        let index = |i: usize| parts[i].as_u64().and_then(|n| usize::try_from(n).ok()).ok_or_else(bad);
        let (call, output) = (index(1)?, index(2)?);
        let Some(&layer) = self.places.get(name) else {
            return Err(Error::format(format!("it reads {}, which is no layer of the model", text(name))));
        };
        let call = self.counting[layer].call(call, self.calls[layer], end);
        if call >= self.calls[layer] {
            let count = self.calls[layer];
            return Err(Error::format(format!("it reads call {call} of {}, which has {count}", text(name))));
        }
        Ok(Tensor { call: (layer, call), output })
    }

    /// What a call reads, in order.
    fn arguments(&self, call: &Json) -> Result<Vec<Tensor>> {
        let mut found = Vec::new();
        if let Json::Array(arguments) = call {
            // Keras 2: a list of [name, call, output, keyword arguments].
            for argument in arguments {
                found.push(self.tensor(argument, false)?);
                keywords(argument.get(3).unwrap_or(&Json::Null), &[])?;
            }
        } else {
            let call = Fields::of(call, "a call")?;
            for argument in call.list("args")? {
                self.tensors(argument, &mut found)?;
            }
            // Keras 3 writes the `training` of every Dropout and every random layer, whether it was given or not, and
            // `fit`, `evaluate` and `predict` put their own in its place, also where it was given.
            keywords(call.maybe("kwargs").unwrap_or(&Json::Null), &["training"])?;
        }
        if found.is_empty() {
            return Err(Error::format("a call that reads nothing"));
        }
        Ok(found)
    }

    /// The tensors of an argument: one, or lists of them.
    fn tensors(&self, json: &Json, found: &mut Vec<Tensor>) -> Result<()> {
        match json {
            Json::Null => Ok(()),
            Json::Array(items) => items.iter().try_for_each(|item| self.tensors(item, found)),
            Json::Object(map) if map.get("class_name").and_then(Json::as_str) == Some("__keras_tensor__") => {
                let history = map.get("config").and_then(|c| c.get("keras_history")).unwrap_or(&Json::Null);
                found.push(self.tensor(history, false)?);
                Ok(())
            }
            other => Err(Error::unsupported(format!("a layer is called with {}", layer::kind(other)))
                .help("only values of other layers can be passed on")),
        }
    }

    /// Ends of the model: one triple, or a list or an object of them.
    fn ends(&self, json: &Json, found: &mut Vec<Tensor>) -> Result<()> {
        match json {
            Json::Array(items) if !items.first().is_some_and(Json::is_string) => {
                items.iter().try_for_each(|item| self.ends(item, found))
            }
            Json::Object(map) => map.values().try_for_each(|item| self.ends(item, found)),
            triple => {
                found.push(self.tensor(triple, true)?);
                Ok(())
            }
        }
    }
}

/// Arguments by name change what a layer does: only those that say nothing are let pass, and those that nobody heeds.
fn keywords(json: &Json, unheeded: &[&str]) -> Result<()> {
    let says = |name: &str, value: &Json| !value.is_null() && !unheeded.contains(&name);
    let said = json.as_object().into_iter().flatten().find(|(name, value)| says(name, value));
    match said {
        None => Ok(()),
        Some((name, value)) => {
            Err(Error::unsupported(format!("a layer is called with {} = {}", text(name), layer::kind(value)))
                .help("call the layer without it before the model is saved"))
        }
    }
}
