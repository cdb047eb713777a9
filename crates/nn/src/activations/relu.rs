//! ReLU: the rectifier, with Keras' three arguments.

use super::pointwise::{Activation, Pointwise, Saved, checked, require};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::layers::layer::Layer;
use std::sync::Arc;
use steadygrad_kernels::{Real, Result};

/// The rectified linear unit.
///
/// ```text
/// f(x) = min(x, max_value)              for x > threshold
///        negative_slope·(x − threshold) otherwise
/// f′ = 1 up to max_value, negative_slope below; f′(0) = negative_slope
/// ```
///
/// Slope 0 for negative inputs: a unit that is negative for every sample learns nothing any more ("dying ReLU").
/// Goes with He initialization (Nair and Hinton 2010; He, Zhang, Ren, Sun 2015).
///
/// ```
/// use steadygrad_nn::activations::{Activation, Relu};
/// assert_eq!(Relu.value(-1.0), 0.0);
/// assert_eq!(Relu.negative_slope(0.1).max_value(6.0).value(7.0), 6.0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Relu {
    max_value: Option<f64>,
    negative_slope: f64,
    threshold: f64,
}

/// The plain rectifier, max(x, 0).
#[allow(non_upper_case_globals)]
pub const Relu: Relu = Relu { max_value: None, negative_slope: 0.0, threshold: 0.0 };

impl Relu {
    /// The largest output.
    pub fn max_value(mut self, max_value: f64) -> Relu {
        self.max_value = Some(max_value);
        self
    }

    /// The slope below the threshold.
    pub fn negative_slope(mut self, slope: f64) -> Relu {
        self.negative_slope = slope;
        self
    }

    /// Where the positive part begins.
    pub fn threshold(mut self, threshold: f64) -> Relu {
        self.threshold = threshold;
        self
    }

    /// With these parameters it is [`Relu6`](super::Relu6), down to the slope of 0 at 6.
    fn is_relu6(&self) -> bool {
        self.max_value == Some(6.0) && self.negative_slope == 0.0 && self.threshold == 0.0
    }
}

impl Pointwise for Relu {
    const NAME: &'static str = "relu";
    const CLASS: &'static str = "ReLU";
    const SAVED: Saved = Saved::Output;

    #[inline(always)]
    fn f<R: Real>(&self, x: R) -> R {
        let (slope, threshold) = (R::of(self.negative_slope), R::of(self.threshold));
        let top = R::of(self.max_value.unwrap_or(f64::INFINITY));
        // Without a slope, −∞ becomes 0 and not 0·∞.
        let flat = R::select(x <= threshold, R::ZERO, x);
        let below = R::select(slope > R::ZERO, slope * (x - threshold), flat);
        R::select(x > threshold, x.min(top), below)
    }

    #[inline(always)]
    fn df<R: Real>(&self, saved: R) -> R {
        let (top, slope) = (R::of(self.max_value.unwrap_or(f64::INFINITY)), R::of(self.negative_slope));
        let threshold = R::of(self.threshold);
        let inside = if self.is_relu6() { saved < top } else { saved <= top };
        // At a threshold of 0 the slope is that from below; at any other one it is 0.
        let below = R::select((saved < threshold) | (self.threshold == 0.0), slope, R::ZERO);
        R::select(saved > threshold, R::select(inside, R::ONE, R::ZERO), below)
    }

    /// Without top and threshold the output is above 0 just where the input is.
    fn saved(&self) -> Saved {
        if self.max_value.is_none() && self.threshold == 0.0 { Saved::Output } else { Saved::Input }
    }

    fn simpler(&self) -> Option<&dyn Activation> {
        (*self == Relu).then_some(&Plain)
    }

    fn config(&self) -> Config {
        Config::new()
            .with("max_value", self.max_value)
            .with("negative_slope", self.negative_slope)
            .with("threshold", self.threshold)
    }

    fn bounds(&self) -> Option<(f64, f64)> {
        self.max_value.filter(|_| self.negative_slope == 0.0).map(|max| (0.0, max))
    }

    fn check(&self) -> Result<()> {
        let max = self.max_value.unwrap_or(0.0);
        require(max >= 0.0, "max_value", "0 or more", max)?;
        require(self.negative_slope >= 0.0, "negative_slope", "0 or more", self.negative_slope)?;
        require(self.threshold >= 0.0, "threshold", "0 or more", self.threshold)
    }

    fn is_default(&self) -> bool {
        *self == Relu
    }
}

/// ReLU without parameters: the same bits, and nothing to ask in the loop.
#[derive(Debug, Clone, Copy)]
struct Plain;

impl Pointwise for Plain {
    const NAME: &'static str = "relu";
    const SAVED: Saved = Saved::Output;

    #[inline(always)]
    fn f<R: Real>(&self, x: R) -> R {
        R::select(x <= R::ZERO, R::ZERO, x)
    }

    #[inline(always)]
    fn df<R: Real>(&self, y: R) -> R {
        R::select(y > R::ZERO, R::ONE, R::ZERO)
    }
}

pub(crate) fn build(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    let relu = Relu {
        max_value: args.or("max_value", None)?,
        negative_slope: args.or("negative_slope", 0.0)?,
        threshold: args.or("threshold", 0.0)?,
    };
    checked(args, relu)
}

/// Under the names of `activation=`.
pub(crate) const ENTRY: Entry<dyn Layer> = Entry { class: "relu", names: &[], build };
/// Under the names of `layer=`.
pub(crate) const LAYER: Entry<dyn Layer> = Entry { class: "ReLU", names: &["re_lu", "relu"], build };
