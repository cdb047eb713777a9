//! One batch through a program: feeding, forward, backward, metrics, update; and predictions.

use crate::apply::{Applied, Ask};
use crate::learner::Learner;
use crate::on_non_finite::OnNonFinite;
use crate::plan::Plan;
use crate::run::{Batch, run, run_ahead};
use std::ops::Range;
use steadygrad_chart::Sick;
use steadygrad_data::{Array, Dataset};
use steadygrad_kernels::arena::Arena;
use steadygrad_kernels::{Cpu, Error, Flush, Result, norm, prefetch_all};
use steadygrad_nn::recipe::Recipe;
use steadygrad_nn::step::Slot;

/// Rows that are asked for before they are copied.
const AHEAD: usize = 2;
/// Numbers of a batch that are fetched during the step before.
const FETCHED: usize = 1 << 16;

/// The samples of a batch, one behind the other.
fn gather(cpu: Cpu<'_>, to: &mut [f32], array: &Array, batch: &Picked<'_>) {
    let n = array.row_len();
    match &batch.which {
        Order::Range(range) => to.copy_from_slice(&array.data()[range.start * n..range.end * n]),
        Order::List(list) => {
            let rows = list.len().div_ceil(cpu.parts(to.len())).max(1);
            cpu.pieces(to, rows * n, |i, to| gather_rows(to, array, &list[i * rows..], n));
        }
    }
}

/// Rows from anywhere in memory: the ones to come are asked for while one is copied.
fn gather_rows(to: &mut [f32], array: &Array, list: &[u32], n: usize) {
    for (k, (to, i)) in to.chunks_exact_mut(n).zip(list).enumerate() {
        let ahead = if k == 0 { 1..AHEAD + 1 } else { k + AHEAD..k + AHEAD + 1 };
        for next in list.get(ahead).unwrap_or_default() {
            prefetch_all(array.row(*next as usize));
        }
        to.copy_from_slice(array.row(*i as usize));
    }
}

impl Learner {
    /// Copies samples into the inputs, targets and weights of a program.
    pub(crate) fn feed(&mut self, which: Which, data: &Dataset, batch: &Picked<'_>) {
        self.feed_inputs(which, &data.x, batch);
        let program = if which == Which::Train { &self.train } else { &self.test };
        let (recipe, rows, arena) = (&program.recipe, batch.len(), self.arena.all_mut());
        let cpu = Cpu::with(self.isa, &self.crew);
        for ((slot, loss), weights) in recipe.targets.iter().zip(&recipe.losses).zip(&recipe.sample_weights) {
            let to = &mut arena[program.plan.range(*slot, rows)];
            gather(cpu, to, &data.y[loss.output.min(data.y.len() - 1)], batch);
            let to = &mut arena[program.plan.range(*weights, rows)];
            for (to, i) in to.iter_mut().zip(batch.iter()) {
                *to = batch.weights.map_or(1.0, |w| w[i]);
            }
        }
    }

    /// Samples that the next step will be fed with: they are fetched into the cache during this one.
    pub(crate) fn come_next(&mut self, data: &Dataset, samples: &[u32]) {
        self.next.clear();
        // As much as a second cache holds beside the work, and no rows of a few numbers.
        for array in data.x.iter().filter(|x| x.row_len() >= 64 && x.row_len() * samples.len() < FETCHED) {
            self.next.extend(samples.iter().map(|&i| {
                let row = array.row(i as usize);
                (row.as_ptr().addr(), row.len())
            }));
        }
    }

    /// Copies samples into the inputs.
    fn feed_inputs(&mut self, which: Which, x: &[Array], batch: &Picked<'_>) {
        let program = match which {
            Which::Train => &self.train,
            Which::Test => &self.test,
            Which::Predict => &self.predict,
        };
        for (slot, array) in program.recipe.inputs.iter().zip(x) {
            let to = &mut self.arena.all_mut()[program.plan.range(*slot, batch.len())];
            gather(Cpu::with(self.isa, &self.crew), to, array, batch);
        }
    }

    /// Runs one training step: feeding, forward, backward, metrics, update.
    pub(crate) fn train_step(&mut self, data: &Dataset, picked: &Picked<'_>) -> Result<Trained> {
        // The optimizer, too: squares of small gradients are denormal.
        let _flush = Flush::denormals();
        self.swap_to_train();
        self.remember();
        let rows = picked.len();
        let batch = Batch { rows, step: self.step(), weighted: picked.weights.is_some() };
        let looking = self.watch.as_ref().is_some_and(|w| w.schedule.includes(batch.step));
        self.feed(Which::Train, data, picked);
        let (program, arena) = (&self.train, &mut self.arena);
        let cpu = Cpu::with(self.isa, &self.crew);
        let mut watch = self.watch.as_mut().filter(|_| looking);
        let plan = if looking { &program.seen } else { &program.plan };
        run_ahead(plan, 0..plan.steps.len(), arena, cpu, batch, &self.next, |i, arena| {
            if let Some(watch) = &mut watch {
                watch.see(program, i, rows, cpu.isa, arena);
            }
        });
        let loss = total_loss(&self.train.recipe, plan, &self.arena);
        let how = self.on_non_finite();
        // What is taken back counts nowhere, so it must be known first.
        let spared = how.is_some_and(OnNonFinite::goes_on);
        if !spared {
            self.measure(looking, data, picked, loss)?;
        }
        if looking && let Some(watch) = &mut self.watch {
            watch.before_update(self.isa, &self.store, &self.arena);
        }
        if let Some(factor) = self.compile.optimizer.loss_scale_factor {
            // As if the loss had been multiplied by it: the optimizer divides.
            norm::scale(self.isa, factor, &mut self.arena.all_mut()[self.store.gradients.clone()]);
        }
        let wary = self.wary(looking || !loss.is_finite());
        // Who looked at the gradients knows already.
        let norms = looking && self.compile.optimizer.clip.is_some();
        let ask = Ask { norms, hold: wary && !looking, learning_rate: None };
        let fine = loss.is_finite()
            && self.watch.as_ref().is_none_or(|watch| !looking || watch.gradient_norm.is_finite());
        self.last = (fine || !wary).then(|| self.update(ask));
        let mut lost = None;
        if self.last.is_none_or(|update| update.held) {
            // Before the update, which would carry it into the weights.
            if how != Some(OnNonFinite::Rollback) {
                self.undo();
            }
            lost = Some(match &self.sick {
                Some(known) if !spared => known.clone(),
                _ => self.first_non_finite(batch),
            });
        }
        if how.is_none()
            && let Some(sick) = lost.take()
        {
            self.note(sick);
            self.last = Some(self.update(Ask { hold: false, ..ask }));
        }
        lost = lost.or_else(|| self.bad_update(batch.step));
        if looking
            && !(spared && lost.is_some())
            && let Some(watch) = &mut self.watch
        {
            watch.after_update(self.isa, &self.store, &self.arena, batch.step, loss, self.last.as_ref());
        }
        match &lost {
            None if spared => self.measure(looking, data, picked, loss)?,
            None => {}
            Some(sick) => {
                self.undo();
                if spared {
                    // The optimizer's count went back, that of steps goes on.
                    self.missed = (batch.step + 1).wrapping_sub(self.iterations());
                    self.last = None;
                } else {
                    self.note(sick.clone());
                }
            }
        }
        Ok(Trained { step: batch.step, loss, lost })
    }

    /// Adds the batch that was just run to losses and metrics.
    fn measure(&mut self, looking: bool, data: &Dataset, picked: &Picked<'_>, loss: f64) -> Result<()> {
        let plan = if looking { &self.train.seen } else { &self.train.plan };
        match &mut self.measures {
            Some(measures) => measures.update(&self.train.recipe, plan, &self.arena, data, picked, loss),
            None => Ok(()),
        }
    }

    /// From the gradients to the next weights.
    pub(crate) fn update(&mut self, ask: Ask) -> Applied {
        let (weights, gradients) = (self.store.trainable.clone(), self.store.gradients.clone());
        let (_, [weights, gradients]) = self.arena.split([], [weights, gradients]);
        self.applier.apply(Cpu::with(self.isa, &self.crew), ask, weights, gradients)
    }

    /// Runs the losses without training on what was fed.
    pub(crate) fn test_step(&mut self, data: &Dataset, picked: &Picked<'_>) -> Result<f64> {
        let _flush = Flush::denormals();
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
        let cpu = Cpu::with(self.isa, &self.crew);
        let batch = Batch { rows: picked.len(), step: 0, weighted: picked.weights.is_some() };
        run(&program.plan, steps, arena, cpu, batch, |_, _| {});
    }

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
        self.check_inputs(x)?;
        let n = x.first().map_or(0, Array::rows);
        if let Some(other) = x.iter().find(|x| x.rows() != n) {
            let rows = other.rows();
            return Err(Error::shape(format!("inputs of {n} and of {rows} samples do not belong together")));
        }
        self.reserve(n.min(BATCH))?;
        let slots = self.predict.recipe.outputs.clone();
        let shapes = self.predict.recipe.output_shapes.clone();
        let mut outputs: Vec<Vec<f32>> = shapes.iter().map(|s| Vec::with_capacity(n * s.size())).collect();
        for start in (0..n).step_by(BATCH) {
            let picked = Picked { which: Order::Range(start..n.min(start + BATCH)), weights: None };
            self.feed_inputs(Which::Predict, x, &picked);
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
}

impl Learner {
    /// All outputs for these samples as one batch, as a step of training sees them: noise is drawn, statistics are those of the
    /// batch, and moving averages move. Weights stay as they are. Noise differs from `draw` to `draw`.
    ///
    /// ```
    /// use steadygrad_data::Array;
    /// use steadygrad_engine::{Compile, Trainable};
    /// use steadygrad_nn::{Sequential, layers::Dropout, optimizers::Sgd};
    /// let model = Sequential::new([100]).add(Dropout::new(0.5));
    /// let mut learner = model.compile(Compile::without_loss(Sgd::new(0.1)))?;
    /// let x = Array::new([1, 100], vec![1.0; 100])?;
    /// let [first, second] = [1, 2].map(|draw| learner.forward_as_in_training(&[x.clone()], draw).unwrap());
    /// assert_ne!(first, second);
    /// assert_eq!(learner.predict(&x)?, x);
    /// # Ok::<(), steadygrad_kernels::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the samples are not of the model's input shapes.
    pub fn forward_as_in_training(&mut self, x: &[Array], draw: u64) -> Result<Vec<Array>> {
        self.check_inputs(x)?;
        let data = Dataset::multi(x.to_vec(), Vec::new())?;
        let rows = data.len();
        self.reserve(rows)?;
        let _flush = Flush::denormals();
        let program = &self.train;
        for (slot, array) in program.recipe.inputs.iter().zip(&data.x) {
            self.arena.all_mut()[program.plan.range(*slot, rows)].copy_from_slice(array.data());
        }
        let batch = Batch { rows, step: draw, weighted: false };
        let cpu = Cpu::alone(self.isa);
        run(&program.plan, 0..program.plan.forward, &mut self.arena, cpu, batch, |_, _| {});
        let outputs = program.recipe.outputs.iter().zip(&program.recipe.output_shapes);
        let arrays = outputs.map(|(slot, shape)| {
            let mut dims = vec![rows];
            dims.extend(shape.dims());
            Array::new(dims, self.arena.all()[program.plan.range(*slot, rows)].to_vec())
        });
        arrays.collect()
    }
}

/// Σ weight · loss + Σ penalties, of the last run.
pub(crate) fn total_loss(recipe: &Recipe, plan: &Plan, arena: &Arena) -> f64 {
    let at = |slot: Slot| f64::from(arena.all()[plan.range(slot, 1)][0]);
    let losses: f64 = recipe.losses.iter().map(|l| l.weight * at(l.value)).sum();
    losses + recipe.penalties.iter().map(|p| at(*p)).sum::<f64>()
}

/// What a step of training came to.
#[derive(Debug)]
pub(crate) struct Trained {
    /// The step, from 0.
    pub step: u64,
    /// The loss of the batch.
    pub loss: f64,
    /// The step was taken back: where the first number was that is not finite.
    pub lost: Option<Sick>,
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
