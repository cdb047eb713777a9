//! Sparse plus: softplus in three pieces.

use super::pointwise::{Pointwise, Saved};
use crate::catalog::Entry;
use crate::layers::layer::Layer;
use std::sync::Arc;
use steadygrad_kernels::Real;

/// Softplus with a parabola between two straight pieces.
///
/// ```text
/// f(x) = 0 for x ≤ −1,  (x + 1)²/4 between,  x for x ≥ 1
/// f′(x) = min(√f, 1) = 0,  (x + 1)/2,  1
/// ```
///
/// The integral of [`SparseSigmoid`](super::SparseSigmoid).
///
/// ```
/// use steadygrad_nn::activations::{Activation, SparsePlus};
/// assert_eq!((SparsePlus.value(-2.0), SparsePlus.value(0.0), SparsePlus.value(2.0)), (0.0, 0.25, 2.0));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SparsePlus;

impl Pointwise for SparsePlus {
    const NAME: &'static str = "sparse_plus";
    const SAVED: Saved = Saved::Output;

    #[inline(always)]
    fn f<R: Real>(&self, x: R) -> R {
        let s = x + R::ONE;
        let right = R::select(x < R::ONE, s * s * R::of(0.25), x);
        R::select(x <= -R::ONE, R::ZERO, right)
    }

    #[inline(always)]
    fn df<R: Real>(&self, y: R) -> R {
        y.sqrt().min(R::ONE)
    }
}

/// Under the names of `activation=`.
pub(crate) const ENTRY: Entry<dyn Layer> =
    Entry { class: "sparse_plus", names: &[], build: |_| Ok(Arc::new(SparsePlus)) };
