//! Generalized cross-entropy, which forgives wrong labels.

use super::formulas::{check_labels, top_and_sum};
use super::loss::{Head, Loss};
use super::reduction::{Reduction, common};
use super::row::RowLoss;
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::shape::Shape;
use std::sync::Arc;
use steadygrad_kernels::{Real, Result};

/// Between cross-entropy (q → 0) and absolute error (q → 1): a label that the model finds very unlikely pulls less. Targets
/// are labels 0 … n − 1.
///
/// ```text
/// L = (1 − p_t^q) / q,   ∂L/∂p_t = −p_t^(q−1)
/// ```
/// A model that ends in a softmax is trained on its logits z, where the slope −p_t^q·([i = t] − pᵢ) stays finite.
/// Zhang and Sabuncu, "Generalized cross entropy loss for training deep neural networks with noisy labels", 2018.
///
/// ```
/// use steadygrad_nn::losses::{Block, Loss, CategoricalGeneralizedCrossEntropy};
/// let mut value = [0.0];
/// let block = Block { rows: 1, shape: &[2] };
/// CategoricalGeneralizedCrossEntropy.values64(block, &[0.0], &[0.25, 0.75], &mut value);
/// assert_eq!(value, [1.0]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CategoricalGeneralizedCrossEntropy {
    q: f64,
    logits: bool,
    reduction: Reduction,
}

/// With Keras' defaults.
#[allow(non_upper_case_globals)]
pub const CategoricalGeneralizedCrossEntropy: CategoricalGeneralizedCrossEntropy =
    CategoricalGeneralizedCrossEntropy { q: 0.5, logits: false, reduction: Reduction::Mean };

impl CategoricalGeneralizedCrossEntropy {
    /// Between cross-entropy (0) and absolute error (1), both excluded.
    pub fn q(mut self, q: f64) -> CategoricalGeneralizedCrossEntropy {
        self.q = q;
        self
    }

    /// How values become one number.
    pub fn reduction(mut self, reduction: Reduction) -> CategoricalGeneralizedCrossEntropy {
        self.reduction = reduction;
        self
    }
}

impl RowLoss for CategoricalGeneralizedCrossEntropy {
    const CLASS: &'static str = "CategoricalGeneralizedCrossEntropy";
    const NAME: &'static str = "categorical_generalized_cross_entropy";

    fn config(&self) -> Config {
        Config::new().with("q", self.q)
    }

    #[inline(always)]
    fn value<R: Real>(&self, target: &[R], prediction: &[R]) -> R {
        let Some(&chosen) = prediction.get(target[0].f64() as usize) else { return R::of(f64::NAN) };
        let p = if self.logits {
            let (top, total) = top_and_sum(prediction);
            (chosen - top).exp() / total
        } else {
            chosen
        };
        (R::ONE - p.powf(R::of(self.q))) / R::of(self.q)
    }

    #[inline(always)]
    fn gradient<R: Real>(&self, target: &[R], prediction: &[R], cotangent: R, out: &mut [R]) {
        out.fill(R::ZERO);
        let at = target[0].f64() as usize;
        let Some(&chosen) = prediction.get(at) else { return };
        if self.logits {
            let (top, total) = top_and_sum(prediction);
            let p = |z: R| (z - top).exp() / total;
            let scale = cotangent * p(chosen).powf(R::of(self.q));
            for (out, &z) in out.iter_mut().zip(prediction) {
                *out = scale * p(z);
            }
            out[at] = out[at] - scale;
        } else {
            out[at] = -cotangent * chosen.powf(R::of(self.q - 1.0));
        }
    }

    fn takes_labels(&self) -> bool {
        true
    }

    fn on_logits(&self, head: Head) -> Option<Arc<dyn Loss>> {
        let exact = CategoricalGeneralizedCrossEntropy { logits: true, ..*self };
        (head == Head::Softmax).then(|| Arc::new(exact) as Arc<dyn Loss>)
    }

    fn check(&self, prediction: &Shape, target: &[f32]) -> Result<()> {
        check_labels(prediction.last(), prediction.leading(), target, None)
    }

    fn reduction(&self) -> Reduction {
        self.reduction
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Loss>> {
    let q = args.or("q", 0.5)?;
    if !(q > 0.0 && q < 1.0) {
        return args.reject("q", "between 0 and 1", q);
    }
    Ok(Arc::new(CategoricalGeneralizedCrossEntropy { q, logits: false, reduction: common(args)? }))
}

pub(crate) const ENTRY: Entry<dyn Loss> = Entry {
    class: "CategoricalGeneralizedCrossEntropy",
    names: &["categorical_generalized_cross_entropy"],
    build,
};
