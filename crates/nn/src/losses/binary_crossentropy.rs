//! Cross-entropy of yes and no.

use super::formulas::{
    Pair, check_probabilities, clip, clip_slope, label_smoothing, mean_of, mean_slopes_of, smoothed,
};
use super::loss::{Head, Loss};
use super::reduction::{Reduction, common};
use super::row::RowLoss;
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::shape::Shape;
use std::sync::Arc;
use steadygrad_kernels::{Real, Result};

/// Cross-entropy between targets 0 … 1 and predicted probabilities, or logits; the mean over the last axis.
///
/// ```text
/// t' = t·(1 − s) + s/2                                     s: label_smoothing
/// from p         c = clip(p, 1e-7, 1 − 1e-7)
///                L = −mean t'·ln c + (1 − t')·ln(1 − c)    ∂L/∂pᵢ = (cᵢ − t'ᵢ) / (n·cᵢ·(1 − cᵢ)),  0 where p is clipped
/// from logits z  L = mean max(z, 0) − z·t' + ln(1 + e^−|z|)   ∂L/∂zᵢ = (σ(zᵢ) − t'ᵢ) / n
/// ```
///
/// A model that ends in a sigmoid is trained on its logits: exact, without the clipping.
///
/// ```
/// use steadygrad_nn::losses::{Block, Loss, BinaryCrossentropy};
/// let mut value = [0.0];
/// let block = Block { rows: 1, shape: &[1] };
/// BinaryCrossentropy.from_logits().values64(block, &[1.0], &[0.0], &mut value);
/// assert!((value[0] - 0.693147).abs() < 1e-6);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BinaryCrossentropy {
    from_logits: bool,
    label_smoothing: f64,
    axis: i64,
    reduction: Reduction,
}

/// With Keras' defaults.
#[allow(non_upper_case_globals)]
pub const BinaryCrossentropy: BinaryCrossentropy =
    BinaryCrossentropy { from_logits: false, label_smoothing: 0.0, axis: -1, reduction: Reduction::Mean };

impl BinaryCrossentropy {
    /// The predictions are logits.
    pub fn from_logits(mut self) -> BinaryCrossentropy {
        self.from_logits = true;
        self
    }

    /// How far targets are moved towards an even distribution, from 0 to 1.
    pub fn label_smoothing(mut self, label_smoothing: f64) -> BinaryCrossentropy {
        self.label_smoothing = label_smoothing;
        self
    }

    /// The axis that is averaged over; 0 is the batch, −1 the last.
    pub fn axis(mut self, axis: i64) -> BinaryCrossentropy {
        self.axis = axis;
        self
    }

    /// How values become one number.
    pub fn reduction(mut self, reduction: Reduction) -> BinaryCrossentropy {
        self.reduction = reduction;
        self
    }
}

impl Pair for BinaryCrossentropy {
    #[inline(always)]
    fn pair<R: Real>(&self, t: R, p: R) -> R {
        let t = smoothed(t, self.label_smoothing, 2);
        if self.from_logits { from_logit(t, p) } else { from_probability(t, clip(p)) }
    }

    #[inline(always)]
    fn slope<R: Real>(&self, t: R, p: R) -> R {
        let t = smoothed(t, self.label_smoothing, 2);
        if self.from_logits {
            return p.sigmoid() - t;
        }
        let c = clip(p);
        clip_slope(p) * (c - t) / (c * (R::ONE - c))
    }
}

impl RowLoss for BinaryCrossentropy {
    const CLASS: &'static str = "BinaryCrossentropy";
    const NAME: &'static str = "binary_crossentropy";

    fn config(&self) -> Config {
        Config::new()
            .with("from_logits", self.from_logits)
            .with("label_smoothing", self.label_smoothing)
            .with("axis", self.axis)
    }

    fn axis(&self) -> i64 {
        self.axis
    }

    #[inline(always)]
    fn value<R: Real>(&self, target: &[R], prediction: &[R]) -> R {
        mean_of(self, target, prediction)
    }

    #[inline(always)]
    fn gradient<R: Real>(&self, target: &[R], prediction: &[R], cotangent: R, out: &mut [R]) {
        mean_slopes_of(self, target, prediction, cotangent, out);
    }

    fn on_logits(&self, head: Head) -> Option<Arc<dyn Loss>> {
        (head == Head::Sigmoid).then(|| Arc::new(self.from_logits()) as Arc<dyn Loss>)
    }

    fn check(&self, prediction: &Shape, target: &[f32]) -> Result<()> {
        check_probabilities(prediction, target, HELP)
    }

    fn reduction(&self) -> Reduction {
        self.reduction
    }
}

pub(super) const HELP: &str =
    "number two classes 0 and 1; for labels of −1 and 1 use hinge, for quantities mean_squared_error";

/// −t·ln c − (1 − t)·ln(1 − c), for c between 0 and 1.
#[inline(always)]
pub(super) fn from_probability<R: Real>(t: R, c: R) -> R {
    -(t * c.ln() + (R::ONE - t) * (R::ONE - c).ln())
}

/// The same for c = σ(z): no exp of anything above 0, so it never overflows.
#[inline(always)]
pub(super) fn from_logit<R: Real>(t: R, z: R) -> R {
    z.max(R::ZERO) - z * t + (-z.abs()).exp().ln_1p()
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Loss>> {
    Ok(Arc::new(BinaryCrossentropy {
        from_logits: args.or("from_logits", false)?,
        label_smoothing: label_smoothing(args)?,
        axis: args.or("axis", -1)?,
        reduction: common(args)?,
    }))
}

pub(crate) const ENTRY: Entry<dyn Loss> =
    Entry { class: "BinaryCrossentropy", names: &["binary_crossentropy", "bce", "BCE"], build };
