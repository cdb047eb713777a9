//! What papers saw on data that is not here, seen on 10,000 digits: orderings, not numbers.

use crate::facts::fact;
use std::path::Path;
use steadygrad::data::sets::mnist;
use steadygrad::nn::initializers::Initializer;
use steadygrad::prelude::*;

/// 8,000 digits to train with and 2,000 to test with, scaled to 0 … 1; none where they are not beside this repository.
fn mnist_digits() -> Option<(Dataset, Dataset)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/mnist-t10k");
    let Ok((digits, _)) = mnist::load(folder) else {
        println!("skipped: the digits are not beside this repository");
        return None;
    };
    Some(digits.split(0.8).unwrap())
}

fn body() -> Sequential {
    Sequential::new([28, 28]).add(Flatten).add(Rescaling::new(1.0 / 255.0))
}

/// Accuracy on the test digits after each epoch, and the last loss.
fn trained(model: Sequential, rate: f64, batch: usize, epochs: usize) -> Option<(Vec<f64>, f64)> {
    let (train, test) = mnist_digits()?;
    let model = model.add(Dense::new(10).activation(Softmax));
    let compile =
        Compile::new(Sgd::new(rate).momentum(0.9), SparseCategoricalCrossentropy).accuracy().seed(1);
    let mut learner = model.compile(compile).unwrap();
    let history = learner.fit(&train, Fit::epochs(epochs).batch_size(batch).validation(&test)).unwrap();
    Some((history.get("val_accuracy").unwrap().to_vec(), history.last("loss").unwrap()))
}

#[test]
fn batch_normalization_learns_faster() {
    assert_eq!(fact("e2e.bn.mnist"), "BN acc > plain at step 5000 and at the end");
    // Three layers of 100 sigmoids with small normal weights, batches of 60, as Ioffe and Szegedy.
    let net = |normalized: bool| {
        (0..3).fold(body(), |net, _| {
            let net = net.add(Dense::new(100).kernel_initializer(RandomNormal.stddev(0.1)));
            let net = if normalized { net.add(BatchNormalization::new()) } else { net };
            net.add(Sigmoid)
        })
    };
    let Some((plain, _)) = trained(net(false), 0.01, 60, 6) else { return };
    let (normalized, _) = trained(net(true), 0.01, 60, 6).unwrap();
    println!("plain {plain:.3?}, batch-normalized {normalized:.3?}");
    assert!(plain.iter().zip(&normalized).all(|(p, n)| p < n), "{plain:?} {normalized:?}");
}

#[test]
fn thirty_layers_converge_with_he_and_stall_with_glorot() {
    assert_eq!(fact("e2e.he.22_30"), "Xavier loss stays ln K; He decreases");
    fn net(initializer: impl Initializer + Clone) -> Sequential {
        let dense = |_| Dense::new(100).kernel_initializer(initializer.clone()).activation(Relu);
        (0..29).map(dense).fold(body(), Sequential::add)
    }
    let Some((_, glorot)) = trained(net(GlorotUniform), 0.01, 64, 3) else { return };
    let (accuracy, he) = trained(net(HeNormal), 0.01, 64, 3).unwrap();
    println!("loss with Glorot {glorot:.3}, with He {he:.3}; accuracy with He {accuracy:.3?}");
    assert!((glorot - 10.0_f64.ln()).abs() < 0.02, "{glorot}");
    assert!(he < 1.6, "{he}");
}
