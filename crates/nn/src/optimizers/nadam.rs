//! Nadam: Adam that looks ahead along its momentum.

use super::rule::{Memory, Rule, Tensor, Tick, not_negative, share};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::schedules::Rate;
use std::sync::Arc;
use steadygrad_kernels::update::{MEMORIES, Update, update, update64};
use steadygrad_kernels::{Isa, Real, Result};

/// Adam with Nesterov's momentum.
///
/// ```text
/// uₜ = β₁·(1 − ½·0.96ᵗ);  P = u₁·u₂·…·uₜ
/// m ← m + (g − m)·(1 − β₁)
/// v ← v + (g² − v)·(1 − β₂)
/// m̂ = uₜ₊₁·m/(1 − P·uₜ₊₁) + (1 − uₜ)·g/(1 − P)
/// w ← w − η·m̂/(√(v/(1 − β₂ᵗ)) + ε)
/// ```
///
/// P is one number for the whole optimizer. (Dozat 2016.)
///
/// ```
/// use steadygrad_nn::optimizers::Nadam;
/// let nadam = Nadam::new(0.002).beta_1(0.9);
/// ```
#[derive(Debug, Clone)]
pub struct Nadam {
    learning_rate: Rate,
    beta_1: f64,
    beta_2: f64,
    epsilon: f64,
}

impl Nadam {
    /// With this learning rate (a number or a schedule) and Keras' defaults.
    pub fn new(learning_rate: impl Into<Rate>) -> Nadam {
        Nadam { learning_rate: learning_rate.into(), beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7 }
    }

    /// Decay of the mean of gradients.
    pub fn beta_1(mut self, beta_1: f64) -> Nadam {
        self.beta_1 = beta_1;
        self
    }

    /// Decay of the mean of squared gradients.
    pub fn beta_2(mut self, beta_2: f64) -> Nadam {
        self.beta_2 = beta_2;
        self
    }

    /// Added to the root, against division by 0.
    pub fn epsilon(mut self, epsilon: f64) -> Nadam {
        self.epsilon = epsilon;
        self
    }

    /// uₜ
    fn momentum_at(&self, step: u64) -> f64 {
        self.beta_1 * (1.0 - 0.5 * 0.96_f64.powf(step as f64))
    }

    fn now(&self, tick: &Tick, scalars: &[f64]) -> Now {
        let product = scalars.first().copied().unwrap_or(1.0);
        let (now, next) = (self.momentum_at(tick.step), self.momentum_at(tick.step + 1));
        Now {
            rate: tick.learning_rate,
            of_momentum: next / (1.0 - product * next),
            of_gradient: (1.0 - now) / (1.0 - product),
            first: 1.0 - self.beta_1,
            second: 1.0 - self.beta_2,
            root: 1.0 - self.beta_2.powf(tick.step as f64),
            epsilon: self.epsilon,
        }
    }
}

struct Now {
    rate: f64,
    of_momentum: f64,
    of_gradient: f64,
    first: f64,
    second: f64,
    root: f64,
    epsilon: f64,
}

impl Update for Now {
    const MEMORIES: usize = 2;
    #[inline(always)]
    fn at<R: Real>(&self, w: R, g: R, memory: &mut [R; MEMORIES]) -> R {
        let m = (g - memory[0]).mul_add(R::of(self.first), memory[0]);
        let v = (g * g - memory[1]).mul_add(R::of(self.second), memory[1]);
        memory[0] = m;
        memory[1] = v;
        let ahead = R::of(self.of_momentum) * m + R::of(self.of_gradient) * g;
        w - R::of(self.rate) * ahead / ((v / R::of(self.root)).sqrt() + R::of(self.epsilon))
    }
}

impl Rule for Nadam {
    fn class(&self) -> &'static str {
        "Nadam"
    }

    fn config(&self) -> Config {
        Config::new().with("beta_1", self.beta_1).with("beta_2", self.beta_2).with("epsilon", self.epsilon)
    }

    fn learning_rate(&self) -> &Rate {
        &self.learning_rate
    }

    fn memories(&self, _: &str, shape: &[usize]) -> Vec<Memory> {
        vec![Memory::zeros("momentum", shape), Memory::zeros("velocity", shape)]
    }

    fn scalars(&self) -> Vec<f64> {
        vec![1.0]
    }

    fn advance(&self, tick: &Tick, scalars: &mut [f64]) {
        for product in scalars {
            *product *= self.momentum_at(tick.step);
        }
    }

    fn update(&self, isa: Isa, tick: &Tick, scalars: &[f64], tensor: Tensor<'_, '_, f32>) {
        let Tensor { weights, gradient, memories, .. } = tensor;
        update(isa, &self.now(tick, scalars), weights, gradient, memories);
    }

    fn update64(&self, tick: &Tick, scalars: &[f64], tensor: Tensor<'_, '_, f64>) {
        let Tensor { weights, gradient, memories, .. } = tensor;
        update64(&self.now(tick, scalars), weights, gradient, memories);
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Rule>> {
    Ok(Arc::new(Nadam {
        learning_rate: args.or("learning_rate", 0.001.into())?,
        beta_1: share(args, "beta_1", 0.9)?,
        beta_2: share(args, "beta_2", 0.999)?,
        epsilon: not_negative(args, "epsilon", 1e-7)?,
    }))
}

pub(crate) const ENTRY: Entry<dyn Rule> = Entry { class: "Nadam", names: &["nadam"], build };
