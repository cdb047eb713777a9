//! Hard sigmoid: the logistic function in three straight pieces.

use super::pointwise::{Pointwise, Saved};
use crate::catalog::Entry;
use crate::layers::layer::Layer;
use std::sync::Arc;
use steadygrad_kernels::Real;

/// The logistic function in three straight pieces.
///
/// ```text
/// f(x) = min(max(x + 3, 0), 6)/6
/// f′(x) = 1/6 for |x| < 3, else 0
/// ```
///
/// The slope is that of Keras 3; Keras 2 had 0.2·x + 0.5 (Courbariaux, Bengio, David 2015).
///
/// ```
/// use steadygrad_nn::activations::{Activation, HardSigmoid};
/// assert_eq!((HardSigmoid.value(0.0), HardSigmoid.value(3.0)), (0.5, 1.0));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HardSigmoid;

impl Pointwise for HardSigmoid {
    const NAME: &'static str = "hard_sigmoid";
    const SAVED: Saved = Saved::Output;

    #[inline(always)]
    fn f<R: Real>(&self, x: R) -> R {
        let six = R::of(6.0);
        (x + R::of(3.0)).max(R::ZERO).min(six) / six
    }

    #[inline(always)]
    fn df<R: Real>(&self, y: R) -> R {
        R::select((y > R::ZERO) & (y < R::ONE), R::of(1.0 / 6.0), R::ZERO)
    }

    fn bounds(&self) -> Option<(f64, f64)> {
        Some((0.0, 1.0))
    }
}

/// Under the names of `activation=`.
pub(crate) const ENTRY: Entry<dyn Layer> =
    Entry { class: "hard_sigmoid", names: &[], build: |_| Ok(Arc::new(HardSigmoid)) };
