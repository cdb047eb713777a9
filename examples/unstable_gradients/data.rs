//! The digits: those of MNIST where they are beside the repository, else the built-in ones.

use steadygrad::data::{Factors, sets::mnist};
use steadygrad::prelude::*;

const BESIDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/mnist-t10k");

/// Four fifths to train with, and one to validate.
pub fn load(quick: bool) -> Result<(Dataset, Dataset)> {
    let mut all = if std::path::Path::new(BESIDE).is_dir() { mnist::load(BESIDE)?.0 } else { digits::all()? };
    if quick {
        all = all.shuffled(0).take(0..1_000);
    }
    standardize(&mut all)?;
    all.shuffled(1).split(0.8)
}

/// All pixels to mean 0 and variance 1, with the same two numbers for all: the theory counts on an input of size 1, and
/// pixels that are hardly ever lit must not become huge.
fn standardize(data: &mut Dataset) -> Result<()> {
    let pixels = data.x[0].data();
    let mean_of =
        |f: &dyn Fn(f64) -> f64| pixels.iter().map(|&p| f(f64::from(p))).sum::<f64>() / pixels.len() as f64;
    let mean = mean_of(&|p| p);
    let deviation = mean_of(&|p| (p - mean).powi(2)).sqrt();
    let factors = Factors { shifts: vec![mean], divisors: vec![deviation] };
    Scaler::new(Scale::Standard, vec![factors])?.apply(data)
}
