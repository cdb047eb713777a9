//! A model with its memory: weights, gradients, optimizer. It is trained, evaluated, and asked for predictions.

use crate::apply::{Applied, Applier};
use crate::checks::objectives;
use crate::compile::Compile;
use crate::guard::Guard;
use crate::logs::Logs;
use crate::measure::Measures;
use crate::program::Program;
use crate::store::Store;
use crate::system::{check_memory, crew};
use crate::watch::Watch;
use std::ops::Range;
use steadygrad_chart::{Chart, Schedule, Sick};
use steadygrad_data::{Array, Dataset};
use steadygrad_kernels::arena::Arena;
use steadygrad_kernels::{Crew, Error, Isa, Kind, Result};
use steadygrad_nn::Model;
use steadygrad_nn::model::{Objective, Purpose};
use steadygrad_nn::optimizers::Mode;
use steadygrad_nn::recipe::Recipe;

/// A model with its memory.
#[derive(Debug)]
pub struct Learner {
    pub(crate) model: Model,
    pub(crate) compile: Compile,
    pub(crate) objectives: Vec<Objective>,
    pub(crate) store: Store,
    pub(crate) arena: Arena,
    pub(crate) train: Program,
    pub(crate) test: Program,
    pub(crate) predict: Program,
    pub(crate) applier: Applier,
    pub(crate) measures: Option<Measures>,
    pub(crate) watch: Option<Watch>,
    /// What it does about numbers that are not finite, where a training says nothing else.
    pub(crate) guard: Option<Guard>,
    /// The same for the training that it is in.
    pub(crate) asked: Option<Guard>,
    /// The training that runs is kept in checkpoints.
    pub(crate) keeps: bool,
    /// Steps that were taken back, the optimizer's count of them too.
    pub(crate) missed: u64,
    /// Where the first number appeared that is not finite.
    pub(crate) sick: Option<Sick>,
    /// What the last update did.
    pub(crate) last: Option<Applied>,
    /// The point of the optimizer at which the weights are.
    pub(crate) at: Mode,
    pub(crate) rows: usize,
    pub(crate) isa: Isa,
    pub(crate) crew: Crew,
    /// Samples of the next batch: where each lies, and how many numbers it has.
    pub(crate) next: Vec<(usize, usize)>,
    /// What the next training has to warn of.
    pub(crate) warnings: Vec<String>,
}

impl Learner {
    pub(crate) fn new(model: Model, compile: Compile) -> Result<Learner> {
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
        let train = Program::new(recipe, &store, rows, 0)?;
        let test = Program::new(model.lower(&Purpose::evaluation(objectives.clone()))?, &store, rows, 0)?;
        let predict = Program::new(model.lower(&Purpose::inference())?, &store, rows, 0)?;
        let size = train.size().max(test.size()).max(predict.size());
        let optimizer = Applier::bytes(&compile.optimizer, &store.params)?;
        check_memory("the model with its optimizer", 4 * size as u128 + optimizer as u128)?;
        let mut arena = Arena::new(size).ok_or_else(|| refused(size))?;
        store.initialize(compile.seed, &mut arena)?;
        let crew = crew(compile.threads)?;
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
            guard: None,
            asked: None,
            keeps: false,
            missed: 0,
            sick: None,
            last: None,
            at: Mode::Train,
            rows,
            isa: Isa::best(),
            crew,
            next: Vec::new(),
            warnings: Vec::new(),
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

    /// Steps of training so far that were not taken back: the optimizer's iterations.
    pub fn iterations(&self) -> u64 {
        self.applier.iterations()
    }

    /// All steps of training so far, by which noise and the order of samples go.
    pub(crate) fn step(&self) -> u64 {
        self.iterations().wrapping_add(self.missed)
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
        self.isa = isa;
    }

    /// Looks at the layers while they are trained. It changes no bit of the training. The first number that is not finite is
    /// found where it appears if that step is looked at; else one step later, as an update that went wrong.
    pub fn watch(&mut self, schedule: Schedule) {
        self.watch = Some(Watch::new(&self.train, &self.store, schedule));
        self.sick = None;
    }

    /// What was seen since [`Learner::watch`].
    pub fn chart(&self) -> Option<&Chart> {
        self.watch.as_ref().map(|w| &w.chart)
    }

    /// What the last step of training did: norm of the gradients before and after clipping, whether it was clipped, the
    /// learning rate. The norms are there where the step was looked at, or a clip goes by them. Nothing before the first
    /// step, and where the step was undone because the loss is not finite, or taken back in another way.
    ///
    /// ```
    /// use steadygrad_data::digits;
    /// use steadygrad_engine::{Compile, Trainable};
    /// use steadygrad_nn::{Sequential, layers::{Dense, Flatten}, losses::SparseCategoricalCrossentropy};
    /// use steadygrad_nn::optimizers::{Optimizer, Sgd};
    /// let model = Sequential::new([8, 8]).add(Flatten).add(Dense::new(10));
    /// let optimizer = Optimizer::new(Sgd::new(0.1)).global_clipnorm(0.01);
    /// let mut learner = model.compile(Compile::new(optimizer, SparseCategoricalCrossentropy.from_logits()))?;
    /// assert!(learner.last_update().is_none());
    /// learner.train_on_batch(&digits::all()?)?;
    /// assert!(learner.last_update().is_some_and(|update| update.clipped));
    /// # Ok::<(), steadygrad_kernels::Error>(())
    /// ```
    pub fn last_update(&self) -> Option<&Applied> {
        self.last.as_ref()
    }

    /// Moves the weights to where the model is used, as Keras' `swap_to_eval`. Only [`ScheduleFreeAdamW`] trains at one
    /// point and is best at another; for all others nothing happens, and nothing where they are there already.
    ///
    /// As in Keras, `fit` ends with the weights where they are trained, and its validation is made there. So call this
    /// before `evaluate`, `predict` and saving. Training moves them back first.
    ///
    /// [`ScheduleFreeAdamW`]: steadygrad_nn::optimizers::ScheduleFreeAdamW
    pub fn swap_to_eval(&mut self) {
        self.swap(Mode::Evaluate);
    }

    /// Moves the weights back to where they are trained, as Keras' `swap_to_train`.
    pub fn swap_to_train(&mut self) {
        self.swap(Mode::Train);
    }

    fn swap(&mut self, to: Mode) {
        if self.at != to {
            self.at = to;
            let range = self.store.trainable.clone();
            self.applier.swap(self.isa, to, &mut self.arena.all_mut()[range]);
        }
    }

    /// Starts its threads again: in a process that was forked they are not there.
    ///
    /// # Errors
    /// If the system gives none.
    pub fn renew_threads(&mut self) -> Result<()> {
        self.crew = crew(self.compile.threads)?;
        Ok(())
    }

    /// The recipe of a training step.
    pub fn recipe(&self) -> &Recipe {
        &self.train.recipe
    }

    /// The plan of a training step, as a table.
    pub fn plan(&self) -> String {
        self.train.plan.to_string()
    }

    /// Makes room for batches of this many rows, so that the first of them finds it. `fit` does so before it begins.
    ///
    /// # Errors
    /// If there is not that much memory: how much it would be, and how much can be had.
    pub fn reserve(&mut self, rows: usize) -> Result<()> {
        if rows <= self.rows {
            return Ok(());
        }
        let held = self.arena.len();
        let train = Program::new(self.train.recipe.clone(), &self.store, rows, held)?;
        let test = Program::new(self.test.recipe.clone(), &self.store, rows, held)?;
        let predict = Program::new(self.predict.recipe.clone(), &self.store, rows, held)?;
        let size = train.size().max(test.size()).max(predict.size());
        if size > held {
            // What is held already is no longer among what can be had.
            let missing = 4 * (size - held) as u128;
            check_memory(&format!("training with batches of {rows}"), missing)?;
            if !self.arena.grow(size) {
                return Err(refused(size));
            }
        }
        (self.train, self.test, self.predict, self.rows) = (train, test, predict, rows);
        Ok(())
    }

    // ---- weights

    /// All weights with their names, layer by layer, in a layer parameters before state: Keras' order. One without axes is an array
    /// of one number.
    pub fn weights(&self) -> Vec<(String, Array)> {
        let one = |w: &crate::store::Kept| {
            let values = self.arena.all()[w.range.clone()].to_vec();
            let shape = if w.shape.is_empty() { vec![1] } else { w.shape.clone() };
            // The shape is the parameter's own, so the length fits.
            Array::new(shape, values).ok().map(|a| (w.path.clone(), a))
        };
        self.store.weights.iter().filter_map(one).collect()
    }

    /// Which of [`Learner::weights`] learn.
    pub fn weights_that_learn(&self) -> Vec<bool> {
        self.store.weights.iter().map(|w| w.trainable).collect()
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

    /// Numbers that are learnt, and numbers that are not.
    pub fn count_params(&self) -> (usize, usize) {
        let count = |trainable: bool| {
            self.store.weights.iter().filter(|w| w.trainable == trainable).map(|w| w.range.len()).sum()
        };
        (count(true), count(false))
    }

    /// What is measured, in the order in which it was asked for, as Keras' `evaluate` returns it: the loss, those of the outputs,
    /// metrics. Nothing before the first data were seen.
    pub fn measured(&self) -> Vec<String> {
        self.measures.as_ref().map_or_else(Vec::new, Measures::asked)
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
        let mut logs = Logs::default();
        self.logs_into(&mut logs);
        logs
    }

    /// The same, into logs that were filled by it before: nothing where no batch has counted.
    pub(crate) fn counted_logs_into(&self, logs: &mut Logs) {
        match &self.measures {
            Some(measures) if measures.any() => measures.logs_into(logs),
            _ => *logs = Logs::default(),
        }
    }

    /// The same, into logs that were filled by it before.
    pub(crate) fn logs_into(&self, logs: &mut Logs) {
        if let Some(measures) = &self.measures {
            measures.logs_into(logs);
        }
    }
}

fn refused(size: usize) -> Error {
    Error::new(Kind::Memory, format!("{} bytes of memory were refused by the system", 4 * size as u128))
        .help("make the layers or the batch smaller")
}

fn check_shape(path: &str, shape: &[usize], array: &Array) -> Result<()> {
    if shape == array.shape() || (shape.is_empty() && array.shape() == [1]) {
        return Ok(());
    }
    Err(Error::shape(format!("expected the shape {shape:?}, got {:?}", array.shape()))
        .at(format!("weight `{path}`"))
        .help("the weights are of another model"))
}
