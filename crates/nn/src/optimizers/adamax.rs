//! Adamax: Adam with the largest recent gradient in place of the root mean square.

use super::rule::{Memory, Rule, Tensor, Tick, not_negative, power, share};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::schedules::Rate;
use std::sync::Arc;
use steadygrad_kernels::update::{MEMORIES, Update, update, update64};
use steadygrad_kernels::{Isa, Real, Result};

/// Adam in the limit of the maximum norm.
///
/// ```text
/// m ← m + (g − m)·(1 − β₁)
/// u ← max(β₂·u, |g|)
/// w ← w − η/(1 − β₁ᵗ) · m/(u + ε)
/// ```
///
/// (Kingma and Ba 2015, section 7.1.)
///
/// ```
/// use steadygrad_nn::optimizers::Adamax;
/// let adamax = Adamax::new(0.002).beta_1(0.9);
/// ```
#[derive(Debug, Clone)]
pub struct Adamax {
    learning_rate: Rate,
    beta_1: f64,
    beta_2: f64,
    epsilon: f64,
}

impl Adamax {
    /// With this learning rate (a number or a schedule) and Keras' defaults.
    pub fn new(learning_rate: impl Into<Rate>) -> Adamax {
        Adamax { learning_rate: learning_rate.into(), beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7 }
    }

    /// Decay of the mean of gradients.
    pub fn beta_1(mut self, beta_1: f64) -> Adamax {
        self.beta_1 = beta_1;
        self
    }

    /// Decay of the largest gradient.
    pub fn beta_2(mut self, beta_2: f64) -> Adamax {
        self.beta_2 = beta_2;
        self
    }

    /// Added to the divisor, against division by 0.
    pub fn epsilon(mut self, epsilon: f64) -> Adamax {
        self.epsilon = epsilon;
        self
    }

    fn now(&self, tick: &Tick) -> Now {
        Now {
            step: tick.learning_rate / (1.0 - power(self.beta_1, tick.step)),
            first: 1.0 - self.beta_1,
            beta_2: self.beta_2,
            epsilon: self.epsilon,
        }
    }
}

struct Now {
    step: f64,
    first: f64,
    beta_2: f64,
    epsilon: f64,
}

impl Update for Now {
    const MEMORIES: usize = 2;
    #[inline(always)]
    fn at<R: Real>(&self, w: R, g: R, memory: &mut [R; MEMORIES]) -> R {
        let m = (g - memory[0]).mul_add(R::of(self.first), memory[0]);
        let largest = (R::of(self.beta_2) * memory[1]).max(g.abs());
        memory[0] = m;
        memory[1] = largest;
        w - R::of(self.step) * m / (largest + R::of(self.epsilon))
    }
}

impl Rule for Adamax {
    fn class(&self) -> &'static str {
        "Adamax"
    }

    fn config(&self) -> Config {
        Config::new().with("beta_1", self.beta_1).with("beta_2", self.beta_2).with("epsilon", self.epsilon)
    }

    fn learning_rate(&self) -> &Rate {
        &self.learning_rate
    }

    fn memories(&self, _: &str, shape: &[usize]) -> Vec<Memory> {
        vec![Memory::zeros("momentum", shape), Memory::zeros("norm", shape)]
    }

    fn update(&self, isa: Isa, tick: &Tick, _: &[f64], tensor: Tensor<'_, '_, f32>) {
        let Tensor { weights, gradient, memories, .. } = tensor;
        update(isa, &self.now(tick), weights, gradient, memories);
    }

    fn update64(&self, tick: &Tick, _: &[f64], tensor: Tensor<'_, '_, f64>) {
        let Tensor { weights, gradient, memories, .. } = tensor;
        update64(&self.now(tick), weights, gradient, memories);
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Rule>> {
    Ok(Arc::new(Adamax {
        learning_rate: args.or("learning_rate", 0.001.into())?,
        beta_1: share(args, "beta_1", 0.9)?,
        beta_2: share(args, "beta_2", 0.999)?,
        epsilon: not_negative(args, "epsilon", 1e-7)?,
    }))
}

pub(crate) const ENTRY: Entry<dyn Rule> = Entry { class: "Adamax", names: &["adamax"], build };
