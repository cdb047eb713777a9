//! Facts without a network: moments, gains, landmarks, constants and fixed points.

use crate::facts::{fact, near, number, share};
use steadygrad::nn::activations::{
    Activation, Elu, Gelu, HardSilu, LeakyRelu, Linear, Mish, Relu, Selu, Sigmoid, Silu, Softplus, Softsign,
    Tanh,
};
use steadygrad::nn::initializers::{
    Distribution, Draw, FanMode, GlorotNormal, GlorotUniform, HeNormal, HeUniform, Initializer, LecunNormal,
    LecunUniform, Orthogonal, TRUNCATED_STDDEV, TruncatedNormal, VarianceScaling,
};
use steadygrad::nn::moments::{Moments, gain, mean_and_variance, recommended, relu_correlation};
use steadygrad::nn::noise::{Noise, alpha_dropout};
use steadygrad_kernels::random::{Purpose, Stream};

#[test]
fn act_moments() {
    let (leaky_01, leaky_2) = (LeakyRelu.negative_slope(0.01), LeakyRelu.negative_slope(0.2));
    let gelu_tanh = Gelu.approximate(true);
    let all: [(&str, &dyn Activation); 14] = [
        ("linear", &Linear),
        ("relu", &Relu),
        ("leaky_relu(0.01)", &leaky_01),
        ("leaky_relu(0.2)", &leaky_2),
        ("elu(1)", &Elu),
        ("selu", &Selu),
        ("gelu", &Gelu),
        ("tanh", &Tanh),
        ("sigmoid", &Sigmoid),
        ("softplus", &Softplus),
        ("silu", &Silu),
        ("mish", &Mish),
        ("softsign", &Softsign),
        ("gelu_tanh", &gelu_tanh),
    ];
    for (name, f) in all {
        let m = Moments::of(f);
        let got = [
            ("E", m.mean),
            ("E2", m.square),
            ("Var", m.variance),
            ("dE", m.slope),
            ("dE2", m.slope_square),
            ("gain_fwd", m.gain_forward()),
            ("gain_bwd", m.gain_backward()),
            ("chi1", m.chi()),
            ("slope_q", m.slope_q()),
            ("bn_rate", m.batch_norm_rate()),
            ("ln_rate", m.layer_norm_rate()),
            ("kappa", m.kappa()),
        ];
        for (key, got) in got {
            near(&format!("{name} {key}"), got, number(&format!("act.moments.{name}"), key), 1e-6);
        }
    }
}

/// The argument and value of the least value of g on a grid, refined by thirds.
fn least(g: impl Fn(f64) -> f64, from: f64, to: f64) -> (f64, f64) {
    let at = |i: usize| from + (to - from) * i as f64 / 1000.0;
    let best = (0..=1000).min_by(|&i, &j| g(at(i)).total_cmp(&g(at(j)))).unwrap();
    let (mut low, mut high) = (at(best.saturating_sub(1)), at((best + 1).min(1000)));
    for _ in 0..100 {
        let (left, right) = (low + (high - low) / 3.0, high - (high - low) / 3.0);
        if g(left) < g(right) { high = right } else { low = left }
    }
    (0.5 * (low + high), g(0.5 * (low + high)))
}

#[test]
fn act_landmarks() {
    let gelu = |key: &str| number("act.landmarks.gelu", key);
    let approximate = Gelu.approximate(true);
    let (x, y) = least(|x| Gelu.value(x), -3.0, 0.0);
    near("gelu's least", y, gelu("min"), 1e-6);
    near("where", x, gelu("argmin"), 1e-6);
    near("gelu's greatest slope", -least(|x| -Gelu.slope(x), 0.0, 4.0).1, gelu("maxd"), 1e-6);
    near("where", least(|x| -Gelu.slope(x), 0.0, 4.0).0, 2.0_f64.sqrt(), 1e-6);
    let (_, difference) = least(|x| -(Gelu.value(x) - approximate.value(x)).abs(), -5.0, 5.0);
    near("gelu against its tanh form", -difference, gelu("tanh_err"), 1e-6);
    let sigmoid = |x: f64| x * Sigmoid.value(1.702 * x);
    let (_, difference) = least(|x| -(Gelu.value(x) - sigmoid(x)).abs(), -5.0, 5.0);
    near("gelu against x·σ(1.702x)", -difference, gelu("sig_err"), 1e-6);
    let others = fact("act.landmarks.others");
    for (name, f) in [("silu", &Silu as &dyn Activation), ("mish", &Mish)] {
        let (x, y) = least(|x| f.value(x), -3.0, 0.0);
        near(name, x, others[name]["x"].as_f64().unwrap(), 1e-6);
        near(name, y, others[name]["y"].as_f64().unwrap(), 1e-6);
        let slope = &others[format!("{name}_d")];
        let (x, y) = least(|x| -f.slope(x), 0.0, 4.0);
        near(name, x, slope["x"].as_f64().unwrap(), 1e-6);
        near(name, -y, slope["y"].as_f64().unwrap(), 1e-6);
    }
    let (x, y) = least(|x| HardSilu.value(x), -3.0, 0.0);
    near("hard_silu", x, -1.5, 1e-6);
    near("hard_silu", y, -0.375, 1e-6);
}

#[test]
fn gains() {
    let leaky: Vec<(f64, f64)> = fact("gain.leaky")
        .as_str()
        .unwrap()
        .split(", ")
        .map(|pair| {
            let (slope, gain) = pair.split_once(':').unwrap();
            (slope.trim_start_matches("a=").parse().unwrap(), gain.parse().unwrap())
        })
        .collect();
    assert_eq!(leaky.len(), 5);
    for (slope, want) in leaky {
        let f = LeakyRelu.negative_slope(slope);
        near("leaky", gain(&f), want, 1e-7);
        near(
            "leaky",
            recommended(&f).variance(&[50, 20]).unwrap(),
            2.0 / ((1.0 + slope * slope) * 50.0),
            1e-9,
        );
    }
    // Of PyTorch's table, linear, relu and leaky are such gains; its 5/3 for tanh and 3/4 for SELU are choices.
    near("relu", gain(&Relu), number("gain.torch", "relu"), 1e-9);
    near(
        "leaky",
        gain(&LeakyRelu.negative_slope(0.01)),
        number("gain.torch", "leaky_relu default a=0.01"),
        1e-8,
    );
    near("tanh", gain(&Tanh), 1.592_537_419_722_831_5, 1e-9);
    near("selu", gain(&Selu), 1.0, 1e-9);
}

#[test]
fn the_slope_of_sigmoid_is_at_most_a_quarter() {
    let (x, slope) = least(|x| -Sigmoid.slope(Sigmoid.value(x)), -5.0, 5.0);
    near("where", x, 0.0, 1e-6);
    for (key, layers) in [("L10", 10), ("L20", 20)] {
        assert_eq!((-slope).powi(layers), number("sigmoid.max_derivative", key));
    }
}

#[test]
fn selu_constants_and_jacobian() {
    let constant = |key: &str| number("selu.constants", key);
    near("α", Selu::ALPHA, constant("alpha"), 1e-15);
    near("λ", Selu::LAMBDA, constant("lambda"), 1e-15);
    near("−λα", -Selu::LAMBDA * Selu::ALPHA, constant("alpha_prime"), 1e-15);
    let h = 1e-4;
    let map = |mean: f64, variance: f64| mean_and_variance(&Selu, (mean, variance), 0.0, 1.0);
    let (up, down) = (map(0.0, 1.0 + h), map(0.0, 1.0 - h));
    let by_variance = ((up.0 - down.0) / (2.0 * h), (up.1 - down.1) / (2.0 * h));
    let want = fact("selu.jacobian");
    near("∂mean/∂variance", by_variance.0, want[0].as_f64().unwrap(), 1e-5);
    near("∂variance/∂variance", by_variance.1, want[1].as_f64().unwrap(), 1e-5);
    // The mean does not count where the weights sum to 0: the other column is 0, and this one's length is the norm.
    assert_eq!(map(0.3, 1.0), map(0.0, 1.0));
    near("norm", by_variance.0.hypot(by_variance.1), want[2].as_f64().unwrap(), 1e-4);
}

#[test]
fn selu_theorem1() {
    for omega in [-0.1, 0.0, 0.1] {
        for tau in [0.95, 1.0, 1.1] {
            let mut at = (0.0, 1.0);
            for _ in 0..60 {
                at = mean_and_variance(&Selu, at, omega, tau);
            }
            assert!(
                at.0 > -0.03106 && at.0 < 0.06773 && at.1 > 0.80009 && at.1 < 1.48617,
                "{omega} {tau} {at:?}"
            );
            for variance in [3.0, 6.0, 16.0] {
                assert!(mean_and_variance(&Selu, (0.5, variance), omega, tau).1 < variance);
            }
            for variance in [0.02, 0.08, 0.16] {
                assert!(mean_and_variance(&Selu, (0.05, variance), omega, tau).1 > variance);
            }
        }
    }
}

#[test]
fn selu_alpha_dropout() {
    for rate in [0.1, 0.5] {
        let id = format!("selu.alpha_dropout.{rate}");
        let (a, b) = alpha_dropout(rate);
        near("a", a, number(&id, "a"), 1e-9);
        near("b", b, number(&id, "b"), 1e-9);
        let stream = Stream::new(42, Purpose::Other, &id);
        let n = 1_000_000;
        let noise = Noise::AlphaDropout { rate };
        let (mut sum, mut squares) = (0.0, 0.0);
        for i in 0..n {
            let y: f64 = noise.value(Selu.value(stream.normal(0, i)), stream.uniform(1, i));
            sum += y;
            squares += y * y;
        }
        let mean = sum / n as f64;
        near("mean", mean, 0.0, 4e-3);
        share("variance", squares / n as f64 - mean * mean, 1.0, 6e-3);
    }
}

/// n·Var of weights drawn for a shape.
fn variance(initializer: &dyn Initializer, shape: &[usize], seed: u64) -> f64 {
    let mut w = vec![0.0; shape.iter().product()];
    initializer.fill(&Draw::new(seed, "kernel"), shape, &mut w).unwrap();
    w.iter().map(|&w| f64::from(w).powi(2)).sum::<f64>() / w.len() as f64
}

#[test]
fn init_formulas() {
    near("cut off at ±2", TRUNCATED_STDDEV, fact("init.truncated").as_f64().unwrap(), 1e-12);
    let cut = TruncatedNormal.stddev(1.0);
    share("sampled", variance(&cut, &[1000, 1000], 1).sqrt(), TRUNCATED_STDDEV, 0.01);
    for (shape, fan_in, fan_out) in [(vec![784, 300], 784.0, 300.0), (vec![3, 3, 32, 64], 288.0, 576.0)] {
        let all: [(&dyn Initializer, f64); 6] = [
            (&GlorotUniform, 6.0 / (fan_in + fan_out) / 3.0),
            (&GlorotNormal, 2.0 / (fan_in + fan_out)),
            (&HeNormal, 2.0 / fan_in),
            (&HeUniform, 6.0 / fan_in / 3.0),
            (&LecunNormal, 1.0 / fan_in),
            (&LecunUniform, 3.0 / fan_in / 3.0),
        ];
        for (initializer, want) in all {
            share(initializer.class(), initializer.variance(&shape).unwrap(), want, 1e-12);
            let pooled: f64 = (0..8).map(|seed| variance(initializer, &shape, seed)).sum::<f64>() / 8.0;
            share(initializer.class(), pooled, want, 0.01);
        }
        share(
            "orthogonal",
            variance(&Orthogonal.gain(1.5), &shape, 0),
            2.25 / fan_in.max(shape[shape.len() - 1] as f64),
            1e-5,
        );
    }
    // U[−1/√n, 1/√n], the standard of 2010.
    let standard = VarianceScaling::new(1.0 / 3.0, FanMode::FanIn).distribution(Distribution::Uniform);
    share(
        "standard",
        1000.0 * variance(&standard, &[1000, 1000], 2),
        fact("init.standard").as_f64().unwrap(),
        0.005,
    );
}

#[test]
fn he_vgg() {
    // Weights of deviation 0.01 against He's, for 3×3 windows.
    let weaker = |d: usize| HeNormal.variance(&[3, 3, d, d]).unwrap().sqrt() / 0.01;
    for (d, want) in [(64, 5.9), (128, 4.2), (256, 2.9), (512, 2.1)] {
        near("per layer", weaker(d), want, 0.06);
    }
    let whole = weaker(64) * weaker(128).powi(2) * weaker(256).powi(2) * weaker(512).powi(4);
    share("from layer 10 to layer 2", whole, fact("he.vgg_1.7e4").as_f64().unwrap(), 0.03);
}

#[test]
fn relu_correlations() {
    let want = fact("relu.cmap");
    let mut c = 0.0;
    for layer in 1..=2000 {
        c = relu_correlation(c);
        if let Some(want) = want[layer.to_string()].as_f64() {
            near(&format!("layer {layer}"), c, want, 1e-6);
        }
    }
    share("1 − c", 1.0 - c, 9.0 * std::f64::consts::PI.powi(2) / (2.0 * 2000.0_f64.powi(2)), 0.02);
}
