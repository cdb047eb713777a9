//! Looking at a training: what taps see becomes a chart.

use crate::apply::Applied;
use crate::batches::{Order, Picked, Which, total_loss};
use crate::learner::Learner;
use crate::program::{Program, Tap, delta};
use crate::run::{Batch, run};
use crate::store::Store;
use std::collections::HashMap;
use steadygrad_chart::{Chart, Layer, Observation, Sample, Schedule};
use steadygrad_data::Dataset;
use steadygrad_kernels::arena::Arena;
use steadygrad_kernels::norm::sum_of_squares;
use steadygrad_kernels::statistics::{observe, rms};
use steadygrad_kernels::{Flush, Isa, Result};
use steadygrad_nn::layers::Role;
use steadygrad_nn::recipe::Recipe;

/// Who looks, when, and what was seen.
#[derive(Debug)]
pub struct Watch {
    /// Which steps are looked at.
    pub schedule: Schedule,
    /// What was seen.
    pub chart: Chart,
    /// The layer of the chart that a trace is, if any.
    layers: Vec<Option<usize>>,
    /// The parameters of each layer: indices into the store's.
    owned: Vec<Vec<usize>>,
    bounds: Vec<Option<(f64, f64)>>,
    /// Units of each layer that were not 0 since the epoch began.
    alive: Vec<Vec<bool>>,
    scratch: (Vec<f32>, Vec<f32>),
    before: Vec<f32>,
    current: Vec<Observation>,
}

/// Limits of what a layer puts out: its own, or those of the activation inside of it.
fn bounds(recipe: &Recipe, trace: usize) -> Option<(f64, f64)> {
    let own = &recipe.traces[trace];
    let inside = format!("{}/activation", own.path);
    // What is inside a layer stands right behind it.
    let mut behind = recipe.traces[trace + 1..].iter().take_while(|t| t.depth > own.depth);
    let last = behind.find(|t| t.path == inside).unwrap_or(own);
    match &last.role {
        Role::Pointwise(f) => f.bounds(),
        _ => None,
    }
}

impl Watch {
    /// Looks at the layers of this recipe.
    pub fn new(recipe: &Recipe, store: &Store, schedule: Schedule) -> Watch {
        let traces: Vec<usize> = (0..recipe.traces.len()).filter(|&i| recipe.traces[i].depth == 0).collect();
        let units: Vec<usize> =
            traces.iter().map(|&i| recipe.traces[i].shapes.first().map_or(1, |s| s.last())).collect();
        let widest = units.iter().copied().max().unwrap_or(0);
        let bounds: Vec<_> = traces.iter().map(|&i| bounds(recipe, i)).collect();
        // A parameter belongs to the layer of the model that its path begins with, also where that is a model itself.
        let mut by_layer: HashMap<&str, Vec<usize>> = HashMap::new();
        for (i, p) in store.params.iter().enumerate() {
            by_layer.entry(p.path.split('/').next().unwrap_or("")).or_default().push(i);
        }
        let owned: Vec<Vec<usize>> = traces
            .iter()
            .map(|&i| by_layer.get(recipe.traces[i].path.as_str()).cloned().unwrap_or_default())
            .collect();
        let mut layer_of = vec![None; recipe.traces.len()];
        for (layer, &trace) in traces.iter().enumerate() {
            layer_of[trace] = Some(layer);
        }
        let layers = traces.iter().zip(&bounds).zip(&owned).map(|((&i, bounds), owned)| {
            let trace = &recipe.traces[i];
            Layer {
                path: trace.path.clone(),
                class: trace.class.clone(),
                role: trace.role.name().to_string(),
                parameters: owned.iter().map(|&i| store.params[i].path.clone()).collect(),
                bounded: bounds.is_some(),
            }
        });
        Watch {
            schedule,
            chart: Chart::new(layers.collect()),
            bounds,
            alive: units.iter().map(|&n| vec![false; n]).collect(),
            scratch: (vec![0.0; widest], vec![0.0; widest]),
            before: vec![0.0; store.trainable.len()],
            current: vec![Observation::default(); traces.len()],
            layers: layer_of,
            owned,
        }
    }

    /// A new epoch: units have to show again that they are alive.
    pub fn epoch(&mut self) {
        for alive in self.alive.iter_mut().flatten() {
            *alive = false;
        }
    }

    /// Looks at what the step just made.
    pub fn see(&mut self, program: &Program, step: usize, rows: usize, isa: Isa, arena: &Arena) {
        let first = program.taps.partition_point(|(s, _)| *s < step);
        for (_, tap) in program.taps[first..].iter().take_while(|(s, _)| *s == step) {
            let (Tap::Signal(trace) | Tap::Delta(trace)) = *tap;
            let Some(layer) = self.layers[trace] else { continue };
            let trace = &program.recipe.traces[trace];
            let slot = match tap {
                Tap::Signal(_) => trace.outputs.first().copied(),
                Tap::Delta(_) => delta(&program.recipe, trace),
            };
            let Some(slot) = slot else { continue };
            let values = &arena.all()[program.seen.range(slot, rows)];
            let seen = &mut self.current[layer];
            if matches!(tap, Tap::Delta(_)) {
                seen.delta = Some(rms(values));
                continue;
            }
            let alive = &mut self.alive[layer];
            let (mean, variance) = (&mut self.scratch.0[..alive.len()], &mut self.scratch.1[..alive.len()]);
            seen.signal = Some(observe(isa, values, self.bounds[layer], alive, mean, variance));
            let dead = alive.iter().filter(|a| !**a).count();
            // Where values are not finite, it is not known which units are dead.
            let finite = seen.signal.is_some_and(|s| s.finite);
            seen.dead = finite.then(|| dead as f64 / alive.len().max(1) as f64);
        }
    }

    /// Remembers the weights before the update, and looks at the gradients.
    pub fn before_update(&mut self, store: &Store, arena: &Arena) {
        self.before.copy_from_slice(&arena.all()[store.trainable.clone()]);
        for (owned, seen) in self.owned.iter().zip(&mut self.current) {
            seen.gradients.clear();
            for p in owned.iter().map(|&i| &store.params[i]) {
                let start = store.gradients.start + p.offset;
                seen.gradients.push(rms(&arena.all()[start..start + p.len]));
            }
        }
    }

    /// Looks at how much the weights changed, and files what was seen under this step.
    pub fn after_update(
        &mut self,
        store: &Store,
        arena: &Arena,
        step: u64,
        loss: f64,
        applied: Option<&Applied>,
    ) {
        for (owned, seen) in self.owned.iter().zip(&mut self.current) {
            seen.updates.clear();
            for p in owned.iter().map(|&i| &store.params[i]) {
                let (before, after) =
                    (&self.before[p.offset..p.offset + p.len], &arena.all()[p.offset..p.offset + p.len]);
                let change: f64 =
                    before.iter().zip(after).map(|(&b, &a)| (f64::from(a) - f64::from(b)).powi(2)).sum();
                let size = sum_of_squares(Isa::best(), before);
                // What did not move did not move, however small it is.
                seen.updates.push(if change == 0.0 { 0.0 } else { (change / size).sqrt() });
            }
        }
        self.file(step, loss, applied);
    }

    fn file(&mut self, step: u64, loss: f64, applied: Option<&Applied>) {
        let updated = applied.filter(|a| a.updated);
        self.chart.samples.push(Sample {
            step,
            loss,
            gradient_norm: applied.and_then(|a| a.gradient_norm_before),
            clipped_norm: updated.and_then(|a| a.gradient_norm_after),
            clipped: updated.map(|a| a.clipped),
            layers: self.current.clone(),
        });
    }
}

impl Learner {
    /// Runs all of this data forward and back as one batch of training, and looks at every layer. Nothing is learnt: weights,
    /// moving averages, optimizer and chart stay as they are. So the state at initialization can be seen, or the units that
    /// are dead for a whole data set.
    ///
    /// ```
    /// use steadygrad_data::digits;
    /// use steadygrad_engine::{Compile, Trainable};
    /// use steadygrad_nn::{Sequential, layers::{Dense, Flatten}, losses::SparseCategoricalCrossentropy, optimizers::Sgd};
    /// # use steadygrad_nn::activations::{Relu, Softmax};
    /// let model = Sequential::new([8, 8])
    ///     .add(Flatten)
    ///     .add(Dense::new(16).activation(Relu))
    ///     .add(Dense::new(10).activation(Softmax));
    /// let mut learner = model.compile(Compile::new(Sgd::new(0.1), SparseCategoricalCrossentropy))?;
    /// let chart = learner.watch_on_batch(&digits::all()?)?;
    /// let seen = &chart.samples[0].layers;
    /// let (hidden, delta) = (seen[1].signal, seen[1].delta);
    /// assert!(hidden.is_some_and(|s| s.deviation > 0.0) && delta.is_some_and(|d| d > 0.0));
    /// # Ok::<(), steadygrad_kernels::Error>(())
    /// ```
    ///
    /// # Errors
    /// If data and model do not fit.
    pub fn watch_on_batch(&mut self, data: &Dataset) -> Result<Chart> {
        let _flush = Flush::denormals();
        self.check_data(data)?;
        let rows = data.len();
        self.reserve(rows)?;
        let kept = self.arena.all()[..self.store.end].to_vec();
        let picked = Picked { which: Order::Range(0..rows), weights: data.weights.as_deref() };
        self.feed(Which::Train, data, &picked);
        let mut watch = Watch::new(&self.train.recipe, &self.store, Schedule::Always);
        let batch = Batch { rows, step: self.iterations(), weighted: data.weights.is_some() };
        let (cpu, program, arena) = (self.cpu, &self.train, &mut self.arena);
        self.pool.run(|| {
            run(&program.seen, 0..program.seen.steps.len(), arena, cpu, batch, |i, arena| {
                watch.see(program, i, rows, cpu.isa, arena);
            });
        });
        watch.before_update(&self.store, &self.arena);
        let loss = total_loss(&self.train.recipe, &self.train.seen, &self.arena);
        let squares = sum_of_squares(self.cpu.isa, &self.arena.all()[self.store.gradients.clone()]);
        // The search, too, begins with the state as it was.
        self.arena.all_mut()[..self.store.end].copy_from_slice(&kept);
        if !(loss.is_finite() && squares.is_finite()) {
            watch.chart.first_non_finite = Some(self.first_non_finite(batch));
        }
        watch.file(batch.step, loss, None);
        if let Some(sample) = watch.chart.samples.last_mut() {
            sample.gradient_norm = Some(squares.sqrt());
        }
        Ok(watch.chart)
    }
}
