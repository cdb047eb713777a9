//! FTRL: follows the regularized leader, for large sparse linear models.

use super::rule::{Initial, Memory, Rule, Tensor, Tick, not_negative};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::schedules::Rate;
use std::sync::Arc;
use steadygrad_kernels::update::{MEMORIES, Update, update, update64};
use steadygrad_kernels::{Isa, Real, Result};

/// Follow the regularized leader.
///
/// ```text
/// n′ = n + g²;  p = −learning_rate_power
/// z ← z + g + 2·shrinkage·w − (n′ᵖ − nᵖ)/η · w
/// q = n′ᵖ/η + 2·(l2 + β/(2η))
/// w ← (clip(z, −l1, l1) − z)/q
/// ```
///
/// The weights follow from the memories alone: what they are at the start is forgotten at the first step. (McMahan et al.
/// 2013.)
///
/// ```
/// use steadygrad_nn::optimizers::Ftrl;
/// let ftrl = Ftrl::new(0.05).l1_regularization_strength(0.01);
/// ```
#[derive(Debug, Clone)]
pub struct Ftrl {
    learning_rate: Rate,
    learning_rate_power: f64,
    initial_accumulator_value: f64,
    l1_regularization_strength: f64,
    l2_regularization_strength: f64,
    l2_shrinkage_regularization_strength: f64,
    beta: f64,
}

impl Ftrl {
    /// With this learning rate (a number or a schedule) and Keras' defaults.
    pub fn new(learning_rate: impl Into<Rate>) -> Ftrl {
        Ftrl {
            learning_rate: learning_rate.into(),
            learning_rate_power: -0.5,
            initial_accumulator_value: 0.1,
            l1_regularization_strength: 0.0,
            l2_regularization_strength: 0.0,
            l2_shrinkage_regularization_strength: 0.0,
            beta: 0.0,
        }
    }

    /// How the learning rate falls with the sum of squares; 0 or less, −½ for its root.
    pub fn learning_rate_power(mut self, learning_rate_power: f64) -> Ftrl {
        self.learning_rate_power = learning_rate_power;
        self
    }

    /// What the sum of squares begins with, 0 or more.
    pub fn initial_accumulator_value(mut self, initial_accumulator_value: f64) -> Ftrl {
        self.initial_accumulator_value = initial_accumulator_value;
        self
    }

    /// Weights whose pull is smaller than this are exactly 0.
    pub fn l1_regularization_strength(mut self, l1_regularization_strength: f64) -> Ftrl {
        self.l1_regularization_strength = l1_regularization_strength;
        self
    }

    /// Pulls the weights to 0.
    pub fn l2_regularization_strength(mut self, l2_regularization_strength: f64) -> Ftrl {
        self.l2_regularization_strength = l2_regularization_strength;
        self
    }

    /// Adds twice this times the weight to the gradient.
    pub fn l2_shrinkage_regularization_strength(mut self, l2_shrinkage_regularization_strength: f64) -> Ftrl {
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength;
        self
    }

    /// The paper's β: damps the first steps.
    pub fn beta(mut self, beta: f64) -> Ftrl {
        self.beta = beta;
        self
    }

    fn now<const ROOT: bool>(&self, tick: &Tick) -> Now<ROOT> {
        let rate = tick.learning_rate;
        Now {
            rate,
            power: -self.learning_rate_power,
            l1: self.l1_regularization_strength,
            shrinkage: 2.0 * self.l2_shrinkage_regularization_strength,
            quadratic: 2.0 * (self.l2_regularization_strength + self.beta / (2.0 * rate)),
        }
    }

    fn root(&self) -> bool {
        self.learning_rate_power == -0.5
    }
}

/// `ROOT`: the power is ½.
struct Now<const ROOT: bool> {
    rate: f64,
    power: f64,
    l1: f64,
    shrinkage: f64,
    quadratic: f64,
}

impl<const ROOT: bool> Update for Now<ROOT> {
    const MEMORIES: usize = 2;
    #[inline(always)]
    fn at<R: Real>(&self, w: R, g: R, memory: &mut [R; MEMORIES]) -> R {
        let power = |n: R| if ROOT { n.sqrt() } else { n.powf(R::of(self.power)) };
        let (rate, l1) = (R::of(self.rate), R::of(self.l1));
        let sum = memory[0] + g * g;
        let after = power(sum);
        let sigma = (after - power(memory[0])) / rate;
        let z = memory[1] + (g + R::of(self.shrinkage) * w - sigma * w);
        memory[0] = sum;
        memory[1] = z;
        (z.max(-l1).min(l1) - z) / (after / rate + R::of(self.quadratic))
    }
}

impl Rule for Ftrl {
    fn class(&self) -> &'static str {
        "Ftrl"
    }

    fn config(&self) -> Config {
        Config::new()
            .with("learning_rate_power", self.learning_rate_power)
            .with("initial_accumulator_value", self.initial_accumulator_value)
            .with("l1_regularization_strength", self.l1_regularization_strength)
            .with("l2_regularization_strength", self.l2_regularization_strength)
            .with("l2_shrinkage_regularization_strength", self.l2_shrinkage_regularization_strength)
            .with("beta", self.beta)
    }

    fn learning_rate(&self) -> &Rate {
        &self.learning_rate
    }

    fn memories(&self, _: &str, shape: &[usize]) -> Vec<Memory> {
        let initial = Initial::Value(self.initial_accumulator_value);
        vec![Memory { initial, ..Memory::zeros("accumulator", shape) }, Memory::zeros("linear", shape)]
    }

    fn update(&self, isa: Isa, tick: &Tick, _: &[f64], tensor: Tensor<'_, '_, f32>) {
        let Tensor { weights, gradient, memories, .. } = tensor;
        if self.root() {
            update(isa, &self.now::<true>(tick), weights, gradient, memories);
        } else {
            update(isa, &self.now::<false>(tick), weights, gradient, memories);
        }
    }

    fn update64(&self, tick: &Tick, _: &[f64], tensor: Tensor<'_, '_, f64>) {
        let Tensor { weights, gradient, memories, .. } = tensor;
        if self.root() {
            update64(&self.now::<true>(tick), weights, gradient, memories);
        } else {
            update64(&self.now::<false>(tick), weights, gradient, memories);
        }
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Rule>> {
    let rule = Ftrl {
        learning_rate: args.or("learning_rate", 0.001.into())?,
        learning_rate_power: args.or("learning_rate_power", -0.5)?,
        initial_accumulator_value: not_negative(args, "initial_accumulator_value", 0.1)?,
        l1_regularization_strength: not_negative(args, "l1_regularization_strength", 0.0)?,
        l2_regularization_strength: not_negative(args, "l2_regularization_strength", 0.0)?,
        l2_shrinkage_regularization_strength: not_negative(
            args,
            "l2_shrinkage_regularization_strength",
            0.0,
        )?,
        beta: not_negative(args, "beta", 0.0)?,
    };
    if !(rule.learning_rate_power.is_finite() && rule.learning_rate_power <= 0.0) {
        return args.reject("learning_rate_power", "a finite number of 0 or less", rule.learning_rate_power);
    }
    Ok(Arc::new(rule))
}

pub(crate) const ENTRY: Entry<dyn Rule> = Entry { class: "Ftrl", names: &["ftrl"], build };
