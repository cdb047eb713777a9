//! Softsign: a sigmoid that saturates slowly.

use super::pointwise::{Pointwise, Saved};
use crate::catalog::Entry;
use crate::layers::layer::Layer;
use std::sync::Arc;
use steadygrad_kernels::Real;

/// A function of the shape of tanh that comes near its limits like 1/|x|.
///
/// ```text
/// f(x) = x/(1 + |x|)
/// f′(x) = 1/(1 + |x|)² = (1 − |f|)²
/// ```
///
/// It saturates later than tanh (Bergstra et al. 2009; Glorot and Bengio 2010).
///
/// ```
/// use steadygrad_nn::activations::{Activation, Softsign};
/// assert_eq!(Softsign.value(-3.0), -0.75);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Softsign;

impl Pointwise for Softsign {
    const NAME: &'static str = "softsign";
    const SAVED: Saved = Saved::Output;

    #[inline(always)]
    fn f<R: Real>(&self, x: R) -> R {
        x / (R::ONE + x.abs())
    }

    #[inline(always)]
    fn df<R: Real>(&self, y: R) -> R {
        let rest = R::ONE - y.abs();
        rest * rest
    }

    fn bounds(&self) -> Option<(f64, f64)> {
        Some((-1.0, 1.0))
    }
}

/// Under the names of `activation=`.
pub(crate) const ENTRY: Entry<dyn Layer> =
    Entry { class: "softsign", names: &[], build: |_| Ok(Arc::new(Softsign)) };
