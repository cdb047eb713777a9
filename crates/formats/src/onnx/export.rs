//! From the recipe of inference to the graph: steps in their order, each with the layer that wrote it.

use super::graph::{Graph, Value};
use super::proto::{File, Port};
use std::collections::{BTreeMap, HashMap, HashSet};
use steadygrad_data::Array;
use steadygrad_kernels::{Error, Kind, Result};
use steadygrad_nn::model::{Model, Purpose};
use steadygrad_nn::recipe::{Recipe, Trace};
use steadygrad_nn::step::{Access, Slot, Step};
use steadygrad_nn::{Extent, Shape};

/// Numbers that are the same for every batch: weights, and what is computed from them alone.
#[derive(Debug, Clone)]
pub(super) struct Fixed {
    pub name: String,
    pub dims: Vec<usize>,
    pub numbers: Vec<f32>,
}

/// Why a step could not be written.
pub(super) enum Refused {
    /// What it reads could not.
    Before,
    /// For this reason.
    Here(String),
}

/// What a step makes, or why it cannot be written.
pub(super) type Made<T> = std::result::Result<T, Refused>;

/// A refusal for this reason.
pub(super) fn refuse<T>(why: impl Into<String>) -> Made<T> {
    Err(Refused::Here(why.into()))
}

/// The number of rows in a sample; what is the same for every batch is refused.
pub(super) fn per_row(extent: Extent) -> Made<usize> {
    match extent {
        Extent::Rows(n) => Ok(n),
        Extent::Fixed(_) => refuse("works on numbers that do not belong to samples"),
    }
}

/// The axes of a sample, of axes with the batch in front.
pub(super) fn sample(extents: &[Extent]) -> Made<Vec<usize>> {
    let [Extent::Rows(1), dims @ ..] = extents else { return refuse("mixes the samples of a batch") };
    let fixed = |extent: &Extent| match extent {
        Extent::Fixed(n) => Ok(*n),
        Extent::Rows(_) => refuse("mixes the samples of a batch"),
    };
    dims.iter().map(fixed).collect()
}

/// A recipe on its way into a graph.
pub(super) struct Export<'a> {
    pub graph: Graph,
    pub recipe: &'a Recipe,
    /// What has been written so far, by slot.
    values: HashMap<Slot, Value>,
    fixed: HashMap<Slot, Fixed>,
    reads: HashMap<Slot, usize>,
    /// Steps that are written with an earlier one.
    pub joined: HashSet<usize>,
}

/// The file of a model.
pub(super) fn file(model: &Model, weights: &[(String, Array)]) -> Result<File> {
    let recipe = model.lower(&Purpose::inference())?;
    if let Some(trace) = recipe.traces.iter().find(|trace| trace.shapes.iter().any(|s| s.dims().contains(&0)))
    {
        return Err(Error::unsupported(
            "there are no numbers in its output: an axis of 0 has no words in ONNX",
        )
        .at(trace.path.clone())
        .help("leave the layer out"));
    }
    let needed = needed(&recipe);
    let mut export = Export {
        graph: Graph::default(),
        recipe: &recipe,
        values: HashMap::new(),
        fixed: fixed(&recipe, weights)?,
        reads: reads(&recipe, &needed),
        joined: HashSet::new(),
    };
    let inputs = export.inputs(model);
    // Outputs keep their names, whatever nodes are called.
    let names: Vec<String> = model.output_names().iter().map(|name| export.graph.unique(name)).collect();
    export.steps(&needed)?;
    let outputs = export.outputs(names)?;
    let Graph { nodes, tensors, .. } = export.graph;
    // A graph must have a name.
    let name = if model.name.is_empty() { "model".to_string() } else { model.name.clone() };
    Ok(File { name, nodes, tensors, inputs, outputs })
}

/// Which steps the outputs depend on.
fn needed(recipe: &Recipe) -> Vec<bool> {
    let mut slots: HashSet<Slot> = recipe.outputs.iter().copied().collect();
    let mut needed = vec![false; recipe.forward.len()];
    for (i, step) in recipe.forward.iter().enumerate().rev() {
        let used = step.slots();
        needed[i] = used.iter().any(|(slot, access)| *access != Access::Read && slots.contains(slot));
        if needed[i] {
            slots.extend(used.iter().filter(|(_, access)| *access == Access::Read).map(|(slot, _)| *slot));
        }
    }
    needed
}

/// How often each slot is read, outputs of the model included.
fn reads(recipe: &Recipe, needed: &[bool]) -> HashMap<Slot, usize> {
    let mut reads = HashMap::new();
    let steps = recipe.forward.iter().zip(needed).filter(|(_, needed)| **needed);
    let read = steps.flat_map(|(step, _)| step.slots()).filter(|(_, access)| *access == Access::Read);
    for slot in read.map(|(slot, _)| slot).chain(recipe.outputs.iter().copied()) {
        *reads.entry(slot).or_default() += 1;
    }
    reads
}

/// All weights where the recipe has them.
fn fixed(recipe: &Recipe, weights: &[(String, Array)]) -> Result<HashMap<Slot, Fixed>> {
    let mut given: HashMap<&str, &Array> = HashMap::new();
    for (name, array) in weights {
        if given.insert(name, array).is_some() {
            return Err(Error::argument(format!("the weight `{name}` is given twice")));
        }
    }
    let parameters = recipe.parameters.iter().map(|p| (&p.path, &p.shape, p.value));
    let states = recipe.states.iter().map(|s| (&s.path, &s.shape, s.value));
    let mut all = HashMap::new();
    for (path, shape, slot) in parameters.chain(states) {
        let array = given.remove(path.as_str()).ok_or_else(|| {
            Error::new(Kind::Name, format!("the weight `{path}` is missing"))
                .help("give all weights of the model under their names, as Learner::weights does")
        })?;
        // A weight without axes is an array of one number.
        let fits = array.shape() == shape.dims() || (shape.rank() == 0 && array.data().len() == 1);
        if !fits {
            return Err(Error::shape(format!(
                "the weight `{path}` has the shape {:?}, expected {:?}",
                array.shape(),
                shape.dims()
            ))
            .help("the weights are of another model"));
        }
        let fixed = Fixed { name: path.clone(), dims: shape.dims().to_vec(), numbers: array.data().to_vec() };
        all.insert(slot, fixed);
    }
    match given.keys().min() {
        None => Ok(all),
        Some(name) => Err(Error::new(Kind::Name, format!("the model has no weight `{name}`"))
            .help("the weights are of another model")),
    }
}

impl Export<'_> {
    fn inputs(&mut self, model: &Model) -> Vec<Port> {
        let named = model.input_names().into_iter().zip(model.input_shapes());
        let mut ports = Vec::new();
        for ((name, shape), slot) in named.zip(&self.recipe.inputs) {
            let (name, dims) = (self.graph.unique(&name), shape.dims().to_vec());
            self.values.insert(*slot, Value { name: name.clone(), dims: dims.clone(), rows: true });
            ports.push(Port { name, dims });
        }
        ports
    }

    /// Writes all steps; what cannot be written is told at once.
    fn steps(&mut self, needed: &[bool]) -> Result<()> {
        let recipe = self.recipe;
        let mut ends: BTreeMap<usize, Vec<&Trace>> = BTreeMap::new();
        for trace in &recipe.traces {
            ends.entry(trace.steps.end).or_default().push(trace);
        }
        // Of layers that end together, those that begin first: a Flatten writes no step, and comes behind the layer before it.
        ends.values_mut().for_each(|traces| traces.sort_by_key(|trace| trace.steps.start));
        let mut refused: Vec<String> = Vec::new();
        for (i, step) in recipe.forward.iter().map(Some).chain([None]).enumerate() {
            for trace in ends.get(&i).into_iter().flatten() {
                self.shaped(trace);
            }
            let Some(step) = step.filter(|_| needed[i] && !self.joined.contains(&i)) else { continue };
            let layer = innermost(recipe, i);
            self.graph.layer = layer.map_or_else(|| "model".to_string(), |trace| trace.path.clone());
            if let Err(Refused::Here(why)) = self.step(i, step) {
                let class = layer.map_or("", |trace| trace.class.as_str());
                let words = format!("{} ({class}: {why})", self.graph.layer);
                if !refused.contains(&words) {
                    refused.push(words);
                }
            }
        }
        if refused.is_empty() {
            return Ok(());
        }
        Err(Error::unsupported(format!("these layers cannot be written as ONNX: {}", refused.join("; ")))
            .help("leave them out, or export the model up to them; nothing was written"))
    }

    /// Gives the outputs of a layer the shapes that it says.
    fn shaped(&mut self, trace: &Trace) {
        self.graph.layer.clone_from(&trace.path);
        for (slot, shape) in trace.outputs.iter().zip(&trace.shapes) {
            if let Some(value) =
                self.values.get(slot).filter(|value| value.rows && value.size() == shape.size())
            {
                let shaped = self.graph.reshape(&value.clone(), shape.dims());
                self.values.insert(*slot, shaped);
            }
        }
    }

    fn outputs(&mut self, names: Vec<String>) -> Result<Vec<Port>> {
        let recipe = self.recipe;
        let mut ports: Vec<Port> = Vec::new();
        for (name, (slot, shape)) in names.into_iter().zip(recipe.outputs.iter().zip(&recipe.output_shapes)) {
            self.graph.layer.clone_from(&name);
            let value = self.values.get(slot).cloned().filter(|value| value.rows);
            let value = value.ok_or_else(|| {
                Error::unsupported(format!("the output `{name}` does not depend on the inputs"))
                    .help("an ONNX graph says what becomes of its inputs")
            })?;
            let value = self.graph.reshape(&value, shape.dims());
            let taken = ports.iter().any(|port| port.name == value.name);
            if taken || self.graph.rename(&value.name, &name).is_none() {
                let same = self.graph.unary("Identity", &value);
                self.graph.rename(&same.name, &name);
            } else {
                self.renamed(&value.name, &name);
            }
            ports.push(Port { name, dims: shape.dims().to_vec() });
        }
        let names: Vec<String> = ports.iter().map(|port| port.name.clone()).collect();
        self.graph.tidy(&names);
        Ok(ports)
    }

    fn renamed(&mut self, from: &str, to: &str) {
        self.values
            .values_mut()
            .filter(|value| value.name == from)
            .for_each(|value| value.name = to.to_string());
    }

    /// What a slot holds.
    pub fn value(&mut self, slot: Slot) -> Made<Value> {
        if let Some(value) = self.values.get(&slot) {
            return Ok(value.clone());
        }
        let Some(fixed) = self.fixed.get(&slot) else { return Err(Refused::Before) };
        let value = self.graph.constant(&fixed.name, fixed.dims.clone(), fixed.numbers.clone());
        self.values.insert(slot, value.clone());
        Ok(value)
    }

    /// What a slot holds, one for each sample.
    pub fn rows(&mut self, slot: Slot) -> Made<Value> {
        let value = self.value(slot)?;
        if value.rows { Ok(value) } else { refuse("works on numbers that do not belong to samples") }
    }

    /// Numbers that are known, under these axes.
    pub fn known(&mut self, slot: Slot, dims: Vec<usize>) -> Made<Value> {
        let Fixed { name, numbers, .. } = self.numbers(slot)?.clone();
        Ok(self.graph.constant(&name, dims, numbers))
    }

    /// Numbers that are known.
    pub fn numbers(&self, slot: Slot) -> Made<&Fixed> {
        match (self.fixed.get(&slot), self.values.contains_key(&slot)) {
            (Some(fixed), _) => Ok(fixed),
            (None, true) => refuse("computes the weights of an operator"),
            (None, false) => Err(Refused::Before),
        }
    }

    /// A slot holds this from now on.
    pub fn set(&mut self, slot: Slot, value: Value) {
        self.values.insert(slot, value);
    }

    /// A slot holds these numbers from now on.
    pub fn fix(&mut self, slot: Slot, fixed: Fixed) {
        self.fixed.insert(slot, fixed);
    }

    /// The x·scale + shift that stands right behind a step and alone reads what it makes, one number for each of the last `width`.
    pub fn affine_behind(
        &self,
        i: usize,
        out: Slot,
        width: usize,
    ) -> Option<(Option<Slot>, Option<Slot>, Slot)> {
        let Some(Step::ScaleShift { x, scale, shift, out: behind, layout }) = self.recipe.forward.get(i + 1)
        else {
            return None;
        };
        let fits = *x == out
            && self.reads.get(&out) == Some(&1)
            && layout.axis == Extent::Fixed(width)
            && layout.inner == 1
            && scale.iter().chain(shift).all(|slot| self.fixed.contains_key(slot));
        fits.then_some((*scale, *shift, *behind))
    }

    /// The bias behind a product, and where the sum is; the step that adds it is then written too.
    pub fn bias_behind(&mut self, i: usize, out: Slot, width: usize) -> Made<(Option<Value>, Slot)> {
        match self.affine_behind(i, out, width) {
            Some((None, Some(bias), behind)) => {
                self.joined.insert(i + 1);
                Ok((Some(self.known(bias, vec![width])?), behind))
            }
            _ => Ok((None, out)),
        }
    }
}

/// The layer that wrote a step: of those around it the innermost.
fn innermost(recipe: &Recipe, step: usize) -> Option<&Trace> {
    recipe.traces.iter().filter(|trace| trace.steps.contains(&step)).max_by_key(|trace| trace.depth)
}

/// The product of the axes.
pub(super) fn size(dims: &[usize]) -> usize {
    Shape::from(dims).size()
}
