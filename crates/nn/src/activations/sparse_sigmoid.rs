//! Sparse sigmoid: a straight line between 0 and 1.

use super::pointwise::{Pointwise, Saved};
use crate::catalog::Entry;
use crate::layers::layer::Layer;
use std::sync::Arc;
use steadygrad_kernels::Real;

/// A straight line between its limits 0 and 1.
///
/// ```text
/// f(x) = min(max((x + 1)/2, 0), 1)
/// f′(x) = 1/2 for |x| < 1, else 0
/// ```
///
/// What [`Sparsemax`](struct@super::Sparsemax) is for two classes (Martins and Astudillo 2016).
///
/// ```
/// use steadygrad_nn::activations::{Activation, SparseSigmoid};
/// assert_eq!((SparseSigmoid.value(0.0), SparseSigmoid.value(1.5)), (0.5, 1.0));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SparseSigmoid;

impl Pointwise for SparseSigmoid {
    const NAME: &'static str = "sparse_sigmoid";
    const SAVED: Saved = Saved::Output;

    #[inline(always)]
    fn f<R: Real>(&self, x: R) -> R {
        (R::of(0.5) * (x + R::ONE)).max(R::ZERO).min(R::ONE)
    }

    #[inline(always)]
    fn df<R: Real>(&self, y: R) -> R {
        R::select((y > R::ZERO) & (y < R::ONE), R::of(0.5), R::ZERO)
    }

    fn bounds(&self) -> Option<(f64, f64)> {
        Some((0.0, 1.0))
    }
}

/// Under the names of `activation=`.
pub(crate) const ENTRY: Entry<dyn Layer> =
    Entry { class: "sparse_sigmoid", names: &[], build: |_| Ok(Arc::new(SparseSigmoid)) };
