//! ReLU6: the rectifier with a top.

use super::pointwise::{Pointwise, Saved};
use crate::catalog::Entry;
use crate::layers::layer::Layer;
use std::sync::Arc;
use steadygrad_kernels::Real;

/// The rectifier with a top of 6.
///
/// ```text
/// f(x) = min(max(x, 0), 6)
/// f′(x) = 1 for 0 < x < 6, else 0
/// ```
///
/// The top keeps outputs in the range of short number formats (Krizhevsky 2010).
///
/// ```
/// use steadygrad_nn::activations::{Activation, Relu6};
/// assert_eq!((Relu6.value(-1.0), Relu6.value(2.0), Relu6.value(9.0)), (0.0, 2.0, 6.0));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Relu6;

impl Pointwise for Relu6 {
    const NAME: &'static str = "relu6";
    const SAVED: Saved = Saved::Output;

    #[inline(always)]
    fn f<R: Real>(&self, x: R) -> R {
        x.max(R::ZERO).min(R::of(6.0))
    }

    #[inline(always)]
    fn df<R: Real>(&self, y: R) -> R {
        R::select((y > R::ZERO) & (y < R::of(6.0)), R::ONE, R::ZERO)
    }

    fn bounds(&self) -> Option<(f64, f64)> {
        Some((0.0, 6.0))
    }
}

/// Under the names of `activation=`.
pub(crate) const ENTRY: Entry<dyn Layer> =
    Entry { class: "relu6", names: &[], build: |_| Ok(Arc::new(Relu6)) };
