//! Focal cross-entropy of one class among several.

use super::categorical_crossentropy::HELP;
use super::formulas::{
    check_probabilities, clip, clip_slope, label_smoothing, power, power_slope, smoothed, top_and_sum,
};
use super::loss::{Head, Loss};
use super::reduction::{Reduction, common};
use super::row::RowLoss;
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::{Config, Value};
use crate::shape::{Extent, Layout, Shape};
use std::sync::Arc;
use steadygrad_kernels::{Error, Real, Result};

/// Categorical cross-entropy in which samples that are predicted well already count for little.
///
/// ```text
/// t' = t·(1 − s) + s/C                              s: label_smoothing, C: classes
/// q = p / Σ p, or softmax(z) from logits;  c = clip(q, 1e-7, 1 − 1e-7)
/// L = −Σ α·(1 − c)^γ·t'·ln c
/// ```
/// As in Keras, probabilities are clipped here from logits, too: a class predicted with less than 1e-7 passes no gradient.
/// Lin et al., "Focal loss for dense object detection", 2017.
///
/// ```
/// use steadygrad_nn::losses::{Block, Loss, CategoricalFocalCrossentropy};
/// let mut value = [0.0];
/// let block = Block { rows: 1, shape: &[2] };
/// CategoricalFocalCrossentropy.values64(block, &[1.0, 0.0], &[0.5, 0.5], &mut value);
/// assert!((value[0] - 0.0433217).abs() < 1e-6);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct CategoricalFocalCrossentropy {
    alpha: Vec<f64>,
    gamma: f64,
    from_logits: bool,
    label_smoothing: f64,
    axis: i64,
    reduction: Reduction,
}

/// With Keras' defaults.
#[allow(non_upper_case_globals)]
pub const CategoricalFocalCrossentropy: CategoricalFocalCrossentropy = CategoricalFocalCrossentropy {
    alpha: Vec::new(),
    gamma: 2.0,
    from_logits: false,
    label_smoothing: 0.0,
    axis: -1,
    reduction: Reduction::Mean,
};

impl CategoricalFocalCrossentropy {
    /// How strongly well-predicted samples are played down; 0 for not at all.
    pub fn gamma(mut self, gamma: f64) -> CategoricalFocalCrossentropy {
        self.gamma = gamma;
        self
    }

    /// The predictions are logits.
    pub fn from_logits(mut self) -> CategoricalFocalCrossentropy {
        self.from_logits = true;
        self
    }

    /// How far targets are moved towards an even distribution, from 0 to 1.
    pub fn label_smoothing(mut self, label_smoothing: f64) -> CategoricalFocalCrossentropy {
        self.label_smoothing = label_smoothing;
        self
    }

    /// The axis of the classes; 0 is the batch, −1 the last.
    pub fn axis(mut self, axis: i64) -> CategoricalFocalCrossentropy {
        self.axis = axis;
        self
    }

    /// How values become one number.
    pub fn reduction(mut self, reduction: Reduction) -> CategoricalFocalCrossentropy {
        self.reduction = reduction;
        self
    }

    /// The weight of every class, or one for all.
    pub fn alpha(mut self, alpha: impl Into<Vec<f64>>) -> CategoricalFocalCrossentropy {
        self.alpha = plain(alpha.into());
        self
    }

    #[inline(always)]
    fn weight<R: Real>(&self, class: usize) -> R {
        R::of(match self.alpha[..] {
            [] => 0.25,
            [alpha] => alpha,
            _ => self.alpha[class],
        })
    }

    #[inline(always)]
    fn probabilities<R: Real>(&self, prediction: &[R]) -> Probabilities<R> {
        if self.from_logits {
            let (top, total) = top_and_sum(prediction);
            Probabilities { top: Some(top), total }
        } else {
            Probabilities { top: None, total: prediction.iter().fold(R::ZERO, |sum, &p| sum + p) }
        }
    }
}

impl RowLoss for CategoricalFocalCrossentropy {
    const CLASS: &'static str = "CategoricalFocalCrossentropy";
    const NAME: &'static str = "categorical_focal_crossentropy";

    fn config(&self) -> Config {
        let alpha: Value = match self.alpha[..] {
            [] => 0.25.into(),
            [alpha] => alpha.into(),
            _ => self.alpha.clone().into(),
        };
        Config::new()
            .with("alpha", alpha)
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
        let q = self.probabilities(prediction);
        let mut sum = R::ZERO;
        for (i, (&t, &x)) in target.iter().zip(prediction).enumerate() {
            let c = clip(q.of(x));
            let t = smoothed(t, self.label_smoothing, prediction.len());
            sum = sum - self.weight::<R>(i) * power(R::ONE - c, self.gamma) * t * c.ln();
        }
        sum
    }

    #[inline(always)]
    fn gradient<R: Real>(&self, target: &[R], prediction: &[R], cotangent: R, out: &mut [R]) {
        let q = self.probabilities(prediction);
        for (i, (out, (&t, &x))) in out.iter_mut().zip(target.iter().zip(prediction)).enumerate() {
            let q = q.of(x);
            let c = clip(q);
            let t = smoothed(t, self.label_smoothing, prediction.len());
            let wrong = R::ONE - c;
            let slope = power_slope(wrong, self.gamma) * c.ln() - power(wrong, self.gamma) / c;
            *out = clip_slope(q) * self.weight::<R>(i) * t * slope;
        }
        // Through the softmax, or the division by the sum.
        let mut dot = R::ZERO;
        for (&g, &x) in out.iter().zip(prediction) {
            dot = dot + g * q.of(x);
        }
        for (out, &x) in out.iter_mut().zip(prediction) {
            *out = cotangent * (*out - dot) * q.slope(x);
        }
    }

    fn on_logits(&self, head: Head) -> Option<Arc<dyn Loss>> {
        let softmax = head == Head::Softmax && self.axis == -1;
        softmax.then(|| Arc::new(self.clone().from_logits()) as Arc<dyn Loss>)
    }

    fn check(&self, prediction: &Shape, target: &[f32]) -> Result<()> {
        if self.alpha.len() > 1 {
            let classes = Layout::along(prediction, self.axis).map(|layout| layout.axis);
            if classes != Some(Extent::Fixed(self.alpha.len())) {
                return Err(Error::argument(format!(
                    "`alpha` has {} weights for predictions of the shape {prediction}",
                    self.alpha.len()
                ))
                .help("give one weight per class, or one for all"));
            }
        }
        check_probabilities(prediction, target, HELP)
    }

    fn reduction(&self) -> Reduction {
        self.reduction
    }
}

/// No weights where they are Keras' default.
fn plain(alpha: Vec<f64>) -> Vec<f64> {
    if alpha == [0.25] { Vec::new() } else { alpha }
}

/// How a lane of predictions becomes probabilities.
#[derive(Clone, Copy)]
struct Probabilities<R> {
    /// The largest logit; none where the predictions are probabilities.
    top: Option<R>,
    total: R,
}

impl<R: Real> Probabilities<R> {
    #[inline(always)]
    fn of(self, x: R) -> R {
        match self.top {
            Some(top) => (x - top).exp() / self.total,
            None => x / self.total,
        }
    }

    /// What a gradient for q, less its mean, is multiplied by.
    #[inline(always)]
    fn slope(self, x: R) -> R {
        match self.top {
            Some(_) => self.of(x),
            None => R::ONE / self.total,
        }
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Loss>> {
    Ok(Arc::new(CategoricalFocalCrossentropy {
        alpha: args.or("alpha", Vec::new()).map(plain)?,
        gamma: args.or("gamma", 2.0)?,
        from_logits: args.or("from_logits", false)?,
        label_smoothing: label_smoothing(args)?,
        axis: args.or("axis", -1)?,
        reduction: common(args)?,
    }))
}

pub(crate) const ENTRY: Entry<dyn Loss> =
    Entry { class: "CategoricalFocalCrossentropy", names: &["categorical_focal_crossentropy"], build };
