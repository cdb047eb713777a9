//! The logarithm of the hyperbolic cosine.

use super::formulas::Pair;
use super::loss::Loss;
use super::pairs::PairLoss;
use super::reduction::{Reduction, common};
use crate::args::Args;
use crate::catalog::Entry;
use std::sync::Arc;
use steadygrad_kernels::{Real, Result};

/// Like Huber's loss, with all derivatives continuous: ½·e² near the target, |e| − ln 2 far from it.
///
/// ```text
/// e = p − t
/// L = mean ln cosh e,  ∂L/∂pᵢ = tanh(eᵢ) / n
/// ```
///
/// ```
/// use steadygrad_nn::losses::{Block, Loss, LogCosh};
/// let mut value = [0.0];
/// let block = Block { rows: 1, shape: &[1] };
/// LogCosh.values64(block, &[0.0], &[1.0], &mut value);
/// assert!((value[0] - 0.4337808).abs() < 1e-6);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogCosh {
    reduction: Reduction,
}

/// With Keras' defaults.
#[allow(non_upper_case_globals)]
pub const LogCosh: LogCosh = LogCosh { reduction: Reduction::Mean };

impl LogCosh {
    /// How values become one number.
    pub fn reduction(mut self, reduction: Reduction) -> LogCosh {
        self.reduction = reduction;
        self
    }
}

impl Pair for LogCosh {
    #[inline(always)]
    fn pair<R: Real>(&self, t: R, p: R) -> R {
        log_cosh(p - t)
    }

    #[inline(always)]
    fn slope<R: Real>(&self, t: R, p: R) -> R {
        (p - t).tanh()
    }
}

impl PairLoss for LogCosh {
    const CLASS: &'static str = "LogCosh";
    const NAME: &'static str = "log_cosh";

    fn reduction(&self) -> Reduction {
        self.reduction
    }
}

/// ln cosh e, which neither overflows far from 0 nor loses its digits near it.
///
/// ```text
/// a = |e|,  u = exp(−a) − 1
/// ln cosh e = a + ln(1 + exp(−2a)) − ln 2          far
///           = ln(1 + u²/(2·(1 + u)))               near, as cosh e − 1 = u²/(2·exp(−a))
/// ```
#[inline(always)]
fn log_cosh<R: Real>(error: R) -> R {
    let size = error.abs();
    let u = (-size).exp_m1();
    let near = (u * u / (R::of(2.0) * (R::ONE + u))).ln_1p();
    let far = size + (R::of(-2.0) * size).exp().ln_1p() - R::of(std::f64::consts::LN_2);
    R::select(size < R::ONE, near, far)
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Loss>> {
    Ok(Arc::new(LogCosh { reduction: common(args)? }))
}

pub(crate) const ENTRY: Entry<dyn Loss> = Entry { class: "LogCosh", names: &["log_cosh"], build };
