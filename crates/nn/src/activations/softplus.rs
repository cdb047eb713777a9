//! Softplus: the smooth rectifier.

use super::pointwise::{Pointwise, Saved};
use crate::catalog::Entry;
use crate::layers::layer::Layer;
use std::sync::Arc;
use steadygrad_kernels::Real;

/// The smooth rectifier.
///
/// ```text
/// f(x) = ln(1 + eˣ) = max(x, 0) + ln(1 + e^−|x|)
/// f′(x) = 1/(1 + e⁻ˣ) = 1 − e^−f
/// ```
///
/// Its outputs are never 0 and have a large mean, so that the signal drifts in a deep network (Dugas et al. 2001).
///
/// ```
/// use steadygrad_nn::activations::{Activation, Softplus};
/// assert_eq!(Softplus.value(0.0), std::f64::consts::LN_2);
/// assert_eq!(Softplus.value(1e4), 1e4);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Softplus;

impl Pointwise for Softplus {
    const NAME: &'static str = "softplus";
    const SAVED: Saved = Saved::Output;

    #[inline(always)]
    fn f<R: Real>(&self, x: R) -> R {
        x.max(R::ZERO) + (-x.abs()).exp().ln_1p()
    }

    #[inline(always)]
    fn df<R: Real>(&self, y: R) -> R {
        -(-y).exp_m1()
    }
}

/// Under the names of `activation=`.
pub(crate) const ENTRY: Entry<dyn Layer> =
    Entry { class: "softplus", names: &[], build: |_| Ok(Arc::new(Softplus)) };
