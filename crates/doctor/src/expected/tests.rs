//! Known effects of single stages.

use super::*;
use steadygrad_nn::activations::{Exponential, Relu, Selu, Sigmoid, Tanh};
use steadygrad_nn::moments::{correlation, relu_correlation};

#[test]
fn what_samples_do_not_have_in_common_agrees_with_quadrature() {
    for c in [-0.5, 0.0, 0.3, 0.9, 0.99, 0.9999] {
        let relu = apart(&Relu, 0.0, 2.0, c);
        assert!((relu / (1.0 - relu_correlation(c)) - 1.0).abs() < 5e-3, "{c}: {relu}");
        let square = Moments::at(&Tanh, 0.0, 1.5).square;
        let tanh = apart(&Tanh, 0.0, 1.5, c) / square;
        let want = 1.0 - correlation(&Tanh, 1.5, c);
        assert!((tanh / want - 1.0).abs() < 1e-4, "{c}: {tanh} {want}");
    }
    assert_eq!(apart(&Relu, 1.0, 2.0, 1.0), 0.0);
}

#[test]
fn a_mean_before_an_activation_counts() {
    // The same for all samples and units: nothing varies, and ReLU passes it.
    let z = Signal { mean: 2.0, square: 4.0, common: 4.0 };
    let relu = pointwise(&Relu, z, 10).unwrap();
    assert!((relu.signal.square - 4.0).abs() < 1e-9 && (relu.factors[0] - 1.0).abs() < 1e-9, "{relu:?}");
    assert_eq!(relu.signal.deviation(), 0.0);
    let z = Signal { mean: -2.0, ..z };
    assert!(pointwise(&Relu, z, 10).unwrap().factors[0] < 1e-9);
}

#[test]
fn a_signal_of_any_size_is_no_obstacle() {
    for square in [0.0, 1e-300, 1e-40, 1e-20, 1e20, 1e200, f64::INFINITY, f64::NAN] {
        let z = Signal { mean: 0.0, square, common: 0.3 * square };
        for f in [&Relu as &dyn Activation, &Tanh, &Sigmoid, &Exponential] {
            if let Ok(effect) = pointwise(f, z, 10) {
                assert!(
                    !effect.signal.square.is_nan() && !effect.factors[0].is_nan(),
                    "{} {square}",
                    f.name()
                );
                assert!(!effect.signal.common.is_nan(), "{} {square}: {effect:?}", f.name());
            }
        }
    }
    let tiny = Signal { mean: 0.0, square: 1e-200, common: 0.0 };
    let after = pointwise(&Relu, tiny, 10).unwrap().signal;
    assert!((after.square / 0.5e-200 - 1.0).abs() < 1e-9, "{after:?}");
}

#[test]
fn alpha_dropout_keeps_what_selu_makes() {
    let made = pointwise(&Selu, Signal::default(), 100).unwrap().signal;
    let after = noisy(Noise::AlphaDropout { rate: 0.1 }, made);
    assert!(after.signal.mean.abs() < 1e-6 && (after.signal.square - 1.0).abs() < 1e-6, "{after:?}");
}

#[test]
fn samples_that_are_all_equal_have_everything_in_common() {
    let s = Signal::of(&[2.0, -1.0, 2.0, -1.0, 2.0, -1.0], 3);
    assert_eq!((s.square, s.common, s.correlation(), s.deviation()), (2.5, 2.5, 1.0, 0.0));
    let one = Signal::of(&[3.0], 1);
    assert_eq!(one.deviation(), 0.0);
    assert_eq!(Signal::of(&[], 0), Signal::default());
}
