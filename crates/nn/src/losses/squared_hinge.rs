//! Squared hinge loss.

use super::loss::{Block, Loss, LossRule};
use super::reduction::{Reduction, common};
use super::signs::{gradients, values};
use crate::args::Args;
use crate::catalog::Entry;
use crate::shape::Shape;
use std::sync::Arc;
use steadygrad_kernels::{Real, Result};

/// The square of how far a prediction is from being right with a margin of 1.
///
/// ```text
/// m = max(1 − t·p, 0)
/// L = mean m²,  ∂L/∂pᵢ = −2·mᵢ·tᵢ / n
/// ```
/// Targets are −1 and 1. Where all targets of a batch are 0 or 1, 0 stands for −1.
///
/// ```
/// use steadygrad_nn::losses::{Block, Loss, SquaredHinge};
/// let mut value = [0.0];
/// let block = Block { rows: 1, shape: &[2] };
/// SquaredHinge.values64(block, &[1.0, -1.0], &[0.0, -2.0], &mut value);
/// assert_eq!(value, [0.5]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SquaredHinge {
    reduction: Reduction,
}

/// With Keras' defaults.
#[allow(non_upper_case_globals)]
pub const SquaredHinge: SquaredHinge = SquaredHinge { reduction: Reduction::Mean };

impl SquaredHinge {
    /// How values become one number.
    pub fn reduction(mut self, reduction: Reduction) -> SquaredHinge {
        self.reduction = reduction;
        self
    }
}

impl LossRule for SquaredHinge {
    const CLASS: &'static str = "SquaredHinge";
    const NAME: &'static str = "squared_hinge";

    /// What 0 stands for is seen from all targets together.
    fn row_by_row(&self, _: &Shape) -> bool {
        false
    }

    #[inline(always)]
    fn values<R: Real>(&self, block: Block<'_>, target: &[R], prediction: &[R], out: &mut [R]) {
        values(block, target, prediction, out, |m| m * m);
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
        gradients(block, target, prediction, cotangent, out, |m| R::of(2.0) * m);
    }

    fn reduction(&self) -> Reduction {
        self.reduction
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Loss>> {
    Ok(Arc::new(SquaredHinge { reduction: common(args)? }))
}

pub(crate) const ENTRY: Entry<dyn Loss> = Entry { class: "SquaredHinge", names: &["squared_hinge"], build };
