//! Tversky loss of overlap.

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

/// Dice with separate weights for what was missed and what was added.
///
/// ```text
/// I = Σ t·p,  A = Σ t·(1 − p),  B = Σ (1 − t)·p,  S = I + α·A + β·B + 1e-7
/// L = 1 − I / S,  ∂L/∂pᵢ = −(tᵢ·S − I·(tᵢ·(1 − α) + (1 − tᵢ)·β)) / S²
/// ```
/// With α = β = ½ it is the Dice loss. As in Keras, α weighs what the prediction missed. Without `axis`, sums run over the
/// whole batch. Salehi et al., "Tversky loss function for image segmentation", 2017.
///
/// ```
/// use steadygrad_nn::losses::{Block, Loss, Tversky};
/// let mut value = [0.0];
/// let block = Block { rows: 1, shape: &[2] };
/// Tversky.alpha(1.0).beta(0.0).values64(block, &[1.0, 1.0], &[1.0, 0.0], &mut value);
/// assert!((value[0] - 0.5_f64).abs() < 1e-6);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Tversky {
    alpha: f64,
    beta: f64,
    axes: Axes,
    reduction: Reduction,
}

/// Over the whole batch, with Keras' defaults.
#[allow(non_upper_case_globals)]
pub const Tversky: Tversky = Tversky { alpha: 0.5, beta: 0.5, axes: Axes(None), reduction: Reduction::Mean };

impl Tversky {
    /// The weight of what is in the target and not in the prediction.
    pub fn alpha(mut self, alpha: f64) -> Tversky {
        self.alpha = alpha;
        self
    }

    /// The weight of what is in the prediction and not in the target.
    pub fn beta(mut self, beta: f64) -> Tversky {
        self.beta = beta;
        self
    }

    /// The axes of a region; 0 is the batch, −1 the last. There is one value for every region.
    pub fn axis(mut self, axis: impl Into<Vec<i64>>) -> Tversky {
        self.axes = Axes(Some(axis.into()));
        self
    }

    /// How values become one number.
    pub fn reduction(mut self, reduction: Reduction) -> Tversky {
        self.reduction = reduction;
        self
    }
}

impl LossRule for Tversky {
    const CLASS: &'static str = "Tversky";
    const NAME: &'static str = "tversky";

    fn config(&self) -> Config {
        Config::new().with("alpha", self.alpha).with("beta", self.beta).with("axis", self.axes.0.clone())
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
            let all = both + self.alpha * (ts - both) + self.beta * (ps - both) + EPSILON;
            out[region] = R::of(1.0 - both / all);
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
            let all = both + self.alpha * (ts - both) + self.beta * (ps - both) + EPSILON;
            let scale = -cotangent[region].f64() / (all * all);
            for i in members.iter() {
                let t = target[i].f64();
                out[i] = R::of(scale * (t * all - both * (t * (1.0 - self.alpha) + (1.0 - t) * self.beta)));
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
    Ok(Arc::new(Tversky {
        alpha: args.or("alpha", 0.5)?,
        beta: args.or("beta", 0.5)?,
        axes: Axes::from_args(args)?,
        reduction: common(args)?,
    }))
}

pub(crate) const ENTRY: Entry<dyn Loss> = Entry { class: "Tversky", names: &["tversky"], build };
