//! LAMB: Adam whose step is as long, for each parameter, as the parameter is large.

use super::rule::{Memory, Rule, Tensor, Tick, not_negative, power, share};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::schedules::Rate;
use std::sync::Arc;
use steadygrad_kernels::norm::squares;
use steadygrad_kernels::update::{WholeUpdate, update_whole};
use steadygrad_kernels::{Isa, Real, Result};

/// Layer-wise adaptive moments, for large batches.
///
/// ```text
/// m ← m + (g − m)·(1 − β₁)
/// v ← v + (g² − v)·(1 − β₂)
/// u = m/(1 − β₁ᵗ) / (√(v/(1 − β₂ᵗ)) + ε)
/// w ← w − η·‖w‖/‖u‖·u               the ratio is 1 where either norm is 0
/// ```
///
/// The norms are those of a whole parameter. (You et al. 2020.)
///
/// ```
/// use steadygrad_nn::optimizers::Lamb;
/// let lamb = Lamb::new(0.001).beta_1(0.9);
/// ```
#[derive(Debug, Clone)]
pub struct Lamb {
    learning_rate: Rate,
    beta_1: f64,
    beta_2: f64,
    epsilon: f64,
}

impl Lamb {
    /// With this learning rate (a number or a schedule) and Keras' defaults.
    pub fn new(learning_rate: impl Into<Rate>) -> Lamb {
        Lamb { learning_rate: learning_rate.into(), beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7 }
    }

    /// Decay of the mean of gradients.
    pub fn beta_1(mut self, beta_1: f64) -> Lamb {
        self.beta_1 = beta_1;
        self
    }

    /// Decay of the mean of squared gradients.
    pub fn beta_2(mut self, beta_2: f64) -> Lamb {
        self.beta_2 = beta_2;
        self
    }

    /// Added to the root, against division by 0.
    pub fn epsilon(mut self, epsilon: f64) -> Lamb {
        self.epsilon = epsilon;
        self
    }

    fn now(&self, tick: &Tick) -> Now {
        Now {
            rate: tick.learning_rate,
            first: 1.0 - self.beta_1,
            second: 1.0 - self.beta_2,
            of_mean: 1.0 / (1.0 - power(self.beta_1, tick.step)),
            root: 1.0 - power(self.beta_2, tick.step),
            epsilon: self.epsilon,
        }
    }
}

struct Now {
    rate: f64,
    first: f64,
    second: f64,
    of_mean: f64,
    root: f64,
    epsilon: f64,
}

impl WholeUpdate for Now {
    #[inline(always)]
    fn step<R: Real>(&self, tensor: Tensor<'_, '_, R>) {
        let Tensor { weights, gradient, memories, scratch, .. } = tensor;
        let [m, v, ..] = memories else { return };
        let direction = &mut scratch[..weights.len()];
        for (((u, &g), m), v) in direction.iter_mut().zip(gradient).zip(m.iter_mut()).zip(v.iter_mut()) {
            *m = (g - *m).mul_add(R::of(self.first), *m);
            *v = (g * g - *v).mul_add(R::of(self.second), *v);
            *u = *m * R::of(self.of_mean) / ((*v / R::of(self.root)).sqrt() + R::of(self.epsilon));
        }
        let (size, length) = (squares(weights).sqrt(), squares(direction).sqrt());
        let ratio = if size > 0.0 && length > 0.0 { size / length } else { 1.0 };
        let rate = R::of(self.rate * ratio);
        for (w, &u) in weights.iter_mut().zip(direction.iter()) {
            *w = *w - rate * u;
        }
    }
}

impl Rule for Lamb {
    fn class(&self) -> &'static str {
        "Lamb"
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

    fn elementwise(&self) -> bool {
        false
    }

    fn scratch(&self, shape: &[usize]) -> usize {
        shape.iter().product()
    }

    fn update(&self, isa: Isa, tick: &Tick, _: &[f64], tensor: Tensor<'_, '_, f32>) {
        update_whole(isa, &self.now(tick), tensor);
    }

    fn update64(&self, tick: &Tick, _: &[f64], tensor: Tensor<'_, '_, f64>) {
        self.now(tick).step(tensor);
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Rule>> {
    Ok(Arc::new(Lamb {
        learning_rate: args.or("learning_rate", 0.001.into())?,
        beta_1: share(args, "beta_1", 0.9)?,
        beta_2: share(args, "beta_2", 0.999)?,
        epsilon: not_negative(args, "epsilon", 1e-7)?,
    }))
}

/// Keras has the class, and no string for it; here both are found.
pub(crate) const ENTRY: Entry<dyn Rule> = Entry { class: "Lamb", names: &["lamb"], build };
