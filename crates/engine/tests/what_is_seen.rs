//! What a watched step says of gradients and updates is true of the weights before and after it.
// A test that fails may panic, its helpers too.
#![allow(clippy::unwrap_used)]

use steadygrad_chart::Schedule;
use steadygrad_data::{Array, Dataset};
use steadygrad_engine::{Compile, Fit, Trainable};
use steadygrad_kernels::random::{Purpose, Stream};
use steadygrad_nn::activations::{Softmax, Tanh};
use steadygrad_nn::layers::{BatchNormalization, Dense};
use steadygrad_nn::losses::SparseCategoricalCrossentropy;
use steadygrad_nn::optimizers::Sgd;
use steadygrad_nn::regularizers::L2;
use steadygrad_nn::{Model, Sequential};

fn data(n: usize, features: usize) -> Dataset {
    let stream = Stream::new(5, Purpose::Other, "training data");
    let x = (0..n * features).map(|i| stream.normal(0, i as u64) as f32).collect();
    let y = (0..n).map(|i| stream.below(1, i as u64, 4) as f32).collect();
    Dataset::new(Array::new([n, features], x).unwrap(), Array::new([n], y).unwrap()).unwrap()
}

fn norm(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|v| v * v).sum::<f64>().sqrt()
}

#[test]
fn gradients_and_updates_are_those_of_the_weights() {
    const RATE: f64 = 0.5;
    let data = data(48, 20);
    // Kernels that are looked at as a whole and in part; one whose gradient is a sum of two.
    let model: Model = Sequential::new([20])
        .add(Dense::new(300).activation(Tanh))
        .add(Dense::new(310).kernel_regularizer(L2::new(0.01)).use_bias(false))
        .add(BatchNormalization::new())
        .add(Tanh)
        .add(Dense::new(4).activation(Softmax))
        .into();
    let mut learner = model.compile(Compile::new(Sgd::new(RATE), SparseCategoricalCrossentropy)).unwrap();
    learner.watch(Schedule::Always);
    let before = learner.weights();
    learner.fit(&data, Fit::epochs(1).batch_size(48)).unwrap();
    let after = learner.weights();
    let chart = learner.chart().unwrap();
    let (mut checked, mut squares) = (0, 0.0);
    for (layer, seen) in chart.layers.iter().zip(&chart.samples[0].layers) {
        assert_eq!(
            (layer.parameters.len(), layer.parameters.len()),
            (seen.gradients.len(), seen.updates.len())
        );
        for ((path, gradient), update) in layer.parameters.iter().zip(&seen.gradients).zip(&seen.updates) {
            let of = |weights: &[(String, Array)]| {
                weights.iter().find(|(name, _)| name == path).unwrap().1.data().to_vec()
            };
            let (before, after) = (of(&before), of(&after));
            let apart = || before.iter().zip(&after).map(|(b, a)| f64::from(*a) - f64::from(*b));
            let change = norm(apart());
            let size = norm(before.iter().map(|w| f64::from(*w)));
            // Plain descent: the gradient is what the weights moved by, over the rate; they are rounded, it is not.
            let expected = change / RATE / (before.len() as f64).sqrt();
            assert!((gradient / expected - 1.0).abs() < 1e-3, "{path}: {gradient} {expected}");
            squares += gradient * gradient * before.len() as f64;
            if size == 0.0 {
                // A bias that begins at 0.
                assert_eq!(*update, f64::INFINITY, "{path}");
            } else {
                let within = if before.len() > 2000 { 0.1 } else { 1e-4 };
                assert!(
                    (update / (change / size) - 1.0).abs() < within,
                    "{path}: {update} {}",
                    change / size
                );
            }
            checked += 1;
        }
    }
    assert_eq!(checked, 7);
    let norm = chart.samples[0].gradient_norm.unwrap();
    assert!((norm / squares.sqrt() - 1.0).abs() < 1e-9, "{norm}");
}
