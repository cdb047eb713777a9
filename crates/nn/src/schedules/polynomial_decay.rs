//! Decay of the learning rate along a power of the time left.

use super::schedule::{Schedule, duration, rate, steps};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// From one rate to another within `decay_steps`, in a straight line where `power` is 1.
///
/// ```text
/// rate(s) = (initial − end) · (1 − min(s, D)/D)^power + end          D = decay_steps
/// cycle     D = decay_steps · max(1, ⌈s / decay_steps⌉), and s is not cut
/// ```
///
/// ```
/// use steadygrad_nn::schedules::{PolynomialDecay, Schedule};
/// let schedule = PolynomialDecay::new(1.0, 10).end_learning_rate(0.5);
/// assert_eq!([0, 5, 10, 99].map(|s| schedule.rate(s)), [1.0, 0.75, 0.5, 0.5]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PolynomialDecay {
    initial_learning_rate: f64,
    decay_steps: f64,
    end_learning_rate: f64,
    power: f64,
    cycle: bool,
}

impl PolynomialDecay {
    /// From this rate to 0.0001 within `decay_steps` steps (1 at least).
    pub fn new(initial_learning_rate: f64, decay_steps: u64) -> PolynomialDecay {
        PolynomialDecay {
            initial_learning_rate,
            decay_steps: decay_steps.max(1) as f64,
            end_learning_rate: 1e-4,
            power: 1.0,
            cycle: false,
        }
    }

    /// The rate at the end.
    pub fn end_learning_rate(mut self, end_learning_rate: f64) -> PolynomialDecay {
        self.end_learning_rate = end_learning_rate;
        self
    }

    /// 1 for a straight line, more for a fast start.
    pub fn power(mut self, power: f64) -> PolynomialDecay {
        self.power = power;
        self
    }

    /// Rises again, each time less, instead of staying at the end.
    pub fn cycle(mut self, cycle: bool) -> PolynomialDecay {
        self.cycle = cycle;
        self
    }
}

impl Schedule for PolynomialDecay {
    fn class(&self) -> &'static str {
        "PolynomialDecay"
    }

    fn config(&self) -> Config {
        Config::new()
            .with("initial_learning_rate", self.initial_learning_rate)
            .with("decay_steps", steps(self.decay_steps))
            .with("end_learning_rate", self.end_learning_rate)
            .with("power", self.power)
            .with("cycle", self.cycle)
            .with("name", "PolynomialDecay")
    }

    fn rate(&self, step: u64) -> f64 {
        let step = step as f64;
        let (step, within) = match self.cycle {
            true => (step, self.decay_steps * (step / self.decay_steps).ceil().max(1.0)),
            false => (step.min(self.decay_steps), self.decay_steps),
        };
        let left = (1.0 - step / within).powf(self.power);
        (self.initial_learning_rate - self.end_learning_rate) * left + self.end_learning_rate
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Schedule>> {
    args.ignore(&["name"]);
    Ok(Arc::new(PolynomialDecay {
        initial_learning_rate: rate(args, "initial_learning_rate", None)?,
        decay_steps: duration(args, "decay_steps")?,
        end_learning_rate: rate(args, "end_learning_rate", Some(1e-4))?,
        power: args.or("power", 1.0)?,
        cycle: args.or("cycle", false)?,
    }))
}

pub(crate) const ENTRY: Entry<dyn Schedule> =
    Entry { class: "PolynomialDecay", names: &["polynomial_decay"], build };
