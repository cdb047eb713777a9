//! What an activation does to a signal and to its gradient: moments for normally distributed inputs, from the formula alone.
//!
//! All numbers are Gaussian integrals, found by adaptive quadrature in double precision: so a gain, the recommended
//! initializer and the expected fate of a gradient exist for every activation on the day it is written. No tables.
//!
//! Definitions: Poole et al. 2016; Schoenholz et al. 2017 (mean field); Yang et al. 2019 (batch normalization).

use crate::activations::{Activation, Saved};
use crate::initializers::{FanMode, VarianceScaling};

/// Moments of f(z) and f′(z) for z ~ N(mean, q).
///
/// ```
/// use steadygrad_nn::activations::{Relu, Tanh};
/// use steadygrad_nn::moments::Moments;
/// let relu = Moments::of(&Relu);
/// assert!((relu.gain_forward() - 2.0_f64.sqrt()).abs() < 1e-9);
/// assert!((relu.chi() - 1.0).abs() < 1e-9);
/// assert!((Moments::of(&Tanh).chi() - 1.1778072323).abs() < 1e-9);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    /// q, the variance of the input.
    pub q: f64,
    /// E f
    pub mean: f64,
    /// E f²
    pub square: f64,
    /// Var f
    pub variance: f64,
    /// E f⁴
    pub fourth: f64,
    /// E f′
    pub slope: f64,
    /// E f′²
    pub slope_square: f64,
    /// dE f²/dq
    pub square_by_q: f64,
}

impl Moments {
    /// For z ~ N(0, 1).
    pub fn of(f: &dyn Activation) -> Moments {
        Moments::at(f, 0.0, 1.0)
    }

    /// For z ~ N(mean, q), q above 0. The error is below 1e-9, relative where a moment is above 1.
    ///
    /// ```text
    /// dE f²/dq = E[f²·(u² − 1)]/(2q),  z = mean + √q·u
    /// ```
    pub fn at(f: &dyn Activation, mean: f64, q: f64) -> Moments {
        let deviation = q.sqrt();
        let [first, square, fourth, slope, slope_square, weighted] = normal_mean(TOLERANCE, |u| {
            let z = mean + deviation * u;
            let y = f.value(z);
            let s = f.slope(if f.saved() == Saved::Input { z } else { y });
            [y, y * y, y * y * y * y, s, s * s, y * y * (u * u - 1.0)]
        });
        // From the deviations, not as E f² − (E f)², which cancels where the mean is large.
        let [variance] = normal_mean(TOLERANCE, |u| [(f.value(mean + deviation * u) - first).powi(2)]);
        let square_by_q = weighted / (2.0 * q);
        Moments { q, mean: first, square, variance, fourth, slope, slope_square, square_by_q }
    }

    /// √(q/E f²): weights of variance gain²/fan_in keep the mean square of the signal.
    pub fn gain_forward(&self) -> f64 {
        (self.q / self.square).sqrt()
    }

    /// 1/√E f′²: weights of variance gain²/fan_out keep the mean square of the gradient.
    pub fn gain_backward(&self) -> f64 {
        1.0 / self.slope_square.sqrt()
    }

    /// χ = q·E f′²/E f²: what the mean square of the gradient is multiplied by in one layer, going back, at the forward
    /// gain. Below 1 it vanishes, above 1 it explodes.
    pub fn chi(&self) -> f64 {
        self.q * self.slope_square / self.square
    }

    /// dq′/dq at the forward gain: what a small error of the signal's size is multiplied by in one layer. Below 1 the size is
    /// pulled back; at 1, as for ReLU, it wanders.
    pub fn slope_q(&self) -> f64 {
        self.q * self.square_by_q / self.square
    }

    /// q·E f′²/Var f: what the mean square of the gradient is multiplied by in one layer with a batch normalization before the
    /// activation, at the start, for large batches.
    pub fn batch_norm_rate(&self) -> f64 {
        self.q * self.slope_square / self.variance
    }

    /// The same for a layer normalization: q·E f′²/E f².
    pub fn layer_norm_rate(&self) -> f64 {
        self.chi()
    }

    /// κ = E f⁴/(E f²)² − 1: how unequal the signal's squares are, and with the width how much a deep network's size varies.
    pub fn kappa(&self) -> f64 {
        self.fourth / (self.square * self.square) - 1.0
    }
}

/// The gain that keeps the signal's mean square at 1: √2 for ReLU, 1 for SELU and the identity, 1.5925 for tanh.
///
/// ```text
/// gain = 1/√E f(z)²,  z ~ N(0, 1);  Var w = gain²/fan_in
/// ```
pub fn gain(f: &dyn Activation) -> f64 {
    Moments::of(f).gain_forward()
}

/// The initializer for weights that follow this activation: truncated normal of variance gain²/fan_in.
///
/// ```
/// use steadygrad_nn::{activations::Relu, initializers::Initializer, moments::recommended};
/// let he = recommended(&Relu).variance(&[50, 10]).unwrap();
/// assert!((he - 2.0 / 50.0).abs() < 1e-10);
/// ```
pub fn recommended(f: &dyn Activation) -> VarianceScaling {
    VarianceScaling::new(gain(f).powi(2), FanMode::FanIn)
}

/// Mean and variance after a unit with weights of this sum ω and sum of squares τ, from those before it.
///
/// ```text
/// (μ, ν) → (E f, Var f) for z ~ N(μ·ω, ν·τ)
/// ```
/// For SELU, ω = 0 and τ = 1, the point (0, 1) is fixed and attracts (Klambauer et al. 2017).
///
/// ```
/// use steadygrad_nn::{activations::Selu, moments::mean_and_variance};
/// let (mean, variance) = mean_and_variance(&Selu, (0.0, 1.0), 0.0, 1.0);
/// assert!(mean.abs() < 1e-9 && (variance - 1.0).abs() < 1e-9);
/// ```
pub fn mean_and_variance(
    f: &dyn Activation,
    (mean, variance): (f64, f64),
    omega: f64,
    tau: f64,
) -> (f64, f64) {
    let after = Moments::at(f, mean * omega, variance * tau);
    (after.mean, after.variance)
}

/// The correlation of two inputs after one layer without biases at the forward gain, from that before it, −1 ≤ c ≤ 1.
///
/// ```text
/// c′ = E[f(z₁)·f(z₂)]/E f²,  z₁, z₂ ~ N(0, q) with correlation c
/// ```
///
/// Where it has no fixed point below 1, all inputs look alike to the deep layers.
pub fn correlation(f: &dyn Activation, q: f64, c: f64) -> f64 {
    let (deviation, rest) = (q.sqrt(), (1.0 - c * c).max(0.0).sqrt());
    let [product, square] = normal_mean(NESTED, |u| {
        let first = f.value(deviation * u);
        let [second] = normal_mean(TOLERANCE, |v| [f.value(deviation * (c * u + rest * v))]);
        [first * second, first * first]
    });
    product / square
}

/// [`correlation`] for ReLU, in closed form (Cho and Saul 2009).
///
/// ```text
/// c′ = (√(1 − c²) + c·(π − arccos c))/π
/// ```
/// ```
/// use steadygrad_nn::moments::relu_correlation;
/// assert_eq!(relu_correlation(0.0), std::f64::consts::FRAC_1_PI);
/// assert!((relu_correlation(1.0) - 1.0).abs() < 1e-15);
/// ```
pub fn relu_correlation(c: f64) -> f64 {
    let c = c.clamp(-1.0, 1.0);
    ((1.0 - c * c).sqrt() + c * (std::f64::consts::PI - c.acos())) / std::f64::consts::PI
}

/// Edges of the first pieces on the right of 0; the left has the same. Most kinks are at whole numbers. From 8 on only what grows
/// like an exponential function counts, and beyond 38 the density is no f64.
const EDGES: [f64; 12] = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 12.0, 20.0, 38.0];
/// A piece is halved while its error is larger than this, absolutely and relatively.
const TOLERANCE: f64 = 1e-12;
/// The same for an integral over integrals, which have errors of their own.
const NESTED: f64 = 1e-10;
/// Around a jump pieces get this small, and no smaller.
const SMALLEST: f64 = 1e-13;
/// What a function that cannot be integrated may cost.
const MOST_PIECES: usize = 20_000;

/// The mean of g(u) for u ~ N(0, 1), for several functions at once.
///
/// Pieces are halved where the rule of 13 points differs from that of 7 among them: kinks and jumps are closed in on. Both
/// rules look at the edges, so that no jump can hide between an edge and the first point.
fn normal_mean<const N: usize>(tolerance: f64, g: impl Fn(f64) -> [f64; N]) -> [f64; N] {
    let mut total = [0.0; N];
    let right = EDGES.windows(2).map(|edge| (edge[0], edge[1]));
    let mut open: Vec<(f64, f64)> = right.flat_map(|(a, b)| [(-b, -a), (a, b)]).collect();
    let mut pieces = 0;
    while let Some((a, b)) = open.pop() {
        let (fine, coarse) = lobatto(&g, a, b);
        pieces += 1;
        let rough = fine.iter().zip(&coarse).any(|(f, c)| (f - c).abs() > tolerance * f.abs().max(1.0));
        if rough && b - a > SMALLEST && pieces < MOST_PIECES {
            let middle = 0.5 * (a + b);
            open.extend([(a, middle), (middle, b)]);
        } else {
            total.iter_mut().zip(fine).for_each(|(t, f)| *t += f);
        }
    }
    total
}

/// ∫ g(u)·φ(u) du over one piece, by the rule of 13 points and by that of 7.
fn lobatto<const N: usize>(g: &impl Fn(f64) -> [f64; N], a: f64, b: f64) -> ([f64; N], [f64; N]) {
    let (centre, half) = (0.5 * (a + b), 0.5 * (b - a));
    let (mut fine, mut coarse) = ([0.0; N], [0.0; N]);
    let mut add = |x: f64, thirteen: f64, seven: f64| {
        let density = half * (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt();
        if density > 0.0 {
            for (i, y) in g(x).into_iter().enumerate() {
                fine[i] += thirteen * density * y;
                coarse[i] += seven * density * y;
            }
        }
    };
    for &(x, thirteen, seven) in &POINTS {
        add(centre + half * x, thirteen, seven);
        if x > 0.0 {
            add(centre - half * x, thirteen, seven);
        }
    }
    (fine, coarse)
}

/// Points in 0 ≤ x ≤ 1 of Kronrod's extension of Lobatto's rule of 4 points, twice extended: weights among 13, and among 7
/// (Gander and Gautschi 2000).
const POINTS: [(f64, f64, f64); 7] = [
    (0.0, 0.242_611_071_901_408, 672.0 / 1470.0),
    (0.236_383_199_662_150, 0.224_926_465_333_340, 0.0),
    (0.447_213_595_499_957_9, 0.199_773_405_226_859, 625.0 / 1470.0),
    (0.641_853_342_345_781, 0.188_821_573_960_182, 0.0),
    (0.816_496_580_927_726, 0.155_071_987_336_585, 432.0 / 1470.0),
    (0.942_882_415_695_480, 0.094_273_840_218_850_0, 0.0),
    (1.0, 0.015_827_191_973_480_2, 77.0 / 1470.0),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activations::{Exponential, Linear, Relu, Selu, Tanh, Threshold};

    #[test]
    fn polynomials_and_exponentials_are_known() {
        let [one, odd, two, four, six] = normal_mean(TOLERANCE, |u| [1.0, u, u * u, u.powi(4), u.powi(6)]);
        for (got, want) in [(one, 1.0), (odd, 0.0), (two, 1.0), (four, 3.0), (six, 15.0)] {
            assert!((got - want).abs() < 1e-11, "{got} {want}");
        }
        let exponential = Moments::of(&Exponential);
        let e = std::f64::consts::E;
        assert!((exponential.mean - e.sqrt()).abs() < 1e-10);
        assert!((exponential.square - e * e).abs() < 1e-9);
        assert!((exponential.fourth / e.powi(8) - 1.0).abs() < 1e-10);
        assert!((exponential.square_by_q / (2.0 * e * e) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn jumps_are_found_wherever_they_are() {
        // The last two lie a hair's breadth beside an edge of a piece.
        for i in 0..60 {
            jump_at(0.037 * f64::from(i) + 0.000_123_4);
        }
        jump_at(1.000_234_5);
        jump_at(1.999_999_9);
    }

    /// E f = ∫ over z > t of z·φ = φ(t); E f² = t·φ(t) + Φ(−t); dE f²/dq goes through the jump.
    fn jump_at(t: f64) {
        let density = (-0.5 * t * t).exp() / (2.0 * std::f64::consts::PI).sqrt();
        let above = 0.5 - 0.5 * libm_erf(t / 2.0_f64.sqrt());
        let m = Moments::of(&Threshold::new(t, 0.0));
        assert!((m.mean - density).abs() < 1e-10 && (m.slope - above).abs() < 1e-10);
        assert!((m.square - (t * density + above)).abs() < 1e-10);
        let step = 1e-4;
        let [up, down] =
            [1.0 + step, 1.0 - step].map(|q| Moments::at(&Threshold::new(t, 0.0), 0.0, q).square);
        assert!((m.square_by_q - (up - down) / (2.0 * step)).abs() < 1e-6);
    }

    fn libm_erf(x: f64) -> f64 {
        steadygrad_kernels::Real::erf(x)
    }

    #[test]
    fn correlations_agree_with_the_closed_form() {
        for c in [-0.9, 0.0, 0.3, 0.99, 1.0] {
            assert!((correlation(&Relu, 1.7, c) - relu_correlation(c)).abs() < 1e-9, "{c}");
            assert!((correlation(&Linear, 1.0, c) - c).abs() < 1e-9, "{c}");
        }
        assert!(correlation(&Tanh, 1.0, 0.0).abs() < 1e-9);
    }

    #[test]
    fn a_function_that_cannot_be_integrated_ends() {
        let [nan, infinite] = normal_mean(TOLERANCE, |u| [u.sqrt(), (u * u * u * u).exp()]);
        assert!(nan.is_nan() && infinite > 1e100);
        let [noise] = normal_mean(TOLERANCE, |u| [(1e9 * u).sin()]);
        assert!(noise.abs() < 1.0);
    }

    #[test]
    fn the_size_of_the_input_is_taken_into_account() {
        let at = |q| Moments::at(&Relu, 0.0, q);
        assert!((at(9.0).gain_forward() - 2.0_f64.sqrt()).abs() < 1e-9 && (at(9.0).chi() - 1.0).abs() < 1e-9);
        assert!((at(0.01).slope_q() - 1.0).abs() < 1e-9);
        assert!((Moments::at(&Selu, 0.0, 2.0).slope_q() - 1.0).abs() > 0.1);
    }
}
