//! Forecasts of networks at the edge of the theory: never a panic, never a wrong verdict.

use super::*;
use steadygrad_nn::Sequential;
use steadygrad_nn::activations::{Exponential, Relu, Sigmoid, Softmax, Tanh};
use steadygrad_nn::functional::{add, input, multiply};
use steadygrad_nn::initializers::{
    Constant, GlorotUniform, HeNormal, LecunNormal, Ones, RandomNormal, Zeros,
};
use steadygrad_nn::layers::{
    BatchNormalization, Dense, Flatten, Layer, LayerNormalization, Maximum, Rescaling,
};

fn of(net: Sequential) -> Forecast {
    Forecast::of(&net.into(), &[Signal::default()]).unwrap()
}

fn deep(depth: usize, layer: impl Fn() -> Dense) -> Sequential {
    (0..depth).fold(Sequential::new([64]), |net, _| net.add(layer()))
}

fn said(forecast: &Forecast, what: &str) {
    assert!(forecast.left_out.iter().any(|l| l.contains(what)), "{:?}", forecast.left_out);
    // Whatever was left out, it can be shown.
    assert!(format!("{forecast}").contains(what) && forecast.to_json().to_string().contains("left_out"));
}

#[test]
fn one_layer_has_nothing_to_lose() {
    let forecast = of(Sequential::new([8]).add(Dense::new(3).activation(Softmax)));
    assert_eq!(forecast.outlook(), Outlook::Steady);
    assert_eq!((forecast.decibels(), forecast.depth_scale()), (Some(0.0), None));
}

#[test]
fn without_weights_nothing_can_be_said() {
    for net in [Sequential::new([8, 8]).add(Flatten), Sequential::new([4]).add(Relu).add(Softmax)] {
        let forecast = of(net);
        assert_eq!(forecast.outlook(), Outlook::Unknown);
        said(&forecast, "no layer with weights");
        assert!(forecast.decibels().is_none() && forecast.decibels_per_layer().is_none());
    }
}

#[test]
fn equal_weights_are_left_out() {
    let dense = || Dense::new(64).activation(Relu);
    for net in [
        deep(3, || dense().kernel_initializer(Ones)),
        deep(3, || dense().kernel_initializer(Constant::new(0.1))),
    ] {
        let forecast = of(net.add(Dense::new(2)));
        assert_eq!(forecast.outlook(), Outlook::Unknown);
        said(&forecast, "all equal");
    }
}

#[test]
fn a_last_layer_that_starts_at_0_is_no_loss() {
    let body = || deep(10, || Dense::new(64).activation(Relu).kernel_initializer(HeNormal).use_bias(false));
    let forecast = of(body().add(Dense::new(10).kernel_initializer(Zeros).activation(Softmax)));
    assert_eq!(forecast.outlook(), Outlook::Steady);
    assert_eq!(forecast.decibels(), Some(f64::NEG_INFINITY), "what is measured in the first step");
    assert!(forecast.depth_scale().unwrap() > 100.0);
    said(&forecast, "start at 0");
    // In a network that vanishes it hides nothing.
    let sick = deep(20, || Dense::new(64).activation(Sigmoid));
    assert_eq!(of(sick.add(Dense::new(10).kernel_initializer(Zeros))).outlook(), Outlook::Vanishing);
    // Where all start at 0, nothing arrives and nothing ever will.
    let dead = deep(3, || Dense::new(64).activation(Relu).kernel_initializer(Zeros)).add(Dense::new(2));
    assert_eq!(of(dead).outlook(), Outlook::Vanishing);
}

#[test]
fn fixup_is_steady() {
    let mut x = input([64]).then(Dense::new(64).kernel_initializer(LecunNormal));
    for _ in 0..30 {
        let branch = x.then(Dense::new(64).activation(Relu).kernel_initializer(HeNormal));
        x = add([&x, &branch.then(Dense::new(64).kernel_initializer(Zeros))]);
    }
    let model = Model::of(&x.then(Dense::new(10).kernel_initializer(Zeros)));
    assert_eq!(Forecast::of(&model, &[Signal::default()]).unwrap().outlook(), Outlook::Steady);
}

#[test]
fn numbers_that_no_f64_holds_explode() {
    let net = deep(3, || Dense::new(64).activation(Exponential).kernel_initializer(RandomNormal.stddev(1.0)));
    let forecast = of(net.add(Dense::new(1)));
    assert_eq!(forecast.outlook(), Outlook::Exploding);
    assert!(!forecast.to_json().to_string().is_empty());
    let huge = deep(400, || Dense::new(64).kernel_initializer(RandomNormal.stddev(10.0)));
    assert_eq!(of(huge).outlook(), Outlook::Exploding);
    // What an f64 holds and an f32 does not, all the same: here forward alone.
    let once = Sequential::new([4]).add(Rescaling::new(1e39)).add(Dense::new(4));
    assert_eq!(of(once).outlook(), Outlook::Exploding);
}

#[test]
fn signals_that_fade_away_vanish() {
    for depth in [40, 1000] {
        let tiny =
            deep(depth, || Dense::new(64).activation(Tanh).kernel_initializer(RandomNormal.stddev(1e-3)));
        let forecast = of(tiny);
        assert_eq!(forecast.outlook(), Outlook::Vanishing);
        assert!(forecast.depth_scale().is_none_or(|xi| xi > 0.0));
    }
    let nothing = Signal { mean: 0.0, square: 0.0, common: 0.0 };
    let net: Model = deep(3, || Dense::new(64).activation(Tanh)).into();
    let forecast = Forecast::of(&net, &[nothing]).unwrap();
    assert_eq!(forecast.outlook(), Outlook::Steady, "{forecast}");
    let strange = Signal { mean: f64::NAN, square: f64::NAN, common: f64::NAN };
    assert_ne!(Forecast::of(&net, &[strange]).unwrap().outlook(), Outlook::Steady);
}

#[test]
fn what_the_theory_does_not_know_is_named() {
    let x = input([64]).then(Dense::new(64));
    let both = steadygrad_nn::functional::merge(Maximum, [&x, &x.then(Dense::new(64))]);
    let forecast = Forecast::of(&Model::of(&both.then(Dense::new(1))), &[]).unwrap();
    assert_eq!(forecast.outlook(), Outlook::Unknown);
    said(&forecast, "largest or smallest");
    let twice = Model::of(&add([&x, &x]).then(Dense::new(1)));
    said(&Forecast::of(&twice, &[]).unwrap(), "twice");
    let gate = x.then(Dense::new(64).activation(Sigmoid));
    let gated = Model::of(&multiply([&x, &gate]).then(Dense::new(1)));
    assert_ne!(Forecast::of(&gated, &[]).unwrap().outlook(), Outlook::Unknown);
}

fn normalized(depth: usize, weights: f64, how: impl Layer + Clone, data: f64) -> Forecast {
    let mut net = Sequential::new([64]);
    for _ in 0..depth {
        let dense = Dense::new(64).use_bias(false).kernel_initializer(RandomNormal.stddev(weights));
        net = net.add(dense).add(how.clone()).add(Relu);
    }
    let signal = Signal { mean: 0.0, square: data, common: 0.0 };
    Forecast::of(&net.add(Dense::new(10).kernel_initializer(GlorotUniform)).into(), &[signal]).unwrap()
}

#[test]
fn normalized_networks_do_not_go_by_the_size_of_weights_or_data() {
    let xi = 1.0 / 1.466_942_f64.ln();
    for (weights, data) in [(0.18, 1.0), (1e-2, 1.0), (10.0, 1.0), (0.18, 65025.0), (1.0, 1e8)] {
        let forecast = normalized(20, weights, BatchNormalization::new().epsilon(0.0), data);
        assert_eq!(forecast.outlook(), Outlook::Steady, "{weights} {data}: {forecast}");
        assert!((forecast.depth_scale().unwrap() / xi - 1.0).abs() < 0.01, "{forecast}");
        let layers = normalized(20, weights, LayerNormalization::new().epsilon(0.0), data);
        assert_eq!(layers.outlook(), Outlook::Steady);
        assert!(layers.depth_scale().unwrap() > 1e3);
    }
    // 16 ξ.
    assert_eq!(
        normalized(60, 0.18, BatchNormalization::new().epsilon(0.0), 1.0).outlook(),
        Outlook::Exploding
    );
}

#[test]
fn epsilon_and_small_batches_count() {
    // The variance is a thousandth of ε: what comes out is as small.
    let forecast = normalized(1, 1e-4, BatchNormalization::new(), 1.0);
    let signal = forecast.stages[1].signal.unwrap();
    assert!((signal.square / (6.4e-7 / (6.4e-7 + 1e-3)) - 1.0).abs() < 1e-3, "{signal:?}");
    let net: Model =
        Sequential::new([4]).add(Dense::new(4)).add(BatchNormalization::new()).add(Dense::new(1)).into();
    let recipe = net.lower(&Purpose::inference()).unwrap();
    for rows in [1, 2, 3] {
        let forecast = Forecast::of_batch(&recipe, &[], Some(rows));
        assert_eq!(forecast.outlook(), Outlook::Unknown);
        said(&forecast, "batches of");
    }
    assert_ne!(Forecast::of_batch(&recipe, &[], Some(4)).outlook(), Outlook::Unknown);
}
