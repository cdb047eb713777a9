//! Adam: steps of adapted size from the first two moments of the gradient.

use super::rule::{Memory, Rule, Tensor, Tick, not_negative, power, share};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::schedules::Rate;
use std::sync::Arc;
use steadygrad_kernels::update::{MEMORIES, Update, update, update64};
use steadygrad_kernels::{Isa, Real, Result};

/// Adaptive moments.
///
/// ```text
/// m ← m + (g − m)·(1 − β₁)
/// v ← v + (g² − v)·(1 − β₂)
/// a = η·√(1 − β₂ᵗ)/(1 − β₁ᵗ)
/// w ← w − a·m/(√v + ε)             amsgrad: v̂ ← max(v̂, v) in place of v
/// ```
///
/// As in Keras, ε stands beside the uncorrected √v. (Kingma and Ba 2015; amsgrad: Reddi, Kale, Kumar 2018.)
///
/// ```
/// use steadygrad_nn::optimizers::Adam;
/// let adam = Adam::new(0.001).beta_1(0.9).epsilon(1e-7);
/// ```
#[derive(Debug, Clone)]
pub struct Adam {
    learning_rate: Rate,
    beta_1: f64,
    beta_2: f64,
    epsilon: f64,
    amsgrad: bool,
}

impl Adam {
    /// With this learning rate (a number or a schedule) and Keras' defaults.
    pub fn new(learning_rate: impl Into<Rate>) -> Adam {
        Adam {
            learning_rate: learning_rate.into(),
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-7,
            amsgrad: false,
        }
    }

    /// Decay of the mean of gradients.
    pub fn beta_1(mut self, beta_1: f64) -> Adam {
        self.beta_1 = beta_1;
        self
    }

    /// Decay of the mean of squared gradients.
    pub fn beta_2(mut self, beta_2: f64) -> Adam {
        self.beta_2 = beta_2;
        self
    }

    /// Added to the root, against division by 0.
    pub fn epsilon(mut self, epsilon: f64) -> Adam {
        self.epsilon = epsilon;
        self
    }

    /// Never lets the second moment shrink.
    pub fn amsgrad(mut self, amsgrad: bool) -> Adam {
        self.amsgrad = amsgrad;
        self
    }

    /// From settings; the weight decay is left to the optimizer.
    pub(super) fn read(args: &mut Args<'_>) -> Result<Adam> {
        Ok(Adam {
            learning_rate: args.or("learning_rate", 0.001.into())?,
            beta_1: share(args, "beta_1", 0.9)?,
            beta_2: share(args, "beta_2", 0.999)?,
            epsilon: not_negative(args, "epsilon", 1e-7)?,
            amsgrad: args.or("amsgrad", false)?,
        })
    }

    fn now(&self, tick: &Tick) -> Now {
        Now::at_step(tick, self.beta_1, self.beta_2, self.epsilon)
    }
}

/// Adam's formula with the numbers of one step.
pub(super) struct Now {
    step: f64,
    first: f64,
    second: f64,
    epsilon: f64,
}

impl Now {
    pub(super) fn at_step(tick: &Tick, beta_1: f64, beta_2: f64, epsilon: f64) -> Now {
        let root = (1.0 - power(beta_2, tick.step)).sqrt();
        Now {
            step: tick.learning_rate * root / (1.0 - power(beta_1, tick.step)),
            first: 1.0 - beta_1,
            second: 1.0 - beta_2,
            epsilon,
        }
    }
}

impl Update for Now {
    const MEMORIES: usize = 2;
    #[inline(always)]
    fn at<R: Real>(&self, w: R, g: R, memory: &mut [R; MEMORIES]) -> R {
        let [m, v, _, _] = *memory;
        let m = (g - m).mul_add(R::of(self.first), m);
        let v = (g * g - v).mul_add(R::of(self.second), v);
        memory[0] = m;
        memory[1] = v;
        w - R::of(self.step) * m / (v.sqrt() + R::of(self.epsilon))
    }
}

struct Amsgrad(Now);

impl Update for Amsgrad {
    const MEMORIES: usize = 3;
    #[inline(always)]
    fn at<R: Real>(&self, w: R, g: R, memory: &mut [R; MEMORIES]) -> R {
        let [m, v, top, _] = *memory;
        let m = (g - m).mul_add(R::of(self.0.first), m);
        let v = (g * g - v).mul_add(R::of(self.0.second), v);
        let top = top.max(v);
        *memory = [m, v, top, R::ZERO];
        w - R::of(self.0.step) * m / (top.sqrt() + R::of(self.0.epsilon))
    }
}

impl Rule for Adam {
    fn class(&self) -> &'static str {
        "Adam"
    }

    fn config(&self) -> Config {
        Config::new()
            .with("beta_1", self.beta_1)
            .with("beta_2", self.beta_2)
            .with("epsilon", self.epsilon)
            .with("amsgrad", self.amsgrad)
    }

    fn learning_rate(&self) -> &Rate {
        &self.learning_rate
    }

    fn memories(&self, _: &str, shape: &[usize]) -> Vec<Memory> {
        let mut memories = vec![Memory::zeros("momentum", shape), Memory::zeros("velocity", shape)];
        if self.amsgrad {
            memories.push(Memory { group: 1, ..Memory::zeros("velocity_hat", shape) });
        }
        memories
    }

    fn update(&self, isa: Isa, tick: &Tick, _: &[f64], tensor: Tensor<'_, '_, f32>) {
        let Tensor { weights, gradient, memories, .. } = tensor;
        if self.amsgrad {
            update(isa, &Amsgrad(self.now(tick)), weights, gradient, memories);
        } else {
            update(isa, &self.now(tick), weights, gradient, memories);
        }
    }

    fn update64(&self, tick: &Tick, _: &[f64], tensor: Tensor<'_, '_, f64>) {
        let Tensor { weights, gradient, memories, .. } = tensor;
        if self.amsgrad {
            update64(&Amsgrad(self.now(tick)), weights, gradient, memories);
        } else {
            update64(&self.now(tick), weights, gradient, memories);
        }
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Rule>> {
    Ok(Arc::new(Adam::read(args)?))
}

pub(crate) const ENTRY: Entry<dyn Rule> = Entry { class: "Adam", names: &["adam"], build };
