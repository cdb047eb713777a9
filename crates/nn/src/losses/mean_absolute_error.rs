//! Mean absolute error.

use super::formulas::Pair;
use super::loss::Loss;
use super::pairs::PairLoss;
use super::reduction::{Reduction, common};
use crate::args::Args;
use crate::catalog::Entry;
use std::sync::Arc;
use steadygrad_kernels::{Real, Result};

/// The mean of absolute differences over the last axis: one far-off sample counts for less than in the squared error.
///
/// ```text
/// L = mean |p − t|,  ∂L/∂pᵢ = sign(pᵢ − tᵢ) / n   (0 where they are equal)
/// ```
///
/// ```
/// use steadygrad_nn::losses::{Block, Loss, MeanAbsoluteError};
/// let mut value = [0.0];
/// let block = Block { rows: 1, shape: &[2] };
/// MeanAbsoluteError.values64(block, &[1.0, 2.0], &[4.0, 1.0], &mut value);
/// assert_eq!(value, [2.0]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeanAbsoluteError {
    reduction: Reduction,
}

/// With Keras' defaults.
#[allow(non_upper_case_globals)]
pub const MeanAbsoluteError: MeanAbsoluteError = MeanAbsoluteError { reduction: Reduction::Mean };

impl MeanAbsoluteError {
    /// How values become one number.
    pub fn reduction(mut self, reduction: Reduction) -> MeanAbsoluteError {
        self.reduction = reduction;
        self
    }
}

impl Pair for MeanAbsoluteError {
    #[inline(always)]
    fn pair<R: Real>(&self, t: R, p: R) -> R {
        (p - t).abs()
    }

    #[inline(always)]
    fn slope<R: Real>(&self, t: R, p: R) -> R {
        (p - t).sign()
    }
}

impl PairLoss for MeanAbsoluteError {
    const CLASS: &'static str = "MeanAbsoluteError";
    const NAME: &'static str = "mean_absolute_error";

    fn reduction(&self) -> Reduction {
        self.reduction
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Loss>> {
    Ok(Arc::new(MeanAbsoluteError { reduction: common(args)? }))
}

pub(crate) const ENTRY: Entry<dyn Loss> =
    Entry { class: "MeanAbsoluteError", names: &["mean_absolute_error", "mae", "MAE"], build };
