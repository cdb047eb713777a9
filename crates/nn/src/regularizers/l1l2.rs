//! L1, L2, and both.

use super::regularizer::{PenaltyRule, Regularizer};
use crate::catalog::Entry;
use crate::config::Config;
use std::sync::Arc;
use steadygrad_kernels::Real;

/// l2 · Σ w²
///
/// ```
/// use steadygrad_nn::regularizers::{L2, Regularizer};
/// assert_eq!(L2::new(0.5).value64(&[1.0, 2.0], &[2]), 2.5);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct L2 {
    l2: f64,
}

impl L2 {
    /// With this factor.
    pub fn new(l2: f64) -> L2 {
        L2 { l2 }
    }
}

impl PenaltyRule for L2 {
    const CLASS: &'static str = "L2";

    fn config(&self) -> Config {
        Config::new().with("l2", self.l2)
    }
    fn value<R: Real>(&self, w: &[R], _: &[usize]) -> f64 {
        self.l2 * w.iter().map(|w| w.f64() * w.f64()).sum::<f64>()
    }
    fn gradient<R: Real>(&self, w: &[R], _: &[usize], out: &mut [R]) {
        for (out, &w) in out.iter_mut().zip(w) {
            *out = R::of(2.0 * self.l2) * w;
        }
    }
}

pub(crate) const L2_ENTRY: Entry<dyn Regularizer> =
    Entry { class: "L2", names: &["l2"], build: |args| Ok(Arc::new(L2 { l2: args.or("l2", 0.01)? })) };
