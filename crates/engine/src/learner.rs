//! A model with its memory: weights, gradients, optimizer. It is trained, evaluated, and asked for predictions.

use crate::apply::{Applier, Variable};
use crate::compile::Compile;
use crate::logs::Logs;
use crate::measure::Measures;
use crate::plan::Plan;
use crate::program::Program;
use crate::run::{Batch, run};
use crate::store::Store;
use crate::system::{Pool, check_memory};
use crate::watch::Watch;
use std::ops::Range;
use steadygrad_chart::{Chart, Phase, Schedule, Sick};
use steadygrad_data::{Array, Dataset};
use steadygrad_kernels::arena::Arena;
use steadygrad_kernels::norm;
use steadygrad_kernels::{Cpu, Error, Isa, Kind, Place, Result};
use steadygrad_nn::model::{Objective, Purpose};
use steadygrad_nn::recipe::{Recipe, Slot};
use steadygrad_nn::{Model, Sequential};

/// A model that can be compiled: `model.compile(…)`.
pub trait Trainable {
    /// Gives the model its memory: weights drawn from the seed, and all that training needs.
    ///
    /// # Errors
    /// If shapes do not fit, names are wrong, or there is not enough memory.
    fn compile(&self, compile: Compile) -> Result<Learner>;
}

impl Trainable for Model {
    fn compile(&self, compile: Compile) -> Result<Learner> {
        Learner::new(self.clone(), compile)
    }
}

impl Trainable for Sequential {
    fn compile(&self, compile: Compile) -> Result<Learner> {
        Learner::new(self.clone().into(), compile)
    }
}

/// A model with its memory.
#[derive(Debug)]
pub struct Learner {
    pub(crate) model: Model,
    pub(crate) compile: Compile,
    objectives: Vec<Objective>,
    pub(crate) store: Store,
    pub(crate) arena: Arena,
    pub(crate) train: Program,
    pub(crate) test: Program,
    predict: Program,
    pub(crate) applier: Applier,
    pub(crate) measures: Option<Measures>,
    pub(crate) watch: Option<Watch>,
    pub(crate) rows: usize,
    pub(crate) cpu: Cpu,
    pub(crate) pool: Pool,
}

impl Learner {
    fn new(model: Model, compile: Compile) -> Result<Learner> {
        let objectives = objectives(&model, &compile)?;
        let recipe = model.lower(&Purpose::training(compile.seed, objectives.clone()))?;
        let kept: u128 = recipe.parameters.iter().map(|p| p.shape.size() as u128).sum();
        check_memory("the model", 8 * kept).map_err(|e| {
            let largest = recipe.parameters.iter().max_by_key(|p| p.shape.size());
            let which = largest.map_or(String::new(), |p| {
                format!("; the largest weight is `{}` of shape {:?}", p.path, p.shape.dims())
            });
            let help = format!("make the layers smaller{which}");
            e.help(help)
        })?;
        let store = Store::new(&recipe);
        check_memory(
            "the model with its optimizer",
            4 * store.end as u128 + Applier::bytes(&compile.optimizer, &store.params)? as u128,
        )?;
        let applier = Applier::new(&compile.optimizer, &store.params)?;
        let rows = 1;
        let train = Program::new(recipe, &store, rows)?;
        let test = Program::new(model.lower(&Purpose::evaluation(objectives.clone()))?, &store, rows)?;
        let predict = Program::new(model.lower(&Purpose::inference())?, &store, rows)?;
        let size = train.size().max(test.size()).max(predict.size());
        let optimizer = Applier::bytes(&compile.optimizer, &store.params)?;
        check_memory("the model with its optimizer", 4 * size as u128 + optimizer as u128)?;
        let mut arena = new_arena(size)?;
        store.initialize(compile.seed, &mut arena)?;
        let pool = Pool::new(compile.threads)?;
        let cpu = Cpu { isa: Isa::best(), threads: pool.threads() };
        Ok(Learner {
            model,
            compile,
            objectives,
            store,
            arena,
            train,
            test,
            predict,
            applier,
            measures: None,
            watch: None,
            rows,
            cpu,
            pool,
        })
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The settings it was compiled with.
    pub fn settings(&self) -> &Compile {
        &self.compile
    }

    /// Steps of training so far.
    pub fn iterations(&self) -> u64 {
        self.applier.iterations()
    }

    /// The learning rate of the next step.
    pub fn learning_rate(&self) -> f64 {
        self.applier.learning_rate()
    }

    /// Changes the learning rate.
    ///
    /// # Errors
    /// If a schedule decides about it.
    pub fn set_learning_rate(&mut self, rate: f64) -> Result<()> {
        self.applier.set_learning_rate(rate)
    }

    /// Another instruction set than the widest; for comparing.
    pub fn set_isa(&mut self, isa: Isa) {
        self.cpu.isa = isa;
    }

    /// Looks at the layers while they are trained. It changes no bit of the training.
    pub fn watch(&mut self, schedule: Schedule) {
        self.watch = Some(Watch::new(&self.train.recipe, &self.store, schedule));
    }

    /// What was seen since [`Learner::watch`].
    pub fn chart(&self) -> Option<&Chart> {
        self.watch.as_ref().map(|w| &w.chart)
    }

    /// The recipe of a training step.
    pub fn recipe(&self) -> &Recipe {
        &self.train.recipe
    }

    /// The plan of a training step, as a table.
    pub fn plan(&self) -> String {
        self.train.plan.to_string()
    }

    /// Bytes of memory it holds.
    pub fn bytes(&self) -> usize {
        4 * self.arena.len() + Applier::bytes(&self.compile.optimizer, &self.store.params).unwrap_or(0)
    }

    /// Makes room for batches of this many rows.
    pub(crate) fn reserve(&mut self, rows: usize) -> Result<()> {
        if rows <= self.rows {
            return Ok(());
        }
        let train = Program::new(self.train.recipe.clone(), &self.store, rows)?;
        let test = Program::new(self.test.recipe.clone(), &self.store, rows)?;
        let predict = Program::new(self.predict.recipe.clone(), &self.store, rows)?;
        let size = train.size().max(test.size()).max(predict.size());
        if size > self.arena.len() {
            let optimizer = Applier::bytes(&self.compile.optimizer, &self.store.params)?;
            check_memory(&format!("training with batches of {rows}"), 4 * size as u128 + optimizer as u128)?;
            let mut arena = new_arena(size)?;
            arena.all_mut()[..self.store.end].copy_from_slice(&self.arena.all()[..self.store.end]);
            self.arena = arena;
        }
        (self.train, self.test, self.predict, self.rows) = (train, test, predict, rows);
        Ok(())
    }

    // ---- weights

    /// All weights with their names, layer by layer, in a layer parameters before state: Keras' order.
    pub fn weights(&self) -> Vec<(String, Array)> {
        let one = |w: &crate::store::Kept| {
            let values = self.arena.all()[w.range.clone()].to_vec();
            // The shape is the parameter's own, so the length fits.
            Array::new(w.shape.clone(), values).ok().map(|a| (w.path.clone(), a))
        };
        self.store.weights.iter().filter_map(one).collect()
    }

    /// The values of one weight: "dense/kernel".
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn weight(&self, path: &str) -> Result<&[f32]> {
        Ok(&self.arena.all()[self.kept(path)?])
    }

    fn kept(&self, path: &str) -> Result<Range<usize>> {
        let known: Vec<&str> = self.store.weights.iter().map(|w| w.path.as_str()).collect();
        let found = self.store.weights.iter().find(|w| w.path == path);
        found.map(|w| w.range.clone()).ok_or_else(|| Error::name("weight of this model", path, &known))
    }

    /// Sets all weights, given in Keras' order.
    ///
    /// # Errors
    /// If their number or a shape is not the model's; then nothing is changed.
    pub fn set_weights(&mut self, weights: &[Array]) -> Result<()> {
        if weights.len() != self.store.weights.len() {
            return Err(Error::shape(format!(
                "the model has {} weights, got {}",
                self.store.weights.len(),
                weights.len()
            )));
        }
        for (kept, array) in self.store.weights.iter().zip(weights) {
            check_shape(&kept.path, &kept.shape, array)?;
        }
        for (kept, array) in self.store.weights.iter().zip(weights) {
            self.arena.all_mut()[kept.range.clone()].copy_from_slice(array.data());
        }
        Ok(())
    }

    /// Sets weights by name; all of the model's must be there, and no others.
    ///
    /// # Errors
    /// If one is missing, unknown, or of another shape; then nothing is changed.
    pub fn set_named_weights(&mut self, weights: &[(String, Array)]) -> Result<()> {
        for (name, _) in weights {
            self.kept(name)?;
        }
        let mut ordered = Vec::with_capacity(weights.len());
        for kept in &self.store.weights {
            let given = weights.iter().find(|(n, _)| *n == kept.path);
            let (_, array) = given.ok_or_else(|| {
                Error::new(Kind::Name, format!("the weight `{}` is missing", kept.path))
                    .help("the weights are of another model; layers must have the same names and order")
            })?;
            ordered.push(array.clone());
        }
        self.set_weights(&ordered)
    }

    /// Writes the weights to a safetensors file.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save_weights(&self, path: impl AsRef<std::path::Path>) -> Result<()> {
        steadygrad_data::safetensors::write(path, &self.weights())
    }

    /// Reads the weights from a safetensors file.
    ///
    /// # Errors
    /// If the file cannot be read, or its weights are not this model's.
    pub fn load_weights(&mut self, path: impl AsRef<std::path::Path>) -> Result<()> {
        let weights = steadygrad_data::safetensors::read(path.as_ref())?;
        self.set_named_weights(&weights).place(|| path.as_ref().display().to_string())
    }

    /// What the optimizer keeps, under Keras' names and in its order: with the weights, all that a training goes on from.
    pub fn optimizer_variables(&self) -> Vec<Variable> {
        self.applier.variables()
    }

    /// Sets what the optimizer keeps.
    ///
    /// # Errors
    /// If these are not the variables of this optimizer.
    pub fn set_optimizer_variables(&mut self, variables: &[Variable]) -> Result<()> {
        self.applier.set_variables(variables)
    }

    /// Numbers that are learnt, and numbers that are not.
    pub fn count_params(&self) -> (usize, usize) {
        let count = |trainable: bool| {
            self.store.weights.iter().filter(|w| w.trainable == trainable).map(|w| w.range.len()).sum()
        };
        (count(true), count(false))
    }

    // ---- one batch

    /// Copies samples into the inputs, targets and weights of a program.
    pub(crate) fn feed(&mut self, which: Which, data: &Dataset, batch: &Picked<'_>) {
        let program = match which {
            Which::Train => &self.train,
            Which::Test => &self.test,
            Which::Predict => &self.predict,
        };
        let rows = batch.len();
        let arena = self.arena.all_mut();
        let recipe = &program.recipe;
        let fill = |arena: &mut [f32], slot: Slot, array: &Array| {
            let to = &mut arena[program.plan.range(slot, rows)];
            let n = array.row_len();
            if n > 0 {
                for (to, i) in to.chunks_exact_mut(n).zip(batch.iter()) {
                    to.copy_from_slice(array.row(i));
                }
            }
        };
        for (slot, array) in recipe.inputs.iter().zip(&data.x) {
            fill(arena, *slot, array);
        }
        for ((slot, loss), weights) in recipe.targets.iter().zip(&recipe.losses).zip(&recipe.sample_weights) {
            fill(arena, *slot, &data.y[loss.output.min(data.y.len() - 1)]);
            let to = &mut arena[program.plan.range(*weights, rows)];
            for (to, i) in to.iter_mut().zip(batch.iter()) {
                *to = batch.weights.map_or(1.0, |w| w[i]);
            }
        }
    }

    /// Runs one training step: feeding, forward, backward, metrics, update. The loss of the batch.
    pub(crate) fn train_step(&mut self, data: &Dataset, picked: &Picked<'_>) -> Result<f64> {
        let rows = picked.len();
        let batch = Batch { rows, step: self.applier.iterations(), weighted: picked.weights.is_some() };
        let looking = self.watch.as_ref().is_some_and(|w| w.schedule.includes(batch.step));
        self.feed(Which::Train, data, picked);
        let (cpu, program, arena) = (self.cpu, &self.train, &mut self.arena);
        if looking && let Some(watch) = &mut self.watch {
            let steps = 0..program.seen.steps.len();
            self.pool.run(|| {
                run(&program.seen, steps, arena, cpu, batch, |i, arena| {
                    watch.see(program, i, rows, cpu.isa, arena);
                });
            });
        } else {
            let steps = 0..program.plan.steps.len();
            if program.heavy {
                self.pool.run(|| run(&program.plan, steps, arena, cpu, batch, |_, _| {}));
            } else {
                let cpu = Cpu { threads: 1, ..cpu };
                run(&program.plan, steps, arena, cpu, batch, |_, _| {});
            }
        }
        let plan = if looking { &self.train.seen } else { &self.train.plan };
        let loss = total_loss(&self.train.recipe, plan, &self.arena);
        if let Some(measures) = &mut self.measures {
            measures.update(&self.train.recipe, plan, &self.arena, data, picked, loss)?;
        }
        if !loss.is_finite() && self.watch.as_ref().is_some_and(|w| w.chart.first_non_finite.is_none()) {
            let sick = self.first_non_finite(batch);
            if let Some(watch) = &mut self.watch {
                watch.chart.first_non_finite = sick;
            }
        }
        if looking && let Some(watch) = &mut self.watch {
            watch.before_update(&self.store, &self.arena);
        }
        let (weights, gradients) = (self.store.trainable.clone(), self.store.gradients.clone());
        let (_, [weights, gradients]) = self.arena.split([], [weights, gradients]);
        if let Some(factor) = self.compile.optimizer.loss_scale_factor {
            // As if the loss had been multiplied by it: the optimizer divides.
            norm::scale(self.cpu.isa, factor, gradients);
        }
        self.applier.apply(self.cpu.isa, None, weights, gradients);
        if looking && let Some(watch) = &mut self.watch {
            watch.after_update(&self.store, &self.arena, batch.step, loss);
        }
        Ok(loss)
    }

    /// Runs the losses without training on what was fed.
    pub(crate) fn test_step(&mut self, data: &Dataset, picked: &Picked<'_>) -> Result<f64> {
        self.feed(Which::Test, data, picked);
        self.run_inference(Which::Test, picked);
        let loss = total_loss(&self.test.recipe, &self.test.plan, &self.arena);
        if let Some(measures) = &mut self.measures {
            measures.update(&self.test.recipe, &self.test.plan, &self.arena, data, picked, loss)?;
        }
        Ok(loss)
    }

    fn run_inference(&mut self, which: Which, picked: &Picked<'_>) {
        let program = if which == Which::Test { &self.test } else { &self.predict };
        let (arena, steps) = (&mut self.arena, 0..program.plan.steps.len());
        let cpu = if program.heavy { self.cpu } else { Cpu { threads: 1, ..self.cpu } };
        let batch = Batch { rows: picked.len(), step: 0, weighted: picked.weights.is_some() };
        let work = || run(&program.plan, steps, arena, cpu, batch, |_, _| {});
        if program.heavy { self.pool.run(work) } else { work() }
    }

    /// Where the first number is that is not finite, for the batch that was fed last. It runs the step once more, and leaves
    /// all that is kept as it was.
    pub(crate) fn first_non_finite(&mut self, batch: Batch) -> Option<Sick> {
        let kept = self.arena.all()[..self.store.end].to_vec();
        let found = self.search_non_finite(batch);
        self.arena.all_mut()[..self.store.end].copy_from_slice(&kept);
        found
    }

    fn search_non_finite(&mut self, batch: Batch) -> Option<Sick> {
        let rows = batch.rows;
        let bad = |values: &[f32]| values.iter().any(|x| !x.is_finite());
        let sick = |place: &str, phase| Some(Sick { step: batch.step, place: place.to_string(), phase });
        let names = self.model.input_names();
        for (slot, name) in self.train.recipe.inputs.iter().zip(&names) {
            if bad(&self.arena.all()[self.train.seen.range(*slot, rows)]) {
                return sick(name, Phase::Input);
            }
        }
        for w in &self.store.weights {
            if bad(&self.arena.all()[w.range.clone()]) {
                // It became so in the update of the step before.
                return Some(Sick {
                    step: batch.step.saturating_sub(1),
                    place: w.path.clone(),
                    phase: Phase::Update,
                });
            }
        }
        let (program, mut found) = (&self.train, None);
        let cpu = Cpu { threads: 1, ..self.cpu };
        run(&program.seen, 0..program.seen.steps.len(), &mut self.arena, cpu, batch, |i, arena| {
            if found.is_some() {
                return;
            }
            let step = &program.seen.steps[i];
            for (slot, access) in step.slots() {
                let written = access == steadygrad_nn::recipe::Access::Write;
                if written && bad(&arena.all()[program.seen.range(slot, rows)]) {
                    let phase = if i < program.seen.forward { Phase::Forward } else { Phase::Backward };
                    let owner = program.recipe.traces.iter().rev().find(|t| {
                        t.outputs.contains(&slot)
                            || t.deltas.contains(&Some(slot))
                            || t.input_deltas.contains(&Some(slot))
                    });
                    let loss = program.recipe.losses.iter().any(|l| l.value == slot || l.values == slot);
                    found = match owner {
                        Some(trace) => sick(&trace.path, phase),
                        None if loss => sick("loss", Phase::Loss),
                        None => None,
                    };
                }
            }
        });
        found
    }

    // ---- prediction

    /// The model's output for these samples; the first, where it has several.
    ///
    /// # Errors
    /// If the samples are not of the model's input shape.
    pub fn predict(&mut self, x: &Array) -> Result<Array> {
        let mut outputs = self.predict_all(std::slice::from_ref(x))?;
        Ok(outputs.swap_remove(0))
    }

    /// All outputs for these samples, one array for each input.
    ///
    /// # Errors
    /// If the samples are not of the model's input shapes.
    pub fn predict_all(&mut self, x: &[Array]) -> Result<Vec<Array>> {
        const BATCH: usize = 256;
        let data = Dataset::multi(x.to_vec(), Vec::new())?;
        self.check_inputs(&data)?;
        let n = data.len();
        self.reserve(n.min(BATCH))?;
        let slots = self.predict.recipe.outputs.clone();
        let shapes = self.predict.recipe.output_shapes.clone();
        let mut outputs: Vec<Vec<f32>> = shapes.iter().map(|s| Vec::with_capacity(n * s.size())).collect();
        for start in (0..n).step_by(BATCH) {
            let picked = Picked { which: Order::Range(start..n.min(start + BATCH)), weights: None };
            self.feed(Which::Predict, &data, &picked);
            self.run_inference(Which::Predict, &picked);
            for (slot, out) in slots.iter().zip(&mut outputs) {
                out.extend_from_slice(&self.arena.all()[self.predict.plan.range(*slot, picked.len())]);
            }
        }
        let arrays = outputs.into_iter().zip(&shapes).map(|(values, shape)| {
            let mut dims = vec![n];
            dims.extend(shape.dims());
            Array::new(dims, values)
        });
        arrays.collect()
    }

    // ---- checks

    /// What is wrong with the inputs, if anything.
    pub(crate) fn check_inputs(&self, data: &Dataset) -> Result<()> {
        let shapes = self.model.input_shapes();
        if shapes.len() != data.x.len() {
            return Err(Error::shape(format!(
                "the model has {} inputs, and the data {}",
                shapes.len(),
                data.x.len()
            )));
        }
        for ((shape, array), name) in shapes.iter().zip(&data.x).zip(self.model.input_names()) {
            let given = steadygrad_nn::Shape::from(array.row_shape());
            if *shape != given {
                let help = if shape.size() == given.size() {
                    "the sizes are equal: a Flatten or Reshape layer, or another input shape, makes them fit"
                } else {
                    "give the model the input shape of the data"
                };
                return Err(Error::shape(format!(
                    "the model expects samples of shape {shape}, the data has {given}"
                ))
                .at(format!("input `{name}`"))
                .help(help));
            }
        }
        Ok(())
    }

    /// What is wrong with the targets, if anything.
    pub(crate) fn check_targets(&self, data: &Dataset) -> Result<()> {
        let names = self.model.output_names();
        if self.train.recipe.losses.is_empty() {
            return Err(Error::argument("no loss was given").help("compile the model with a loss"));
        }
        for (i, info) in self.train.recipe.losses.iter().enumerate() {
            let Some(y) = data.y.get(info.output) else {
                let targets = match data.y.len() {
                    0 => "no target".to_string(),
                    1 => "1 target".to_string(),
                    n => format!("{n} targets"),
                };
                return Err(Error::shape(format!(
                    "the data has {targets}, and the model a loss on its output {} (`{}`)",
                    info.output + 1,
                    names[info.output]
                ))
                .help("give the data a target for every output that has a loss"));
            };
            let shape = &self.train.recipe.output_shapes[info.output];
            let spec = &self.objectives[i];
            let given = steadygrad_nn::Shape::from(y.row_shape());
            spec.loss.check_shape(shape, &given).place(|| format!("output `{}`", names[info.output]))?;
            spec.loss.check(shape, y.data()).place(|| format!("output `{}`", names[info.output]))?;
        }
        Ok(())
    }

    /// Metrics that fit outputs and targets, made at the first batch.
    pub(crate) fn prepare_measures(&mut self, data: &Dataset) -> Result<()> {
        if self.measures.is_none() {
            self.measures = Some(Measures::new(&self.model, &self.compile, &self.train.recipe, data)?);
        }
        Ok(())
    }

    /// Logs of all batches since the measures were last reset.
    pub(crate) fn logs(&self) -> Logs {
        self.measures.as_ref().map(Measures::logs).unwrap_or_default()
    }
}

/// One loss for every output that has one; a loss without a name is for all outputs.
fn objectives(model: &Model, compile: &Compile) -> Result<Vec<Objective>> {
    let names = model.output_names();
    model.output_shapes()?;
    let known: Vec<&str> = names.iter().map(String::as_str).collect();
    if let Some(spec) = compile.losses.iter().find(|l| l.output.as_ref().is_some_and(|o| !names.contains(o)))
    {
        return Err(
            Error::name("output of the model", spec.output.as_deref().unwrap_or(""), &known).at("loss")
        );
    }
    let mut all = Vec::new();
    for (output, name) in names.iter().enumerate() {
        let named = compile.losses.iter().find(|l| l.output.as_ref() == Some(name));
        if let Some(spec) = named.or_else(|| compile.losses.iter().find(|l| l.output.is_none())) {
            all.push(Objective { output, loss: spec.loss.clone(), weight: spec.weight });
        }
    }
    Ok(all)
}

/// Σ weight · loss + Σ penalties, of the last run.
pub(crate) fn total_loss(recipe: &Recipe, plan: &Plan, arena: &Arena) -> f64 {
    let at = |slot: Slot| f64::from(arena.all()[plan.range(slot, 1)][0]);
    let losses: f64 = recipe.losses.iter().map(|l| l.weight * at(l.value)).sum();
    losses + recipe.penalties.iter().map(|p| at(*p)).sum::<f64>()
}

fn new_arena(size: usize) -> Result<Arena> {
    Arena::new(size).ok_or_else(|| {
        Error::new(Kind::Memory, format!("{} bytes of memory were refused by the system", 4 * size as u128))
            .help("make the layers or the batch smaller")
    })
}

fn check_shape(path: &str, shape: &[usize], array: &Array) -> Result<()> {
    if shape == array.shape() {
        return Ok(());
    }
    Err(Error::shape(format!("expected the shape {shape:?}, got {:?}", array.shape()))
        .at(format!("weight `{path}`")))
}

/// Which program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    Train,
    Test,
    Predict,
}

/// The samples of a batch.
#[derive(Debug)]
pub(crate) struct Picked<'a> {
    pub which: Order<'a>,
    /// A weight for every sample of the data.
    pub weights: Option<&'a [f32]>,
}

/// Samples one after another, or in an order.
#[derive(Debug)]
pub(crate) enum Order<'a> {
    Range(Range<usize>),
    List(&'a [u32]),
}

impl Picked<'_> {
    pub fn len(&self) -> usize {
        match &self.which {
            Order::Range(range) => range.len(),
            Order::List(list) => list.len(),
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        let (range, list): (Range<usize>, &[u32]) = match &self.which {
            Order::Range(range) => (range.clone(), &[]),
            Order::List(list) => (0..0, list),
        };
        range.chain(list.iter().map(|&i| i as usize))
    }
}
