//! Threshold: what does not exceed it is replaced.

use super::pointwise::{Pointwise, Saved, checked, require};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::layers::layer::Layer;
use std::sync::Arc;
use steadygrad_kernels::{Real, Result};

/// Numbers that do not exceed the threshold are replaced by one value.
///
/// ```text
/// f(x) = x for x > threshold, else default_value
/// f′(x) = 1 for x > threshold, else 0
/// ```
///
/// Threshold 0 and default 0 are ReLU. NaN becomes the default, as in Keras.
///
/// ```
/// use steadygrad_nn::activations::{Activation, Threshold};
/// let f = Threshold::new(0.25, -1.0);
/// assert_eq!((f.value(0.25), f.value(0.5)), (-1.0, 0.5));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Threshold {
    threshold: f64,
    default_value: f64,
}

impl Threshold {
    /// This threshold, and this value for all that does not exceed it.
    pub fn new(threshold: f64, default_value: f64) -> Threshold {
        Threshold { threshold, default_value }
    }
}

impl Pointwise for Threshold {
    const NAME: &'static str = "threshold";
    const SAVED: Saved = Saved::Input;

    #[inline(always)]
    fn f<R: Real>(&self, x: R) -> R {
        R::select(x > R::of(self.threshold), x, R::of(self.default_value))
    }

    #[inline(always)]
    fn df<R: Real>(&self, x: R) -> R {
        R::select(x > R::of(self.threshold), R::ONE, R::ZERO)
    }

    fn config(&self) -> Config {
        Config::new().with("threshold", self.threshold).with("default_value", self.default_value)
    }

    fn check(&self) -> Result<()> {
        require(!self.threshold.is_nan(), "threshold", "a number", self.threshold)
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    let threshold =
        Threshold { threshold: args.need("threshold")?, default_value: args.need("default_value")? };
    checked(args, threshold)
}

/// Under the names of `activation=`.
pub(crate) const ENTRY: Entry<dyn Layer> = Entry { class: "threshold", names: &[], build };
