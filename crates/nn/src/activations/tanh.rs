//! The hyperbolic tangent.

use super::pointwise::{Pointwise, Saved};
use crate::catalog::Entry;
use crate::layers::layer::Layer;
use std::sync::Arc;
use steadygrad_kernels::Real;

/// The hyperbolic tangent.
///
/// ```text
/// f(x) = tanh x,  f′ = 1 − f² ≤ 1
/// ```
///
/// ```
/// use steadygrad_nn::activations::{Activation, Tanh};
/// assert_eq!(Tanh.value(0.0), 0.0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tanh;

impl Pointwise for Tanh {
    const NAME: &'static str = "tanh";
    const SAVED: Saved = Saved::Output;

    #[inline(always)]
    fn f<R: Real>(&self, x: R) -> R {
        x.tanh()
    }

    #[inline(always)]
    fn df<R: Real>(&self, y: R) -> R {
        (R::ONE - y) * (R::ONE + y)
    }

    fn bounds(&self) -> Option<(f64, f64)> {
        Some((-1.0, 1.0))
    }
}

/// Under the names of `activation=`.
pub(crate) const ENTRY: Entry<dyn Layer> = Entry { class: "tanh", names: &[], build: |_| Ok(Arc::new(Tanh)) };
