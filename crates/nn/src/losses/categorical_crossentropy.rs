//! Cross-entropy of one class among several.

use super::formulas::{
    check_probabilities, clip, clip_slope, each, label_smoothing, largest, smoothed, sum, top_and_sum,
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

/// Cross-entropy between target distributions (one-hot, or soft) and predicted probabilities, or logits.
///
/// ```text
/// t' = t·(1 − s) + s/C                              s: label_smoothing, C: classes
/// from p         q = p / Σ p,  c = clip(q, 1e-7, 1 − 1e-7)
///                L = −Σ t'·ln c                     ∂L/∂pᵢ = (gᵢ − Σⱼ gⱼ·qⱼ) / Σ p,  gᵢ = −t'ᵢ / cᵢ, 0 where q is clipped
/// from logits z  L = Σ t'·(ln Σⱼ exp(zⱼ) − z)       ∂L/∂zᵢ = softmax(z)ᵢ·Σ t' − t'ᵢ
/// ```
///
/// A model that ends in a softmax is trained on its logits: exact, without the clipping. TensorFlow's gradient from logits
/// leaves out the factor Σ t'; where targets are distributions it is 1.
///
/// ```
/// use steadygrad_nn::losses::{Block, Loss, CategoricalCrossentropy};
/// let mut value = [0.0];
/// let block = Block { rows: 1, shape: &[2] };
/// CategoricalCrossentropy.from_logits().values64(block, &[1.0, 0.0], &[0.0, 0.0], &mut value);
/// assert!((value[0] - 0.693147).abs() < 1e-6);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CategoricalCrossentropy {
    from_logits: bool,
    label_smoothing: f64,
    axis: i64,
    reduction: Reduction,
}

/// With Keras' defaults.
#[allow(non_upper_case_globals)]
pub const CategoricalCrossentropy: CategoricalCrossentropy = CategoricalCrossentropy {
    from_logits: false,
    label_smoothing: 0.0,
    axis: -1,
    reduction: Reduction::Mean,
};

impl CategoricalCrossentropy {
    /// The predictions are logits.
    pub fn from_logits(mut self) -> CategoricalCrossentropy {
        self.from_logits = true;
        self
    }

    /// How far targets are moved towards an even distribution, from 0 to 1.
    pub fn label_smoothing(mut self, label_smoothing: f64) -> CategoricalCrossentropy {
        self.label_smoothing = label_smoothing;
        self
    }

    /// The axis of the classes; 0 is the batch, −1 the last.
    pub fn axis(mut self, axis: i64) -> CategoricalCrossentropy {
        self.axis = axis;
        self
    }

    /// How values become one number.
    pub fn reduction(mut self, reduction: Reduction) -> CategoricalCrossentropy {
        self.reduction = reduction;
        self
    }
}

impl RowLoss for CategoricalCrossentropy {
    const CLASS: &'static str = "CategoricalCrossentropy";
    const NAME: &'static str = "categorical_crossentropy";

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
        let classes = prediction.len();
        let smooth = |t: R| smoothed(t, self.label_smoothing, classes);
        if self.from_logits {
            let (top, total) = top_and_sum(prediction);
            let log_total = total.ln();
            sum(target, prediction, |t, z| {
                let t = smooth(t);
                R::select(t == R::ZERO, R::ZERO, t * (log_total - (z - top)))
            })
        } else {
            let total = sum(target, prediction, |_, p| p);
            let mut entropy = R::ZERO;
            for (&t, &p) in target.iter().zip(prediction) {
                entropy = entropy - smooth(t) * clip(p / total).ln();
            }
            entropy
        }
    }

    #[inline(always)]
    fn gradient<R: Real>(&self, target: &[R], prediction: &[R], cotangent: R, out: &mut [R]) {
        let classes = prediction.len();
        let smooth = |t: R| smoothed(t, self.label_smoothing, classes);
        if self.from_logits {
            let top = largest(prediction);
            for (out, &z) in out.iter_mut().zip(prediction) {
                *out = (z - top).exp();
            }
            let mut total = R::ZERO;
            for &e in &*out {
                total = total + e;
            }
            let mass = sum(target, prediction, |t, _| smooth(t)) / total;
            for (out, &t) in out.iter_mut().zip(target) {
                *out = cotangent * (*out * mass - smooth(t));
            }
        } else {
            let total = sum(target, prediction, |_, p| p);
            each(target, prediction, out, |t, p| {
                let q = p / total;
                -smooth(t) * clip_slope(q) / clip(q)
            });
            through_sum(prediction, total, cotangent, out);
        }
    }

    fn on_logits(&self, head: Head) -> Option<Arc<dyn Loss>> {
        (head == Head::Softmax && self.axis == -1).then(|| Arc::new(self.from_logits()) as Arc<dyn Loss>)
    }

    fn check(&self, prediction: &Shape, target: &[f32]) -> Result<()> {
        check_probabilities(prediction, target, HELP)
    }

    fn reduction(&self) -> Reduction {
        self.reduction
    }
}

pub(super) const HELP: &str =
    "give every class a target of 0 to 1; for numbers of classes use sparse_categorical_crossentropy";

/// From the gradient for q = p / Σ p (in `out`) to cotangent · the one for p.
#[inline(always)]
pub(super) fn through_sum<R: Real>(prediction: &[R], total: R, cotangent: R, out: &mut [R]) {
    let dot = out.iter().zip(prediction).fold(R::ZERO, |sum, (&g, &p)| sum + g * p) / total;
    let scale = cotangent / total;
    for out in out {
        *out = scale * (*out - dot);
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Loss>> {
    Ok(Arc::new(CategoricalCrossentropy {
        from_logits: args.or("from_logits", false)?,
        label_smoothing: label_smoothing(args)?,
        axis: args.or("axis", -1)?,
        reduction: common(args)?,
    }))
}

pub(crate) const ENTRY: Entry<dyn Loss> =
    Entry { class: "CategoricalCrossentropy", names: &["categorical_crossentropy"], build };
