//! SiLU, and Swish, which is SiLU with a steepness.

use super::pointwise::{Pointwise, Saved, checked, logistic, require};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::layers::layer::Layer;
use std::sync::Arc;
use steadygrad_kernels::{Real, Result};

/// x times the logistic function.
///
/// ```text
/// f(x) = x·σ(x) = x/(1 + e⁻ˣ)
/// f′(x) = σ(x) + x·σ(x)·σ(−x)
/// ```
///
/// Its least value is −0.27846 at x = −1.27846, its greatest slope 1.09984 at x = 2.39936
/// (Elfwing, Uchibe, Doya 2018; as "swish": Ramachandran, Zoph, Le 2017).
///
/// ```
/// use steadygrad_nn::activations::{Activation, Silu};
/// assert!((Silu.value(1.0) - 0.731_058_578_630_004_9).abs() < 1e-15);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Silu;

/// SiLU with a steepness β: near a straight line x/2 for small β, near ReLU for large.
///
/// ```text
/// f(x) = x·σ(βx)
/// f′(x) = σ(βx) + βx·σ(βx)·σ(−βx)
/// ```
///
/// With β = 1 it is [`Silu`] (Ramachandran, Zoph, Le 2017).
///
/// ```
/// use steadygrad_nn::activations::{Activation, Silu, Swish};
/// assert_eq!(Swish::new(1.0).value(0.7), Silu.value(0.7));
/// assert!((Swish::new(1.702).value(1.0) - 0.845_795_765_980_436).abs() < 1e-6);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Swish {
    beta: f64,
}

impl Swish {
    /// With this steepness.
    pub fn new(beta: f64) -> Swish {
        Swish { beta }
    }
}

/// σ(u) + u·σ(u)·σ(−u)
#[inline(always)]
fn slope<R: Real>(u: R) -> R {
    let (sigmoid, product) = logistic(u);
    // Beyond the bounds the product is 0, and u must not be infinite.
    sigmoid + u.max(R::of(-1000.0)).min(R::of(1000.0)) * product
}

impl Pointwise for Silu {
    const NAME: &'static str = "silu";
    const SAVED: Saved = Saved::Input;

    #[inline(always)]
    fn f<R: Real>(&self, x: R) -> R {
        x * x.sigmoid()
    }

    #[inline(always)]
    fn df<R: Real>(&self, x: R) -> R {
        slope(x)
    }
}

impl Pointwise for Swish {
    const NAME: &'static str = "swish";
    const SAVED: Saved = Saved::Input;

    #[inline(always)]
    fn f<R: Real>(&self, x: R) -> R {
        x * (R::of(self.beta) * x).sigmoid()
    }

    #[inline(always)]
    fn df<R: Real>(&self, x: R) -> R {
        slope(R::of(self.beta) * x)
    }

    fn config(&self) -> Config {
        Config::new().with("beta", self.beta)
    }

    fn check(&self) -> Result<()> {
        require(self.beta.is_finite(), "beta", "a finite number", self.beta)
    }
}

/// Keras' `silu` has no arguments; with `beta` it is our Swish.
fn build(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    match args.given::<f64>("beta")? {
        None => Ok(Arc::new(Silu)),
        Some(beta) => checked(args, Swish { beta }),
    }
}

/// Under the names of `activation=`.
pub(crate) const ENTRY: Entry<dyn Layer> = Entry { class: "silu", names: &["swish"], build };
