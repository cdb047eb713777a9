//! Decay of the learning rate as one over time.

use super::schedule::{Schedule, duration, rate, steps};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// Fast at first, then slower and slower.
///
/// ```text
/// rate(s) = initial / (1 + decay_rate · s / decay_steps)    staircase: s / decay_steps rounded down
/// ```
///
/// ```
/// use steadygrad_nn::schedules::{InverseTimeDecay, Schedule};
/// assert_eq!(InverseTimeDecay::new(0.5, 10, 1.0).rate(10), 0.25);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InverseTimeDecay {
    initial_learning_rate: f64,
    decay_steps: f64,
    decay_rate: f64,
    staircase: bool,
}

impl InverseTimeDecay {
    /// From this rate; `decay_rate` is added to the divisor every `decay_steps` steps (1 at least).
    pub fn new(initial_learning_rate: f64, decay_steps: u64, decay_rate: f64) -> InverseTimeDecay {
        let decay_steps = decay_steps.max(1) as f64;
        InverseTimeDecay { initial_learning_rate, decay_steps, decay_rate, staircase: false }
    }

    /// In jumps.
    pub fn staircase(mut self, staircase: bool) -> InverseTimeDecay {
        self.staircase = staircase;
        self
    }
}

impl Schedule for InverseTimeDecay {
    fn class(&self) -> &'static str {
        "InverseTimeDecay"
    }

    fn config(&self) -> Config {
        Config::new()
            .with("initial_learning_rate", self.initial_learning_rate)
            .with("decay_steps", steps(self.decay_steps))
            .with("decay_rate", self.decay_rate)
            .with("staircase", self.staircase)
            .with("name", "InverseTimeDecay")
    }

    fn rate(&self, step: u64) -> f64 {
        let p = step as f64 / self.decay_steps;
        self.initial_learning_rate / (1.0 + self.decay_rate * if self.staircase { p.floor() } else { p })
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Schedule>> {
    args.ignore(&["name"]);
    Ok(Arc::new(InverseTimeDecay {
        initial_learning_rate: rate(args, "initial_learning_rate", None)?,
        decay_steps: duration(args, "decay_steps")?,
        decay_rate: rate(args, "decay_rate", None)?,
        staircase: args.or("staircase", false)?,
    }))
}

pub(crate) const ENTRY: Entry<dyn Schedule> =
    Entry { class: "InverseTimeDecay", names: &["inverse_time_decay"], build };
