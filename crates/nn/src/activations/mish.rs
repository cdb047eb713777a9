//! Mish: a smooth rectifier that dips below 0.

use super::pointwise::{Pointwise, Saved};
use crate::catalog::Entry;
use crate::layers::layer::Layer;
use std::sync::Arc;
use steadygrad_kernels::Real;

/// Mish.
///
/// ```text
/// f(x) = x·tanh(ln(1 + eˣ))
///      = x·n/(n + 2)             with e = eˣ, n = e·(e + 2)
/// f′(x) = n/(n + 2) + x·4e·(1 + e)/(n + 2)²
/// ```
///
/// Its least value is −0.3088 at x = −1.1924; its greatest slope 1.0885 at x = 1.4906 (Misra 2019).
///
/// ```
/// use steadygrad_nn::activations::{Activation, Mish};
/// assert!((Mish.value(1.0) - 0.865_098_388_267_310_3).abs() < 1e-15);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mish;

/// e = eˣ and n = e·(e + 2). Above 20 n/(n + 2) is 1 in either precision, and n² would soon be no f32.
#[inline(always)]
fn parts<R: Real>(x: R) -> (R, R) {
    let e = x.min(R::of(20.0)).exp();
    (e, e * (e + R::of(2.0)))
}

impl Pointwise for Mish {
    const NAME: &'static str = "mish";
    const SAVED: Saved = Saved::Input;

    #[inline(always)]
    fn f<R: Real>(&self, x: R) -> R {
        let (_, n) = parts(x);
        x * (n / (n + R::of(2.0)))
    }

    #[inline(always)]
    fn df<R: Real>(&self, x: R) -> R {
        let (e, n) = parts(x);
        let below = n + R::of(2.0);
        // Beyond the bounds the second term is 0; there x must not be infinite.
        let x = x.max(R::of(-1000.0)).min(R::of(20.0));
        n / below + x * (R::of(4.0) * e * (R::ONE + e) / (below * below))
    }
}

/// Under the names of `activation=`.
pub(crate) const ENTRY: Entry<dyn Layer> = Entry { class: "mish", names: &[], build: |_| Ok(Arc::new(Mish)) };
