//! Focal cross-entropy of yes and no.

use super::binary_crossentropy::{HELP, from_logit, from_probability};
use super::formulas::{
    Pair, check_probabilities, clip, clip_slope, label_smoothing, mean_of, mean_slopes_of, power,
    power_slope, smoothed,
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

/// Binary cross-entropy in which samples that are predicted well already count for little.
///
/// ```text
/// t' = t·(1 − s) + s/2                                       s: label_smoothing
/// p̄ = t'·p + (1 − t')·(1 − p)                                the probability of what is true
/// w = t'·α + (1 − t')·(1 − α) with apply_class_balancing, else 1
/// L = mean w·(1 − p̄)^γ·binary_crossentropy(t', p)
/// ```
/// From logits, p = σ(z) and the cross-entropy is the exact one. Lin et al., "Focal loss for dense object detection", 2017.
///
/// ```
/// use steadygrad_nn::losses::{Block, Loss, BinaryFocalCrossentropy};
/// let mut value = [0.0];
/// let block = Block { rows: 1, shape: &[1] };
/// BinaryFocalCrossentropy.values64(block, &[1.0], &[0.5], &mut value);
/// assert!((value[0] - 0.1732868).abs() < 1e-6);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BinaryFocalCrossentropy {
    apply_class_balancing: bool,
    alpha: f64,
    gamma: f64,
    from_logits: bool,
    label_smoothing: f64,
    axis: i64,
    reduction: Reduction,
}

/// With Keras' defaults.
#[allow(non_upper_case_globals)]
pub const BinaryFocalCrossentropy: BinaryFocalCrossentropy = BinaryFocalCrossentropy {
    apply_class_balancing: false,
    alpha: 0.25,
    gamma: 2.0,
    from_logits: false,
    label_smoothing: 0.0,
    axis: -1,
    reduction: Reduction::Mean,
};

impl BinaryFocalCrossentropy {
    /// Class 1 is weighted with `alpha`, class 0 with 1 − `alpha`.
    pub fn apply_class_balancing(mut self) -> BinaryFocalCrossentropy {
        self.apply_class_balancing = true;
        self
    }

    /// The weight of class 1 among both, used with `apply_class_balancing`.
    pub fn alpha(mut self, alpha: f64) -> BinaryFocalCrossentropy {
        self.alpha = alpha;
        self
    }

    /// How strongly well-predicted samples are played down; 0 for not at all.
    pub fn gamma(mut self, gamma: f64) -> BinaryFocalCrossentropy {
        self.gamma = gamma;
        self
    }

    /// The predictions are logits.
    pub fn from_logits(mut self) -> BinaryFocalCrossentropy {
        self.from_logits = true;
        self
    }

    /// How far targets are moved towards an even distribution, from 0 to 1.
    pub fn label_smoothing(mut self, label_smoothing: f64) -> BinaryFocalCrossentropy {
        self.label_smoothing = label_smoothing;
        self
    }

    /// The axis that is averaged over; 0 is the batch, −1 the last.
    pub fn axis(mut self, axis: i64) -> BinaryFocalCrossentropy {
        self.axis = axis;
        self
    }

    /// How values become one number.
    pub fn reduction(mut self, reduction: Reduction) -> BinaryFocalCrossentropy {
        self.reduction = reduction;
        self
    }

    #[inline(always)]
    fn smooth<R: Real>(&self, t: R) -> R {
        smoothed(t, self.label_smoothing, 2)
    }

    #[inline(always)]
    fn weight<R: Real>(&self, t: R) -> R {
        let balanced = t * R::of(self.alpha) + (R::ONE - t) * R::of(1.0 - self.alpha);
        R::select(self.apply_class_balancing, balanced, R::ONE)
    }
}

impl Pair for BinaryFocalCrossentropy {
    #[inline(always)]
    fn pair<R: Real>(&self, t: R, p: R) -> R {
        let t = self.smooth(t);
        let (p, entropy) = if self.from_logits {
            (p.sigmoid(), from_logit(t, p))
        } else {
            (p, from_probability(t, clip(p)))
        };
        self.weight(t) * power(R::ONE - right(t, p), self.gamma) * entropy
    }

    #[inline(always)]
    fn slope<R: Real>(&self, t: R, p: R) -> R {
        let t = self.smooth(t);
        // Probability, cross-entropy, and the slopes of both.
        let (p, entropy, dp, dentropy) = if self.from_logits {
            let (z, p) = (p, p.sigmoid());
            (p, from_logit(t, z), p * (R::ONE - p), p - t)
        } else {
            let c = clip(p);
            (p, from_probability(t, c), R::ONE, clip_slope(p) * (c - t) / (c * (R::ONE - c)))
        };
        let wrong = R::ONE - right(t, p);
        let dwrong = (R::ONE - R::of(2.0) * t) * dp;
        let slope = power_slope(wrong, self.gamma) * dwrong * entropy + power(wrong, self.gamma) * dentropy;
        self.weight(t) * slope
    }
}

impl RowLoss for BinaryFocalCrossentropy {
    const CLASS: &'static str = "BinaryFocalCrossentropy";
    const NAME: &'static str = "binary_focal_crossentropy";

    fn config(&self) -> Config {
        Config::new()
            .with("apply_class_balancing", self.apply_class_balancing)
            .with("alpha", self.alpha)
            .with("gamma", self.gamma)
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

/// The probability of what is true.
#[inline(always)]
fn right<R: Real>(t: R, p: R) -> R {
    t * p + (R::ONE - t) * (R::ONE - p)
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Loss>> {
    Ok(Arc::new(BinaryFocalCrossentropy {
        apply_class_balancing: args.or("apply_class_balancing", false)?,
        alpha: args.or("alpha", 0.25)?,
        gamma: args.or("gamma", 2.0)?,
        from_logits: args.or("from_logits", false)?,
        label_smoothing: label_smoothing(args)?,
        axis: args.or("axis", -1)?,
        reduction: common(args)?,
    }))
}

pub(crate) const ENTRY: Entry<dyn Loss> =
    Entry { class: "BinaryFocalCrossentropy", names: &["binary_focal_crossentropy"], build };
