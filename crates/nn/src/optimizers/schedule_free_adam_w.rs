//! ScheduleFreeAdamW: Adam that averages its path instead of lowering its learning rate.

use super::rule::{Initial, Memory, Mode, Rule, Tensor, Tick, not_negative, share};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::schedules::Rate;
use std::sync::Arc;
use steadygrad_kernels::update::{MEMORIES, Update, update, update64};
use steadygrad_kernels::{Isa, Real, Result};

/// Adam without a schedule.
///
/// ```text
/// v ← v + (g² − v)·(1 − β₂)
/// z ← z − η·min(t/warmup, 1)·g/(√(v/(1 − β₂ᵗ)) + ε)
/// x = (y − (1 − β₁)·z_old)/β₁               the average so far
/// x ← (1 − 1/t)·x + 1/t·z
/// y ← (1 − β₁)·z + β₁·x                     the weights while training
/// ```
///
/// z begins as the weights. The weights are y while training, and stay there when `fit` ends, as in Keras; the model is
/// best at x, to which the learner's `swap_to_eval` moves them (here [`Rule::swap`]).
/// As in Keras, no weights are decayed unless `weight_decay` is given. Keras 3.15 on TensorFlow takes the new z for z_old,
/// against its own source, so that there y is the plain average of all z and β₁ has no effect; here it is the old. (Defazio et al. 2024.)
///
/// ```
/// use steadygrad_nn::optimizers::{Optimizer, ScheduleFreeAdamW};
/// let optimizer = Optimizer::new(ScheduleFreeAdamW::new(0.0025).warmup_steps(100)).weight_decay(0.01);
/// ```
#[derive(Debug, Clone)]
pub struct ScheduleFreeAdamW {
    learning_rate: Rate,
    beta_1: f64,
    beta_2: f64,
    epsilon: f64,
    warmup_steps: u64,
}

impl ScheduleFreeAdamW {
    /// With this learning rate (a number or a schedule) and Keras' defaults.
    pub fn new(learning_rate: impl Into<Rate>) -> ScheduleFreeAdamW {
        ScheduleFreeAdamW {
            learning_rate: learning_rate.into(),
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-8,
            warmup_steps: 0,
        }
    }

    /// Where between average and newest point the gradient is taken, above 0.
    pub fn beta_1(mut self, beta_1: f64) -> ScheduleFreeAdamW {
        self.beta_1 = beta_1;
        self
    }

    /// Decay of the mean of squared gradients.
    pub fn beta_2(mut self, beta_2: f64) -> ScheduleFreeAdamW {
        self.beta_2 = beta_2;
        self
    }

    /// Added to the root, against division by 0.
    pub fn epsilon(mut self, epsilon: f64) -> ScheduleFreeAdamW {
        self.epsilon = epsilon;
        self
    }

    /// The learning rate rises to its value over so many steps.
    pub fn warmup_steps(mut self, warmup_steps: u64) -> ScheduleFreeAdamW {
        self.warmup_steps = warmup_steps;
        self
    }

    fn now(&self, tick: &Tick) -> Now {
        let t = tick.step as f64;
        let warmup = if self.warmup_steps > 0 { (t / self.warmup_steps as f64).min(1.0) } else { 1.0 };
        Now {
            rate: tick.learning_rate * warmup,
            beta_1: self.beta_1,
            second: 1.0 - self.beta_2,
            root: 1.0 - self.beta_2.powf(t),
            epsilon: self.epsilon,
            share: 1.0 / t,
        }
    }
}

struct Now {
    rate: f64,
    beta_1: f64,
    second: f64,
    root: f64,
    epsilon: f64,
    share: f64,
}

impl Update for Now {
    const MEMORIES: usize = 2;
    #[inline(always)]
    fn at<R: Real>(&self, y: R, g: R, memory: &mut [R; MEMORIES]) -> R {
        let (near, far) = (R::of(1.0 - self.beta_1), R::of(self.beta_1));
        let v = (g * g - memory[1]).mul_add(R::of(self.second), memory[1]);
        let x = (y - near * memory[0]) / far;
        let z = memory[0] - R::of(self.rate) * g / ((v / R::of(self.root)).sqrt() + R::of(self.epsilon));
        let x = R::of(1.0 - self.share) * x + R::of(self.share) * z;
        memory[0] = z;
        memory[1] = v;
        near * z + far * x
    }
}

/// From x to y and back; z comes in the gradient's place.
struct Swap {
    to: Mode,
    beta_1: f64,
}

impl Update for Swap {
    const MEMORIES: usize = 0;
    #[inline(always)]
    fn at<R: Real>(&self, w: R, z: R, _: &mut [R; MEMORIES]) -> R {
        let (near, far) = (R::of(1.0 - self.beta_1), R::of(self.beta_1));
        R::select(self.to == Mode::Train, near * z + far * w, (w - near * z) / far)
    }
}

impl Rule for ScheduleFreeAdamW {
    fn class(&self) -> &'static str {
        "ScheduleFreeAdamW"
    }

    fn config(&self) -> Config {
        Config::new()
            .with("beta_1", self.beta_1)
            .with("beta_2", self.beta_2)
            .with("epsilon", self.epsilon)
            .with("warmup_steps", self.warmup_steps)
    }

    fn learning_rate(&self) -> &Rate {
        &self.learning_rate
    }

    fn memories(&self, _: &str, shape: &[usize]) -> Vec<Memory> {
        let momentum = Memory { initial: Initial::Weights, ..Memory::zeros("momentum", shape) };
        vec![momentum, Memory::zeros("velocity", shape)]
    }

    fn swap(&self, isa: Isa, to: Mode, tensor: Tensor<'_, '_, f32>) {
        let Tensor { weights, memories, .. } = tensor;
        if let Some(z) = memories.first() {
            update(isa, &Swap { to, beta_1: self.beta_1 }, weights, z, &mut []);
        }
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
    let rule = ScheduleFreeAdamW {
        learning_rate: args.or("learning_rate", 0.0025.into())?,
        beta_1: share(args, "beta_1", 0.9)?,
        beta_2: share(args, "beta_2", 0.999)?,
        epsilon: not_negative(args, "epsilon", 1e-8)?,
        warmup_steps: args.or("warmup_steps", 0)?,
    };
    if rule.beta_1 == 0.0 {
        return args.reject("beta_1", "above 0: the average is found by dividing by it", 0);
    }
    Ok(Arc::new(rule))
}

pub(crate) const ENTRY: Entry<dyn Rule> =
    Entry { class: "ScheduleFreeAdamW", names: &["schedulefreeadamw"], build };
