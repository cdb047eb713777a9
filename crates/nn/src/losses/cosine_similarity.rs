//! Cosine similarity, with a minus sign.

use super::formulas::{EPSILON, each, sum};
use super::loss::Loss;
use super::reduction::{Reduction, common};
use super::row::RowLoss;
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use std::sync::Arc;
use steadygrad_kernels::{Real, Result};

/// The cosine of the angle between target and prediction, negated: −1 where they point the same way, 0 at a right
/// angle, 1 where they are opposed. As a metric, it has its usual sign.
///
/// ```text
/// L = −Σ t̂·p̂,  x̂ = x / √max(Σ x², 1e-14)
/// ∂L/∂p = −(t̂ − p̂·Σ t̂·p̂) / ‖p‖
/// ```
///
/// ```
/// use steadygrad_nn::losses::{Block, Loss, CosineSimilarity};
/// let mut value = [0.0];
/// let block = Block { rows: 1, shape: &[2] };
/// CosineSimilarity.axis(-1).values64(block, &[3.0, 0.0], &[2.0, 0.0], &mut value);
/// assert!((value[0] - -1.0).abs() < 1e-6);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CosineSimilarity {
    axis: i64,
    reduction: Reduction,
}

/// With Keras' defaults.
#[allow(non_upper_case_globals)]
pub const CosineSimilarity: CosineSimilarity = CosineSimilarity { axis: -1, reduction: Reduction::Mean };

impl CosineSimilarity {
    /// The axis of a vector; 0 is the batch, −1 the last.
    pub fn axis(mut self, axis: i64) -> CosineSimilarity {
        self.axis = axis;
        self
    }

    /// How values become one number.
    pub fn reduction(mut self, reduction: Reduction) -> CosineSimilarity {
        self.reduction = reduction;
        self
    }
}

impl RowLoss for CosineSimilarity {
    const CLASS: &'static str = "CosineSimilarity";
    const NAME: &'static str = "cosine_similarity";

    fn config(&self) -> Config {
        Config::new().with("axis", self.axis)
    }

    fn axis(&self) -> i64 {
        self.axis
    }

    #[inline(always)]
    fn value<R: Real>(&self, target: &[R], prediction: &[R]) -> R {
        let dot = sum(target, prediction, |t, p| t * p);
        -(dot * inverse_norm(target).0 * inverse_norm(prediction).0)
    }

    #[inline(always)]
    fn gradient<R: Real>(&self, target: &[R], prediction: &[R], cotangent: R, out: &mut [R]) {
        let (inverse_t, _) = inverse_norm(target);
        let (inverse_p, grows) = inverse_norm(prediction);
        let dot = sum(target, prediction, |t, p| t * p) * inverse_t * inverse_p;
        // Below the bound the length of p is taken as constant.
        let along = R::select(grows, dot * inverse_p, R::ZERO);
        let scale = -cotangent * inverse_p;
        each(target, prediction, out, |t, p| scale * (t * inverse_t - p * along));
    }

    fn reduction(&self) -> Reduction {
        self.reduction
    }
}

/// 1 / √max(Σ x², ε²), and whether it changes with x.
#[inline(always)]
fn inverse_norm<R: Real>(x: &[R]) -> (R, bool) {
    let squares = x.iter().fold(R::ZERO, |sum, &x| sum + x * x);
    let least = R::of(EPSILON * EPSILON);
    (R::ONE / squares.max(least).sqrt(), squares >= least)
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Loss>> {
    Ok(Arc::new(CosineSimilarity { axis: args.or("axis", -1)?, reduction: common(args)? }))
}

pub(crate) const ENTRY: Entry<dyn Loss> =
    Entry { class: "CosineSimilarity", names: &["cosine_similarity"], build };
