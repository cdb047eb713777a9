//! The sum of squares.

use super::regularizer::{PenaltyRule, Regularizer, factor};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use std::sync::Arc;
use steadygrad_kernels::norm::squares;
use steadygrad_kernels::{Real, Result};

/// Pulls weights towards 0, the harder the larger they are (Hoerl and Kennard 1970).
///
/// ```text
/// penalty  l2 · Σ w²               without the ½ of some books
/// gradient 2 · l2 · w
/// ```
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
        self.l2 * squares(w)
    }
    fn gradient<R: Real>(&self, w: &[R], _: &[usize], out: &mut [R]) {
        for (out, &w) in out.iter_mut().zip(w) {
            *out = R::of(2.0 * self.l2) * w;
        }
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Regularizer>> {
    Ok(Arc::new(L2 { l2: factor(args, "l2", 0.01)? }))
}

pub(crate) const ENTRY: Entry<dyn Regularizer> = Entry { class: "L2", names: &["l2"], build };
