//! Networks of infinite width, all layers alike: where the size of a signal settles, how alike two inputs become, and in how
//! many layers.
//!
//! Poole et al. 2016 (fixed points), Schoenholz et al. 2017 (depth scales, trainable depth), Roberts, Yaida and Hanin 2022
//! (half-stable points).
//!
//! ```text
//! q′ = σ_b² + σ_w²·E f²           χ₁ = σ_w²·E f′²            z ~ N(0, q)
//! c′ = (σ_b² + σ_w²·E f·f′)/q     ξ_q = −1/ln |dq′/dq|       ξ_c = −1/ln |dc′/dc at c*|
//! ```

use std::sync::Arc;
use steadygrad_nn::activations::Activation;
use steadygrad_nn::moments::{Moments, correlation};

/// A network of infinite width: an activation, the variance of the weights times their fan in, and that of the biases.
///
/// ```
/// use steadygrad_doctor::mean_field::MeanField;
/// use steadygrad_nn::activations::Tanh;
/// let ordered = MeanField::new(Tanh, 1.3, 0.05);
/// assert!((ordered.q() - 0.315_3).abs() < 1e-3 && ordered.chi() < 1.0 && ordered.c() == 1.0);
/// let chaotic = MeanField::new(Tanh, 4.0, 0.05);
/// assert!(chaotic.chi() > 1.0 && (chaotic.c() - 0.165).abs() < 1e-3);
/// // Plain networks are trained to some six of these layers (Schoenholz et al. 2017).
/// assert!((chaotic.depth_of_correlation() - 6.98).abs() < 0.01);
/// ```
#[derive(Debug, Clone)]
pub struct MeanField {
    f: Arc<dyn Activation>,
    weights: f64,
    biases: f64,
    at: Moments,
}

/// More layers than any signal is followed through.
const MOST_LAYERS: usize = 5000;

impl MeanField {
    /// Finds q*, where the size of the signal settles, from q = 1; infinite where it grows without end.
    pub fn new(f: impl Activation + 'static, weights: f64, biases: f64) -> MeanField {
        MeanField::of(Arc::new(f), weights, biases)
    }

    /// The same for an activation that is shared.
    pub fn of(f: Arc<dyn Activation>, weights: f64, biases: f64) -> MeanField {
        let mut q: f64 = 1.0;
        for _ in 0..MOST_LAYERS {
            let next = biases + weights * Moments::at(&*f, 0.0, q).square;
            let settled = (next - q).abs() <= 1e-14 * q;
            q = next;
            if settled || !(1e-30..1e30).contains(&q) {
                break;
            }
        }
        let q = if q < 1e30 { q.max(1e-30) } else { f64::INFINITY };
        let at = Moments::at(&*f, 0.0, q.min(1e30));
        MeanField { f, weights, biases, at: Moments { q, ..at } }
    }

    /// q*: the variance of the weighted sums, deep in the network.
    pub fn q(&self) -> f64 {
        self.at.q
    }

    /// χ₁ = σ_w²·E f′² at q*: what ‖δ‖² is multiplied by in a layer. Below 1 all inputs become alike and gradients vanish;
    /// above 1 neighbours part and gradients explode.
    pub fn chi(&self) -> f64 {
        self.weights * self.at.slope_square
    }

    /// The correlation of two inputs behind one more layer.
    pub fn next(&self, c: f64) -> f64 {
        (self.biases + self.weights * self.at.square * correlation(&*self.f, self.q(), c)) / self.q()
    }

    /// c*: the correlation that all pairs of inputs end in: 1 in order, below 1 in chaos.
    pub fn c(&self) -> f64 {
        if self.chi() <= 1.0 { 1.0 } else { root(0.0, 1.0 - 1e-6, |c| self.next(c) - c).unwrap_or(1.0) }
    }

    /// ξ_q: in so many layers what is wrong with the signal's size is divided by e.
    pub fn depth_of_size(&self) -> f64 {
        -1.0 / (self.weights * self.at.square_by_q).abs().ln()
    }

    /// ξ_c: in so many layers what two inputs have too much or too little in common is divided by e.
    pub fn depth_of_correlation(&self) -> f64 {
        let (c, h) = (self.c(), 1e-4);
        let slope = if c == 1.0 { self.chi() } else { (self.next(c + h) - self.next(c - h)) / (2.0 * h) };
        -1.0 / slope.abs().ln()
    }

    /// The point of the critical line χ₁ = 1 at biases of this variance, if there is one between order and chaos.
    ///
    /// ```
    /// use steadygrad_doctor::mean_field::MeanField;
    /// use steadygrad_nn::activations::Tanh;
    /// let critical = MeanField::critical(Tanh, 0.05).unwrap();
    /// assert!((critical.weights() - 1.760_955).abs() < 1e-5 && (critical.q() - 0.570_048).abs() < 1e-5);
    /// ```
    pub fn critical(f: impl Activation + 'static, biases: f64) -> Option<MeanField> {
        let weights = |q: f64| 1.0 / Moments::at(&f, 0.0, q).slope_square;
        let q = root(1e-6, 50.0, |q| q - weights(q) * Moments::at(&f, 0.0, q).square - biases)?;
        let (weights, at) = (weights(q), Moments::at(&f, 0.0, q));
        Some(MeanField { f: Arc::new(f), weights, biases, at })
    }

    /// The point at which both the size of the signal and that of the gradient are kept to first order: dq′/dq = χ₁ = 1. GELU and
    /// SiLU have one; tanh has it only at q = 0, and rectifiers have it everywhere. None where there is none.
    ///
    /// ```
    /// use steadygrad_doctor::mean_field::MeanField;
    /// use steadygrad_nn::activations::{Gelu, Tanh};
    /// let gelu = MeanField::half_stable(Gelu).unwrap();
    /// assert!((gelu.q() - (3.0 + 17.0_f64.sqrt()) / 2.0).abs() < 1e-6);
    /// assert!(MeanField::half_stable(Tanh).is_none());
    /// ```
    pub fn half_stable(f: impl Activation + 'static) -> Option<MeanField> {
        let at = |q: f64| Moments::at(&f, 0.0, q);
        let q = root(0.1, 50.0, |q| at(q).square_by_q - at(q).slope_square)?;
        let (at, weights) = (at(q), 1.0 / at(q).slope_square);
        let biases = q - weights * at.square;
        (biases >= 0.0).then(|| MeanField { f: Arc::new(f), weights, biases, at })
    }

    /// σ_w²: the variance of the weights times their fan in.
    pub fn weights(&self) -> f64 {
        self.weights
    }

    /// σ_b²: the variance of the biases.
    pub fn biases(&self) -> f64 {
        self.biases
    }
}

/// Where g changes its sign, between two points where its signs differ.
fn root(mut low: f64, mut high: f64, g: impl Fn(f64) -> f64) -> Option<f64> {
    let sign = g(low) > 0.0;
    if (g(high) > 0.0) == sign {
        return None;
    }
    for _ in 0..45 {
        let middle = 0.5 * (low + high);
        if (g(middle) > 0.0) == sign { low = middle } else { high = middle }
    }
    Some(0.5 * (low + high))
}

#[cfg(test)]
mod tests {
    use super::*;
    use steadygrad_nn::activations::{Exponential, Relu, Tanh};

    #[test]
    fn a_signal_may_settle_fade_or_grow_without_end() {
        assert!((MeanField::new(Relu, 1.0, 0.2).q() - 0.4).abs() < 1e-9);
        assert!(MeanField::new(Tanh, 0.5, 0.0).q() < 1e-12);
        assert_eq!(MeanField::new(Relu, 3.0, 0.0).q(), f64::INFINITY);
        assert_eq!(MeanField::new(Exponential, 1.0, 0.0).q(), f64::INFINITY);
        let he = MeanField::new(Relu, 2.0, 0.0);
        assert!((he.chi() - 1.0).abs() < 1e-9 && (he.q() - 1.0).abs() < 1e-6);
    }

    #[test]
    fn rectifiers_have_no_one_half_stable_point() {
        assert!(MeanField::half_stable(Relu).is_none_or(|p| p.biases() < 1e-9));
        // On the critical line the depth scale is without bound.
        let critical = MeanField::critical(Tanh, 0.1).unwrap();
        assert!((critical.chi() - 1.0).abs() < 1e-9 && critical.depth_of_correlation().abs() > 1e6);
    }
}
