//! Adagrad: steps divided by the size of all gradients so far.

use super::rule::{Initial, Memory, Rule, Tensor, Tick, not_negative};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::schedules::Rate;
use std::sync::Arc;
use steadygrad_kernels::update::{MEMORIES, Update, update, update64};
use steadygrad_kernels::{Isa, Real, Result};

/// Adaptive gradients: what was often moved moves less.
///
/// ```text
/// a ← a + g²
/// w ← w − η·g/√(a + ε)
/// ```
///
/// (Duchi, Hazan, Singer 2011.)
///
/// ```
/// use steadygrad_nn::optimizers::Adagrad;
/// let adagrad = Adagrad::new(0.01).initial_accumulator_value(0.1);
/// ```
#[derive(Debug, Clone)]
pub struct Adagrad {
    learning_rate: Rate,
    initial_accumulator_value: f64,
    epsilon: f64,
}

impl Adagrad {
    /// With this learning rate (a number or a schedule) and Keras' defaults.
    pub fn new(learning_rate: impl Into<Rate>) -> Adagrad {
        Adagrad { learning_rate: learning_rate.into(), initial_accumulator_value: 0.1, epsilon: 1e-7 }
    }

    /// What the sum of squares begins with, 0 or more.
    pub fn initial_accumulator_value(mut self, initial_accumulator_value: f64) -> Adagrad {
        self.initial_accumulator_value = initial_accumulator_value;
        self
    }

    /// Added under the root, against division by 0.
    pub fn epsilon(mut self, epsilon: f64) -> Adagrad {
        self.epsilon = epsilon;
        self
    }

    fn now(&self, tick: &Tick) -> Now {
        Now { rate: tick.learning_rate, epsilon: self.epsilon }
    }
}

struct Now {
    rate: f64,
    epsilon: f64,
}

impl Update for Now {
    const MEMORIES: usize = 1;
    #[inline(always)]
    fn at<R: Real>(&self, w: R, g: R, memory: &mut [R; MEMORIES]) -> R {
        let sum = memory[0] + g * g;
        memory[0] = sum;
        w - R::of(self.rate) * g / (sum + R::of(self.epsilon)).sqrt()
    }
}

impl Rule for Adagrad {
    fn class(&self) -> &'static str {
        "Adagrad"
    }

    fn config(&self) -> Config {
        Config::new()
            .with("initial_accumulator_value", self.initial_accumulator_value)
            .with("epsilon", self.epsilon)
    }

    fn learning_rate(&self) -> &Rate {
        &self.learning_rate
    }

    fn memories(&self, _: &str, shape: &[usize]) -> Vec<Memory> {
        let initial = Initial::Value(self.initial_accumulator_value);
        vec![Memory { initial, ..Memory::zeros("accumulator", shape) }]
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
    Ok(Arc::new(Adagrad {
        learning_rate: args.or("learning_rate", 0.001.into())?,
        initial_accumulator_value: not_negative(args, "initial_accumulator_value", 0.1)?,
        epsilon: not_negative(args, "epsilon", 1e-7)?,
    }))
}

pub(crate) const ENTRY: Entry<dyn Rule> = Entry { class: "Adagrad", names: &["adagrad"], build };
