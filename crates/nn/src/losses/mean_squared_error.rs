//! Mean squared error.

use super::formulas::{Pair, mean_of, mean_slopes_of};
use super::loss::Loss;
use super::reduction::{Reduction, common};
use super::row::RowLoss;
use crate::args::Args;
use crate::catalog::Entry;
use std::sync::Arc;
use steadygrad_kernels::{Real, Result};

/// The mean of squared differences over the last axis.
///
/// ```text
/// L = mean (p − t)²,  ∂L/∂pᵢ = 2·(pᵢ − tᵢ) / n
/// ```
///
/// ```
/// use steadygrad_nn::losses::{Block, Loss, MeanSquaredError};
/// let mut value = [0.0];
/// let block = Block { rows: 1, shape: &[2] };
/// MeanSquaredError.values64(block, &[1.0, 2.0], &[3.0, 2.0], &mut value);
/// assert_eq!(value, [2.0]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeanSquaredError {
    reduction: Reduction,
}

/// With Keras' defaults.
#[allow(non_upper_case_globals)]
pub const MeanSquaredError: MeanSquaredError = MeanSquaredError { reduction: Reduction::Mean };

impl MeanSquaredError {
    /// How values become one number.
    pub fn reduction(mut self, reduction: Reduction) -> MeanSquaredError {
        self.reduction = reduction;
        self
    }
}

impl Pair for MeanSquaredError {
    #[inline(always)]
    fn pair<R: Real>(&self, t: R, p: R) -> R {
        (p - t) * (p - t)
    }

    #[inline(always)]
    fn slope<R: Real>(&self, t: R, p: R) -> R {
        R::of(2.0) * (p - t)
    }
}

impl RowLoss for MeanSquaredError {
    const CLASS: &'static str = "MeanSquaredError";
    const NAME: &'static str = "mean_squared_error";

    #[inline(always)]
    fn value<R: Real>(&self, target: &[R], prediction: &[R]) -> R {
        mean_of(self, target, prediction)
    }

    #[inline(always)]
    fn gradient<R: Real>(&self, target: &[R], prediction: &[R], cotangent: R, out: &mut [R]) {
        mean_slopes_of(self, target, prediction, cotangent, out);
    }

    fn reduction(&self) -> Reduction {
        self.reduction
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Loss>> {
    Ok(Arc::new(MeanSquaredError { reduction: common(args)? }))
}

pub(crate) const ENTRY: Entry<dyn Loss> =
    Entry { class: "MeanSquaredError", names: &["mean_squared_error", "mse", "MSE"], build };
