//! Huber loss.

use super::formulas::Pair;
use super::loss::Loss;
use super::pairs::PairLoss;
use super::reduction::{Reduction, common};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use std::sync::Arc;
use steadygrad_kernels::{Real, Result};

/// Squared near the target, absolute far from it: smooth, and not ruled by outliers.
///
/// ```text
/// e = p − t
/// L = mean ½·e²              where |e| ≤ δ        ∂L/∂pᵢ = eᵢ / n
///          δ·|e| − ½·δ²      elsewhere            ∂L/∂pᵢ = δ·sign(eᵢ) / n
/// ```
/// Huber, "Robust estimation of a location parameter", 1964.
///
/// ```
/// use steadygrad_nn::losses::{Block, Loss, Huber};
/// let mut value = [0.0];
/// let block = Block { rows: 1, shape: &[2] };
/// Huber.delta(1.0).values64(block, &[0.0, 0.0], &[0.5, 3.0], &mut value);
/// assert_eq!(value, [1.3125]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Huber {
    delta: f64,
    reduction: Reduction,
}

/// With Keras' defaults.
#[allow(non_upper_case_globals)]
pub const Huber: Huber = Huber { delta: 1.0, reduction: Reduction::Mean };

impl Huber {
    /// Where the squared part ends.
    pub fn delta(mut self, delta: f64) -> Huber {
        self.delta = delta;
        self
    }

    /// How values become one number.
    pub fn reduction(mut self, reduction: Reduction) -> Huber {
        self.reduction = reduction;
        self
    }
}

impl Pair for Huber {
    #[inline(always)]
    fn pair<R: Real>(&self, t: R, p: R) -> R {
        let (delta, half) = (R::of(self.delta), R::of(0.5));
        let error = p - t;
        let size = error.abs();
        R::select(size <= delta, half * error * error, delta * size - half * delta * delta)
    }

    #[inline(always)]
    fn slope<R: Real>(&self, t: R, p: R) -> R {
        let delta = R::of(self.delta);
        (p - t).max(-delta).min(delta)
    }
}

impl PairLoss for Huber {
    const CLASS: &'static str = "Huber";
    const NAME: &'static str = "huber_loss";

    fn config(&self) -> Config {
        Config::new().with("delta", self.delta)
    }

    fn reduction(&self) -> Reduction {
        self.reduction
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Loss>> {
    let delta: f64 = args.or("delta", 1.0)?;
    if delta.is_nan() || delta <= 0.0 {
        return args.reject("delta", "above 0", delta);
    }
    Ok(Arc::new(Huber { delta, reduction: common(args)? }))
}

pub(crate) const ENTRY: Entry<dyn Loss> = Entry { class: "Huber", names: &["huber"], build };
