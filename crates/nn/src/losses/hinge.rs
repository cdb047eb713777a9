//! Hinge loss.

use super::loss::{Block, Loss, LossRule};
use super::reduction::{Reduction, common};
use super::signs::{gradients, values};
use crate::args::Args;
use crate::catalog::Entry;
use crate::shape::Shape;
use std::sync::Arc;
use steadygrad_kernels::{Real, Result};

/// How far a prediction is from being right with a margin of 1: the loss of support vector machines.
///
/// ```text
/// L = mean max(1 − t·p, 0),  ∂L/∂pᵢ = −tᵢ / n where 1 − tᵢ·pᵢ ≥ 0, else 0
/// ```
/// Targets are −1 and 1. Where all targets of a batch are 0 or 1, 0 stands for −1.
///
/// ```
/// use steadygrad_nn::losses::{Block, Hinge, Loss};
/// let mut value = [0.0];
/// let block = Block { rows: 1, shape: &[2] };
/// Hinge.values64(block, &[1.0, -1.0], &[0.5, -2.0], &mut value);
/// assert_eq!(value, [0.25]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hinge {
    reduction: Reduction,
}

/// With Keras' defaults.
#[allow(non_upper_case_globals)]
pub const Hinge: Hinge = Hinge { reduction: Reduction::Mean };

impl Hinge {
    /// How values become one number.
    pub fn reduction(mut self, reduction: Reduction) -> Hinge {
        self.reduction = reduction;
        self
    }
}

impl LossRule for Hinge {
    const CLASS: &'static str = "Hinge";
    const NAME: &'static str = "hinge";

    /// What 0 stands for is seen from all targets together.
    fn row_by_row(&self, _: &Shape) -> bool {
        false
    }

    #[inline(always)]
    fn values<R: Real>(&self, block: Block<'_>, target: &[R], prediction: &[R], out: &mut [R]) {
        values(block, target, prediction, out, |m| m);
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
        gradients(block, target, prediction, cotangent, out, |_| R::ONE);
    }

    fn reduction(&self) -> Reduction {
        self.reduction
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Loss>> {
    Ok(Arc::new(Hinge { reduction: common(args)? }))
}

pub(crate) const ENTRY: Entry<dyn Loss> = Entry { class: "Hinge", names: &["hinge"], build };
