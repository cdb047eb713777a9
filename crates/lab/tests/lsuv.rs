//! LSUV: after it every layer's weighted sums have a deviation from 0.9 to 1.1, whatever they were before.
#![allow(clippy::unwrap_used)] // a test that cannot go on has failed

use std::sync::Arc;
use steadygrad_data::{Array, Dataset, digits};
use steadygrad_engine::{Compile, Learner, Trainable};
use steadygrad_lab::lsuv::rescale;
use steadygrad_nn::activations::{Elu, Gelu, Relu, Sigmoid, Tanh};
use steadygrad_nn::functional::{add, input, shared};
use steadygrad_nn::initializers::{Initializer, Orthogonal, RandomNormal, Zeros};
use steadygrad_nn::layers::{BatchNormalization, Dense, Flatten, Layer};
use steadygrad_nn::losses::SparseCategoricalCrossentropy;
use steadygrad_nn::optimizers::Sgd;
use steadygrad_nn::{Model, Sequential};

fn learner(model: impl Trainable) -> Learner {
    model.compile(Compile::new(Sgd::new(0.1), SparseCategoricalCrossentropy.from_logits())).unwrap()
}

fn look() -> Dataset {
    digits::all().unwrap().take(0..256)
}

fn deviations(learner: &mut Learner) -> Vec<f64> {
    let chart = learner.watch_on_batch(&look()).unwrap();
    let linear = (0..chart.layers.len()).filter(|&i| chart.layers[i].role == "linear");
    linear.map(|i| chart.samples[0].layers[i].signal.unwrap().deviation).collect()
}

fn deep(f: Arc<dyn Layer>, depth: usize, initializer: impl Initializer + Clone) -> Sequential {
    let body = (0..depth).fold(Sequential::new([8, 8]).add(Flatten), |net, _| {
        net.add(Dense::new(64).kernel_initializer(initializer.clone())).add(f.clone())
    });
    body.add(Dense::new(10).kernel_initializer(initializer))
}

#[test]
fn every_layer_ends_at_deviation_1() {
    let fact = std::fs::read_to_string(
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference/theory-facts.json"),
    );
    if let Ok(text) = fact {
        let facts: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
        assert_eq!(facts.iter().find(|f| f["id"] == "lsuv").unwrap()["expected"], "[0.9,1.1]");
    }
    let activations: [Arc<dyn Layer>; 5] =
        [Arc::new(Relu), Arc::new(Tanh), Arc::new(Sigmoid), Arc::new(Elu), Arc::new(Gelu)];
    for f in activations {
        let mut net = learner(deep(f.clone(), 20, Orthogonal));
        let layers = rescale(&mut net, &look(), 0.1, 10).unwrap();
        assert_eq!(layers.len(), 21);
        assert!(layers.iter().all(|l| l.reached && l.tries <= 10), "{f:?}: {layers:#?}");
        assert!(deviations(&mut net).iter().all(|d| (0.9..=1.1).contains(d)), "{f:?}");
    }
    // Weights that are far off, in a network with residual blocks and normalization.
    let mut x = input([8, 8]).then(Flatten).then(Dense::new(64).kernel_initializer(RandomNormal.stddev(5.0)));
    for _ in 0..6 {
        let branch = x.then(BatchNormalization::new()).then(Relu);
        x = add([&x, &branch.then(Dense::new(64).kernel_initializer(RandomNormal.stddev(1e-4)))]);
    }
    let mut net = learner(Model::of(&x.then(Dense::new(10))));
    assert!(rescale(&mut net, &look(), 0.1, 10).unwrap().iter().all(|l| l.reached));
    assert!(deviations(&mut net).iter().all(|d| (0.9..=1.1).contains(d)));
}

#[test]
fn what_cannot_be_scaled_is_left_and_said() {
    // Zeros stay zeros, and what stands behind them gets nothing that varies.
    let mut net = learner(deep(Arc::new(Tanh), 3, Zeros));
    let before = net.weights();
    let layers = rescale(&mut net, &look(), 0.1, 10).unwrap();
    assert!(layers.iter().all(|l| !l.reached && l.factor == 1.0 && l.tries == 0), "{layers:?}");
    assert!(before.iter().zip(net.weights()).all(|(a, b)| a.1.data() == b.1.data()));
    // The same for data that does not vary.
    let x = Array::new([4, 8, 8], vec![1.0; 4 * 64]).unwrap();
    let same = Dataset::new(x, Array::new([4], vec![0.0; 4]).unwrap()).unwrap();
    let mut net = learner(deep(Arc::new(Relu), 3, Orthogonal));
    let layers = rescale(&mut net, &same, 0.1, 10).unwrap();
    assert!(layers.iter().all(|l| !l.reached && l.factor.is_finite()), "{layers:?}");
    assert!(rescale(&mut net, &same, 0.0, 10).is_err() && rescale(&mut net, &same, f64::NAN, 10).is_err());
}

#[test]
fn one_kernel_at_two_places_is_scaled_once() {
    let tower = shared(Dense::new(64).kernel_initializer(RandomNormal.stddev(0.7)));
    let h = tower.on(&tower.on(&input([8, 8]).then(Flatten)).then(Tanh));
    let mut net = learner(Model::of(&h.then(Dense::new(10))));
    let layers = rescale(&mut net, &look(), 0.1, 10).unwrap();
    assert!(layers[0].reached && layers[1].factor == 1.0 && layers[2].reached, "{layers:?}");
    assert!((deviations(&mut net)[0] - 1.0).abs() <= 0.1);
}

#[test]
fn a_second_time_changes_nothing() {
    let mut net = learner(deep(Arc::new(Relu), 4, Orthogonal));
    rescale(&mut net, &look(), 0.1, 10).unwrap();
    let before = net.weights();
    let again = rescale(&mut net, &look(), 0.1, 10).unwrap();
    assert!(again.iter().all(|l| l.factor == 1.0));
    assert!(before.iter().zip(net.weights()).all(|(a, b)| a.1.data() == b.1.data()));
}
