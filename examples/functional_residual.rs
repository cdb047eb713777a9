//! Residual connections with the functional API: 40 layers that learn, beside the same 40 layers that do not.
#![allow(clippy::print_stdout)] // an example shows something

use steadygrad::prelude::*;

/// Blocks of two layers; with a residual connection, a block adds what it makes to what it was given.
fn network(blocks: usize, residual: bool) -> Model {
    let image = input([8, 8]);
    let mut x = image.then(Flatten).then(Dense::new(64).activation(Relu));
    for _ in 0..blocks {
        let inner = x.then(Dense::new(64).activation(Relu)).then(Dense::new(64));
        let sum = if residual { add([&x, &inner]) } else { inner };
        x = sum.then(Relu);
    }
    Model::of(&x.then(Dense::new(10).activation(Softmax)))
}

fn main() -> Result<()> {
    let (mut train, mut valid) = digits::all()?.shuffled(1).split(0.8)?;
    let scaler = Scaler::fit(Scale::Unit, &train)?;
    scaler.apply(&mut train)?;
    scaler.apply(&mut valid)?;

    for residual in [false, true] {
        let compile = Compile::new(Sgd::new(0.01), SparseCategoricalCrossentropy).accuracy().seed(42);
        let mut learner = network(20, residual).compile(compile)?;
        // The gradient before training: what arrives at the first hidden layer, and what the last one gets.
        let chart = learner.watch_on_batch(&train)?;
        let dense = chart.layers.iter().zip(&chart.samples[0].layers).filter(|(l, _)| l.class == "Dense");
        let deltas: Vec<f64> = dense.filter_map(|(_, seen)| seen.delta).collect();
        let history = learner.fit(&train, Fit::epochs(5).validation(&valid))?;
        println!(
            "{}: gradient {:.1e} at the first layer, {:.1e} at the last hidden one; validation accuracy {:.1} %",
            if residual { "with residual connections" } else { "plain" },
            deltas[0],
            deltas[deltas.len() - 2],
            100.0 * history.last("val_accuracy").unwrap_or(f64::NAN),
        );
    }
    Ok(())
}
