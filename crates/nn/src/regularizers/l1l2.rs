//! The sum of absolute values and the sum of squares.

use super::regularizer::{PenaltyRule, Regularizer, factor};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use std::sync::Arc;
use steadygrad_kernels::norm::sum;
use steadygrad_kernels::{Real, Result};

/// Both penalties together: the elastic net (Zou and Hastie 2005).
///
/// ```text
/// penalty  l1 · Σ |w| + l2 · Σ w²
/// gradient l1 · sign(w) + 2 · l2 · w
/// ```
///
/// As in Keras, both factors are 0 unless given, so that the bare string "l1l2" penalizes nothing. Keras' documentation
/// also names it "l1_l2", which Keras itself does not find; here it is found.
///
/// ```
/// use steadygrad_nn::regularizers::{L1L2, Regularizer};
/// assert_eq!(L1L2::new(1.0, 0.5).value64(&[1.0, -2.0], &[2]), 5.5);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct L1L2 {
    l1: f64,
    l2: f64,
}

impl L1L2 {
    /// With these factors.
    pub fn new(l1: f64, l2: f64) -> L1L2 {
        L1L2 { l1, l2 }
    }
}

impl PenaltyRule for L1L2 {
    const CLASS: &'static str = "L1L2";

    fn config(&self) -> Config {
        Config::new().with("l1", self.l1).with("l2", self.l2)
    }
    fn value<R: Real>(&self, w: &[R], _: &[usize]) -> f64 {
        // A factor of 0 takes its penalty out, infinite weights or not.
        let part = |factor: f64, f: fn(f64) -> f64| if factor == 0.0 { 0.0 } else { factor * sum(w, f) };
        part(self.l1, f64::abs) + part(self.l2, |w| w * w)
    }
    fn gradient<R: Real>(&self, w: &[R], _: &[usize], out: &mut [R]) {
        let (l1, l2) = (R::of(self.l1), R::of(2.0 * self.l2));
        for (out, &w) in out.iter_mut().zip(w) {
            let square = R::select(self.l2 == 0.0, R::ZERO, l2 * w);
            *out = l1 * w.sign() + square;
        }
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Regularizer>> {
    Ok(Arc::new(L1L2 { l1: factor(args, "l1", 0.0)?, l2: factor(args, "l2", 0.0)? }))
}

pub(crate) const ENTRY: Entry<dyn Regularizer> = Entry { class: "L1L2", names: &["l1l2", "l1_l2"], build };
