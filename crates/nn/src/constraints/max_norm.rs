//! Weights of each unit with a bounded norm.

use super::axes::Axes;
use super::constraint::{Constraint, Projection};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::{Config, Value};
use std::sync::Arc;
use steadygrad_kernels::{Real, Result};

/// The weights into each unit together are no longer than `max_value`.
///
/// ```text
/// w ← w · min(‖w‖, max_value)/(10⁻⁷ + ‖w‖)
/// ```
///
/// (Srebro, Rennie, Jaakkola 2005; with dropout: Srivastava et al. 2014.)
///
/// ```
/// use steadygrad_nn::constraints::{Constraint, MaxNorm};
/// let mut w = [3.0, 0.3, 4.0, 0.4];
/// MaxNorm::new(1.0).apply(&mut w, &[2, 2]);
/// assert!((w[0] - 0.6).abs() < 1e-6 && (w[1] - 0.3).abs() < 1e-6);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct MaxNorm {
    max_value: f64,
    axis: Axes,
}

impl MaxNorm {
    /// With this largest norm, 0 or more, of the weights along the first axis.
    pub fn new(max_value: f64) -> MaxNorm {
        MaxNorm { max_value, axis: Axes::One(0) }
    }

    /// The axes along which the norm is taken: 0, or for the kernel of a convolution `[0, 1, 2]`.
    pub fn axis(mut self, axis: impl Into<Axes>) -> MaxNorm {
        self.axis = axis.into();
        self
    }
}

impl Projection for MaxNorm {
    const CLASS: &'static str = "MaxNorm";

    fn config(&self) -> Config {
        // Keras' default is the whole number 2.
        let max_value = match self.max_value {
            2.0 => Value::Int(2),
            other => Value::Float(other),
        };
        Config::new().with("max_value", max_value).with("axis", &self.axis)
    }
    fn check(&self, shape: &[usize]) -> Result<()> {
        self.axis.check(shape)
    }
    fn project<R: Real>(&self, w: &mut [R], shape: &[usize]) {
        self.axis.rescale(w, shape, |norm| norm.min(self.max_value) / (1e-7 + norm));
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Constraint>> {
    let max_value: f64 = args.or("max_value", 2.0)?;
    if max_value.is_nan() || max_value < 0.0 {
        return args.reject("max_value", "0 or more", max_value);
    }
    Ok(Arc::new(MaxNorm { max_value, axis: args.or("axis", Axes::One(0))? }))
}

pub(crate) const ENTRY: Entry<dyn Constraint> = Entry { class: "MaxNorm", names: &["max_norm"], build };
