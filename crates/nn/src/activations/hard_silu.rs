//! Hard SiLU: x times the hard sigmoid.

use super::pointwise::{Pointwise, Saved};
use crate::catalog::Entry;
use crate::layers::layer::Layer;
use std::sync::Arc;
use steadygrad_kernels::Real;

/// SiLU with the hard sigmoid in place of the logistic function; also known as hard swish.
///
/// ```text
/// f(x) = x·min(max(x + 3, 0), 6)/6
/// f′(x) = 0 for x ≤ −3,  (2x + 3)/6 between,  1 for x ≥ 3
/// ```
///
/// Its least value is −0.375 at x = −1.5 (Howard et al. 2019).
///
/// ```
/// use steadygrad_nn::activations::{Activation, HardSilu};
/// assert_eq!((HardSilu.value(-1.5), HardSilu.value(4.0)), (-0.375, 4.0));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HardSilu;

impl Pointwise for HardSilu {
    const NAME: &'static str = "hard_silu";
    const SAVED: Saved = Saved::Input;

    #[inline(always)]
    fn f<R: Real>(&self, x: R) -> R {
        let six = R::of(6.0);
        x * ((x + R::of(3.0)).max(R::ZERO).min(six) / six)
    }

    #[inline(always)]
    fn df<R: Real>(&self, x: R) -> R {
        let three = R::of(3.0);
        let outside = R::select(x > R::ZERO, R::ONE, R::ZERO);
        R::select(x.abs() < three, (x + x + three) / R::of(6.0), outside)
    }
}

/// Under the names of `activation=`.
pub(crate) const ENTRY: Entry<dyn Layer> =
    Entry { class: "hard_silu", names: &["hard_swish"], build: |_| Ok(Arc::new(HardSilu)) };
