//! Hard shrink: small numbers become 0.

use super::pointwise::{Pointwise, Saved, checked, require};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::layers::layer::Layer;
use std::sync::Arc;
use steadygrad_kernels::{Real, Result};

/// Small numbers become 0, all others stay.
///
/// ```text
/// f(x) = x for |x| > threshold, else 0
/// f′(x) = 1 where f(x) ≠ 0, else 0
/// ```
///
/// Hard thresholding of wavelet coefficients (Donoho and Johnstone 1994). NaN becomes 0, as in Keras.
///
/// ```
/// use steadygrad_nn::activations::{Activation, HardShrink};
/// assert_eq!((HardShrink.value(0.5), HardShrink.value(-0.6)), (0.0, -0.6));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HardShrink {
    threshold: f64,
}

/// With the threshold 0.5.
#[allow(non_upper_case_globals)]
pub const HardShrink: HardShrink = HardShrink { threshold: 0.5 };

impl HardShrink {
    /// Up to this size numbers become 0; 0 or more.
    pub fn threshold(mut self, threshold: f64) -> HardShrink {
        self.threshold = threshold;
        self
    }
}

impl Pointwise for HardShrink {
    const NAME: &'static str = "hard_shrink";
    const SAVED: Saved = Saved::Output;

    #[inline(always)]
    fn f<R: Real>(&self, x: R) -> R {
        R::select(x.abs() > R::of(self.threshold), x, R::ZERO)
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
        *self == HardShrink
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    let shrink = HardShrink { threshold: args.or("threshold", 0.5)? };
    checked(args, shrink)
}

/// Under the names of `activation=`.
pub(crate) const ENTRY: Entry<dyn Layer> = Entry { class: "hard_shrink", names: &[], build };
