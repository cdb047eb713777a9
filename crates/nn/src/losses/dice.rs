//! Dice loss of overlap.

use super::formulas::EPSILON;
use super::loss::{Block, Loss, LossRule};
use super::reduction::{Reduction, common};
use super::regions::Axes;
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::shape::{Extent, Shape};
use std::sync::Arc;
use steadygrad_kernels::{Real, Result};

/// How much of target and prediction does not overlap, for segmentation: 0 where they are equal, 1 where they are disjoint.
///
/// ```text
/// I = Σ t·p,  S = Σ t + Σ p + 1e-7
/// L = 1 − 2·I / S,  ∂L/∂pᵢ = −2·(tᵢ·S − I) / S²
/// ```
/// Without `axis`, sums run over the whole batch and there is one value; it counts for every sample alike.
/// Milletari et al., "V-Net", 2016.
///
/// ```
/// use steadygrad_nn::losses::{Block, Dice, Loss};
/// let mut value = [0.0];
/// let block = Block { rows: 1, shape: &[2, 2, 1] };
/// Dice.axis([1, 2, 3]).values64(block, &[1.0, 1.0, 0.0, 0.0], &[1.0, 0.0, 1.0, 0.0], &mut value);
/// assert!((value[0] - 0.5_f64).abs() < 1e-6);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Dice {
    axes: Axes,
    reduction: Reduction,
}

/// Over the whole batch, with Keras' defaults.
#[allow(non_upper_case_globals)]
pub const Dice: Dice = Dice { axes: Axes(None), reduction: Reduction::Mean };

impl Dice {
    /// The axes of a region; 0 is the batch, −1 the last. There is one value for every region.
    pub fn axis(mut self, axis: impl Into<Vec<i64>>) -> Dice {
        self.axes = Axes(Some(axis.into()));
        self
    }

    /// How values become one number.
    pub fn reduction(mut self, reduction: Reduction) -> Dice {
        self.reduction = reduction;
        self
    }
}

impl LossRule for Dice {
    const CLASS: &'static str = "Dice";
    const NAME: &'static str = "dice";

    fn config(&self) -> Config {
        Config::new().with("axis", self.axes.0.clone())
    }

    fn extent(&self, prediction: &Shape) -> Extent {
        self.axes.extent(prediction)
    }

    fn row_by_row(&self, prediction: &Shape) -> bool {
        self.axes.row_by_row(prediction)
    }

    fn values<R: Real>(&self, block: Block<'_>, target: &[R], prediction: &[R], out: &mut [R]) {
        self.axes.each(block, |region, members| {
            let (both, ts, ps) = members.sums(target, prediction);
            out[region] = R::of(1.0 - 2.0 * both / (ts + ps + EPSILON));
        });
    }

    fn gradients<R: Real>(
        &self,
        block: Block<'_>,
        target: &[R],
        prediction: &[R],
        cotangent: &[R],
        out: &mut [R],
    ) {
        self.axes.each(block, |region, members| {
            let (both, ts, ps) = members.sums(target, prediction);
            let all = ts + ps + EPSILON;
            let scale = -2.0 * cotangent[region].f64() / (all * all);
            for i in members.iter() {
                out[i] = R::of(scale * (target[i].f64() * all - both));
            }
        });
    }

    fn reduction(&self) -> Reduction {
        self.reduction
    }

    fn check(&self, prediction: &Shape, _: &[f32]) -> Result<()> {
        self.axes.check(prediction, Self::NAME)
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Loss>> {
    Ok(Arc::new(Dice { axes: Axes::from_args(args)?, reduction: common(args)? }))
}

pub(crate) const ENTRY: Entry<dyn Loss> = Entry { class: "Dice", names: &["dice"], build };
