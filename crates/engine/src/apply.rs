//! Applies an optimizer: from the gradients of a step to the next weights, over flat arenas.
//!
//! The order within a step is Keras':
//!
//! ```text
//! ÷ loss scale → gather → clip → weight decay → update → moving average → constraints → iterations + 1
//! ```
//!
//! While gradients are gathered (`gradient_accumulation_steps`) nothing else happens: no decay, no average, no constraint.

mod clip;
mod layout;
mod memory;
mod state;

use layout::{Layout, Span};
pub(crate) use memory::Memory;
pub use state::{Held, Stored, Variable};
use std::ops::Range;
use std::sync::Arc;
use steadygrad_kernels::update::MEMORIES;
use steadygrad_kernels::{Cpu, Isa, Result, map, norm};
use steadygrad_nn::constraints::Constraint;
use steadygrad_nn::optimizers::{Initial, Mode, Optimizer, Tensor, Tick};
use steadygrad_nn::schedules::Rate;

/// Elementwise rules run over so many weights at a time, so that decay, update and average find them in the cache.
const PIECE: usize = 8192;

/// A parameter's place in the arena of trainable parameters.
#[derive(Debug, Clone)]
pub struct ParamSpec {
    /// Its path, as in Keras: "sequential/dense/kernel".
    pub path: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Where it begins.
    pub offset: usize,
    /// How many numbers it has.
    pub len: usize,
    /// What it is brought back to after each update.
    pub constraint: Option<Arc<dyn Constraint>>,
}

impl ParamSpec {
    pub(crate) fn range(&self) -> Range<usize> {
        self.offset..self.offset + self.len
    }
}

/// What one call of [`Applier::apply`] is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Ask {
    /// Stands in for the learning rate, in this step only.
    pub learning_rate: Option<f64>,
    /// Tell the norm of the gradients, also where no clip needs it.
    pub norms: bool,
    /// Change neither weights nor memory if a gradient is not finite.
    pub hold: bool,
}

/// What one call of [`Applier::apply`] did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Applied {
    /// The norm of all gradients together, before clipping; where it was asked for, or a clip went by it.
    pub gradient_norm_before: Option<f64>,
    /// The same after clipping.
    pub gradient_norm_after: Option<f64>,
    /// Whether clipping changed a gradient.
    pub clipped: bool,
    /// Whether the weights were updated: not while gradients are gathered, and not if the step was held.
    pub updated: bool,
    /// Whether nothing was done, as asked, because a gradient is not finite.
    pub held: bool,
    /// The learning rate of this step.
    pub learning_rate: f64,
}

/// An optimizer with its memory. All of it is allocated at construction; a step allocates nothing.
///
/// ```
/// use steadygrad_engine::apply::{Applier, Ask, ParamSpec};
/// use steadygrad_kernels::Cpu;
/// use steadygrad_nn::optimizers::{Optimizer, Sgd};
///
/// let kernel = ParamSpec { path: "dense/kernel".into(), shape: vec![1, 2], offset: 0, len: 2, constraint: None };
/// let mut applier = Applier::new(&Optimizer::new(Sgd::new(0.5)).global_clipnorm(5.0), &[kernel])?;
/// let mut weights = [1.0, 1.0];
/// let applied = applier.apply(Cpu::best(), Ask::default(), &mut weights, &mut [6.0, 8.0]);
/// assert_eq!(weights, [-0.5, -1.0]);
/// assert_eq!((applied.gradient_norm_before, applied.gradient_norm_after), (Some(10.0), Some(5.0)));
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Applier {
    optimizer: Optimizer,
    params: Vec<ParamSpec>,
    layout: Layout,
    pub(crate) memory: Memory,
    scratch: Vec<f32>,
    learning_rate: f32,
    /// What the rate of a schedule is multiplied by.
    slowed: f64,
}

impl Applier {
    /// With memory for these parameters, which lie one behind the other in the arena, the first at 0.
    ///
    /// # Errors
    /// If they do not, if a constraint does not fit its parameter, or if the rule asks for more than four memories.
    pub fn new(optimizer: &Optimizer, params: &[ParamSpec]) -> Result<Applier> {
        let layout = Layout::of(optimizer, params)?;
        let zeros = |wanted: bool| vec![0.0; if wanted { layout.len } else { 0 }];
        let memory = Memory {
            arrays: layout.arrays.iter().map(|&len| vec![0.0; len]).collect(),
            average: zeros(optimizer.ema.is_some()),
            gathered: zeros(optimizer.gradient_accumulation_steps.is_some()),
            scalars: optimizer.rule.scalars().into_iter().map(single).collect(),
            iterations: 0,
            started: false,
        };
        let mut applier = Applier {
            memory,
            scratch: vec![0.0; layout.scratch],
            learning_rate: match &optimizer.learning_rate {
                Rate::Constant(rate) => *rate as f32,
                Rate::Schedule(_) => 0.0,
            },
            slowed: 1.0,
            optimizer: optimizer.clone(),
            params: params.to_vec(),
            layout,
        };
        for slot in &applier.layout.slots {
            if let Initial::Value(value) = slot.initial {
                applier.memory.arrays[slot.array][slot.range.clone()].fill(value as f32);
            }
        }
        Ok(applier)
    }

    /// How many bytes of memory an optimizer needs for these parameters.
    ///
    /// # Errors
    /// As for [`Applier::new`].
    pub fn bytes(optimizer: &Optimizer, params: &[ParamSpec]) -> Result<usize> {
        let layout = Layout::of(optimizer, params)?;
        let whole = usize::from(optimizer.ema.is_some())
            + usize::from(optimizer.gradient_accumulation_steps.is_some());
        let floats = layout.arrays.iter().sum::<usize>() + layout.scratch + whole * layout.len;
        Ok(floats * size_of::<f32>())
    }

    /// The optimizer.
    pub fn optimizer(&self) -> &Optimizer {
        &self.optimizer
    }

    /// How many weights there are.
    pub fn len(&self) -> usize {
        self.layout.len
    }

    /// Whether there is nothing to train.
    pub fn is_empty(&self) -> bool {
        self.layout.len == 0
    }

    /// Calls of [`Applier::apply`] so far: Keras' variable `iteration`.
    pub fn iterations(&self) -> u64 {
        self.memory.iterations
    }

    /// Updates so far: fewer than the iterations where gradients are gathered.
    pub fn updates(&self) -> u64 {
        self.memory.iterations / self.gathering()
    }

    fn gathering(&self) -> u64 {
        self.optimizer.gradient_accumulation_steps.unwrap_or(1).max(1)
    }

    /// Does one step: changes the weights. The gradients are used up: they end as they were after clipping.
    ///
    /// # Panics
    /// If weights or gradients are not as many as [`Applier::len`].
    pub fn apply(&mut self, cpu: Cpu<'_>, ask: Ask, weights: &mut [f32], gradients: &mut [f32]) -> Applied {
        assert_eq!((weights.len(), gradients.len()), (self.len(), self.len()));
        let isa = cpu.isa;
        let learning_rate = ask.learning_rate.map_or_else(|| self.learning_rate(), single);
        let mut applied = Applied {
            gradient_norm_before: None,
            gradient_norm_after: None,
            clipped: false,
            updated: false,
            held: false,
            learning_rate,
        };
        if self.is_empty() {
            // Of nothing, the norm is 0.
            (applied.gradient_norm_before, applied.gradient_norm_after) = (Some(0.0), Some(0.0));
            return applied;
        }
        if ask.hold && !norm::all_finite(isa, gradients) {
            // Not even divided: the same step may be asked for again.
            applied.gradient_norm_before = ask.norms.then(|| self.squares(isa, gradients).sqrt());
            applied.held = true;
            return applied;
        }
        if let Some(factor) = self.optimizer.loss_scale_factor {
            norm::divide(isa, factor, gradients);
        }
        let mut squares = ask.norms.then(|| self.squares(isa, gradients));
        applied.gradient_norm_before = squares.map(f64::sqrt);
        applied.gradient_norm_after = applied.gradient_norm_before;
        let count = self.gathering();
        if count > 1 {
            if !(self.memory.iterations + 1).is_multiple_of(count) {
                map::accumulate(isa, gradients, &mut self.memory.gathered);
                self.memory.iterations += 1;
                return applied;
            }
            norm::mean_of(isa, count as f64, &mut self.memory.gathered, gradients);
            squares = squares.map(|_| self.squares(isa, gradients));
        }
        self.start(weights);
        self.clip(isa, squares, gradients, &mut applied);
        let tick = Tick { step: self.updates() + 1, learning_rate };
        self.optimizer.rule.advance(&tick, &mut self.memory.scalars);
        for scalar in &mut self.memory.scalars {
            // As it is saved, so that going on from a file is the same as going on.
            *scalar = single(*scalar);
        }
        if self.optimizer.rule.elementwise() {
            self.update_pieces(cpu, &tick, weights, gradients);
        } else {
            self.update_params(isa, &tick, weights, gradients);
        }
        self.follow(isa, weights);
        for param in &self.params {
            if let Some(constraint) = &param.constraint {
                constraint.apply(&mut weights[param.range()], &param.shape);
            }
        }
        self.memory.iterations += 1;
        applied.updated = true;
        applied
    }

    /// Memories that begin as the weights get them now.
    fn start(&mut self, weights: &[f32]) {
        if self.memory.started {
            return;
        }
        self.memory.started = true;
        for slot in &self.layout.slots {
            if slot.initial == Initial::Weights {
                let from = &weights[self.params[slot.param].range()];
                self.memory.arrays[slot.array][slot.range.clone()].copy_from_slice(from);
            }
        }
    }

    fn squares(&self, isa: Isa, gradients: &[f32]) -> f64 {
        self.params.iter().map(|p| norm::sum_of_squares(isa, &gradients[p.range()])).sum()
    }

    fn update_pieces(&mut self, cpu: Cpu<'_>, tick: &Tick, weights: &mut [f32], gradients: &[f32]) {
        let count = self.layout.arrays.len();
        for Span { range, decay } in &self.layout.spans {
            let mut changed: [&mut [f32]; MEMORIES + 1] = Default::default();
            changed[0] = &mut weights[range.clone()];
            for (memory, array) in changed[1..].iter_mut().zip(&mut self.memory.arrays) {
                *memory = &mut array[range.clone()];
            }
            let gradients = &gradients[range.clone()];
            cpu.pieces_of(changed, PIECE, |i, [weights, memories @ ..]| {
                if let Some(decay) = decay {
                    norm::decay(cpu.isa, decay * tick.learning_rate, weights);
                }
                let mut memories: [&mut [f32]; MEMORIES] = memories;
                let tensor = Tensor {
                    shape: &[weights.len()],
                    gradient: &gradients[i * PIECE..i * PIECE + weights.len()],
                    weights,
                    memories: &mut memories[..count],
                    scratch: &mut [],
                };
                self.optimizer.rule.update(cpu.isa, tick, &self.memory.scalars, tensor);
            });
        }
    }

    fn update_params(&mut self, isa: Isa, tick: &Tick, weights: &mut [f32], gradients: &[f32]) {
        for (i, param) in self.params.iter().enumerate() {
            let weights = &mut weights[param.range()];
            if let Some(decay) = self.layout.decays[i] {
                norm::decay(isa, decay * tick.learning_rate, weights);
            }
            let arrays = &mut self.memory.arrays[self.layout.owned[i].clone()];
            let count = arrays.len();
            let mut memories: [&mut [f32]; MEMORIES] = Default::default();
            for (memory, array) in memories.iter_mut().zip(arrays) {
                *memory = array;
            }
            let tensor = Tensor {
                shape: &param.shape,
                weights,
                gradient: &gradients[param.range()],
                memories: &mut memories[..count],
                scratch: &mut self.scratch,
            };
            self.optimizer.rule.update(isa, tick, &self.memory.scalars, tensor);
        }
    }

    /// The moving average of the weights, and now and then the other way round.
    fn follow(&mut self, isa: Isa, weights: &mut [f32]) {
        let Some(ema) = self.optimizer.ema else { return };
        let momentum = if self.updates() == 0 { 0.0 } else { ema.momentum };
        norm::average(isa, momentum, weights, &mut self.memory.average);
        if ema
            .overwrite_frequency
            .is_some_and(|every| every > 0 && (self.updates() + 1).is_multiple_of(every))
        {
            weights.copy_from_slice(&self.memory.average);
        }
    }

    /// What Keras does at the end of training: with a moving average, the weights become it.
    ///
    /// # Panics
    /// If the weights are not as many as [`Applier::len`].
    pub fn finalize(&self, weights: &mut [f32]) {
        if self.optimizer.ema.is_some() && self.updates() > 0 {
            weights.copy_from_slice(&self.memory.average);
        }
    }

    /// Moves the weights to where the model is trained, or to where it is used. Only ScheduleFreeAdamW tells these apart,
    /// and only after its first update; it is the caller who remembers where the weights are.
    ///
    /// # Panics
    /// If the weights are not as many as [`Applier::len`].
    pub fn swap(&mut self, isa: Isa, to: Mode, weights: &mut [f32]) {
        assert_eq!(weights.len(), self.len());
        if !self.memory.started || !self.optimizer.rule.elementwise() {
            return;
        }
        let count = self.memory.arrays.len();
        let mut memories: [&mut [f32]; MEMORIES] = Default::default();
        for (memory, array) in memories.iter_mut().zip(&mut self.memory.arrays) {
            *memory = array;
        }
        let shape = &[weights.len()];
        let (gradient, scratch) = (&[][..], &mut [][..]);
        let memories = &mut memories[..count];
        self.optimizer.rule.swap(isa, to, Tensor { shape, weights, gradient, memories, scratch });
    }
}

/// As the f32 that Keras keeps it in.
fn single(x: f64) -> f64 {
    f64::from(x as f32)
}
