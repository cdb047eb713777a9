//! Categorical hinge.

use super::formulas::{each, sum};
use super::loss::Loss;
use super::reduction::{Reduction, common};
use super::row::RowLoss;
use crate::args::Args;
use crate::catalog::Entry;
use std::sync::Arc;
use steadygrad_kernels::{Real, Result};

/// The margin between the right class and the best of the others, which should be 1 or more.
///
/// ```text
/// right = Σ t·p,  wrong = max (1 − t)·p
/// L = max(wrong − right + 1, 0)
/// ∂L/∂pᵢ = [i is the best]·(1 − tᵢ) / (number of best) − tᵢ,  0 where L is cut off
/// ```
///
/// ```
/// use steadygrad_nn::losses::{Block, Loss, CategoricalHinge};
/// let mut value = [0.0];
/// let block = Block { rows: 1, shape: &[3] };
/// CategoricalHinge.values64(block, &[0.0, 1.0, 0.0], &[0.5, 1.0, 0.25], &mut value);
/// assert_eq!(value, [0.5]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CategoricalHinge {
    reduction: Reduction,
}

/// With Keras' defaults.
#[allow(non_upper_case_globals)]
pub const CategoricalHinge: CategoricalHinge = CategoricalHinge { reduction: Reduction::Mean };

impl CategoricalHinge {
    /// How values become one number.
    pub fn reduction(mut self, reduction: Reduction) -> CategoricalHinge {
        self.reduction = reduction;
        self
    }
}

impl RowLoss for CategoricalHinge {
    const CLASS: &'static str = "CategoricalHinge";
    const NAME: &'static str = "categorical_hinge";

    #[inline(always)]
    fn value<R: Real>(&self, target: &[R], prediction: &[R]) -> R {
        let right = sum(target, prediction, |t, p| t * p);
        (wrong(target, prediction) - right + R::ONE).max(R::ZERO)
    }

    #[inline(always)]
    fn gradient<R: Real>(&self, target: &[R], prediction: &[R], cotangent: R, out: &mut [R]) {
        let right = sum(target, prediction, |t, p| t * p);
        let wrong = wrong(target, prediction);
        let best = |t: R, p: R| R::select((R::ONE - t) * p == wrong, R::ONE, R::ZERO);
        let share = cotangent / sum(target, prediction, best);
        let cut = wrong - right + R::ONE < R::ZERO;
        each(target, prediction, out, |t, p| {
            R::select(cut, R::ZERO, share * best(t, p) * (R::ONE - t) - cotangent * t)
        });
    }

    fn reduction(&self) -> Reduction {
        self.reduction
    }
}

/// max (1 − t)·p
#[inline(always)]
fn wrong<R: Real>(target: &[R], prediction: &[R]) -> R {
    target.iter().zip(prediction).fold(-R::INFINITY, |best, (&t, &p)| best.max((R::ONE - t) * p))
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Loss>> {
    Ok(Arc::new(CategoricalHinge { reduction: common(args)? }))
}

pub(crate) const ENTRY: Entry<dyn Loss> =
    Entry { class: "CategoricalHinge", names: &["categorical_hinge"], build };
