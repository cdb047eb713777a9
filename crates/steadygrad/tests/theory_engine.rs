//! What theory says about normalization, against real models run by the engine: facts of the reference, by their names.
//!
//! Every expected number stands here with the name of its fact; where the reference lies beside the repository, the two
//! are compared.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // a test that cannot go on has failed; figures are printed

use serde_json::Value as Json;
use std::path::PathBuf;
use std::sync::Arc;
use steadygrad::engine::oracle::Oracle;
use steadygrad::extend::{Activation, Layer};
use steadygrad::nn::model::{Objective, Purpose};
use steadygrad::nn::moments::Moments;
use steadygrad::nn::recipe::{Home, Recipe};
use steadygrad::nn::step::Slot;
use steadygrad::prelude::*;

/// The fact of this name, if the reference lies beside the repository.
fn fact(id: &str) -> Option<Json> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference/theory-facts.json");
    let text = std::fs::read_to_string(path).ok()?;
    let facts: Vec<Json> = serde_json::from_str(&text).expect("the facts are JSON");
    let found = facts.into_iter().find(|f| f["id"] == id);
    Some(found.unwrap_or_else(|| panic!("there is no fact {id}")))
}

/// The number stands in the reference as it stands here, to the digits that were written.
fn same_as_reference(id: &str, key: Option<&str>, here: f64) {
    let Some(fact) = fact(id) else { return };
    let expected = key.map_or(&fact["expected"], |key| &fact["expected"][key]);
    let there = expected.as_f64().unwrap_or_else(|| panic!("{id} has no number"));
    assert!((there - here).abs() <= 1e-5 * here.abs(), "{id}: {there} there, {here} here");
}

/// A measured number within its tolerance of the expected one.
fn close(id: &str, got: f64, want: f64, tolerance: f64) {
    println!("{id}: measured {got:.5}, expected {want:.5}, off by {:+.2} %", 100.0 * (got / want - 1.0));
    assert!((got / want - 1.0).abs() <= tolerance, "{id}: {got} is not {want} within {tolerance}");
}

/// Standard normal numbers.
fn normals(key: &str, n: usize) -> Vec<f32> {
    use steadygrad::extend::{Purpose, Stream};
    let stream = Stream::new(0, Purpose::Other, key);
    (0..n).map(|i| stream.normal(0, i as u64) as f32).collect()
}

/// The factor by which the mean square of the gradient grows going back through one block of the middle, at the start.
///
/// The loss is linear: mean absolute error against targets of random sign, far beyond all outputs. So the gradient that
/// comes in at the end is random, and does not depend on the network.
fn rate(blocks: Sequential, width: usize, rows: usize, seed: u64) -> f64 {
    let model = blocks.add(Dense::new(width).kernel_initializer(LecunNormal));
    let compile = Compile::new(Sgd::new(0.1), MeanAbsoluteError).seed(seed);
    let mut learner = model.compile(compile).unwrap();
    let x = Array::new([rows, width], normals("x", rows * width)).unwrap();
    let y = normals("y", rows * width).iter().map(|y| 1e6 * y.signum()).collect();
    let data = Dataset::new(x, Array::new([rows, width], y).unwrap()).unwrap();
    let chart = learner.watch_on_batch(&data).unwrap();
    let seen = chart.layers.iter().zip(&chart.samples[0].layers);
    let deltas: Vec<f64> =
        seen.filter(|(layer, _)| layer.class == "Dense").filter_map(|(_, seen)| seen.delta).collect();
    let (first, last) = (deltas.len() / 5, deltas.len() - deltas.len() / 5);
    (deltas[first] / deltas[last - 1]).powf(2.0 / (last - 1 - first) as f64)
}

/// The same, the mean over some seeds.
fn mean_rate(blocks: &Sequential, width: usize, rows: usize, seeds: u64) -> f64 {
    let logs = (0..seeds).map(|seed| rate(blocks.clone(), width, rows, seed).ln());
    (logs.sum::<f64>() / seeds as f64).exp()
}

/// Blocks of Dense, a normalization and an activation.
fn blocks(
    depth: usize,
    width: usize,
    scale: f64,
    normalization: impl Layer + Clone,
    activation: Option<Arc<dyn Layer>>,
) -> Sequential {
    (0..depth).fold(Sequential::new([width]), |model, _| {
        let weights = VarianceScaling::new(scale, FanMode::FanIn).distribution(Distribution::Uniform);
        let dense = Dense::new(width).kernel_initializer(weights).use_bias(false);
        let model = model.add(dense).add(normalization.clone());
        activation.iter().fold(model, |model, f| model.add(f.clone()))
    })
}

fn batch_norm() -> BatchNormalization {
    BatchNormalization::new().epsilon(0.0)
}

#[test]
fn bn_relu_rate() {
    const RATE: f64 = 1.466_942;
    same_as_reference("bn.relu_rate", None, RATE);
    let pi = std::f64::consts::PI;
    assert!((pi / (pi - 1.0) - RATE).abs() < 1e-6);
    close("bn.relu_rate (from the formula of ReLU)", Moments::of(&Relu).batch_norm_rate(), RATE, 1e-6);
    for scale in [2.0, 0.02, 200.0] {
        let blocks = blocks(16, 400, scale, batch_norm(), Some(Arc::new(Relu)));
        close(
            &format!("bn.relu_rate (weights of variance {scale}/n)"),
            rate(blocks, 400, 400, 1),
            RATE,
            0.03,
        );
    }
}

#[test]
fn bn_rate_of_other_activations() {
    let check = |id: &str, f: &dyn Activation, layer: Arc<dyn Layer>, want: f64| {
        same_as_reference(id, None, want);
        close(&format!("{id} (from the formula)"), Moments::of(f).batch_norm_rate(), want, 1e-6);
        let blocks = blocks(20, 400, 1.0, batch_norm(), Some(layer));
        close(id, rate(blocks, 400, 400, 1), want, 0.04);
    };
    check("bn.rate.tanh", &Tanh, Arc::new(Tanh), 1.177_807_232_304_18);
    check("bn.rate.leaky_relu(0.2)", &LeakyRelu, Arc::new(LeakyRelu), 1.243_600_133_511_503_7);
    check("bn.rate.gelu", &Gelu, Arc::new(Gelu), 1.318_844_970_865_622);
}

#[test]
fn bn_linear_batch() {
    for (rows, want) in [(8, 1.2), (16, 1.076_923_076_923_076_9)] {
        same_as_reference("bn.linear_batch", Some(&rows.to_string()), want);
        assert!(((rows as f64 - 2.0) / (rows as f64 - 3.0) - want).abs() < 1e-12);
        let blocks = blocks(25, 400, 1.0, batch_norm(), None);
        close(&format!("bn.linear_batch {rows}"), mean_rate(&blocks, 400, rows, 3), want, 0.05);
    }
}

#[test]
fn bn_trainable_depth() {
    const DEPTH: f64 = 41.8;
    same_as_reference("bn.trainable_depth", Some("16xi"), DEPTH);
    let xi = 1.0 / Moments::of(&Relu).batch_norm_rate().ln();
    close("bn.trainable_depth", 16.0 * xi, DEPTH, 0.01);
}

#[test]
fn ln_relu() {
    const RATE: f64 = 1.0;
    same_as_reference("ln.relu", None, RATE);
    close("ln.relu (from the formula)", Moments::of(&Relu).layer_norm_rate(), RATE, 1e-9);
    let blocks = blocks(20, 400, 2.0, LayerNormalization::new().epsilon(0.0), Some(Arc::new(Relu)));
    close("ln.relu", mean_rate(&blocks, 400, 30, 10), RATE, 0.04);
}

/// A batch normalization alone, with a loss that has no symmetries, fed and run in double precision.
fn normalized(recipe: &Recipe, rows: usize, moved: Option<(Slot, usize, f64)>) -> Oracle<'_> {
    let mut oracle = Oracle::new(recipe, rows);
    for (i, info) in recipe.slots.iter().enumerate() {
        let slot = Slot(i as u32);
        if matches!(info.home, Home::Parameter | Home::State | Home::Feed) {
            let numbers = normals(&format!("bn {i}"), info.extent.at(rows));
            let weights = recipe.sample_weights.contains(&slot);
            let values = numbers.iter().map(|&x| if weights { 1.0 } else { f64::from(x) + 0.3 });
            oracle.set(slot, &values.collect::<Vec<_>>());
        }
    }
    if let Some((slot, i, by)) = moved {
        *oracle.number(slot, i) += by;
    }
    oracle.forward(0);
    oracle
}

#[test]
fn bn_backward() {
    const WORST: f64 = 1e-6;
    same_as_reference("bn.backward", None, 0.0);
    let (rows, units, epsilon) = (7, 4, 1e-3);
    let model: Model = Sequential::new([units]).add(BatchNormalization::new().epsilon(epsilon)).into();
    let loss = Objective { output: 0, loss: Arc::new(MeanSquaredError), weight: 1.0 };
    let purpose = Purpose { input_gradients: true, ..Purpose::training(0, vec![loss]) };
    let recipe = model.lower(&purpose).unwrap();
    let mut oracle = normalized(&recipe, rows, None);
    oracle.backward(0);

    // The gradients are the slopes of the loss.
    let (x, dx) = (recipe.inputs[0], recipe.input_gradients[0].unwrap());
    let parameters = recipe.parameters.iter().map(|p| (p.value, p.gradient.unwrap()));
    let mut worst = 0.0_f64;
    for (value, gradient) in parameters.chain([(x, dx)]) {
        for (i, slope) in oracle.get(gradient).iter().enumerate() {
            let at = |by| normalized(&recipe, rows, Some((value, i, by))).total_loss();
            let h = 1e-5;
            worst = worst.max(((at(h) - at(-h)) / (2.0 * h) - slope).abs());
        }
    }
    println!("bn.backward: gradients and difference quotients differ by {worst:.1e} at most");
    assert!(worst < WORST, "{worst}");

    // And they are what the formula says.
    let gamma = oracle.get(recipe.parameters[0].value);
    let dy_slot = recipe.traces.iter().find(|t| t.class == "BatchNormalization").unwrap().deltas[0].unwrap();
    let (x, dy, m) = (oracle.get(x), oracle.get(dy_slot), rows as f64);
    for c in 0..units {
        let column = |values: &[f64]| (0..rows).map(|r| values[r * units + c]).collect::<Vec<f64>>();
        let (x, dy, dx) = (column(x), column(dy), column(oracle.get(dx)));
        let mean = x.iter().sum::<f64>() / m;
        let root = (x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / m + epsilon).sqrt();
        let hat: Vec<f64> = x.iter().map(|x| (x - mean) / root).collect();
        let sum: f64 = dy.iter().sum();
        let sum_hat: f64 = dy.iter().zip(&hat).map(|(dy, hat)| dy * hat).sum();
        let gradient = |i: usize| oracle.get(recipe.parameters[i].gradient.unwrap())[c];
        assert!((gradient(0) - sum_hat).abs() < WORST && (gradient(1) - sum).abs() < WORST);
        for r in 0..rows {
            let want = gamma[c] / (m * root) * (m * dy[r] - sum - hat[r] * sum_hat);
            assert!((dx[r] - want).abs() < WORST, "{} {want}", dx[r]);
        }
    }
}
