//! Facts about infinitely wide networks with biases: fixed points, depth scales, critical lines.

use crate::facts::{fact, near, number, share};
use steadygrad::doctor::mean_field::MeanField;
use steadygrad::nn::activations::{Gelu, Sigmoid, Tanh};
use steadygrad::nn::moments::Moments;

#[test]
fn tanh_at_small_biases() {
    let want = fact("mf.tanh.sb0.05");
    for (weights, want) in want.as_object().unwrap() {
        // The names are rounded: the variances are 50 steps from 1 to 4.
        let step = ((weights.parse::<f64>().unwrap() - 1.0) * 49.0 / 3.0).round();
        let field = MeanField::new(Tanh, 1.0 + 3.0 * step / 49.0, 0.05);
        let want = |key: &str| want[key].as_f64().unwrap();
        near("q*", field.q(), want("q"), 1e-4);
        near("χ₁", field.chi(), want("chi1"), 1e-4);
        near("c*", field.c(), want("c"), 1e-4);
        share("ξ_q", field.depth_of_size(), want("xi_q"), 0.01);
        share("ξ_c", field.depth_of_correlation(), want("xi_c"), 0.01);
    }
}

#[test]
fn depth_that_can_be_trained() {
    let want = fact("dip.trainability");
    for (weights, want) in want.as_object().unwrap() {
        let field = MeanField::new(Tanh, weights.parse().unwrap(), 0.05);
        let (depth, xi) = (want[0].as_f64().unwrap(), field.depth_of_correlation());
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
        let critical = MeanField::critical(Tanh, biases.parse().unwrap()).unwrap();
        near("q*", critical.q(), want[0].as_f64().unwrap(), 1e-4);
        near("σ_w²", critical.weights(), want[1].as_f64().unwrap(), 1e-4);
    }
}

#[test]
fn gelu_has_a_half_stable_point() {
    let point = MeanField::half_stable(Gelu).unwrap();
    let got = [point.q(), point.weights(), point.biases()];
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
    let want = |key: &str| number("sigmoid.glorot", key);
    let field = MeanField::new(Sigmoid, 1.0, 0.0);
    share("q*", field.q(), want("qstar"), 1e-6);
    share("χ", field.chi(), want("chi"), 1e-6);
    share("nine layers", field.chi().powf(4.5), want("ratio9layers_steady"), 1e-5);
}
