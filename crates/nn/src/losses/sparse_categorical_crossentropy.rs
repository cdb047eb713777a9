//! Cross-entropy against class labels.

use super::loss::{Block, Head, Loss, LossRule, Reduction, RowLoss, row_gradients, row_values};
use crate::catalog::Entry;
use crate::config::{Args, Config};
use crate::shape::Shape;
use std::sync::Arc;
use steadygrad_kernels::{Error, Real, Result};

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
    reduction: Reduction,
}

/// From probabilities, with Keras' reduction.
#[allow(non_upper_case_globals)]
pub const SparseCategoricalCrossentropy: SparseCategoricalCrossentropy =
    SparseCategoricalCrossentropy { from_logits: false, ignore_class: None, reduction: Reduction::Mean };

impl SparseCategoricalCrossentropy {
    /// The predictions are logits.
    pub fn from_logits(mut self) -> SparseCategoricalCrossentropy {
        self.from_logits = true;
        self
    }

    /// Samples with this label do not count.
    pub fn ignore_class(mut self, class: i64) -> SparseCategoricalCrossentropy {
        self.ignore_class = Some(class);
        self
    }

    #[inline(always)]
    fn ignored<R: Real>(&self, label: R) -> bool {
        self.ignore_class.is_some_and(|class| label == R::of(class as f64))
    }
}

/// Keras' ε, and what 1 − ε is in f32.
const EPSILON: f64 = 1e-7;

#[inline(always)]
fn clipped<R: Real>(p: R) -> R {
    p.max(R::of(EPSILON)).min(R::ONE - R::of(EPSILON))
}

impl RowLoss for SparseCategoricalCrossentropy {
    #[inline(always)]
    fn value<R: Real>(&self, target: &[R], prediction: &[R]) -> R {
        let label = target[0];
        if self.ignored(label) {
            return R::ZERO;
        }
        let Some(&chosen) = prediction.get(label.f64() as usize) else { return R::ZERO / R::ZERO };
        if self.from_logits {
            let top = prediction.iter().fold(-R::INFINITY, |top, &z| top.max(z));
            let sum = prediction.iter().fold(R::ZERO, |sum, &z| sum + (z - top).exp());
            sum.ln() - (chosen - top)
        } else {
            let sum = prediction.iter().fold(R::ZERO, |sum, &p| sum + clipped(p));
            sum.ln() - clipped(chosen).ln()
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
            let top = prediction.iter().fold(-R::INFINITY, |top, &z| top.max(z));
            let mut sum = R::ZERO;
            for (out, &z) in out.iter_mut().zip(prediction) {
                *out = (z - top).exp();
                sum = sum + *out;
            }
            for (i, out) in out.iter_mut().enumerate() {
                *out = cotangent * (*out / sum - R::select(i == chosen, R::ONE, R::ZERO));
            }
        } else {
            let sum = prediction.iter().fold(R::ZERO, |sum, &p| sum + clipped(p));
            for (i, (out, &p)) in out.iter_mut().zip(prediction).enumerate() {
                let inside = (p >= R::of(EPSILON)) & (p <= R::ONE - R::of(EPSILON));
                let slope = R::ONE / sum - R::select(i == chosen, R::ONE / clipped(p), R::ZERO);
                *out = R::select(inside, cotangent * slope, R::ZERO);
            }
        }
    }
}

impl LossRule for SparseCategoricalCrossentropy {
    const CLASS: &'static str = "SparseCategoricalCrossentropy";
    const NAME: &'static str = "sparse_categorical_crossentropy";

    fn config(&self) -> Config {
        Config::new().with("from_logits", self.from_logits).with("ignore_class", self.ignore_class)
    }

    fn target_shape(&self, prediction: &Shape) -> Shape {
        let dims = prediction.dims();
        dims[..dims.len().saturating_sub(1)].into()
    }

    #[inline(always)]
    fn values<R: Real>(&self, block: Block<'_>, target: &[R], prediction: &[R], out: &mut [R]) {
        row_values(self, block, target, prediction, out);
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
        row_gradients(self, block, target, prediction, cotangent, out);
    }

    fn on_logits(&self, head: Head) -> Option<Arc<dyn Loss>> {
        (head == Head::Softmax).then(|| Arc::new(self.from_logits()) as Arc<dyn Loss>)
    }

    fn ignore(&self) -> Option<f64> {
        self.ignore_class.map(|class| class as f64)
    }

    fn reduction(&self) -> Reduction {
        self.reduction
    }

    fn check(&self, prediction: &Shape, target: &[f32]) -> Result<()> {
        let classes = prediction.last();
        for (i, &label) in target.iter().enumerate() {
            let fits = label >= 0.0 && label < classes as f32 && label.fract() == 0.0;
            if !fits && !self.ignored(label) {
                return Err(Error::data(format!(
                    "sample {i} has the label {label}, expected a whole number from 0 to {}",
                    classes.saturating_sub(1)
                ))
                .help(
                    "give the last layer as many units as there are classes, and number the labels from 0",
                ));
            }
        }
        Ok(())
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Loss>> {
    args.ignore(&["name", "dtype", "axis"]);
    Ok(Arc::new(SparseCategoricalCrossentropy {
        from_logits: args.or("from_logits", false)?,
        ignore_class: args.or("ignore_class", None)?,
        reduction: args.or("reduction", Reduction::Mean)?,
    }))
}

pub(crate) const ENTRY: Entry<dyn Loss> =
    Entry { class: "SparseCategoricalCrossentropy", names: &["sparse_categorical_crossentropy"], build };
