//! Looking at a training: what taps see becomes a chart.

use crate::apply::Applied;
use crate::batches::{Order, Picked, Which, total_loss};
use crate::checkpoint::{State, Under};
use crate::learner::Learner;
use crate::program::{Program, Tap};
use crate::run::{Batch, run};
use crate::store::Store;
use std::collections::{HashMap, HashSet};
use steadygrad_chart::{Chart, Layer, Observation, Sample, Schedule};
use steadygrad_data::Dataset;
use steadygrad_kernels::arena::Arena;
use steadygrad_kernels::histogram::Histogram;
use steadygrad_kernels::norm::sum_of_squares;
use steadygrad_kernels::shuffle::permute;
use steadygrad_kernels::size::rms;
use steadygrad_kernels::statistics::observe;
use steadygrad_kernels::{Cpu, Error, Flush, Isa, Place, Result, change};
use steadygrad_nn::layers::Role;
use steadygrad_nn::stage::Stage;
use steadygrad_nn::step::Slot;

/// Who looks, when, and what was seen.
#[derive(Debug)]
pub struct Watch {
    /// Which steps are looked at.
    pub schedule: Schedule,
    /// What was seen.
    pub chart: Chart,
    /// The parameters of each stage: indices into the store's.
    owned: Vec<Vec<usize>>,
    bounds: Vec<Option<(f64, f64)>>,
    /// Units of each stage that were not 0 since the epoch began.
    alive: Vec<Vec<bool>>,
    /// Stage, input, and the stage whose delta is what is passed on there: its only reader's contribution, or a sum's own.
    same: Vec<(usize, usize, usize)>,
    /// Of every parameter the weights that its change is measured by, before the update.
    before: Vec<Vec<f32>>,
    /// Parameters whose gradient no step writes: indices into the store's.
    late: Vec<usize>,
    /// The size of the gradient of every parameter, and the norm of all together, at the last look.
    sizes: Vec<f64>,
    pub(crate) gradient_norm: f64,
    current: Vec<Observation>,
    /// How far the units of each stage lie apart.
    apart: Vec<usize>,
    /// The output of a stage with its units last.
    turned: Vec<f32>,
    /// Histograms are wanted too.
    histograms: bool,
}

/// Limits of what a stage puts out, if it is an activation that is bounded on both sides.
fn bounds(stage: &Stage) -> Option<(f64, f64)> {
    match &stage.role {
        Role::Pointwise(f) => f.bounds(),
        _ => None,
    }
}

/// How many of these are not alive, counted in small numbers, which many lanes of a vector hold.
fn dead(alive: &[bool]) -> usize {
    let part = |part: &[bool]| usize::from(part.iter().map(|a| u8::from(!a)).sum::<u8>());
    alive.chunks(usize::from(u8::MAX)).map(part).sum()
}

/// The same values with their units, of which there are so many and so far apart, side by side.
fn units_last<'a>(values: &'a [f32], units: usize, apart: usize, turned: &'a mut Vec<f32>) -> &'a [f32] {
    if apart == 1 {
        return values;
    }
    turned.resize(values.len(), 0.0);
    permute(&[values.len() / (units * apart).max(1), units, apart], &[0, 2, 1], values, turned);
    turned
}

impl Watch {
    /// Looks at the stages of this program.
    pub fn new(program: &Program, store: &Store, schedule: Schedule) -> Watch {
        let stages = &program.stages;
        // The trainable parameters are the first ones of the recipe.
        let learning = |i: &&usize| **i < store.params.len();
        let owned: Vec<Vec<usize>> =
            stages.iter().map(|s| s.parameters.iter().filter(learning).copied().collect()).collect();
        let layers = stages.iter().zip(&owned).map(|(stage, owned)| Layer {
            path: stage.path.clone(),
            whole: stage.layer().to_string(),
            class: stage.class.clone(),
            role: stage.role.name().to_string(),
            inputs: stage.inputs.iter().map(|s| s.stage()).collect(),
            size: stage.size,
            parameters: owned.iter().map(|&i| store.params[i].path.clone()).collect(),
            bounded: bounds(stage).is_some(),
        });
        let deltas: HashMap<Slot, usize> =
            stages.iter().enumerate().filter_map(|(i, s)| s.delta.map(|d| (d, i))).collect();
        let passed =
            stages.iter().enumerate().flat_map(|(i, s)| s.passed.iter().enumerate().map(move |p| (i, p)));
        let same = passed.filter_map(|(i, (k, slot))| Some((i, k, *deltas.get(slot.as_ref()?)?))).collect();
        let blank = |s: &Stage| Observation { passed: vec![None; s.passed.len()], ..Observation::default() };
        let tapped: HashSet<usize> = program.taps.iter().flat_map(|taps| taps.parameters.clone()).collect();
        Watch {
            schedule,
            chart: Chart::new(layers.collect()),
            bounds: stages.iter().map(bounds).collect(),
            alive: stages.iter().map(|s| vec![false; s.units]).collect(),
            same,
            before: store.params.iter().map(|p| vec![0.0; change::kept(p.len)]).collect(),
            sizes: vec![0.0; store.params.len()],
            late: (0..store.params.len()).filter(|i| !tapped.contains(i)).collect(),
            gradient_norm: f64::NAN,
            current: stages.iter().map(blank).collect(),
            apart: stages.iter().map(|s| s.apart).collect(),
            turned: Vec::new(),
            histograms: false,
            owned,
        }
    }

    /// A new epoch: units have to show again that they are alive.
    pub fn epoch(&mut self) {
        for alive in self.alive.iter_mut().flatten() {
            *alive = false;
        }
    }

    /// What was seen, and which units have shown that they are alive.
    pub(crate) fn save(&self, state: &mut Under<'_>) {
        state.put_text("chart", self.chart.to_json().to_string());
        let alive = self.alive.iter().flatten().map(|&alive| f32::from(u8::from(alive)));
        state.put_numbers("alive", &alive.collect::<Vec<f32>>());
    }

    /// Goes on from what [`Watch::save`] kept.
    ///
    /// # Errors
    /// If it is that of another network.
    pub(crate) fn restore(&mut self, state: &State) -> Result<()> {
        let chart = Chart::parse(state.text("chart")?).place(|| "`chart`")?;
        if chart.layers != self.chart.layers {
            return Err(Error::format("its chart is that of another network"));
        }
        let units = self.alive.iter().map(Vec::len).sum();
        let alive = state.numbers_of("alive", units)?;
        self.alive.iter_mut().flatten().zip(alive).for_each(|(to, from)| *to = *from != 0.0);
        self.chart = chart;
        Ok(())
    }

    /// Looks at what the step just made.
    pub fn see(&mut self, program: &Program, step: usize, rows: usize, isa: Isa, arena: &Arena) {
        let values = |slot: Slot| &arena.all()[program.seen.range(slot, rows)];
        for (tap, slot) in &program.taps[step].stages {
            let (Tap::Signal(stage) | Tap::Delta(stage) | Tap::Passed(stage, _)) = *tap;
            let (seen, values) = (&mut self.current[stage], values(*slot));
            match *tap {
                Tap::Delta(_) => seen.delta = Some(rms(isa, values)),
                Tap::Passed(_, k) => seen.passed[k] = Some(rms(isa, values)),
                Tap::Signal(_) => {
                    let alive = &mut self.alive[stage];
                    let values = units_last(values, alive.len(), self.apart[stage], &mut self.turned);
                    let signal = observe(isa, values, self.bounds[stage], alive);
                    seen.signal = Some(signal);
                    let dead = dead(alive);
                    // Where values are not finite, it is not known which units are dead.
                    seen.dead = signal.finite.then(|| dead as f64 / alive.len().max(1) as f64);
                }
            }
            if self.histograms {
                let histogram = || Some(Box::new(Histogram::of(values)));
                match *tap {
                    Tap::Delta(_) => seen.delta_histogram = histogram(),
                    Tap::Signal(_) => seen.signal_histogram = histogram(),
                    Tap::Passed(..) => {}
                }
            }
        }
        for &i in &program.taps[step].parameters {
            let p = &program.recipe.parameters[i];
            if let Some(gradient) = p.gradient {
                self.parameter(i, isa, values(p.value), values(gradient));
            }
        }
    }

    /// Looks at a gradient, and remembers the weights that it is going to move.
    fn parameter(&mut self, i: usize, isa: Isa, weights: &[f32], gradient: &[f32]) {
        self.sizes[i] = rms(isa, gradient);
        change::keep(weights, &mut self.before[i]);
    }

    /// Completes what was seen before the update.
    pub fn before_update(&mut self, isa: Isa, store: &Store, arena: &Arena) {
        for k in 0..self.late.len() {
            let (i, all) = (self.late[k], arena.all());
            let range = store.params[i].range();
            self.parameter(i, isa, &all[range.clone()], &all[store.gradients.clone()][range]);
        }
        for (owned, seen) in self.owned.iter().zip(&mut self.current) {
            seen.gradients.clear();
            seen.gradients.extend(owned.iter().map(|&i| self.sizes[i]));
        }
        let squares: f64 =
            self.sizes.iter().zip(&store.params).map(|(size, p)| size * size * p.len as f64).sum();
        self.gradient_norm = squares.sqrt();
    }

    /// Looks at how much the weights changed, and files what was seen under this step.
    pub fn after_update(
        &mut self,
        isa: Isa,
        store: &Store,
        arena: &Arena,
        step: u64,
        loss: f64,
        applied: Option<&Applied>,
    ) {
        // The last ones first: the update has just left them in the cache.
        for (owned, seen) in self.owned.iter().zip(&mut self.current).rev() {
            seen.updates.clear();
            for &i in owned {
                let after = &arena.all()[store.params[i].range()];
                let (size, change) = change::squares(isa, &self.before[i], after);
                // What did not move did not move, however small it is.
                seen.updates.push(if change == 0.0 { 0.0 } else { (change / size).sqrt() });
            }
        }
        self.file(step, loss, applied);
    }

    fn file(&mut self, step: u64, loss: f64, applied: Option<&Applied>) {
        for &(stage, k, other) in &self.same {
            self.current[stage].passed[k] = self.current[other].delta;
        }
        let updated = applied.filter(|a| a.updated);
        self.chart.samples.push(Sample {
            step,
            loss,
            // Where nothing is clipped, the parts that were looked at say it too.
            gradient_norm: applied.and_then(|a| a.gradient_norm_before).or(Some(self.gradient_norm)),
            clipped_norm: updated.and_then(|a| a.gradient_norm_after),
            clipped: updated.map(|a| a.clipped),
            layers: self.current.clone(),
        });
    }
}

impl Learner {
    /// Runs all of this data forward and back as one batch of training, and looks at every layer. Nothing is learnt: weights,
    /// moving averages, optimizer and chart stay as they are. Only here histograms are taken. So the state at initialization can be seen, or the units that
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
    /// let bins = seen[1].signal_histogram.as_ref().map(|h| h.counts.len());
    /// assert_eq!(bins, Some(steadygrad_kernels::histogram::BINS));
    /// assert!(hidden.is_some_and(|s| s.deviation > 0.0) && delta.is_some_and(|d| d > 0.0));
    /// # Ok::<(), steadygrad_kernels::Error>(())
    /// ```
    ///
    /// # Errors
    /// If data and model do not fit.
    pub fn watch_on_batch(&mut self, data: &Dataset) -> Result<Chart> {
        self.watch_on_batch_with(data, true)
    }

    /// The same, with or without histograms, which cost nearly half of it.
    ///
    /// # Errors
    /// If data and model do not fit.
    pub fn watch_on_batch_with(&mut self, data: &Dataset, histograms: bool) -> Result<Chart> {
        let _flush = Flush::denormals();
        self.check_data(data)?;
        let rows = data.len();
        self.reserve(rows)?;
        let kept = self.arena.all()[..self.store.end].to_vec();
        let picked = Picked { which: Order::Range(0..rows), weights: data.weights.as_deref() };
        self.feed(Which::Train, data, &picked);
        let mut watch = Watch::new(&self.train, &self.store, Schedule::Always);
        watch.histograms = histograms;
        let batch = Batch { rows, step: self.step(), weighted: data.weights.is_some() };
        let cpu = Cpu::with(self.isa, &self.crew);
        let (program, arena) = (&self.train, &mut self.arena);
        run(&program.seen, 0..program.seen.steps.len(), arena, cpu, batch, |i, arena| {
            watch.see(program, i, rows, cpu.isa, arena);
        });
        watch.before_update(self.isa, &self.store, &self.arena);
        let loss = total_loss(&self.train.recipe, &self.train.seen, &self.arena);
        let squares = sum_of_squares(self.isa, &self.arena.all()[self.store.gradients.clone()]);
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
