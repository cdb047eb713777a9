//! Lion: steps of one size, along the sign of the momentum.

use super::rule::{Memory, Rule, Tensor, Tick, share};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::schedules::Rate;
use std::sync::Arc;
use steadygrad_kernels::update::{MEMORIES, Update, update, update64};
use steadygrad_kernels::{Isa, Real, Result};

/// Evolved sign momentum.
///
/// ```text
/// w ← w − η·sign(β₁·m + (1 − β₁)·g)
/// m ← β₂·m + (1 − β₂)·g
/// ```
///
/// Every weight moves by η, so that η should be 3 to 10 times smaller than Adam's. (Chen et al. 2023.)
///
/// ```
/// use steadygrad_nn::optimizers::{Lion, Optimizer};
/// let optimizer = Optimizer::new(Lion::new(1e-4)).weight_decay(0.1);
/// ```
#[derive(Debug, Clone)]
pub struct Lion {
    learning_rate: Rate,
    beta_1: f64,
    beta_2: f64,
}

impl Lion {
    /// With this learning rate (a number or a schedule) and Keras' defaults.
    pub fn new(learning_rate: impl Into<Rate>) -> Lion {
        Lion { learning_rate: learning_rate.into(), beta_1: 0.9, beta_2: 0.99 }
    }

    /// Share of the momentum in the sign that is stepped along, above 0.
    pub fn beta_1(mut self, beta_1: f64) -> Lion {
        self.beta_1 = beta_1;
        self
    }

    /// How much of the momentum stays at each step.
    pub fn beta_2(mut self, beta_2: f64) -> Lion {
        self.beta_2 = beta_2;
        self
    }

    fn now(&self, tick: &Tick) -> Now {
        Now { rate: tick.learning_rate, beta_1: self.beta_1, beta_2: self.beta_2 }
    }
}

struct Now {
    rate: f64,
    beta_1: f64,
    beta_2: f64,
}

impl Update for Now {
    const MEMORIES: usize = 1;
    #[inline(always)]
    fn at<R: Real>(&self, w: R, g: R, memory: &mut [R; MEMORIES]) -> R {
        let mix = |beta: f64| R::of(beta) * memory[0] + R::of(1.0 - beta) * g;
        let (along, m) = (mix(self.beta_1), mix(self.beta_2));
        memory[0] = m;
        w - R::of(self.rate) * along.sign()
    }
}

impl Rule for Lion {
    fn class(&self) -> &'static str {
        "Lion"
    }

    fn config(&self) -> Config {
        Config::new().with("beta_1", self.beta_1).with("beta_2", self.beta_2)
    }

    fn learning_rate(&self) -> &Rate {
        &self.learning_rate
    }

    fn memories(&self, _: &str, shape: &[usize]) -> Vec<Memory> {
        vec![Memory::zeros("momentum", shape)]
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
    let rule = Lion {
        learning_rate: args.or("learning_rate", 0.001.into())?,
        beta_1: share(args, "beta_1", 0.9)?,
        beta_2: share(args, "beta_2", 0.99)?,
    };
    if rule.beta_1 == 0.0 {
        return args.reject("beta_1", "above 0: without momentum only the sign of the gradient is left", 0);
    }
    Ok(Arc::new(rule))
}

pub(crate) const ENTRY: Entry<dyn Rule> = Entry { class: "Lion", names: &["lion"], build };
