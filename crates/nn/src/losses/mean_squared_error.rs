//! Mean squared error.

use super::loss::{Block, Loss, LossRule, Reduction, RowLoss, row_gradients, row_values};
use crate::catalog::Entry;
use crate::config::Args;
use std::sync::Arc;
use steadygrad_kernels::{Real, Result};

/// The mean of squared differences over the last axis.
///
/// ```text
/// L = mean (p − t)²,  ∂L/∂pᵢ = 2·(pᵢ − tᵢ)/n
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

/// With Keras' reduction: the mean over the batch.
#[allow(non_upper_case_globals)]
pub const MeanSquaredError: MeanSquaredError = MeanSquaredError { reduction: Reduction::Mean };

impl RowLoss for MeanSquaredError {
    #[inline(always)]
    fn value<R: Real>(&self, target: &[R], prediction: &[R]) -> R {
        let sum = target.iter().zip(prediction).fold(R::ZERO, |sum, (&t, &p)| sum + (p - t) * (p - t));
        sum / R::of(prediction.len() as f64)
    }

    #[inline(always)]
    fn gradient<R: Real>(&self, target: &[R], prediction: &[R], cotangent: R, out: &mut [R]) {
        let scale = cotangent * R::of(2.0 / prediction.len() as f64);
        for ((out, &t), &p) in out.iter_mut().zip(target).zip(prediction) {
            *out = scale * (p - t);
        }
    }
}

impl LossRule for MeanSquaredError {
    const CLASS: &'static str = "MeanSquaredError";
    const NAME: &'static str = "mean_squared_error";

    #[inline(always)]
    fn values<R: Real>(&self, block: Block<'_>, target: &[R], prediction: &[R], out: &mut [R]) {
        row_values(self, block, target, prediction, out);
    }

    #[inline(always)]
    fn gradients<R: Real>(
        &self,
        block: Block<'_>,
        target: &[R],
        prediction: &[R],
        cotangent: &[R],
        out: &mut [R],
    ) {
        row_gradients(self, block, target, prediction, cotangent, out);
    }

    fn reduction(&self) -> Reduction {
        self.reduction
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Loss>> {
    args.ignore(&["name", "dtype"]);
    Ok(Arc::new(MeanSquaredError { reduction: args.or("reduction", Reduction::Mean)? }))
}

pub(crate) const ENTRY: Entry<dyn Loss> =
    Entry { class: "MeanSquaredError", names: &["mean_squared_error", "mse", "MSE"], build };
