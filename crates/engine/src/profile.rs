//! Where the time of a training step goes.

use crate::batches::{Order, Picked, Which};
use crate::learner::Learner;
use crate::passes::Passes;
use crate::run::{Batch, run_ahead};
use crate::system::Clock;
use crate::{Shuffle, apply::Ask};
use std::fmt;
use steadygrad_data::Dataset;
use steadygrad_kernels::{Cpu, Error, Flush, Result};

/// Mean seconds of the parts of a training step, in the order in which they are run.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// What is done, and how long it takes.
    pub parts: Vec<(String, f64)>,
}

impl Profile {
    /// Seconds of a whole step.
    pub fn seconds(&self) -> f64 {
        self.parts.iter().map(|part| part.1).sum()
    }

    /// The same with parts of one name taken together, the longest first.
    pub fn together(&self) -> Vec<(String, f64)> {
        let mut sums: Vec<(String, f64)> = Vec::new();
        for (name, seconds) in &self.parts {
            match sums.iter_mut().find(|sum| sum.0 == *name) {
                Some(sum) => sum.1 += seconds,
                None => sums.push((name.clone(), *seconds)),
            }
        }
        sums.sort_by(|a, b| b.1.total_cmp(&a.1));
        sums
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.seconds();
        writeln!(f, "{:.1} µs a step", total * 1e6)?;
        for (name, seconds) in self.together() {
            writeln!(f, "{:9.1} µs {:5.1} %  {name}", seconds * 1e6, 100.0 * seconds / total)?;
        }
        Ok(())
    }
}

impl Learner {
    /// Times the parts of so many training steps. Weights and memory of the optimizer are afterwards what they were.
    ///
    /// ```
    /// use steadygrad_data::digits;
    /// use steadygrad_engine::{Compile, Trainable};
    /// use steadygrad_nn::{Sequential, layers::{Dense, Flatten}, losses::SparseCategoricalCrossentropy, optimizers::Sgd};
    /// let model = Sequential::new([8, 8]).add(Flatten).add(Dense::new(10));
    /// let mut learner = model.compile(Compile::new(Sgd::new(0.1), SparseCategoricalCrossentropy.from_logits()))?;
    /// let profile = learner.profile(&digits::all()?, 32, 10)?;
    /// assert!(profile.seconds() > 0.0 && profile.to_string().contains("gemm"));
    /// # Ok::<(), steadygrad_kernels::Error>(())
    /// ```
    ///
    /// # Errors
    /// If data and model do not fit, or `batch_size` or `steps` is 0.
    pub fn profile(&mut self, data: &Dataset, batch_size: usize, steps: usize) -> Result<Profile> {
        if batch_size == 0 || steps == 0 {
            return Err(Error::argument("a profile needs a batch size and a number of steps of 1 or more"));
        }
        self.check_data(data)?;
        let batch_size = batch_size.min(data.len());
        self.reserve(batch_size)?;
        let (kept, applier) = (self.arena.all()[..self.store.end].to_vec(), self.applier.clone());
        let mut passes = Passes::new(data.len(), batch_size, Shuffle::All, 0, 0, 0);
        let mut seconds = vec![0.0; self.train.plan.steps.len() + 2];
        let _flush = Flush::denormals();
        // The first steps find nothing in the caches.
        let warm = steps.min(5);
        for step in 0..warm + steps {
            if step == warm {
                seconds.fill(0.0);
            }
            let mut clock = Clock::start();
            let mut lap = |part: usize| {
                seconds[part] += clock.seconds();
                clock = Clock::start();
            };
            let (samples, next) = passes.next(step as u64);
            self.come_next(data, next);
            let picked = Picked { which: Order::List(samples), weights: data.weights.as_deref() };
            self.feed(Which::Train, data, &picked);
            lap(0);
            let batch = Batch { rows: picked.len(), step: step as u64, weighted: picked.weights.is_some() };
            let plan = &self.train.plan;
            let cpu = Cpu::with(self.isa, &self.crew);
            run_ahead(plan, 0..plan.steps.len(), &mut self.arena, cpu, batch, &self.next, |i, _| lap(i + 1));
            self.update(Ask::default());
            lap(self.train.plan.steps.len() + 1);
        }
        self.arena.all_mut()[..self.store.end].copy_from_slice(&kept);
        self.applier = applier;
        self.next.clear();
        let labels = self.train.plan.steps.iter().map(|step| step.label());
        let names =
            std::iter::once("feed".to_string()).chain(labels).chain(std::iter::once("update".to_string()));
        let parts = names.zip(seconds.iter().map(|s| s / steps as f64)).collect();
        Ok(Profile { parts })
    }
}
