//! ELU: the exponential linear unit.

use super::pointwise::{Pointwise, Saved, checked, require};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::layers::layer::Layer;
use std::sync::Arc;
use steadygrad_kernels::{Real, Result};

/// The exponential linear unit.
///
/// ```text
/// f(x) = x            for x > 0
///        α·(eˣ − 1)   otherwise
/// f′(x) = 1, and f(x) + α below 0
/// ```
///
/// Negative outputs pull the mean of the activations towards 0, and the slope below 0 keeps units alive
/// (Clevert, Unterthiner, Hochreiter 2016).
///
/// ```
/// use steadygrad_nn::activations::{Activation, Elu};
/// assert_eq!(Elu.value(2.0), 2.0);
/// assert!((Elu.alpha(0.5).value(-30.0) + 0.5).abs() < 1e-12);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Elu {
    alpha: f64,
}

/// With α = 1.
#[allow(non_upper_case_globals)]
pub const Elu: Elu = Elu { alpha: 1.0 };

impl Elu {
    /// −α is what the outputs approach for large negative inputs.
    pub fn alpha(mut self, alpha: f64) -> Elu {
        self.alpha = alpha;
        self
    }
}

impl Pointwise for Elu {
    const NAME: &'static str = "elu";
    const CLASS: &'static str = "ELU";
    const SAVED: Saved = Saved::Output;

    #[inline(always)]
    fn f<R: Real>(&self, x: R) -> R {
        R::select(x > R::ZERO, x, R::of(self.alpha) * x.exp_m1())
    }

    #[inline(always)]
    fn df<R: Real>(&self, y: R) -> R {
        R::select(y > R::ZERO, R::ONE, y + R::of(self.alpha))
    }

    fn config(&self) -> Config {
        Config::new().with("alpha", self.alpha)
    }

    fn check(&self) -> Result<()> {
        require(self.alpha >= 0.0, "alpha", "0 or more", self.alpha)
    }

    fn is_default(&self) -> bool {
        *self == Elu
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    let elu = Elu { alpha: args.or("alpha", 1.0)? };
    checked(args, elu)
}

/// Under the names of `activation=`.
pub(crate) const ENTRY: Entry<dyn Layer> = Entry { class: "elu", names: &[], build };
/// Under the names of `layer=`.
pub(crate) const LAYER: Entry<dyn Layer> = Entry { class: "ELU", names: &["elu"], build };
