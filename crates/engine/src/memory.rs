//! What a learner holds of memory, part by part: it is known before the first step.

use crate::apply::Applier;
use crate::guard::Guard;
use crate::learner::Learner;
use crate::system::check_memory;
use std::fmt;
use steadygrad_kernels::Result;

/// Bytes of memory that a learner holds for as long as it lives, all of which but a checkpoint is there before the first step of a
/// training. What callbacks keep is not among them, such as the best weights of
/// [`EarlyStopping`](crate::callbacks::EarlyStopping).
///
/// ```
/// use steadygrad_engine::{Compile, Trainable};
/// use steadygrad_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Adam};
/// let model = Sequential::new([100]).add(Dense::new(1000).use_bias(false));
/// let mut learner = model.compile(Compile::new(Adam::new(0.01), MeanSquaredError))?;
/// let one = learner.memory();
/// assert_eq!((one.weights, one.gradients, one.optimizer), (400_000, 400_000, 800_000));
/// learner.reserve(64)?;
/// assert!(learner.memory().values >= 64 * 1100 * 4, "inputs and outputs of 64 samples");
/// assert!(learner.memory().to_string().starts_with("2.4 MB of memory: weights 0.4, gradients 0.4, optimizer 0.8, batches of 64 0.8"));
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// Weights, layer state among them.
    pub weights: u64,
    /// Gradients of those that learn.
    pub gradients: u64,
    /// What the optimizer remembers.
    pub optimizer: u64,
    /// What a step computes: inputs, outputs of layers, their gradients, at places that are used again and again.
    pub values: u64,
    /// The largest batch for which there is room.
    pub rows: u64,
    /// Copies of weights and optimizer for undoing a step.
    pub guard: u64,
    /// A copy of weights and optimizer, and of what is gone back to, while a checkpoint is written; in a training that is kept.
    pub checkpoint: u64,
}

impl Memory {
    /// All of it.
    pub fn total(&self) -> u64 {
        self.weights + self.gradients + self.optimizer + self.values + self.guard + self.checkpoint
    }
}

/// One line, in the unit of its sum.
impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, word) = unit(self.total());
        let part = |bytes: u64| format!("{:.1}", bytes as f64 / unit);
        write!(
            f,
            "{} {word} of memory: weights {}, gradients {}, optimizer {}, batches of {} {}",
            part(self.total()),
            part(self.weights),
            part(self.gradients),
            part(self.optimizer),
            self.rows,
            part(self.values)
        )?;
        if self.guard > 0 {
            write!(f, ", the last good state {}", part(self.guard))?;
        }
        if self.checkpoint > 0 {
            write!(f, ", a checkpoint {}", part(self.checkpoint))?;
        }
        Ok(())
    }
}

fn unit(bytes: u64) -> (f64, &'static str) {
    match bytes {
        0..1_000_000 => (1e3, "KB"),
        1_000_000..1_000_000_000 => (1e6, "MB"),
        _ => (1e9, "GB"),
    }
}

/// A number of bytes for people: `12.3 MB`.
///
/// ```
/// use steadygrad_engine::data_size;
/// assert_eq!([999, 1_234, 12_345_678].map(data_size), ["999 bytes", "1.2 KB", "12.3 MB"]);
/// ```
pub fn data_size(bytes: u64) -> String {
    let (unit, word) = unit(bytes);
    if bytes < 1_000 { format!("{bytes} bytes") } else { format!("{:.1} {word}", bytes as f64 / unit) }
}

impl Learner {
    /// What it holds of memory by now; [`Learner::reserve`] makes room for larger batches.
    pub fn memory(&self) -> Memory {
        let numbers = |count: usize| 4 * count as u64;
        let optimizer = Applier::bytes(&self.compile.optimizer, &self.store.params).unwrap_or(0) as u64;
        Memory {
            weights: numbers(self.store.gradients.start),
            gradients: numbers(self.store.end - self.store.gradients.start),
            optimizer,
            values: numbers(self.arena.len() - self.store.end),
            rows: self.rows as u64,
            guard: self.guarded_bytes() as u64,
            checkpoint: if self.keeps { self.checkpoint_bytes() } else { 0 },
        }
    }
    /// Bytes that a checkpoint holds while it is written: copies of weights and optimizer, and of what is gone back to.
    fn checkpoint_bytes(&self) -> u64 {
        let weights = 4 * self.store.gradients.start as u64;
        let goes_back = self.asked.as_ref().is_some_and(Guard::goes_back_far);
        (weights + self.applier.memory.bytes() as u64) * if goes_back { 2 } else { 1 }
    }

    /// The training that begins now is kept, or not.
    ///
    /// # Errors
    /// If there is no memory for a checkpoint.
    pub(crate) fn keep(&mut self, keeps: bool) -> Result<()> {
        if keeps {
            check_memory("a checkpoint, while it is written,", self.checkpoint_bytes().into())?;
        }
        self.keeps = keeps;
        Ok(())
    }
}
