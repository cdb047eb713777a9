//! The logarithm of the logistic function.

use super::pointwise::{Pointwise, Saved};
use crate::catalog::Entry;
use crate::layers::layer::Layer;
use std::sync::Arc;
use steadygrad_kernels::Real;

/// The logarithm of the logistic function.
///
/// ```text
/// f(x) = −ln(1 + e⁻ˣ) = min(x, 0) − ln(1 + e^−|x|)
/// f′(x) = 1/(1 + eˣ) = 1 − eᶠ
/// ```
///
/// For outputs that are logarithms of probabilities.
///
/// ```
/// use steadygrad_nn::activations::{Activation, LogSigmoid};
/// assert_eq!(LogSigmoid.value(0.0), -std::f64::consts::LN_2);
/// assert_eq!(LogSigmoid.value(-1e4), -1e4);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogSigmoid;

impl Pointwise for LogSigmoid {
    const NAME: &'static str = "log_sigmoid";
    const SAVED: Saved = Saved::Output;

    #[inline(always)]
    fn f<R: Real>(&self, x: R) -> R {
        x.min(R::ZERO) - (-x.abs()).exp().ln_1p()
    }

    #[inline(always)]
    fn df<R: Real>(&self, y: R) -> R {
        -y.exp_m1()
    }
}

/// Under the names of `activation=`.
pub(crate) const ENTRY: Entry<dyn Layer> =
    Entry { class: "log_sigmoid", names: &[], build: |_| Ok(Arc::new(LogSigmoid)) };
