//! Weights of each unit with a norm between two bounds.

use super::axes::Axes;
use super::constraint::{Constraint, Projection};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use std::sync::Arc;
use steadygrad_kernels::{Real, Result};

/// The weights into each unit together are moved to a length between two bounds, at once or step by step.
///
/// ```text
/// w ← w · (rate·clip(‖w‖, min_value, max_value) + (1 − rate)·‖w‖)/(10⁻⁷ + ‖w‖)
/// ```
///
/// ```
/// use steadygrad_nn::constraints::{Constraint, MinMaxNorm};
/// let mut w = [3.0, 4.0];
/// MinMaxNorm::new(0.5, 1.0).rate(0.5).apply(&mut w, &[2, 1]);
/// assert!((w[0] - 1.8).abs() < 1e-6 && (w[1] - 2.4).abs() < 1e-6);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct MinMaxNorm {
    min_value: f64,
    max_value: f64,
    rate: f64,
    axis: Axes,
}

impl MinMaxNorm {
    /// With these bounds of the norm along the first axis, reached at once.
    pub fn new(min_value: f64, max_value: f64) -> MinMaxNorm {
        MinMaxNorm { min_value, max_value, rate: 1.0, axis: Axes::One(0) }
    }

    /// Which share of the way to the bounds is gone at each update, 0 … 1.
    pub fn rate(mut self, rate: f64) -> MinMaxNorm {
        self.rate = rate;
        self
    }

    /// The axes along which the norm is taken: 0, or for the kernel of a convolution `[0, 1, 2]`.
    pub fn axis(mut self, axis: impl Into<Axes>) -> MinMaxNorm {
        self.axis = axis.into();
        self
    }
}

impl Projection for MinMaxNorm {
    const CLASS: &'static str = "MinMaxNorm";

    fn config(&self) -> Config {
        Config::new()
            .with("min_value", self.min_value)
            .with("max_value", self.max_value)
            .with("rate", self.rate)
            .with("axis", &self.axis)
    }
    fn check(&self, shape: &[usize]) -> Result<()> {
        self.axis.check(shape)
    }
    fn project<R: Real>(&self, w: &mut [R], shape: &[usize]) {
        self.axis.rescale(w, shape, |norm| {
            let within = norm.max(self.min_value).min(self.max_value);
            (self.rate * within + (1.0 - self.rate) * norm) / (1e-7 + norm)
        });
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Constraint>> {
    let rule = MinMaxNorm {
        min_value: args.or("min_value", 0.0)?,
        max_value: args.or("max_value", 1.0)?,
        rate: args.or("rate", 1.0)?,
        axis: args.or("axis", Axes::One(0))?,
    };
    if rule.min_value.is_nan() || rule.min_value < 0.0 {
        return args.reject("min_value", "0 or more", rule.min_value);
    }
    if rule.max_value.is_nan() || rule.max_value < rule.min_value {
        return args.reject("max_value", "`min_value` or more", rule.max_value);
    }
    if !(0.0..=1.0).contains(&rule.rate) {
        return args.reject("rate", "between 0 and 1", rule.rate);
    }
    Ok(Arc::new(rule))
}

pub(crate) const ENTRY: Entry<dyn Constraint> =
    Entry { class: "MinMaxNorm", names: &["min_max_norm"], build };
