//! Exponential decay of the learning rate.

use super::schedule::{Schedule, duration, rate, steps};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// The same factor every so many steps.
///
/// ```text
/// rate(s) = initial · decay_rate^(s / decay_steps)          staircase: the exponent rounded down
/// ```
///
/// ```
/// use steadygrad_nn::schedules::{ExponentialDecay, Schedule};
/// assert_eq!(ExponentialDecay::new(0.1, 10, 0.5).rate(20), 0.025);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExponentialDecay {
    initial_learning_rate: f64,
    decay_steps: f64,
    decay_rate: f64,
    staircase: bool,
}

impl ExponentialDecay {
    /// From this rate, times `decay_rate` every `decay_steps` steps (1 at least).
    pub fn new(initial_learning_rate: f64, decay_steps: u64, decay_rate: f64) -> ExponentialDecay {
        let decay_steps = decay_steps.max(1) as f64;
        ExponentialDecay { initial_learning_rate, decay_steps, decay_rate, staircase: false }
    }

    /// In jumps.
    pub fn staircase(mut self, staircase: bool) -> ExponentialDecay {
        self.staircase = staircase;
        self
    }
}

impl Schedule for ExponentialDecay {
    fn class(&self) -> &'static str {
        "ExponentialDecay"
    }

    fn config(&self) -> Config {
        Config::new()
            .with("initial_learning_rate", self.initial_learning_rate)
            .with("decay_steps", steps(self.decay_steps))
            .with("decay_rate", self.decay_rate)
            .with("staircase", self.staircase)
            .with("name", "ExponentialDecay")
    }

    fn rate(&self, step: u64) -> f64 {
        let p = step as f64 / self.decay_steps;
        self.initial_learning_rate * self.decay_rate.powf(if self.staircase { p.floor() } else { p })
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Schedule>> {
    args.ignore(&["name"]);
    Ok(Arc::new(ExponentialDecay {
        initial_learning_rate: rate(args, "initial_learning_rate", None)?,
        decay_steps: duration(args, "decay_steps")?,
        decay_rate: rate(args, "decay_rate", None)?,
        staircase: args.or("staircase", false)?,
    }))
}

pub(crate) const ENTRY: Entry<dyn Schedule> =
    Entry { class: "ExponentialDecay", names: &["exponential_decay"], build };
