//! Squareplus: a smooth rectifier made of a square root.

use super::pointwise::{Pointwise, Saved, checked, require};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::layers::layer::Layer;
use std::sync::Arc;
use steadygrad_kernels::{Real, Result};

/// A smooth rectifier without exponential function.
///
/// ```text
/// f(x) = (x + r)/2          with r = √(x² + b)
///      = b/(2·(r − x))      for x < 0, where x + r would lose its digits
/// f′(x) = (1 + x/r)/2 = 1/(1 + b/(4·f²))
/// ```
///
/// (Barron 2021.)
///
/// ```
/// use steadygrad_nn::activations::{Activation, Squareplus};
/// assert_eq!(Squareplus.value(0.0), 1.0);
/// assert!((Squareplus.value(-1e6) - 1e-6).abs() < 1e-18);
/// assert_eq!(Squareplus.b(1.0).value(0.0), 0.5);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Squareplus {
    b: f64,
}

/// With b = 4.
#[allow(non_upper_case_globals)]
pub const Squareplus: Squareplus = Squareplus { b: 4.0 };

impl Squareplus {
    /// How round the bend at 0 is: f(0) = √b/2; above 0.
    pub fn b(mut self, b: f64) -> Squareplus {
        self.b = b;
        self
    }
}

impl Pointwise for Squareplus {
    const NAME: &'static str = "squareplus";
    const SAVED: Saved = Saved::Output;

    #[inline(always)]
    fn f<R: Real>(&self, x: R) -> R {
        let (b, half, size) = (R::of(self.b), R::of(0.5), x.abs());
        // Far out, b is below the last digit of x², and x² may be no f32.
        let r = R::select(size > R::of(1e15), size, (x * x + b).sqrt());
        R::select(x < R::ZERO, half * b / (r - x), half * (x + r))
    }

    #[inline(always)]
    fn df<R: Real>(&self, y: R) -> R {
        R::ONE / (R::ONE + R::of(0.25 * self.b) / (y * y))
    }

    fn config(&self) -> Config {
        Config::new().with("b", self.b)
    }

    fn check(&self) -> Result<()> {
        require(self.b > 0.0, "b", "above 0", self.b)
    }

    fn is_default(&self) -> bool {
        *self == Squareplus
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    let squareplus = Squareplus { b: args.or("b", 4.0)? };
    checked(args, squareplus)
}

/// Under the names of `activation=`.
pub(crate) const ENTRY: Entry<dyn Layer> = Entry { class: "squareplus", names: &[], build };
