//! Facts that whole models show in the engine: biases, residual blocks, dropout, heads, and how a linear network learns.

use crate::facts::{fact, near, number, share};
use crate::simulate::normals;
use steadygrad::chart::Chart;
use steadygrad::doctor::mean_field::MeanField;
use steadygrad::doctor::{Forecast, Signal};
use steadygrad::nn::functional::Value;
use steadygrad::nn::initializers::{Draw, Initializer};
use steadygrad::prelude::*;

/// One look at a model at its start, on standard normal data; the gradient that comes in is random.
fn look(model: &Model, rows: usize, seed: u64) -> Chart {
    let width = model.input_shapes()[0].size();
    let outputs = model.output_shapes().unwrap()[0].size();
    let x = Array::new([rows, width], normals(seed, "x", rows * width)).unwrap();
    let y = normals(seed, "y", rows * outputs).iter().map(|y| 1e9 * y.signum()).collect();
    let data = Dataset::new(x, Array::new([rows, outputs], y).unwrap()).unwrap();
    let compile = Compile::new(Sgd::new(0.1), MeanAbsoluteError).seed(seed);
    model.compile(compile).unwrap().watch_on_batch(&data).unwrap()
}

/// The mean square of the signal behind every stage.
fn squares(chart: &Chart) -> Vec<f64> {
    chart.samples[0].layers.iter().map(|seen| seen.signal.unwrap().rms.powi(2)).collect()
}

/// The mean square behind the last stage, over draws, against that of the data.
fn growth(model: &Model, draws: u64) -> f64 {
    (0..draws).map(|seed| *squares(&look(model, 20, seed)).last().unwrap()).sum::<f64>() / draws as f64
}

fn forecast(model: &Model) -> f64 {
    let forecast = Forecast::of(model, &[Signal::default()]).unwrap();
    assert!(forecast.left_out.is_empty());
    forecast.stages.last().unwrap().signal.unwrap().square
}

#[test]
fn tanh_with_biases_goes_where_the_theory_says() {
    const N: usize = 500;
    assert_eq!(fact("mf.tanh.mc"), "see setup");
    for (weights, q, chi) in
        [(1.3, 0.315_316, 0.880_164), (2.5, 1.063_958, 1.133_516), (4.0, 2.195_494, 1.342_402)]
    {
        let field = MeanField::new(Tanh, weights, 0.05);
        near("q*", field.q(), q, 1e-5);
        near("χ₁", field.chi(), chi, 1e-5);
        let dense = || {
            Dense::new(N)
                .kernel_initializer(RandomNormal.stddev((weights / N as f64).sqrt()))
                .bias_initializer(RandomNormal.stddev(0.05_f64.sqrt()))
                .activation(Tanh)
        };
        let net: Model = (0..30).fold(Sequential::new([N]), |net, _| net.add(dense())).into();
        let (mut size, mut slope) = (0.0, 0.0);
        for seed in 0..4 {
            let chart = look(&net, 10, seed);
            let linear: Vec<usize> =
                (0..chart.layers.len()).filter(|i| chart.layers[*i].role == "linear").collect();
            let all = squares(&chart);
            size += linear[15..].iter().map(|&i| all[i]).sum::<f64>() / 15.0 / 4.0;
            let delta = |i: usize| chart.samples[0].layers[linear[i]].delta.unwrap();
            slope += (delta(10) / delta(28)).ln() * 2.0 / 18.0 / 4.0;
        }
        share("measured q", size, q, 0.05);
        share("measured χ₁", slope.exp(), chi, 0.04);
    }
}

/// Blocks of x + branch(x).
fn residual(depth: usize, branch: impl Fn(&Value) -> Value) -> Model {
    const N: usize = 300;
    let mut x = input([N]);
    for _ in 0..depth {
        x = add([&x, &branch(&x)]);
    }
    Model::of(&x)
}

#[test]
fn residual_networks_grow() {
    assert_eq!(number("res.growth", "2^10"), 1024.0);
    let linear = |gain: f64| Dense::new(300).kernel_initializer(VarianceScaling::new(gain, FanMode::FanIn));
    let keeps = residual(10, |x| x.then(linear(1.0)));
    share("2^10, expected", forecast(&keeps), 1024.0, 1e-6);
    share("2^10, measured", growth(&keeps, 10).ln(), 1024.0_f64.ln(), 0.05);
    let he = || Dense::new(300).kernel_initializer(HeNormal);
    let doubles = residual(10, |x| x.then(he().activation(Relu)).then(he()));
    share("3^10, expected", forecast(&doubles), number("res.growth", "3^10"), 1e-6);
    share("3^10, measured", growth(&doubles, 10).ln(), 59049.0_f64.ln(), 0.05);
    let scaled = residual(50, |x| x.then(linear(1.0 / 50.0)));
    share("(1 + 1/50)^50, expected", forecast(&scaled), number("res.growth", "(1+1/50)^50"), 1e-4);
    share("(1 + 1/50)^50, measured", growth(&scaled, 10), 2.6916, 0.1);
    let normalized = residual(20, |x| x.then(linear(1.0)).then(BatchNormalization::new().epsilon(0.0)));
    share("BN, expected", forecast(&normalized), number("res.growth", "bn20"), 1e-6);
    share("BN, measured", growth(&normalized, 10), 21.0, 0.06);
}

#[test]
fn dropout_lets_the_signal_grow() {
    let want = fact("dropout.growth").as_f64().unwrap();
    let net = |scale: f64| -> Model {
        let dense = || {
            Dense::new(300).kernel_initializer(VarianceScaling::new(scale, FanMode::FanIn)).activation(Relu)
        };
        (0..10).fold(Sequential::new([300]), |net, _| net.add(dense()).add(Dropout::new(0.2))).into()
    };
    // The last dropout counts as well: E x² = 1 becomes E h² = (1/(1 − p))^10.
    share("expected", forecast(&net(2.0)), want, 1e-6);
    share("measured", growth(&net(2.0), 40), want, 0.2);
    share("cured, expected", forecast(&net(2.0 * 0.8)), 1.0, 1e-6);
    share("cured, measured", growth(&net(2.0 * 0.8), 40), 1.0, 0.2);
}

#[test]
fn fixup_starts_as_the_identity() {
    assert_eq!(fact("fixup.rule"), "exact");
    for layers in [2, 3] {
        const BLOCKS: usize = 16;
        let factor = (BLOCKS as f64).powf(-1.0 / (2.0 * layers as f64 - 2.0));
        share("factor", factor, if layers == 2 { 0.25 } else { 0.5 }, 1e-12);
        let scaled =
            || Dense::new(50).kernel_initializer(VarianceScaling::new(2.0 * factor * factor, FanMode::FanIn));
        let first = input([30]).then(Dense::new(50).kernel_initializer(HeNormal));
        let mut x = first.clone();
        for _ in 0..BLOCKS {
            let inner = (1..layers).fold(x.clone(), |h, _| h.then(scaled().activation(Relu)));
            x = add([&x, &inner.then(Dense::new(50).kernel_initializer(Zeros))]);
        }
        let model = Model::of(&x.then(Dense::new(10).kernel_initializer(Zeros).activation(Softmax)));
        let compile = Compile::new(Sgd::new(0.1), SparseCategoricalCrossentropy);
        let x = Array::new([40, 30], normals(1, "fixup", 40 * 30)).unwrap();
        let y = Array::new([40], (0..40).map(|i| (i % 10) as f32).collect()).unwrap();
        let chart = model.compile(compile).unwrap().watch_on_batch(&Dataset::new(x, y).unwrap()).unwrap();
        near("the loss is ln K", chart.samples[0].loss, 10.0_f64.ln(), 1e-6);
        let all = squares(&chart);
        let sums = (0..all.len()).filter(|&i| chart.layers[i].class == "Add");
        assert!(sums.map(|i| all[i]).all(|square| square == all[0]), "every block passes what came");
        let logits = chart.layers.iter().rposition(|l| l.role == "linear").unwrap();
        assert_eq!(all[logits], 0.0);
    }
}

#[test]
fn the_first_loss_of_a_classifier() {
    let model: Model =
        Sequential::new([10]).add(Dense::new(10).kernel_initializer(initializers::Identity)).into();
    for (key, size, n) in [("0", 0.0, 1000), ("1", 1.0, 400_000)] {
        let x = normals(5, "logits", 10 * n).iter().map(|x| size * x).collect();
        let y = (0..n).map(|i| (i % 10) as f32).collect();
        let data = Dataset::new(Array::new([n, 10], x).unwrap(), Array::new([n], y).unwrap()).unwrap();
        let compile = Compile::new(Sgd::new(0.1), SparseCategoricalCrossentropy.from_logits());
        let loss = model.compile(compile).unwrap().evaluate(&data).unwrap().get("loss").unwrap();
        share("cross-entropy", loss, number("ce.initial", key), 0.005);
    }
}

#[test]
fn modes_of_a_linear_network_rise_one_after_the_other() {
    const N: usize = 8;
    let orthogonal = |key: &str| {
        let mut m = vec![0.0; N * N];
        Orthogonal.fill(&Draw::new(4, key), &[N, N], &mut m).unwrap();
        m
    };
    // a·diag(d)·bᵀ
    let joined = |a: &[f32], d: &dyn Fn(usize) -> f64, b: &[f32]| -> Vec<f32> {
        let at = |i: usize, j: usize| {
            (0..N).map(|k| f64::from(a[i * N + k]) * d(k) * f64::from(b[j * N + k])).sum::<f64>()
        };
        (0..N * N).map(|ij| at(ij / N, ij % N) as f32).collect()
    };
    let (u, v, r) = (orthogonal("u"), orthogonal("v"), orthogonal("r"));
    let (strengths, a0, rate) = ([3.0, 2.0, 1.5, 1.0], 1e-3_f64, 1e-3);
    let strength = |k: usize| strengths.get(k).copied().unwrap_or(0.0);
    // Eight samples √8·e_i: their second moments are the identity, and the targets are √8 times the rows of V·S·Uᵀ.
    let root = (N as f64).sqrt();
    let x = (0..N * N).map(|i| if i / N == i % N { root as f32 } else { 0.0 }).collect();
    let y = joined(&v, &|k| root * strength(k), &u);
    let data = Dataset::new(Array::new([N, N], x).unwrap(), Array::new([N, N], y).unwrap()).unwrap();
    let dense = || Dense::new(N).use_bias(false);
    let model = Sequential::new([N]).add(dense()).add(dense());
    // The mean squared error over 8 outputs is a quarter of half the squared error.
    let mut learner = model.compile(Compile::new(Sgd::new(4.0 * rate), MeanSquaredError)).unwrap();
    let start = |a: &[f32], b: &[f32]| Array::new([N, N], joined(a, &|_| a0.sqrt(), b)).unwrap();
    learner.set_weights(&[start(&v, &r), start(&r, &u)]).unwrap();
    let mut halves = [None; 4];
    for step in 1..=4000 {
        learner.train_on_batch(&data).unwrap();
        let (first, second) =
            (learner.weight("dense/kernel").unwrap(), learner.weight("dense_1/kernel").unwrap());
        let whole = |i: usize, j: usize| {
            (0..N).map(|k| f64::from(first[i * N + k]) * f64::from(second[k * N + j])).sum::<f64>()
        };
        if step % 5 != 0 {
            continue;
        }
        for (k, s) in strengths.into_iter().enumerate() {
            let pairs = (0..N * N).map(|ij| (ij / N, ij % N));
            let a: f64 =
                pairs.map(|(i, j)| f64::from(v[i * N + k]) * whole(i, j) * f64::from(u[j * N + k])).sum();
            let e = (2.0 * s * step as f64 * rate).exp();
            near(&format!("mode {k} at step {step}"), a, s * e / (e - 1.0 + s / a0), 0.02 * s);
            if a >= s / 2.0 && halves[k].is_none() {
                halves[k] = Some(step as f64);
            }
        }
    }
    for (half, want) in halves.iter().zip(fact("saxe.dynamics").as_array().unwrap()) {
        share("half of it after", half.unwrap(), want.as_f64().unwrap(), 0.02);
    }
}

#[test]
fn gradients_are_clipped_by_their_common_norm() {
    // Two tensors with gradients (3, 0) and (0, 4): the norm is 5, and clipped to 1 they are (0.6, 0) and (0, 0.8).
    let clip = fact("rnn.pascanu")["clip"].clone();
    let dense = || Dense::new(2).use_bias(false).kernel_initializer(Zeros);
    let (a, b) = (input([1]), input([1]));
    let model = Model::new(&[&a, &b], &[&a.then(dense()), &b.then(dense())]);
    let optimizer = Optimizer::new(Sgd::new(1.0)).global_clipnorm(1.0);
    let mut learner = model.compile(Compile::new(optimizer, MeanSquaredError)).unwrap();
    let one = || Array::new([1, 1], vec![1.0]).unwrap();
    // d/dŷ of (ŷ − y)²/2 at 0 is −y.
    let to = |y: [f32; 2]| Array::new([1, 2], y.to_vec()).unwrap();
    let data = Dataset::multi(vec![one(), one()], vec![to([-3.0, 0.0]), to([0.0, -4.0])]).unwrap();
    learner.train_on_batch(&data).unwrap();
    let moved: Vec<f32> = learner.weights().iter().flat_map(|(_, w)| w.data().to_vec()).collect();
    for (got, want) in moved.iter().zip([clip[0].as_f64().unwrap(), 0.0, 0.0, clip[1].as_f64().unwrap()]) {
        near("clipped", -f64::from(*got), want, 1e-6);
    }
}
