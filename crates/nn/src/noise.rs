//! Noise that layers add while they learn: what one number becomes, given one uniform random number.

use steadygrad_kernels::Real;
use steadygrad_kernels::random::normal_quantile;

/// The kinds of noise. `u` is uniform in (0, 1).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Noise {
    /// 0 where u < rate, else x / (1 − rate)  (Srivastava et al. 2014)
    Dropout {
        /// The fraction dropped, 0 … 1.
        rate: f64,
    },
    /// Keeps mean 0 and variance 1 of SELU's outputs: α′ where u < rate, then an affine map  (Klambauer et al. 2017)
    AlphaDropout {
        /// The fraction dropped, 0 … 1.
        rate: f64,
    },
    /// x · N(1, rate / (1 − rate))
    GaussianDropout {
        /// The rate of the dropout with the same variance.
        rate: f64,
    },
    /// x + N(0, stddev²)
    Gaussian {
        /// The standard deviation.
        stddev: f64,
    },
}

/// −λ·α of SELU: what its outputs approach for large negative inputs.
const ALPHA_PRIME: f64 = -1.758_099_340_847_376_6;

impl Noise {
    /// (factor, offset) such that x becomes factor · x + offset: both the value and the slope.
    #[inline]
    pub fn factor_and_offset(&self, u: f64) -> (f64, f64) {
        match *self {
            Noise::Dropout { rate } if u < rate => (0.0, 0.0),
            Noise::Dropout { rate } => (1.0 / (1.0 - rate), 0.0),
            Noise::AlphaDropout { rate } => {
                let (a, b) = alpha_dropout(rate);
                if u < rate { (0.0, a * ALPHA_PRIME + b) } else { (a, b) }
            }
            Noise::GaussianDropout { rate } => (1.0 + (rate / (1.0 - rate)).sqrt() * normal_quantile(u), 0.0),
            Noise::Gaussian { stddev } => (1.0, stddev * normal_quantile(u)),
        }
    }

    /// x with the noise of u.
    #[inline]
    pub fn value<R: Real>(&self, x: R, u: f64) -> R {
        match self.factor_and_offset(u) {
            // A dropped infinity is 0, not NaN.
            (0.0, offset) => R::of(offset),
            (factor, offset) => x * R::of(factor) + R::of(offset),
        }
    }

    /// dy times the slope at u.
    #[inline]
    pub fn gradient<R: Real>(&self, dy: R, u: f64) -> R {
        match self.factor_and_offset(u) {
            (0.0, _) => R::ZERO,
            (factor, _) => dy * R::of(factor),
        }
    }
}

/// The affine map a·x + b of alpha dropout at drop rate r.
///
/// ```text
/// a = ((1 − r)·(1 + r·α′²))^(−1/2),  b = −a·α′·r
/// ```
/// ```
/// let (a, b) = steadygrad_nn::noise::alpha_dropout(0.5);
/// assert!((a - 0.886404894665932).abs() < 1e-9 && (b - 0.7791939305180317).abs() < 1e-9);
/// ```
pub fn alpha_dropout(rate: f64) -> (f64, f64) {
    let a = 1.0 / ((1.0 - rate) * (1.0 + rate * ALPHA_PRIME * ALPHA_PRIME)).sqrt();
    (a, -a * ALPHA_PRIME * rate)
}
