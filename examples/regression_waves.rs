//! A regression: a curve of two sines is fitted, and the training ends by itself when it no longer gets better.
#![allow(clippy::print_stdout)] // an example shows something

use std::f64::consts::PI;
use steadygrad::data::{Options, sets::waves};
use steadygrad::prelude::*;

fn main() -> Result<()> {
    let data = waves::load(&Options { samples: Some(2_000), seed: 1, ..Options::default() })?;
    let (train, valid) = data.split(0.8)?;

    let mut model = Sequential::new([1]);
    for _ in 0..3 {
        model = model.add(Dense::new(64).activation(Gelu).kernel_initializer(HeNormal));
    }
    let model = model.add(Dense::new(1));
    let compile =
        Compile::new(Adam::new(0.003), MeanSquaredError).named_metric("mean_absolute_error").seed(42);
    let mut learner = model.compile(compile)?;
    let mut stop = EarlyStopping::new().monitor("val_loss").patience(30).restore_best_weights(true);
    let history = learner.fit(&train, Fit::epochs(300).validation(&valid).callback(&mut stop))?;
    println!("{history}");
    println!(
        "the best epoch was {}, whose weights are kept: {}",
        stop.best_epoch() + 1,
        learner.evaluate(&valid)?
    );

    println!("\n     x    curve  network");
    let x: Vec<f32> = (0..10).map(|i| -0.9 + 0.2 * i as f32).collect();
    let predicted = learner.predict(&Array::new([x.len(), 1], x.clone())?)?;
    for (x, network) in x.iter().zip(predicted.data()) {
        let at = f64::from(*x);
        let curve = (2.0 * PI * at).sin() + 0.5 * (6.0 * PI * at).sin();
        println!("{x:6.2} {curve:8.3} {network:8.3}");
    }
    Ok(())
}
