//! Weights of each unit with norm 1.

use super::axes::Axes;
use super::constraint::{Constraint, Projection};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use std::sync::Arc;
use steadygrad_kernels::{Real, Result};

/// The weights into each unit together have length 1.
///
/// ```text
/// w ← w/(10⁻⁷ + ‖w‖)
/// ```
///
/// ```
/// use steadygrad_nn::constraints::{Constraint, UnitNorm};
/// let mut w = [3.0, 4.0];
/// UnitNorm::new().apply(&mut w, &[2, 1]);
/// assert!((w[0] - 0.6).abs() < 1e-6 && (w[1] - 0.8).abs() < 1e-6);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct UnitNorm {
    axis: Axes,
}

impl UnitNorm {
    /// Of the weights along the first axis.
    pub fn new() -> UnitNorm {
        UnitNorm { axis: Axes::One(0) }
    }

    /// The axes along which the norm is taken: 0, or for the kernel of a convolution `[0, 1, 2]`.
    pub fn axis(mut self, axis: impl Into<Axes>) -> UnitNorm {
        self.axis = axis.into();
        self
    }
}

impl Default for UnitNorm {
    fn default() -> UnitNorm {
        UnitNorm::new()
    }
}

impl Projection for UnitNorm {
    const CLASS: &'static str = "UnitNorm";

    fn config(&self) -> Config {
        Config::new().with("axis", &self.axis)
    }
    fn check(&self, shape: &[usize]) -> Result<()> {
        self.axis.check(shape)
    }
    fn project<R: Real>(&self, w: &mut [R], shape: &[usize]) {
        self.axis.rescale(w, shape, |norm| 1.0 / (1e-7 + norm));
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Constraint>> {
    Ok(Arc::new(UnitNorm { axis: args.or("axis", Axes::One(0))? }))
}

pub(crate) const ENTRY: Entry<dyn Constraint> = Entry { class: "UnitNorm", names: &["unit_norm"], build };
