//! RMSprop: steps divided by the recent size of the gradient.

use super::rule::{Memory, Rule, Tensor, Tick, not_negative, share};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::schedules::Rate;
use std::sync::Arc;
use steadygrad_kernels::update::{MEMORIES, Update, update, update64};
use steadygrad_kernels::{Isa, Real, Result};

/// Root mean square propagation.
///
/// ```text
/// v ← ρ·v + (1 − ρ)·g²
/// w ← w − η·g/√(v + ε)
///
/// centered   a ← ρ·a + (1 − ρ)·g;  v − a² in place of v
/// momentum   s ← m·s + η·g/√(v + ε);  w ← w − s
/// ```
///
/// As in Keras, ε stands under the root. (Tieleman and Hinton 2012; centered: Graves 2013.)
///
/// ```
/// use steadygrad_nn::optimizers::{Optimizer, RmsProp};
/// let optimizer = Optimizer::new(RmsProp::new(0.001).rho(0.9).centered(true));
/// assert_eq!(optimizer.rule.class(), "RMSprop");
/// ```
#[derive(Debug, Clone)]
pub struct RmsProp {
    learning_rate: Rate,
    rho: f64,
    momentum: f64,
    epsilon: f64,
    centered: bool,
}

impl RmsProp {
    /// With this learning rate (a number or a schedule) and Keras' defaults.
    pub fn new(learning_rate: impl Into<Rate>) -> RmsProp {
        RmsProp {
            learning_rate: learning_rate.into(),
            rho: 0.9,
            momentum: 0.0,
            epsilon: 1e-7,
            centered: false,
        }
    }

    /// How much of the mean square stays at each step, 0 … 1.
    pub fn rho(mut self, rho: f64) -> RmsProp {
        self.rho = rho;
        self
    }

    /// How much of the last step is added to the next, 0 … 1.
    pub fn momentum(mut self, momentum: f64) -> RmsProp {
        self.momentum = momentum;
        self
    }

    /// Added under the root, against division by 0.
    pub fn epsilon(mut self, epsilon: f64) -> RmsProp {
        self.epsilon = epsilon;
        self
    }

    /// Divides by the spread of the gradient around its mean instead of by its size.
    pub fn centered(mut self, centered: bool) -> RmsProp {
        self.centered = centered;
        self
    }

    fn now<const MOMENTUM: bool, const CENTERED: bool>(&self, tick: &Tick) -> Now<MOMENTUM, CENTERED> {
        Now { rate: tick.learning_rate, rho: self.rho, momentum: self.momentum, epsilon: self.epsilon }
    }
}

/// Memories: the mean square, then the momentum, then the mean, as far as they are used.
struct Now<const MOMENTUM: bool, const CENTERED: bool> {
    rate: f64,
    rho: f64,
    momentum: f64,
    epsilon: f64,
}

impl<const MOMENTUM: bool, const CENTERED: bool> Update for Now<MOMENTUM, CENTERED> {
    const MEMORIES: usize = 1 + MOMENTUM as usize + CENTERED as usize;
    #[inline(always)]
    fn at<R: Real>(&self, w: R, g: R, memory: &mut [R; MEMORIES]) -> R {
        let (old, new) = (R::of(self.rho), R::of(1.0 - self.rho));
        let mut v = old * memory[0] + new * g * g;
        memory[0] = v;
        if CENTERED {
            let at = 1 + MOMENTUM as usize;
            let mean = old * memory[at] + new * g;
            memory[at] = mean;
            v = v - mean * mean;
        }
        let mut step = R::of(self.rate) * g / (v + R::of(self.epsilon)).sqrt();
        if MOMENTUM {
            step = R::of(self.momentum) * memory[1] + step;
            memory[1] = step;
        }
        w - step
    }
}

impl Rule for RmsProp {
    fn class(&self) -> &'static str {
        "RMSprop"
    }

    fn config(&self) -> Config {
        Config::new()
            .with("rho", self.rho)
            .with("momentum", self.momentum)
            .with("epsilon", self.epsilon)
            .with("centered", self.centered)
    }

    fn learning_rate(&self) -> &Rate {
        &self.learning_rate
    }

    fn memories(&self, _: &str, shape: &[usize]) -> Vec<Memory> {
        let mut memories = vec![Memory::zeros("velocity", shape)];
        if self.momentum > 0.0 {
            memories.push(Memory { group: 1, ..Memory::zeros("momentum", shape) });
        }
        if self.centered {
            memories.push(Memory { group: 2, ..Memory::zeros("average_gradient", shape) });
        }
        memories
    }

    fn update(&self, isa: Isa, tick: &Tick, _: &[f64], tensor: Tensor<'_, '_, f32>) {
        let Tensor { weights, gradient, memories, .. } = tensor;
        match (self.momentum > 0.0, self.centered) {
            (false, false) => update(isa, &self.now::<false, false>(tick), weights, gradient, memories),
            (false, true) => update(isa, &self.now::<false, true>(tick), weights, gradient, memories),
            (true, false) => update(isa, &self.now::<true, false>(tick), weights, gradient, memories),
            (true, true) => update(isa, &self.now::<true, true>(tick), weights, gradient, memories),
        }
    }

    fn update64(&self, tick: &Tick, _: &[f64], tensor: Tensor<'_, '_, f64>) {
        let Tensor { weights, gradient, memories, .. } = tensor;
        match (self.momentum > 0.0, self.centered) {
            (false, false) => update64(&self.now::<false, false>(tick), weights, gradient, memories),
            (false, true) => update64(&self.now::<false, true>(tick), weights, gradient, memories),
            (true, false) => update64(&self.now::<true, false>(tick), weights, gradient, memories),
            (true, true) => update64(&self.now::<true, true>(tick), weights, gradient, memories),
        }
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Rule>> {
    Ok(Arc::new(RmsProp {
        learning_rate: args.or("learning_rate", 0.001.into())?,
        rho: share(args, "rho", 0.9)?,
        momentum: share(args, "momentum", 0.0)?,
        epsilon: not_negative(args, "epsilon", 1e-7)?,
        centered: args.or("centered", false)?,
    }))
}

pub(crate) const ENTRY: Entry<dyn Rule> = Entry { class: "RMSprop", names: &["rmsprop"], build };
