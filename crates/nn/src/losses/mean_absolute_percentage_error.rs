//! Mean absolute percentage error.

use super::formulas::{EPSILON, Pair};
use super::loss::Loss;
use super::pairs::PairLoss;
use super::reduction::{Reduction, common};
use crate::args::Args;
use crate::catalog::Entry;
use std::sync::Arc;
use steadygrad_kernels::{Real, Result};

/// The mean of absolute differences in per cent of the target. Targets near 0 make it very large.
///
/// ```text
/// L = 100 · mean |p − t| / max(|t|, 1e-7),  ∂L/∂pᵢ = 100 · sign(pᵢ − tᵢ) / (n · max(|tᵢ|, 1e-7))
/// ```
///
/// ```
/// use steadygrad_nn::losses::{Block, Loss, MeanAbsolutePercentageError};
/// let mut value = [0.0];
/// let block = Block { rows: 1, shape: &[2] };
/// MeanAbsolutePercentageError.values64(block, &[2.0, 4.0], &[1.0, 4.0], &mut value);
/// assert_eq!(value, [25.0]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeanAbsolutePercentageError {
    reduction: Reduction,
}

/// With Keras' defaults.
#[allow(non_upper_case_globals)]
pub const MeanAbsolutePercentageError: MeanAbsolutePercentageError =
    MeanAbsolutePercentageError { reduction: Reduction::Mean };

impl MeanAbsolutePercentageError {
    /// How values become one number.
    pub fn reduction(mut self, reduction: Reduction) -> MeanAbsolutePercentageError {
        self.reduction = reduction;
        self
    }
}

impl Pair for MeanAbsolutePercentageError {
    #[inline(always)]
    fn pair<R: Real>(&self, t: R, p: R) -> R {
        R::of(100.0) * (p - t).abs() / size(t)
    }

    #[inline(always)]
    fn slope<R: Real>(&self, t: R, p: R) -> R {
        R::of(100.0) * (p - t).sign() / size(t)
    }
}

impl PairLoss for MeanAbsolutePercentageError {
    const CLASS: &'static str = "MeanAbsolutePercentageError";
    const NAME: &'static str = "mean_absolute_percentage_error";

    fn reduction(&self) -> Reduction {
        self.reduction
    }
}

/// What a difference is measured by.
#[inline(always)]
fn size<R: Real>(target: R) -> R {
    target.abs().max(R::of(EPSILON))
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Loss>> {
    Ok(Arc::new(MeanAbsolutePercentageError { reduction: common(args)? }))
}

pub(crate) const ENTRY: Entry<dyn Loss> = Entry {
    class: "MeanAbsolutePercentageError",
    names: &["mean_absolute_percentage_error", "mape", "MAPE"],
    build,
};
