//! Mean squared error.

use super::formulas::Pair;
use super::loss::Loss;
use super::pairs::PairLoss;
use super::reduction::{Reduction, common};
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

impl PairLoss for MeanSquaredError {
    const CLASS: &'static str = "MeanSquaredError";
    const NAME: &'static str = "mean_squared_error";

    fn reduction(&self) -> Reduction {
        self.reduction
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Loss>> {
    Ok(Arc::new(MeanSquaredError { reduction: common(args)? }))
}

pub(crate) const ENTRY: Entry<dyn Loss> =
    Entry { class: "MeanSquaredError", names: &["mean_squared_error", "mse", "MSE"], build };
