//! Poisson loss.

use super::formulas::{EPSILON, Pair};
use super::loss::Loss;
use super::pairs::PairLoss;
use super::reduction::{Reduction, common};
use crate::args::Args;
use crate::catalog::Entry;
use std::sync::Arc;
use steadygrad_kernels::{Real, Result};

/// The negative logarithm of the likelihood of counts t under Poisson distributions of the means p, without ln t!.
///
/// ```text
/// L = mean p − t·ln(p + 1e-7),  ∂L/∂pᵢ = (1 − tᵢ / (pᵢ + 1e-7)) / n
/// ```
///
/// ```
/// use steadygrad_nn::losses::{Block, Loss, Poisson};
/// let mut value = [0.0];
/// let block = Block { rows: 1, shape: &[1] };
/// Poisson.values64(block, &[1.0], &[1.0], &mut value);
/// assert!((value[0] - 1.0).abs() < 1e-6);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Poisson {
    reduction: Reduction,
}

/// With Keras' defaults.
#[allow(non_upper_case_globals)]
pub const Poisson: Poisson = Poisson { reduction: Reduction::Mean };

impl Poisson {
    /// How values become one number.
    pub fn reduction(mut self, reduction: Reduction) -> Poisson {
        self.reduction = reduction;
        self
    }
}

impl Pair for Poisson {
    #[inline(always)]
    fn pair<R: Real>(&self, t: R, p: R) -> R {
        p - t * (p + R::of(EPSILON)).ln()
    }

    #[inline(always)]
    fn slope<R: Real>(&self, t: R, p: R) -> R {
        R::ONE - t / (p + R::of(EPSILON))
    }
}

impl PairLoss for Poisson {
    const CLASS: &'static str = "Poisson";
    const NAME: &'static str = "poisson";

    fn reduction(&self) -> Reduction {
        self.reduction
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Loss>> {
    Ok(Arc::new(Poisson { reduction: common(args)? }))
}

pub(crate) const ENTRY: Entry<dyn Loss> = Entry { class: "Poisson", names: &["poisson"], build };
