//! Half cosines one after the other.

use super::schedule::{Schedule, duration, half_cosine, rate, steps};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// Falls along a cosine, jumps back and falls again: each time `t_mul` times as long, and from `m_mul` times as high.
///
/// ```text
/// rate(s) = initial · ((1 − alpha) · m_mulⁱ · ½·(1 + cos(π·p)) + alpha)
/// i: how many restarts came before step s;  p: the share of the present period that has passed
/// ```
///
/// (Loshchilov and Hutter 2017.)
///
/// ```
/// use steadygrad_nn::schedules::{CosineDecayRestarts, Schedule};
/// let schedule = CosineDecayRestarts::new(1.0, 10).m_mul(0.5);
/// assert_eq!([0, 10, 30].map(|s| schedule.rate(s)), [1.0, 0.5, 0.25]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CosineDecayRestarts {
    initial_learning_rate: f64,
    first_decay_steps: f64,
    t_mul: f64,
    m_mul: f64,
    alpha: f64,
}

impl CosineDecayRestarts {
    /// From this rate to 0 within `first_decay_steps` steps (1 at least), then anew, twice as long.
    pub fn new(initial_learning_rate: f64, first_decay_steps: u64) -> CosineDecayRestarts {
        let first_decay_steps = first_decay_steps.max(1) as f64;
        CosineDecayRestarts { initial_learning_rate, first_decay_steps, t_mul: 2.0, m_mul: 1.0, alpha: 0.0 }
    }

    /// How many times as long as the one before a period is, 1 or more.
    pub fn t_mul(mut self, t_mul: f64) -> CosineDecayRestarts {
        self.t_mul = t_mul;
        self
    }

    /// How many times as high as the one before a period begins.
    pub fn m_mul(mut self, m_mul: f64) -> CosineDecayRestarts {
        self.m_mul = m_mul;
        self
    }

    /// The share that is left at the end of a period.
    pub fn alpha(mut self, alpha: f64) -> CosineDecayRestarts {
        self.alpha = alpha;
        self
    }

    /// The number of restarts, and the share of the period that has passed, after so many first periods of time.
    fn period(&self, time: f64) -> (f64, f64) {
        if self.t_mul == 1.0 {
            return (time.floor(), time.fract());
        }
        // When period i begins: 1 + t + … + tⁱ⁻¹.
        let begin = |i: f64| (1.0 - self.t_mul.powf(i)) / (1.0 - self.t_mul);
        let mut i = (1.0 - time * (1.0 - self.t_mul)).log(self.t_mul).floor();
        // The logarithm of an exact power may come out just below a whole number.
        if begin(i + 1.0) <= time {
            i += 1.0;
        }
        (i, (time - begin(i)) / self.t_mul.powf(i))
    }
}

impl Schedule for CosineDecayRestarts {
    fn class(&self) -> &'static str {
        "CosineDecayRestarts"
    }

    fn config(&self) -> Config {
        Config::new()
            .with("initial_learning_rate", self.initial_learning_rate)
            .with("first_decay_steps", steps(self.first_decay_steps))
            .with("t_mul", self.t_mul)
            .with("m_mul", self.m_mul)
            .with("alpha", self.alpha)
            .with("name", "SGDRDecay")
    }

    fn rate(&self, step: u64) -> f64 {
        // Single precision, as in Keras.
        let (i, passed) = self.period(f64::from(step as f32 / self.first_decay_steps as f32));
        let wave = self.m_mul.powf(i) * half_cosine(passed);
        self.initial_learning_rate * ((1.0 - self.alpha) * wave + self.alpha)
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Schedule>> {
    args.ignore(&["name"]);
    let schedule = CosineDecayRestarts {
        initial_learning_rate: rate(args, "initial_learning_rate", None)?,
        first_decay_steps: duration(args, "first_decay_steps")?,
        t_mul: args.or("t_mul", 2.0)?,
        m_mul: rate(args, "m_mul", Some(1.0))?,
        alpha: rate(args, "alpha", Some(0.0))?,
    };
    // Periods that shrink come to an end, and with them the schedule.
    if !(schedule.t_mul.is_finite() && schedule.t_mul >= 1.0) {
        return args.reject("t_mul", "a finite number of 1 or more", schedule.t_mul);
    }
    Ok(Arc::new(schedule))
}

pub(crate) const ENTRY: Entry<dyn Schedule> =
    Entry { class: "CosineDecayRestarts", names: &["cosine_decay_restarts"], build };
