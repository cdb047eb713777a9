//! Kullback–Leibler divergence.

use super::formulas::{EPSILON, Pair, slopes_of, sum_of};
use super::loss::Loss;
use super::reduction::{Reduction, common};
use super::row::RowLoss;
use crate::args::Args;
use crate::catalog::Entry;
use std::sync::Arc;
use steadygrad_kernels::{Real, Result};

/// How many nats are lost when p is taken for the distribution t. Both are kept within 1e-7 … 1.
///
/// ```text
/// L = Σ t·ln(t / p),  ∂L/∂pᵢ = −tᵢ / pᵢ,  0 where pᵢ is outside of 1e-7 … 1
/// ```
/// Kullback and Leibler, "On information and sufficiency", 1951.
///
/// ```
/// use steadygrad_nn::losses::{Block, Loss, KLDivergence};
/// let mut value = [0.0];
/// let block = Block { rows: 1, shape: &[2] };
/// KLDivergence.values64(block, &[1.0, 0.0], &[0.5, 0.5], &mut value);
/// assert!((value[0] - 0.693146).abs() < 1e-6);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KLDivergence {
    reduction: Reduction,
}

/// With Keras' defaults.
#[allow(non_upper_case_globals)]
pub const KLDivergence: KLDivergence = KLDivergence { reduction: Reduction::Mean };

impl KLDivergence {
    /// How values become one number.
    pub fn reduction(mut self, reduction: Reduction) -> KLDivergence {
        self.reduction = reduction;
        self
    }
}

impl Pair for KLDivergence {
    #[inline(always)]
    fn pair<R: Real>(&self, t: R, p: R) -> R {
        let t = bounded(t);
        t * (t / bounded(p)).ln()
    }

    #[inline(always)]
    fn slope<R: Real>(&self, t: R, p: R) -> R {
        let outside = (p < R::of(EPSILON)) | (p > R::ONE);
        R::select(outside, R::ZERO, -bounded(t) / bounded(p))
    }
}

impl RowLoss for KLDivergence {
    const CLASS: &'static str = "KLDivergence";
    const NAME: &'static str = "kl_divergence";

    #[inline(always)]
    fn value<R: Real>(&self, target: &[R], prediction: &[R]) -> R {
        sum_of(self, target, prediction)
    }

    #[inline(always)]
    fn gradient<R: Real>(&self, target: &[R], prediction: &[R], cotangent: R, out: &mut [R]) {
        slopes_of(self, target, prediction, cotangent, out);
    }

    fn reduction(&self) -> Reduction {
        self.reduction
    }
}

#[inline(always)]
fn bounded<R: Real>(p: R) -> R {
    p.max(R::of(EPSILON)).min(R::ONE)
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Loss>> {
    Ok(Arc::new(KLDivergence { reduction: common(args)? }))
}

pub(crate) const ENTRY: Entry<dyn Loss> =
    Entry { class: "KLDivergence", names: &["kl_divergence", "kld", "KLD"], build };
