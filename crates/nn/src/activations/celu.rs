//! CELU: an ELU whose slope is continuous for every α.

use super::pointwise::{Pointwise, Saved, checked, require};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::layers::layer::Layer;
use std::sync::Arc;
use steadygrad_kernels::{Real, Result};

/// The continuously differentiable exponential linear unit.
///
/// ```text
/// f(x) = x                for x > 0
///        α·(e^(x/α) − 1)  otherwise
/// f′(x) = 1, and f(x)/α + 1 below 0
/// ```
///
/// The slope at 0 is 1 from both sides, for every α (Barron 2017).
///
/// ```
/// use steadygrad_nn::activations::{Activation, Celu};
/// assert_eq!(Celu.value(2.0), 2.0);
/// assert!((Celu.alpha(0.5).value(-30.0) + 0.5).abs() < 1e-12);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Celu {
    alpha: f64,
}

/// With α = 1.
#[allow(non_upper_case_globals)]
pub const Celu: Celu = Celu { alpha: 1.0 };

impl Celu {
    /// −α is what the outputs approach for large negative inputs; above 0.
    pub fn alpha(mut self, alpha: f64) -> Celu {
        self.alpha = alpha;
        self
    }
}

impl Pointwise for Celu {
    const NAME: &'static str = "celu";
    const SAVED: Saved = Saved::Output;

    #[inline(always)]
    fn f<R: Real>(&self, x: R) -> R {
        let alpha = R::of(self.alpha);
        R::select(x > R::ZERO, x, alpha * (x / alpha).exp_m1())
    }

    #[inline(always)]
    fn df<R: Real>(&self, y: R) -> R {
        R::select(y > R::ZERO, R::ONE, y / R::of(self.alpha) + R::ONE)
    }

    fn config(&self) -> Config {
        Config::new().with("alpha", self.alpha)
    }

    fn check(&self) -> Result<()> {
        require(self.alpha > 0.0, "alpha", "above 0", self.alpha)
    }

    fn is_default(&self) -> bool {
        *self == Celu
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    let celu = Celu { alpha: args.or("alpha", 1.0)? };
    checked(args, celu)
}

/// Under the names of `activation=`.
pub(crate) const ENTRY: Entry<dyn Layer> = Entry { class: "celu", names: &[], build };
