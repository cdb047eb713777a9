//! Hard tanh: the hyperbolic tangent in three straight pieces.

use super::pointwise::{Pointwise, Saved};
use crate::catalog::Entry;
use crate::layers::layer::Layer;
use std::sync::Arc;
use steadygrad_kernels::Real;

/// The identity between −1 and 1, and flat outside.
///
/// ```text
/// f(x) = min(max(x, −1), 1)
/// f′(x) = 1 for |x| ≤ 1, else 0
/// ```
///
/// The slope is 1 at ±1 too, which the output cannot tell from what lies outside: the input is kept
/// (Collobert 2004).
///
/// ```
/// use steadygrad_nn::activations::{Activation, HardTanh};
/// assert_eq!((HardTanh.value(-7.0), HardTanh.value(0.5)), (-1.0, 0.5));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HardTanh;

impl Pointwise for HardTanh {
    const NAME: &'static str = "hard_tanh";
    const SAVED: Saved = Saved::Input;

    #[inline(always)]
    fn f<R: Real>(&self, x: R) -> R {
        x.max(-R::ONE).min(R::ONE)
    }

    #[inline(always)]
    fn df<R: Real>(&self, x: R) -> R {
        R::select(x.abs() <= R::ONE, R::ONE, R::ZERO)
    }

    fn bounds(&self) -> Option<(f64, f64)> {
        Some((-1.0, 1.0))
    }
}

/// Under the names of `activation=`.
pub(crate) const ENTRY: Entry<dyn Layer> =
    Entry { class: "hard_tanh", names: &[], build: |_| Ok(Arc::new(HardTanh)) };
