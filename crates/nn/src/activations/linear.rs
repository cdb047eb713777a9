//! The identity.

use super::pointwise::{Pointwise, Saved};
use crate::catalog::Entry;
use crate::layers::layer::Layer;
use std::sync::Arc;
use steadygrad_kernels::Real;

/// The identity.
///
/// ```text
/// f(x) = x,  f′(x) = 1
/// ```
///
/// ```
/// use steadygrad_nn::activations::{Activation, Linear};
/// assert_eq!(Linear.value(-3.0), -3.0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Linear;

impl Pointwise for Linear {
    const NAME: &'static str = "linear";
    const SAVED: Saved = Saved::Output;

    #[inline(always)]
    fn f<R: Real>(&self, x: R) -> R {
        x
    }

    #[inline(always)]
    fn df<R: Real>(&self, _y: R) -> R {
        R::ONE
    }
}

/// Under the names of `activation=`.
pub(crate) const ENTRY: Entry<dyn Layer> =
    Entry { class: "linear", names: &[], build: |_| Ok(Arc::new(Linear)) };
