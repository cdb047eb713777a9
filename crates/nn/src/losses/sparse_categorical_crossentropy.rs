//! Cross-entropy against class labels.

use super::formulas::{check_labels, clip, clip_slope, largest, top_and_sum};
use super::loss::{Head, Loss};
use super::reduction::{Reduction, common};
use super::row::RowLoss;
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::shape::{Extent, Layout, Shape};
use std::sync::Arc;
use steadygrad_kernels::{Real, Result};

/// Cross-entropy between labels 0 … n − 1 and predicted probabilities, or logits.
///
/// ```text
/// from logits z   L = log Σⱼ exp(zⱼ) − z_t          ∂L/∂zᵢ = softmax(z)ᵢ − [i = t]
/// from p          the same with z = log(clip(p, 1e-7, 1 − 1e-7)), as Keras: p need not sum to 1
/// ```
///
/// A model that ends in a softmax is trained on its logits: exact, without the clipping.
///
/// ```
/// use steadygrad_nn::losses::{Block, Loss, SparseCategoricalCrossentropy};
/// let mut value = [0.0];
/// let block = Block { rows: 1, shape: &[3] };
/// SparseCategoricalCrossentropy.from_logits().values64(block, &[1.0], &[0.0, 0.0, 0.0], &mut value);
/// assert!((value[0] - 3.0_f64.ln()).abs() < 1e-12);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SparseCategoricalCrossentropy {
    from_logits: bool,
    ignore_class: Option<i64>,
    axis: i64,
    reduction: Reduction,
}

/// With Keras' defaults.
#[allow(non_upper_case_globals)]
pub const SparseCategoricalCrossentropy: SparseCategoricalCrossentropy = SparseCategoricalCrossentropy {
    from_logits: false,
    ignore_class: None,
    axis: -1,
    reduction: Reduction::Mean,
};

impl SparseCategoricalCrossentropy {
    /// The predictions are logits.
    pub fn from_logits(mut self) -> SparseCategoricalCrossentropy {
        self.from_logits = true;
        self
    }

    /// Samples with this label do not count.
    pub fn ignore_class(mut self, ignore_class: i64) -> SparseCategoricalCrossentropy {
        self.ignore_class = Some(ignore_class);
        self
    }

    /// The axis of the classes; 0 is the batch, −1 the last.
    pub fn axis(mut self, axis: i64) -> SparseCategoricalCrossentropy {
        self.axis = axis;
        self
    }

    /// How values become one number.
    pub fn reduction(mut self, reduction: Reduction) -> SparseCategoricalCrossentropy {
        self.reduction = reduction;
        self
    }

    #[inline(always)]
    fn ignored<R: Real>(&self, label: R) -> bool {
        self.ignore_class.is_some_and(|class| label == R::of(class as f64))
    }
}

impl RowLoss for SparseCategoricalCrossentropy {
    const CLASS: &'static str = "SparseCategoricalCrossentropy";
    const NAME: &'static str = "sparse_categorical_crossentropy";

    fn config(&self) -> Config {
        let config =
            Config::new().with("from_logits", self.from_logits).with("ignore_class", self.ignore_class);
        // Keras does not write the axis.
        if self.axis == -1 { config } else { config.with("axis", self.axis) }
    }

    fn axis(&self) -> i64 {
        self.axis
    }

    #[inline(always)]
    fn value<R: Real>(&self, target: &[R], prediction: &[R]) -> R {
        let label = target[0];
        if self.ignored(label) {
            return R::ZERO;
        }
        let Some(&chosen) = prediction.get(label.f64() as usize) else { return R::of(f64::NAN) };
        if self.from_logits {
            let (top, total) = top_and_sum(prediction);
            total.ln() - (chosen - top)
        } else {
            let total = prediction.iter().fold(R::ZERO, |sum, &p| sum + clip(p));
            total.ln() - clip(chosen).ln()
        }
    }

    #[inline(always)]
    fn gradient<R: Real>(&self, target: &[R], prediction: &[R], cotangent: R, out: &mut [R]) {
        let label = target[0];
        if self.ignored(label) {
            out.fill(R::ZERO);
            return;
        }
        let chosen = label.f64() as usize;
        if self.from_logits {
            let top = largest(prediction);
            for (out, &z) in out.iter_mut().zip(prediction) {
                *out = (z - top).exp();
            }
            let mut total = R::ZERO;
            for &e in &*out {
                total = total + e;
            }
            let scale = cotangent / total;
            for out in &mut *out {
                *out = scale * *out;
            }
            if let Some(out) = out.get_mut(chosen) {
                *out = *out - cotangent;
            }
        } else {
            let total = prediction.iter().fold(R::ZERO, |sum, &p| sum + clip(p));
            for (i, (out, &p)) in out.iter_mut().zip(prediction).enumerate() {
                let slope = R::ONE / total - R::select(i == chosen, R::ONE / clip(p), R::ZERO);
                *out = cotangent * clip_slope(p) * slope;
            }
        }
    }

    fn takes_labels(&self) -> bool {
        true
    }

    fn on_logits(&self, head: Head) -> Option<Arc<dyn Loss>> {
        (head == Head::Softmax && self.axis == -1).then(|| Arc::new(self.from_logits()) as Arc<dyn Loss>)
    }

    fn ignore(&self) -> Option<f64> {
        self.ignore_class.map(|class| class as f64)
    }

    fn check(&self, prediction: &Shape, target: &[f32]) -> Result<()> {
        let axis = Layout::along(prediction, self.axis).map_or(Extent::ONE, |layout| layout.axis);
        let classes = axis.at(1);
        check_labels(classes, prediction.size() / classes.max(1), target, RowLoss::ignore(self))
    }

    fn reduction(&self) -> Reduction {
        self.reduction
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Loss>> {
    Ok(Arc::new(SparseCategoricalCrossentropy {
        from_logits: args.or("from_logits", false)?,
        ignore_class: args.or("ignore_class", None)?,
        axis: args.or("axis", -1)?,
        reduction: common(args)?,
    }))
}

pub(crate) const ENTRY: Entry<dyn Loss> =
    Entry { class: "SparseCategoricalCrossentropy", names: &["sparse_categorical_crossentropy"], build };
