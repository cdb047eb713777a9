//! GELU: x times the normal distribution function, exact or by tanh.

use super::pointwise::{Pointwise, Saved, logistic};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::layers::layer::Layer;
use std::f64::consts::FRAC_1_SQRT_2;
use std::sync::Arc;
use steadygrad_kernels::{Real, Result};

/// The Gaussian error linear unit.
///
/// ```text
/// exact:        f(x) = x·Φ(x) = x/2·(1 + erf(x/√2)),  f′(x) = Φ(x) + x·φ(x)
/// approximate:  f(x) = x/2·(1 + tanh u) = x·σ(2u),  u = √(2/π)·(x + 0.044715·x³)
///               f′(x) = σ(2u) + x·σ(2u)·σ(−2u)·2u′
/// ```
///
/// Its least value is −0.16997 at x = −0.75179, its greatest slope 1.12890 at √2; the two forms differ by 4.8e-4 at most
/// (Hendrycks and Gimpel 2016).
///
/// ```
/// use steadygrad_nn::activations::{Activation, Gelu};
/// assert!((Gelu.value(1.0) - 0.841_344_746_068_542_9).abs() < 1e-15);
/// assert!((Gelu.approximate(true).value(1.0) - 0.841_191_990_608_306_2).abs() < 1e-12);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gelu {
    approximate: bool,
}

/// The exact form.
#[allow(non_upper_case_globals)]
pub const Gelu: Gelu = Gelu { approximate: false };

impl Gelu {
    /// Whether tanh stands in for the error function.
    pub fn approximate(mut self, approximate: bool) -> Gelu {
        self.approximate = approximate;
        self
    }
}

const ROOT_2_PI: f64 = 0.797_884_560_802_865_4; // √(2/π)
const CUBIC: f64 = 0.044_715;
const DENSITY_0: f64 = 0.398_942_280_401_432_7; // φ(0) = 1/√2π

impl Pointwise for Gelu {
    const NAME: &'static str = "gelu";
    const SAVED: Saved = Saved::Input;

    #[inline(always)]
    fn f<R: Real>(&self, x: R) -> R {
        if self.approximate {
            x * twice_u(x).sigmoid()
        } else {
            R::of(0.5) * x * (R::ONE + (x * R::of(FRAC_1_SQRT_2)).erf())
        }
    }

    #[inline(always)]
    fn df<R: Real>(&self, x: R) -> R {
        let half = R::of(0.5);
        // At these bounds the slope has reached 0 and 1, and no product is 0·∞.
        let x = x.max(R::of(-40.0)).min(R::of(40.0));
        let square = x * x;
        if self.approximate {
            let (sigmoid, product) = logistic(twice_u(x));
            let slope = R::of(2.0 * ROOT_2_PI) * (R::ONE + R::of(3.0 * CUBIC) * square);
            sigmoid + x * product * slope
        } else {
            let density = R::of(DENSITY_0) * (-half * square).exp();
            half * (R::ONE + (x * R::of(FRAC_1_SQRT_2)).erf()) + x * density
        }
    }

    fn config(&self) -> Config {
        Config::new().with("approximate", self.approximate)
    }

    fn is_default(&self) -> bool {
        *self == Gelu
    }
}

/// 2u = 2·√(2/π)·(x + 0.044715·x³)
#[inline(always)]
fn twice_u<R: Real>(x: R) -> R {
    R::of(2.0 * ROOT_2_PI) * (x + R::of(CUBIC) * (x * x * x))
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    Ok(Arc::new(Gelu { approximate: args.or("approximate", false)? }))
}

/// Under the names of `activation=`.
pub(crate) const ENTRY: Entry<dyn Layer> = Entry { class: "gelu", names: &[], build };
