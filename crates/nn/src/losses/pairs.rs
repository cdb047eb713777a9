//! Losses that are the mean of a formula over pairs of target and prediction.

use super::formulas::{Pair, mean_of, mean_slopes_of};
use super::reduction::Reduction;
use super::row::RowLoss;
use crate::config::Config;
use std::fmt::Debug;
use steadygrad_kernels::Real;

/// A [`Pair`] whose mean over the last axis is a loss. Every `PairLoss` is a [`RowLoss`].
pub(super) trait PairLoss: Pair + Debug + Send + Sync + 'static {
    /// Keras' class name.
    const CLASS: &'static str;
    /// Keras' name.
    const NAME: &'static str;

    /// See [`RowLoss::config`].
    fn config(&self) -> Config {
        Config::new()
    }

    /// See [`RowLoss::reduction`].
    fn reduction(&self) -> Reduction;
}

impl<P: PairLoss> RowLoss for P {
    const CLASS: &'static str = P::CLASS;
    const NAME: &'static str = P::NAME;

    fn config(&self) -> Config {
        PairLoss::config(self)
    }

    #[inline(always)]
    fn value<R: Real>(&self, target: &[R], prediction: &[R]) -> R {
        mean_of(self, target, prediction)
    }

    #[inline(always)]
    fn gradient<R: Real>(&self, target: &[R], prediction: &[R], cotangent: R, out: &mut [R]) {
        mean_slopes_of(self, target, prediction, cotangent, out);
    }

    fn reduction(&self) -> Reduction {
        PairLoss::reduction(self)
    }
}
