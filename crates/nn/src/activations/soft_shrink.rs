//! Soft shrink: numbers move towards 0, and small ones reach it.

use super::pointwise::{Pointwise, Saved, checked, require};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::layers::layer::Layer;
use std::sync::Arc;
use steadygrad_kernels::{Real, Result};

/// All numbers move towards 0 by the threshold; small ones reach it.
///
/// ```text
/// f(x) = x − threshold for x > threshold
///        x + threshold for x < −threshold
///        0             otherwise
/// f′(x) = 1 where f(x) ≠ 0, else 0
/// ```
///
/// Soft thresholding, the proximal map of the L1 penalty (Donoho 1995). NaN becomes 0, as in Keras.
///
/// ```
/// use steadygrad_nn::activations::{Activation, SoftShrink};
/// assert_eq!((SoftShrink.value(0.5), SoftShrink.value(-2.0)), (0.0, -1.5));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SoftShrink {
    threshold: f64,
}

/// With the threshold 0.5.
#[allow(non_upper_case_globals)]
pub const SoftShrink: SoftShrink = SoftShrink { threshold: 0.5 };

impl SoftShrink {
    /// Up to this size numbers become 0; 0 or more.
    pub fn threshold(mut self, threshold: f64) -> SoftShrink {
        self.threshold = threshold;
        self
    }
}

impl Pointwise for SoftShrink {
    const NAME: &'static str = "soft_shrink";
    const SAVED: Saved = Saved::Output;

    #[inline(always)]
    fn f<R: Real>(&self, x: R) -> R {
        let t = R::of(self.threshold);
        R::select(x > t, x - t, R::select(x < -t, x + t, R::ZERO))
    }

    #[inline(always)]
    fn df<R: Real>(&self, y: R) -> R {
        R::select(y.abs() > R::ZERO, R::ONE, R::ZERO)
    }

    fn config(&self) -> Config {
        Config::new().with("threshold", self.threshold)
    }

    fn check(&self) -> Result<()> {
        require(self.threshold >= 0.0, "threshold", "0 or more", self.threshold)
    }

    fn is_default(&self) -> bool {
        *self == SoftShrink
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    let shrink = SoftShrink { threshold: args.or("threshold", 0.5)? };
    checked(args, shrink)
}

/// Under the names of `activation=`.
pub(crate) const ENTRY: Entry<dyn Layer> = Entry { class: "soft_shrink", names: &[], build };
