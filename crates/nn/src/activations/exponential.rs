//! The exponential function.

use super::pointwise::{Pointwise, Saved};
use crate::catalog::Entry;
use crate::layers::layer::Layer;
use std::sync::Arc;
use steadygrad_kernels::Real;

/// The exponential function.
///
/// ```text
/// f(x) = eˣ = f′(x)
/// ```
///
/// For outputs that are rates or scales; in a deep network it explodes.
///
/// ```
/// use steadygrad_nn::activations::{Activation, Exponential};
/// assert_eq!(Exponential.value(0.0), 1.0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exponential;

impl Pointwise for Exponential {
    const NAME: &'static str = "exponential";
    const SAVED: Saved = Saved::Output;

    #[inline(always)]
    fn f<R: Real>(&self, x: R) -> R {
        x.exp()
    }

    #[inline(always)]
    fn df<R: Real>(&self, y: R) -> R {
        y
    }
}

/// Under the names of `activation=`.
pub(crate) const ENTRY: Entry<dyn Layer> =
    Entry { class: "exponential", names: &[], build: |_| Ok(Arc::new(Exponential)) };
