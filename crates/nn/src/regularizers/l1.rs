//! The sum of absolute values.

use super::regularizer::{PenaltyRule, Regularizer, factor};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use std::sync::Arc;
use steadygrad_kernels::norm::sum;
use steadygrad_kernels::{Real, Result};

/// Drives weights to exactly 0 (Tibshirani 1996).
///
/// ```text
/// penalty  l1 · Σ |w|
/// gradient l1 · sign(w)
/// ```
///
/// ```
/// use steadygrad_nn::regularizers::{L1, Regularizer};
/// assert_eq!(L1::new(0.5).value64(&[1.0, -2.0], &[2]), 1.5);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct L1 {
    l1: f64,
}

impl L1 {
    /// With this factor.
    pub fn new(l1: f64) -> L1 {
        L1 { l1 }
    }
}

impl PenaltyRule for L1 {
    const CLASS: &'static str = "L1";

    fn config(&self) -> Config {
        Config::new().with("l1", self.l1)
    }
    fn value<R: Real>(&self, w: &[R], _: &[usize]) -> f64 {
        self.l1 * sum(w, f64::abs)
    }
    fn gradient<R: Real>(&self, w: &[R], _: &[usize], out: &mut [R]) {
        for (out, &w) in out.iter_mut().zip(w) {
            *out = R::of(self.l1) * w.sign();
        }
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Regularizer>> {
    Ok(Arc::new(L1 { l1: factor(args, "l1", 0.01)? }))
}

pub(crate) const ENTRY: Entry<dyn Regularizer> = Entry { class: "L1", names: &["l1"], build };
