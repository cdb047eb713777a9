//! SGD: stochastic gradient descent, with momentum.

use super::rule::{Memory, Rule, Tensor, Tick};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::schedules::Rate;
use std::sync::Arc;
use steadygrad_kernels::update::{MEMORIES, Update, update, update64};
use steadygrad_kernels::{Isa, Real, Result};

/// Gradient descent.
///
/// ```text
/// plain      w ← w − η·g
/// momentum   v ← m·v − η·g;  w ← w + v
/// nesterov   v ← m·v − η·g;  w ← w + m·v − η·g
/// ```
///
/// (Polyak 1964; Nesterov 1983; Sutskever et al. 2013.)
///
/// ```
/// use steadygrad_nn::optimizers::Sgd;
/// let sgd = Sgd::new(0.01).momentum(0.9).nesterov(true);
/// ```
#[derive(Debug, Clone)]
pub struct Sgd {
    learning_rate: Rate,
    momentum: f64,
    nesterov: bool,
}

impl Sgd {
    /// With this learning rate (a number or a schedule) and no momentum.
    pub fn new(learning_rate: impl Into<Rate>) -> Sgd {
        Sgd { learning_rate: learning_rate.into(), momentum: 0.0, nesterov: false }
    }

    /// How much of the velocity stays at each step, 0 … 1.
    pub fn momentum(mut self, momentum: f64) -> Sgd {
        self.momentum = momentum;
        self
    }

    /// Looks ahead along the velocity.
    pub fn nesterov(mut self, nesterov: bool) -> Sgd {
        self.nesterov = nesterov;
        self
    }
}

struct Plain {
    rate: f64,
}

impl Update for Plain {
    const MEMORIES: usize = 0;
    #[inline(always)]
    fn at<R: Real>(&self, w: R, g: R, _: &mut [R; MEMORIES]) -> R {
        w - R::of(self.rate) * g
    }
}

struct Momentum {
    rate: f64,
    momentum: f64,
    nesterov: bool,
}

impl Update for Momentum {
    const MEMORIES: usize = 1;
    #[inline(always)]
    fn at<R: Real>(&self, w: R, g: R, memory: &mut [R; MEMORIES]) -> R {
        let (momentum, step) = (R::of(self.momentum), R::of(self.rate) * g);
        let v = momentum * memory[0] - step;
        memory[0] = v;
        w + R::select(self.nesterov, momentum * v - step, v)
    }
}

impl Rule for Sgd {
    fn class(&self) -> &'static str {
        "SGD"
    }

    fn config(&self) -> Config {
        Config::new().with("momentum", self.momentum).with("nesterov", self.nesterov)
    }

    fn learning_rate(&self) -> &Rate {
        &self.learning_rate
    }

    fn memories(&self, _: &str, shape: &[usize]) -> Vec<Memory> {
        match self.momentum {
            0.0 => Vec::new(),
            _ => vec![Memory::zeros("momentum", shape)],
        }
    }

    fn update(&self, isa: Isa, tick: &Tick, _: &[f64], tensor: Tensor<'_, '_, f32>) {
        let Tensor { weights, gradient, memories, .. } = tensor;
        let (rate, momentum, nesterov) = (tick.learning_rate, self.momentum, self.nesterov);
        if momentum == 0.0 {
            update(isa, &Plain { rate }, weights, gradient, memories);
        } else {
            update(isa, &Momentum { rate, momentum, nesterov }, weights, gradient, memories);
        }
    }

    fn update64(&self, tick: &Tick, _: &[f64], tensor: Tensor<'_, '_, f64>) {
        let Tensor { weights, gradient, memories, .. } = tensor;
        let (rate, momentum, nesterov) = (tick.learning_rate, self.momentum, self.nesterov);
        if momentum == 0.0 {
            update64(&Plain { rate }, weights, gradient, memories);
        } else {
            update64(&Momentum { rate, momentum, nesterov }, weights, gradient, memories);
        }
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Rule>> {
    let sgd = Sgd {
        learning_rate: args.or("learning_rate", 0.01.into())?,
        momentum: args.or("momentum", 0.0)?,
        nesterov: args.or("nesterov", false)?,
    };
    if !(0.0..=1.0).contains(&sgd.momentum) {
        return args.reject("momentum", "between 0 and 1", sgd.momentum);
    }
    Ok(Arc::new(sgd))
}

pub(crate) const ENTRY: Entry<dyn Rule> = Entry { class: "SGD", names: &["sgd"], build };
