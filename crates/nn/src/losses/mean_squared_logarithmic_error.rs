//! Mean squared logarithmic error.

use super::formulas::{EPSILON, Pair};
use super::loss::Loss;
use super::pairs::PairLoss;
use super::reduction::{Reduction, common};
use crate::args::Args;
use crate::catalog::Entry;
use std::sync::Arc;
use steadygrad_kernels::{Real, Result};

/// The mean of squared differences of logarithms: it looks at ratios. Numbers below 1e-7 count as 1e-7.
///
/// ```text
/// ℓ(x) = ln(1 + max(x, 1e-7))
/// L = mean (ℓ(p) − ℓ(t))²,  ∂L/∂pᵢ = 2·(ℓ(pᵢ) − ℓ(tᵢ)) / (n·(1 + pᵢ)),  0 where pᵢ < 1e-7
/// ```
///
/// ```
/// use steadygrad_nn::losses::{Block, Loss, MeanSquaredLogarithmicError};
/// let mut value = [0.0];
/// let block = Block { rows: 1, shape: &[1] };
/// MeanSquaredLogarithmicError.values64(block, &[0.0], &[1.0], &mut value);
/// assert!((value[0] - 0.480453).abs() < 1e-6);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeanSquaredLogarithmicError {
    reduction: Reduction,
}

/// With Keras' defaults.
#[allow(non_upper_case_globals)]
pub const MeanSquaredLogarithmicError: MeanSquaredLogarithmicError =
    MeanSquaredLogarithmicError { reduction: Reduction::Mean };

impl MeanSquaredLogarithmicError {
    /// How values become one number.
    pub fn reduction(mut self, reduction: Reduction) -> MeanSquaredLogarithmicError {
        self.reduction = reduction;
        self
    }
}

impl Pair for MeanSquaredLogarithmicError {
    #[inline(always)]
    fn pair<R: Real>(&self, t: R, p: R) -> R {
        let difference = logarithm(p) - logarithm(t);
        difference * difference
    }

    #[inline(always)]
    fn slope<R: Real>(&self, t: R, p: R) -> R {
        let slope = R::of(2.0) * (logarithm(p) - logarithm(t)) / (R::ONE + p);
        R::select(p < R::of(EPSILON), R::ZERO, slope)
    }
}

impl PairLoss for MeanSquaredLogarithmicError {
    const CLASS: &'static str = "MeanSquaredLogarithmicError";
    const NAME: &'static str = "mean_squared_logarithmic_error";

    fn reduction(&self) -> Reduction {
        self.reduction
    }
}

/// ln(1 + x), for numbers that are not negative.
#[inline(always)]
fn logarithm<R: Real>(x: R) -> R {
    x.max(R::of(EPSILON)).ln_1p()
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Loss>> {
    Ok(Arc::new(MeanSquaredLogarithmicError { reduction: common(args)? }))
}

pub(crate) const ENTRY: Entry<dyn Loss> = Entry {
    class: "MeanSquaredLogarithmicError",
    names: &["mean_squared_logarithmic_error", "msle", "MSLE"],
    build,
};
