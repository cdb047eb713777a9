//! SELU: the ELU whose outputs find mean 0 and variance 1 by themselves.

use super::pointwise::{Pointwise, Saved};
use crate::catalog::Entry;
use crate::layers::layer::Layer;
use std::sync::Arc;
use steadygrad_kernels::Real;

/// The self-normalizing exponential linear unit.
///
/// ```text
/// f(x) = λ·x            for x > 0
///        λ·α·(eˣ − 1)   otherwise
/// f′(x) = λ, and f(x) + λ·α below 0
/// λ = 1.0507009873554805,  α = 1.6732632423543772
/// ```
///
/// With weights of mean 0 and variance 1/fan_in ([`LecunNormal`](struct@crate::initializers::LecunNormal)), mean 0 and variance 1
/// are a fixed point that attracts. The gradient's variance still grows by 1.0716 per layer
/// (Klambauer, Unterthiner, Mayr, Hochreiter 2017).
///
/// ```
/// use steadygrad_nn::activations::{Activation, Selu};
/// assert_eq!(Selu.value(1.0), Selu::LAMBDA);
/// assert!((Selu.value(-50.0) + Selu::LAMBDA * Selu::ALPHA).abs() < 1e-15);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Selu;

impl Selu {
    /// λ = (1 − erfc(1/√2)·√e)·√2π·(2·erfc(√2)·e² + π·erfc(1/√2)²·e − 2(2 + π)·erfc(1/√2)·√e + π + 2)^(−1/2)
    pub const LAMBDA: f64 = 1.050_700_987_355_480_5;
    /// α = −√(2/π)/(erfc(1/√2)·√e − 1)
    pub const ALPHA: f64 = 1.673_263_242_354_377_2;
}

impl Pointwise for Selu {
    const NAME: &'static str = "selu";
    const SAVED: Saved = Saved::Output;

    #[inline(always)]
    fn f<R: Real>(&self, x: R) -> R {
        let below = R::of(Selu::LAMBDA * Selu::ALPHA) * x.exp_m1();
        R::select(x > R::ZERO, R::of(Selu::LAMBDA) * x, below)
    }

    #[inline(always)]
    fn df<R: Real>(&self, y: R) -> R {
        R::select(y > R::ZERO, R::of(Selu::LAMBDA), y + R::of(Selu::LAMBDA * Selu::ALPHA))
    }
}

/// Under the names of `activation=`.
pub(crate) const ENTRY: Entry<dyn Layer> = Entry { class: "selu", names: &[], build: |_| Ok(Arc::new(Selu)) };
