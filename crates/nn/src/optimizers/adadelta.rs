//! Adadelta: steps in the units of the weights, from two running mean squares.

use super::rule::{Memory, Rule, Tensor, Tick, not_negative, share};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::schedules::Rate;
use std::sync::Arc;
use steadygrad_kernels::update::{MEMORIES, Update, update, update64};
use steadygrad_kernels::{Isa, Real, Result};

/// Steps as large as recent steps, divided by the recent size of the gradient.
///
/// ```text
/// a ← ρ·a + (1 − ρ)·g²
/// d = −√(u + ε)·g/√(a + ε)
/// u ← ρ·u + (1 − ρ)·d²
/// w ← w + η·d
/// ```
///
/// (Zeiler 2012, where η = 1; Keras' default is 0.001.)
///
/// ```
/// use steadygrad_nn::optimizers::Adadelta;
/// let adadelta = Adadelta::new(1.0).rho(0.95);
/// ```
#[derive(Debug, Clone)]
pub struct Adadelta {
    learning_rate: Rate,
    rho: f64,
    epsilon: f64,
}

impl Adadelta {
    /// With this learning rate (a number or a schedule) and Keras' defaults.
    pub fn new(learning_rate: impl Into<Rate>) -> Adadelta {
        Adadelta { learning_rate: learning_rate.into(), rho: 0.95, epsilon: 1e-7 }
    }

    /// How much of the mean squares stays at each step, 0 … 1.
    pub fn rho(mut self, rho: f64) -> Adadelta {
        self.rho = rho;
        self
    }

    /// Added under both roots: it sets the first steps' size.
    pub fn epsilon(mut self, epsilon: f64) -> Adadelta {
        self.epsilon = epsilon;
        self
    }

    fn now(&self, tick: &Tick) -> Now {
        Now { rate: tick.learning_rate, rho: self.rho, epsilon: self.epsilon }
    }
}

struct Now {
    rate: f64,
    rho: f64,
    epsilon: f64,
}

impl Update for Now {
    const MEMORIES: usize = 2;
    #[inline(always)]
    fn at<R: Real>(&self, w: R, g: R, memory: &mut [R; MEMORIES]) -> R {
        let (old, new, epsilon) = (R::of(self.rho), R::of(1.0 - self.rho), R::of(self.epsilon));
        let a = old * memory[0] + new * g * g;
        let d = -(memory[1] + epsilon).sqrt() * g / (a + epsilon).sqrt();
        memory[0] = a;
        memory[1] = old * memory[1] + new * d * d;
        w + R::of(self.rate) * d
    }
}

impl Rule for Adadelta {
    fn class(&self) -> &'static str {
        "Adadelta"
    }

    fn config(&self) -> Config {
        Config::new().with("rho", self.rho).with("epsilon", self.epsilon)
    }

    fn learning_rate(&self) -> &Rate {
        &self.learning_rate
    }

    fn memories(&self, _: &str, shape: &[usize]) -> Vec<Memory> {
        vec![Memory::zeros("accumulated_grad", shape), Memory::zeros("accumulated_delta_var", shape)]
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
    Ok(Arc::new(Adadelta {
        learning_rate: args.or("learning_rate", 0.001.into())?,
        rho: share(args, "rho", 0.95)?,
        epsilon: not_negative(args, "epsilon", 1e-7)?,
    }))
}

pub(crate) const ENTRY: Entry<dyn Rule> = Entry { class: "Adadelta", names: &["adadelta"], build };
