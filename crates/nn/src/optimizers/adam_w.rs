//! AdamW: Adam with weight decay that does not pass through the moments.

use super::adam::Adam;
use super::rule::{Memory, Rule, Tensor, Tick};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::schedules::Rate;
use std::sync::Arc;
use steadygrad_kernels::{Isa, Result};

/// Adam with decoupled weight decay.
///
/// ```text
/// w ← w − η·λ·w
/// then as Adam
/// ```
///
/// The decay λ is the optimizer's `weight_decay`, which this rule sets to 0.004. (Loshchilov and Hutter 2019.)
///
/// ```
/// use steadygrad_nn::optimizers::{AdamW, Optimizer};
/// assert_eq!(Optimizer::new(AdamW::new(0.001)).weight_decay, Some(0.004));
/// assert_eq!(Optimizer::new(AdamW::new(0.001).weight_decay(0.1)).weight_decay, Some(0.1));
/// ```
#[derive(Debug, Clone)]
pub struct AdamW {
    adam: Adam,
    weight_decay: f64,
}

impl AdamW {
    /// With this learning rate (a number or a schedule) and Keras' defaults.
    pub fn new(learning_rate: impl Into<Rate>) -> AdamW {
        AdamW { adam: Adam::new(learning_rate), weight_decay: 0.004 }
    }

    /// Which share of a weight is lost at each step, times the learning rate.
    pub fn weight_decay(mut self, weight_decay: f64) -> AdamW {
        self.weight_decay = weight_decay;
        self
    }

    /// Decay of the mean of gradients.
    pub fn beta_1(mut self, beta_1: f64) -> AdamW {
        self.adam = self.adam.beta_1(beta_1);
        self
    }

    /// Decay of the mean of squared gradients.
    pub fn beta_2(mut self, beta_2: f64) -> AdamW {
        self.adam = self.adam.beta_2(beta_2);
        self
    }

    /// Added to the root, against division by 0.
    pub fn epsilon(mut self, epsilon: f64) -> AdamW {
        self.adam = self.adam.epsilon(epsilon);
        self
    }

    /// Never lets the second moment shrink.
    pub fn amsgrad(mut self, amsgrad: bool) -> AdamW {
        self.adam = self.adam.amsgrad(amsgrad);
        self
    }
}

impl Rule for AdamW {
    fn class(&self) -> &'static str {
        "AdamW"
    }

    fn config(&self) -> Config {
        self.adam.config()
    }

    fn learning_rate(&self) -> &Rate {
        self.adam.learning_rate()
    }

    fn weight_decay(&self) -> Option<f64> {
        Some(self.weight_decay)
    }

    fn memories(&self, path: &str, shape: &[usize]) -> Vec<Memory> {
        self.adam.memories(path, shape)
    }

    fn update(&self, isa: Isa, tick: &Tick, scalars: &[f64], tensor: Tensor<'_, '_, f32>) {
        self.adam.update(isa, tick, scalars, tensor);
    }

    fn update64(&self, tick: &Tick, scalars: &[f64], tensor: Tensor<'_, '_, f64>) {
        self.adam.update64(tick, scalars, tensor);
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Rule>> {
    let adam = Adam::read(args)?;
    match args.or("weight_decay", Some(0.004))? {
        Some(weight_decay) => Ok(Arc::new(AdamW { adam, weight_decay })),
        None => args.reject("weight_decay", "a number (without decay, use Adam)", "nothing"),
    }
}

pub(crate) const ENTRY: Entry<dyn Rule> = Entry { class: "AdamW", names: &["adamw"], build };
