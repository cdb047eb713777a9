//! The laws for layers that add noise: gradients, statistics, seeds, shared numbers, and silence in inference.

mod common;

use common::{both_laws, execute, normals};
use std::sync::Arc;
use steadygrad_engine::oracle::Oracle;
use steadygrad_kernels::Isa;
use steadygrad_nn::builder::Mode;
use steadygrad_nn::functional::{input, shared};
use steadygrad_nn::layers::{
    AlphaDropout, Dense, Dropout, GaussianDropout, GaussianNoise, Identity, Layer, Rescaling,
};
use steadygrad_nn::model::Purpose;
use steadygrad_nn::{Model, Sequential};

fn purpose(mode: Mode, seed: u64) -> Purpose {
    Purpose { mode, seed, objectives: Vec::new(), input_gradients: false }
}

/// What the layer makes of x, a batch of samples of this shape.
fn output(layer: impl Layer, shape: &[usize], x: &[f32], mode: Mode, seed: u64) -> Vec<f32> {
    let model: Model = Sequential::new(shape).add(layer).into();
    let recipe = model.lower(&purpose(mode, seed)).expect("the model can be lowered");
    let rows = x.len() / shape.iter().product::<usize>();
    let mut results = execute(&recipe, rows, &[(recipe.inputs[0], x.to_vec())], Isa::best(), true, rows);
    results.swap_remove(0).1
}

fn mean(x: &[f32]) -> f64 {
    x.iter().map(|&x| f64::from(x)).sum::<f64>() / x.len() as f64
}

fn variance(x: &[f32]) -> f64 {
    let mean = mean(x);
    x.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>() / x.len() as f64
}

const N: usize = 100_000;

/// Mean and variance within five standard errors, for numbers of about normal distribution.
fn has_moments(what: &str, x: &[f32], expected_mean: f64, expected_variance: f64) {
    let (mean, variance) = (mean(x), variance(x));
    let root = (x.len() as f64).sqrt();
    assert!((mean - expected_mean).abs() < 5.0 * expected_variance.sqrt() / root, "{what}: mean {mean}");
    assert!((variance / expected_variance - 1.0).abs() < 10.0 / root, "{what}: variance {variance}");
}

#[test]
fn gradients() {
    let layers: [Arc<dyn Layer>; 8] = [
        Arc::new(Dropout::new(0.4)),
        Arc::new(Dropout::new(0.4).seed(3)),
        Arc::new(Dropout::new(0.4).noise_shape([Some(1), None])),
        Arc::new(Dropout::new(1.0)),
        Arc::new(AlphaDropout::new(0.3)),
        Arc::new(AlphaDropout::new(0.3).noise_shape([None, Some(1)])),
        Arc::new(GaussianDropout::new(0.3)),
        Arc::new(GaussianNoise::new(0.3)),
    ];
    for layer in layers {
        let name = format!("{layer:?}");
        both_laws(&name, Sequential::new([4]).add(Dense::new(6)).add(layer).add(Dense::new(2)));
    }
    let shared_steps = Dropout::new(0.4).noise_shape([None, Some(1), Some(2), None]);
    both_laws("time steps", Sequential::new([3, 2, 4]).add(Dense::new(3)).add(shared_steps));
}

#[test]
fn dropout_keeps_the_mean() {
    for rate in [0.1, 0.5, 0.9] {
        let y = output(Dropout::new(rate), &[N / 10], &vec![2.0; N], Mode::Train, 1);
        let kept = (2.0 / (1.0 - rate)) as f32;
        assert!(y.iter().all(|&y| y == 0.0 || (y - kept).abs() < 1e-5));
        has_moments("dropout", &y, 2.0, 4.0 * rate / (1.0 - rate));
    }
}

#[test]
fn alpha_dropout_keeps_mean_0_and_variance_1() {
    let x = normals("signal", N);
    for rate in [0.1, 0.5] {
        let y = output(AlphaDropout::new(rate), &[N / 10], &x, Mode::Train, 1);
        assert!(mean(&y).abs() < 5.0 / (N as f64).sqrt(), "rate {rate}: mean {}", mean(&y));
        assert!((variance(&y) - 1.0).abs() < 0.03, "rate {rate}: variance {}", variance(&y));
        // What was dropped is one number, which no other value meets.
        let mut sorted = y.clone();
        sorted.sort_by(f32::total_cmp);
        let most = sorted.chunk_by(|a, b| a == b).map(<[f32]>::len).max().unwrap();
        assert!((most as f64 / N as f64 - rate).abs() < 0.01, "rate {rate}: {most} dropped");
    }
}

#[test]
fn gaussian_noise_has_its_moments() {
    let y = output(GaussianNoise::new(0.3), &[N / 10], &vec![5.0; N], Mode::Train, 1);
    has_moments("noise", &y, 5.0, 0.09);
    let y = output(GaussianDropout::new(0.2), &[N / 10], &vec![-3.0; N], Mode::Train, 1);
    has_moments("dropout", &y, -3.0, 9.0 * 0.25);
}

#[test]
fn in_inference_nothing_happens() {
    let mut x = normals("x", 60);
    x[3] = f32::INFINITY;
    for mode in [Mode::Infer, Mode::Frozen] {
        assert_eq!(output(Dropout::new(0.5), &[3, 4], &x, mode, 1), x);
        assert_eq!(output(AlphaDropout::new(0.5), &[3, 4], &x, mode, 1), x);
        assert_eq!(output(GaussianDropout::new(0.5), &[3, 4], &x, mode, 1), x);
        assert_eq!(output(GaussianNoise::new(0.5), &[3, 4], &x, mode, 1), x);
    }
}

#[test]
fn the_ends_of_the_scale() {
    let mut x = normals("x", 60);
    assert_eq!(output(Dropout::new(0.0), &[12], &x, Mode::Train, 1), x);
    assert_eq!(output(AlphaDropout::new(0.0), &[12], &x, Mode::Train, 1), x);
    assert_eq!(output(GaussianDropout::new(0.0), &[12], &x, Mode::Train, 1), x);
    assert_eq!(output(GaussianNoise::new(0.0), &[12], &x, Mode::Train, 1), x);
    x[0] = f32::NAN;
    x[1] = f32::INFINITY;
    assert_eq!(output(Dropout::new(1.0), &[12], &x, Mode::Train, 1), [0.0; 60]);
    assert_eq!(output(AlphaDropout::new(1.0), &[12], &x, Mode::Train, 1), [0.0; 60]);
}

#[test]
fn the_same_seed_gives_the_same_bits() {
    let x = normals("x", 1000);
    let run = |seed| output(GaussianNoise::new(1.0), &[10], &x, Mode::Train, seed);
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
    let own = |seed, run| output(Dropout::new(0.5).seed(seed), &[10], &x, Mode::Train, run);
    assert_eq!(own(1, 8), own(1, 9), "a seed of its own overrides the run's");
    assert_ne!(own(1, 8), own(2, 8));
    // The first rows of a batch do not depend on how many there are.
    let few = output(Dropout::new(0.5), &[10], &x[..100], Mode::Train, 1);
    assert_eq!(few, output(Dropout::new(0.5), &[10], &x, Mode::Train, 1)[..100]);
}

#[test]
fn every_step_and_every_use_draws_anew() {
    let x = input([50]);
    let dropout = shared(Dropout::new(0.5));
    let twice = Model::new(&[&x], &[&dropout.on(&x), &dropout.on(&x)]);
    let recipe = twice.lower(&purpose(Mode::Train, 0)).unwrap();
    let at = |step| {
        let mut oracle = Oracle::new(&recipe, 1);
        oracle.set(recipe.inputs[0], &[1.0; 50]);
        oracle.forward(step);
        recipe.outputs.iter().map(|o| oracle.get(*o).to_vec()).collect::<Vec<_>>()
    };
    assert_eq!(at(5), at(5));
    assert_ne!(at(5)[0], at(6)[0]);
    assert_ne!(at(5)[0], at(5)[1], "two uses of one layer");
}

#[test]
fn other_layers_do_not_change_the_noise() {
    let x = normals("x", 100);
    let plain = output(Dropout::new(0.5), &[10], &x, Mode::Train, 1);
    let model: Model =
        Sequential::new([10]).add(Identity).add(Rescaling::new(1.0)).add(Dropout::new(0.5)).into();
    let recipe = model.lower(&purpose(Mode::Train, 1)).unwrap();
    let results = execute(&recipe, 10, &[(recipe.inputs[0], x)], Isa::best(), true, 10);
    assert_eq!(results[0].1, plain);
}

#[test]
fn a_noise_shape_shares_numbers() {
    let ones = vec![1.0; 8 * 5 * 6];
    let run = |axes: [Option<usize>; 3]| {
        let layer = Dropout::new(0.5).noise_shape(axes);
        output(layer, &[5, 6], &ones, Mode::Train, 1)
    };
    let at = |y: &[f32], b: usize, t: usize, f: usize| y[(b * 5 + t) * 6 + f];
    let places = || (0..8).flat_map(|b| (0..5).flat_map(move |t| (0..6).map(move |f| (b, t, f))));

    let y = run([None, Some(1), None]);
    assert!(places().all(|(b, t, f)| at(&y, b, t, f) == at(&y, b, 0, f)), "the same at all time steps");
    assert!(places().any(|(b, t, f)| at(&y, b, t, f) != at(&y, 0, t, f)), "but not in all samples");
    assert_eq!(y, run([Some(32), Some(1), Some(6)]), "sizes written out");

    let y = run([Some(1), None, None]);
    assert!(places().all(|(b, t, f)| at(&y, b, t, f) == at(&y, 0, t, f)), "the same in all samples");
    assert!(places().any(|(b, t, f)| at(&y, b, t, f) != at(&y, b, 0, f)));

    assert_eq!(run([None, None, None]), output(Dropout::new(0.5), &[5, 6], &ones, Mode::Train, 1));
    let y = run([Some(1), Some(1), Some(1)]);
    assert!(y.iter().all(|&v| v == y[0]));
}
