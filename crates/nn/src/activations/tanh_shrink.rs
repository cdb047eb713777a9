//! Tanh shrink: what tanh takes away.

use super::pointwise::{Pointwise, Saved};
use crate::catalog::Entry;
use crate::layers::layer::Layer;
use std::sync::Arc;
use steadygrad_kernels::Real;

/// What tanh takes away from x.
///
/// ```text
/// f(x) = x − tanh x
/// f′(x) = tanh² x
/// ```
///
/// The slope is 0 at 0, so small signals and their gradients die out.
///
/// ```
/// use steadygrad_nn::activations::{Activation, TanhShrink};
/// assert_eq!((TanhShrink.value(0.0), TanhShrink.value(1e4)), (0.0, 9999.0));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TanhShrink;

impl Pointwise for TanhShrink {
    const NAME: &'static str = "tanh_shrink";
    const SAVED: Saved = Saved::Input;

    #[inline(always)]
    fn f<R: Real>(&self, x: R) -> R {
        x - x.tanh()
    }

    #[inline(always)]
    fn df<R: Real>(&self, x: R) -> R {
        let t = x.tanh();
        t * t
    }
}

/// Under the names of `activation=`.
pub(crate) const ENTRY: Entry<dyn Layer> =
    Entry { class: "tanh_shrink", names: &[], build: |_| Ok(Arc::new(TanhShrink)) };
