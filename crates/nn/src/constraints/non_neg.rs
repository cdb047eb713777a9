//! Weights of 0 or more.

use super::constraint::{Constraint, Projection};
use crate::catalog::Entry;
use crate::config::Config;
use std::sync::Arc;
use steadygrad_kernels::Real;

/// w ← max(w, 0)
///
/// ```
/// use steadygrad_nn::constraints::{Constraint, NonNeg};
/// let mut w = [-1.0, 2.0];
/// NonNeg.apply(&mut w, &[2]);
/// assert_eq!(w, [0.0, 2.0]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NonNeg;

impl Projection for NonNeg {
    const CLASS: &'static str = "NonNeg";
    fn config(&self) -> Config {
        Config::new()
    }
    fn project<R: Real>(&self, w: &mut [R], _: &[usize]) {
        for w in w {
            *w = w.max(R::ZERO);
        }
    }
}

pub(crate) const ENTRY: Entry<dyn Constraint> =
    Entry { class: "NonNeg", names: &["non_neg"], build: |_| Ok(Arc::new(NonNeg)) };
