//! Decay of the learning rate along half a cosine, after a rise if wanted.

use super::schedule::{Schedule, duration, half_cosine, rate, steps};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// Slow, fast, slow: down to a share `alpha` of where it began.
///
/// ```text
/// rate(s) = top · ((1 − alpha) · ½·(1 + cos(π·min(s′, decay_steps)/decay_steps)) + alpha)
/// without warmup   top = initial,        s′ = s
/// with warmup      top = warmup_target,  s′ = s − warmup_steps;  before, in a straight line from initial to top
/// ```
///
/// (Loshchilov and Hutter 2017; warmup: Goyal et al. 2017.)
///
/// ```
/// use steadygrad_nn::schedules::{CosineDecay, Schedule};
/// let schedule = CosineDecay::new(0.0, 100).warmup(1.0, 10);
/// assert_eq!([0, 5, 10, 60].map(|s| (schedule.rate(s) * 1e6).round() / 1e6), [0.0, 0.5, 1.0, 0.5]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CosineDecay {
    initial_learning_rate: f64,
    decay_steps: f64,
    alpha: f64,
    warmup_target: Option<f64>,
    warmup_steps: f64,
}

impl CosineDecay {
    /// From this rate to 0 within `decay_steps` steps (1 at least).
    pub fn new(initial_learning_rate: f64, decay_steps: u64) -> CosineDecay {
        let decay_steps = decay_steps.max(1) as f64;
        CosineDecay { initial_learning_rate, decay_steps, alpha: 0.0, warmup_target: None, warmup_steps: 0.0 }
    }

    /// The share that is left at the end.
    pub fn alpha(mut self, alpha: f64) -> CosineDecay {
        self.alpha = alpha;
        self
    }

    /// Rises to `target` over so many steps, before it falls.
    pub fn warmup(mut self, target: f64, steps: u64) -> CosineDecay {
        self.warmup_target = Some(target);
        self.warmup_steps = steps as f64;
        self
    }
}

impl Schedule for CosineDecay {
    fn class(&self) -> &'static str {
        "CosineDecay"
    }

    fn config(&self) -> Config {
        Config::new()
            .with("initial_learning_rate", self.initial_learning_rate)
            .with("decay_steps", steps(self.decay_steps))
            .with("alpha", self.alpha)
            .with("name", "CosineDecay")
            .with("warmup_target", self.warmup_target)
            .with("warmup_steps", steps(self.warmup_steps))
    }

    fn rate(&self, step: u64) -> f64 {
        let mut step = step as f64;
        let mut top = self.initial_learning_rate;
        if let Some(target) = self.warmup_target {
            if step < self.warmup_steps {
                return (target - top) * (step / self.warmup_steps) + top;
            }
            (step, top) = (step - self.warmup_steps, target);
        }
        let wave = half_cosine(step.min(self.decay_steps) / self.decay_steps);
        top * ((1.0 - self.alpha) * wave + self.alpha)
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Schedule>> {
    args.ignore(&["name"]);
    let schedule = CosineDecay {
        initial_learning_rate: rate(args, "initial_learning_rate", None)?,
        decay_steps: duration(args, "decay_steps")?,
        alpha: rate(args, "alpha", Some(0.0))?,
        warmup_target: args.or("warmup_target", None)?,
        warmup_steps: args.or("warmup_steps", 0.0)?,
    };
    if !(schedule.warmup_steps.is_finite() && schedule.warmup_steps >= 0.0) {
        return args.reject("warmup_steps", "a finite number of 0 or more", schedule.warmup_steps);
    }
    Ok(Arc::new(schedule))
}

pub(crate) const ENTRY: Entry<dyn Schedule> = Entry { class: "CosineDecay", names: &["cosine_decay"], build };
