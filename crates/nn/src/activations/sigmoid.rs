//! The logistic function.

use super::pointwise::{Pointwise, Saved};
use crate::catalog::Entry;
use crate::layers::layer::Layer;
use std::sync::Arc;
use steadygrad_kernels::Real;

/// The logistic function.
///
/// ```text
/// f(x) = 1 / (1 + e⁻ˣ),  f′ = f·(1 − f) ≤ 1/4
/// ```
///
/// ```
/// use steadygrad_nn::activations::{Activation, Sigmoid};
/// assert_eq!(Sigmoid.value(0.0), 0.5);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sigmoid;

impl Pointwise for Sigmoid {
    const NAME: &'static str = "sigmoid";
    const SAVED: Saved = Saved::Output;

    #[inline(always)]
    fn f<R: Real>(&self, x: R) -> R {
        x.sigmoid()
    }

    #[inline(always)]
    fn df<R: Real>(&self, y: R) -> R {
        y * (R::ONE - y)
    }

    fn bounds(&self) -> Option<(f64, f64)> {
        Some((0.0, 1.0))
    }
}

/// Under the names of `activation=`.
pub(crate) const ENTRY: Entry<dyn Layer> =
    Entry { class: "sigmoid", names: &[], build: |_| Ok(Arc::new(Sigmoid)) };
