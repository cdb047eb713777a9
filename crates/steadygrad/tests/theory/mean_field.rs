//! Facts about infinitely wide networks with biases: fixed points, depth scales, critical lines.
//!
//! ```text
//! q′ = σ_b² + σ_w²·E f²,  χ₁ = σ_w²·E f′²,  ξ_q = −1/ln(dq′/dq),  ξ_c = −1/ln(dc′/dc at c*)
//! ```

use crate::facts::{fact, near, number, share};
use steadygrad::nn::activations::{Activation, Gelu, Tanh};
use steadygrad::nn::moments::{Moments, correlation};

/// Where g changes its sign, between two points where its signs differ.
fn root(mut low: f64, mut high: f64, g: impl Fn(f64) -> f64) -> f64 {
    let sign = g(low) > 0.0;
    for _ in 0..34 {
        let middle = 0.5 * (low + high);
        if (g(middle) > 0.0) == sign { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// A network of infinite width with these variances of weights (times fan in) and biases.
struct MeanField<'a> {
    f: &'a dyn Activation,
    weights: f64,
    biases: f64,
    q: f64,
    at: Moments,
}

impl MeanField<'_> {
    fn new(f: &dyn Activation, weights: f64, biases: f64) -> MeanField<'_> {
        let mut q = 1.0;
        for _ in 0..400 {
            q = biases + weights * Moments::at(f, 0.0, q).square;
        }
        MeanField { f, weights, biases, q, at: Moments::at(f, 0.0, q) }
    }

    fn chi(&self) -> f64 {
        self.weights * self.at.slope_square
    }

    fn xi_q(&self) -> f64 {
        -1.0 / (self.weights * self.at.square_by_q).ln()
    }

    /// The correlation after one layer.
    fn next(&self, c: f64) -> f64 {
        (self.biases + self.weights * self.at.square * correlation(self.f, self.q, c)) / self.q
    }

    /// The correlation that pulls: 1 in order, below 1 in chaos.
    fn c(&self) -> f64 {
        if self.chi() <= 1.0 { 1.0 } else { root(0.0, 1.0 - 1e-6, |c| self.next(c) - c) }
    }

    fn xi_c(&self) -> f64 {
        let (c, h) = (self.c(), 1e-4);
        let slope = if c == 1.0 { self.chi() } else { (self.next(c + h) - self.next(c - h)) / (2.0 * h) };
        -1.0 / slope.ln()
    }
}

#[test]
fn tanh_at_small_biases() {
    let want = fact("mf.tanh.sb0.05");
    for (weights, want) in want.as_object().unwrap() {
        // The names are rounded: the variances are 50 steps from 1 to 4.
        let step = ((weights.parse::<f64>().unwrap() - 1.0) * 49.0 / 3.0).round();
        let field = MeanField::new(&Tanh, 1.0 + 3.0 * step / 49.0, 0.05);
        let want = |key: &str| want[key].as_f64().unwrap();
        near("q*", field.q, want("q"), 1e-4);
        near("χ₁", field.chi(), want("chi1"), 1e-4);
        near("c*", field.c(), want("c"), 1e-4);
        share("ξ_q", field.xi_q(), want("xi_q"), 0.01);
        share("ξ_c", field.xi_c(), want("xi_c"), 0.01);
    }
}

#[test]
fn depth_that_can_be_trained() {
    let want = fact("dip.trainability");
    for (weights, want) in want.as_object().unwrap() {
        let field = MeanField::new(&Tanh, weights.parse().unwrap(), 0.05);
        let (depth, xi) = (want[0].as_f64().unwrap(), field.xi_c());
        if (field.chi() - 1.0).abs() > 0.08 {
            assert!((4.0..7.0).contains(&(depth / xi)), "{weights}: {depth} layers, ξ_c = {xi}");
        } else {
            assert!(xi > 50.0, "near the critical line: {xi}");
        }
    }
}

#[test]
fn the_critical_line_of_tanh() {
    let want = fact("mf.critical_tanh");
    for (biases, want) in want.as_object().unwrap() {
        let weights = |q: f64| 1.0 / Moments::at(&Tanh, 0.0, q).slope_square;
        let q = root(1e-4, 5.0, |q| {
            q - weights(q) * Moments::at(&Tanh, 0.0, q).square - biases.parse::<f64>().unwrap()
        });
        near("q*", q, want[0].as_f64().unwrap(), 1e-4);
        near("σ_w²", weights(q), want[1].as_f64().unwrap(), 1e-4);
    }
}

#[test]
fn gelu_has_a_half_stable_point() {
    let at = |q: f64| Moments::at(&Gelu, 0.0, q);
    let q = root(1.0, 10.0, |q| at(q).square_by_q - at(q).slope_square);
    let weights = 1.0 / at(q).slope_square;
    let got = [q, weights, q - weights * at(q).square];
    for (got, want) in got.iter().zip(fact("pdlt.gelu").as_array().unwrap()) {
        near("K*, C_W, C_b", *got, want.as_f64().unwrap(), 1e-6);
    }
}

#[test]
fn tanh_with_glorot_decays_like_one_over_twice_the_depth() {
    let want = fact("tanh.glorot_powerlaw");
    let (mut q, mut product) = (1.0, 1.0);
    for layer in 1..=100 {
        if let Some(want) = want[layer.to_string()].as_f64() {
            share(&format!("layer {layer}"), q, want, 1e-4);
        }
        let m = Moments::at(&Tanh, 0.0, q);
        if layer < 50 {
            product *= m.slope_square;
        }
        q = m.square;
    }
    share("gradient over 49 layers", product, fact("tanh.glorot_grad50").as_f64().unwrap(), 1e-6);
}

#[test]
fn sigmoid_with_glorot_vanishes() {
    use steadygrad::nn::activations::Sigmoid;
    let want = |key: &str| number("sigmoid.glorot", key);
    let field = MeanField::new(&Sigmoid, 1.0, 0.0);
    share("q*", field.q, want("qstar"), 1e-6);
    share("χ", field.chi(), want("chi"), 1e-6);
    share("nine layers", field.chi().powf(4.5), want("ratio9layers_steady"), 1e-5);
}
