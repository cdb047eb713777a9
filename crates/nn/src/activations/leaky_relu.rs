//! Leaky ReLU: a rectifier that lets a little through below 0.

use super::pointwise::{Pointwise, Saved, checked, require};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::layers::layer::Layer;
use std::sync::Arc;
use steadygrad_kernels::{Real, Result};

/// The rectifier with a slope below 0.
///
/// ```text
/// f(x) = x                  for x > 0
///        negative_slope·x   otherwise
/// f′(0) = negative_slope
/// ```
///
/// No unit can die: the gradient comes through on both sides (Maas, Hannun, Ng 2013). As in Keras, the slope is 0.2 where
/// only `activation="leaky_relu"` is said, and 0.3 where only the layer `LeakyReLU` is named; in Rust, where both are
/// the same, it is 0.2.
///
/// ```
/// use steadygrad_nn::activations::{Activation, LeakyRelu};
/// assert_eq!(LeakyRelu.value(-1.0), -0.2);
/// assert_eq!(LeakyRelu.negative_slope(0.01).value(-100.0), -1.0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LeakyRelu {
    negative_slope: f64,
}

/// With the slope 0.2.
#[allow(non_upper_case_globals)]
pub const LeakyRelu: LeakyRelu = LeakyRelu { negative_slope: 0.2 };

impl LeakyRelu {
    /// The slope below 0; 0 or more.
    pub fn negative_slope(mut self, slope: f64) -> LeakyRelu {
        self.negative_slope = slope;
        self
    }
}

impl Pointwise for LeakyRelu {
    const NAME: &'static str = "leaky_relu";
    const CLASS: &'static str = "LeakyReLU";
    const SAVED: Saved = Saved::Output;

    #[inline(always)]
    fn f<R: Real>(&self, x: R) -> R {
        let slope = R::of(self.negative_slope);
        // Without a slope, −∞ becomes 0 and not 0·∞.
        let flat = R::select(x <= R::ZERO, R::ZERO, x);
        R::select(x > R::ZERO, x, R::select(slope > R::ZERO, slope * x, flat))
    }

    #[inline(always)]
    fn df<R: Real>(&self, y: R) -> R {
        R::select(y > R::ZERO, R::ONE, R::of(self.negative_slope))
    }

    fn config(&self) -> Config {
        Config::new().with("negative_slope", self.negative_slope)
    }

    fn check(&self) -> Result<()> {
        require(self.negative_slope >= 0.0, "negative_slope", "0 or more", self.negative_slope)
    }

    fn is_default(&self) -> bool {
        *self == LeakyRelu
    }
}

/// `alpha` is the name that the slope had in Keras 2; where both are given, it decides.
fn read(args: &mut Args<'_>, default: f64) -> Result<Arc<dyn Layer>> {
    let slope = args.or("negative_slope", default)?;
    let leaky = LeakyRelu { negative_slope: args.or("alpha", slope)? };
    checked(args, leaky)
}

/// Under the names of `activation=`.
pub(crate) const ENTRY: Entry<dyn Layer> =
    Entry { class: "leaky_relu", names: &[], build: |args| read(args, 0.2) };
/// Under the names of `layer=`.
pub(crate) const LAYER: Entry<dyn Layer> =
    Entry { class: "LeakyReLU", names: &["leaky_re_lu", "leaky_relu"], build: |args| read(args, 0.3) };
