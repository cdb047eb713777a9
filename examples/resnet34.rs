//! Thirty-four layers of convolutions, three times: plain, plain with batch normalization, and residual (He et al. 2016).
//!
//! Plain, and with Glorot's initialization, the gradient vanishes. Batch normalization brings it back, and lets it grow by a factor
//! of √(π/(π − 1)) = 1.21 at every rectified layer on its way to the first (Yang et al. 2019). Ways around the layers keep it.
#![allow(clippy::print_stdout)] // an example shows something

use steadygrad::nn::functional::Value;
use steadygrad::prelude::*;

/// Blocks of two convolutions in each stage, and their filters: with the first convolution and the last layer they are 34.
const STAGES: [(usize, usize); 4] = [(3, 16), (4, 32), (6, 64), (3, 128)];

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Plain,
    Normalized,
    Residual,
}

/// A convolution, with its normalization where the network has them.
fn conv(x: &Value, filters: usize, size: usize, stride: usize, kind: Kind) -> Value {
    let conv = Conv2D::new(filters, size).strides(stride).padding(Padding::Same);
    match kind {
        Kind::Plain => x.then(conv),
        _ => x.then(conv.use_bias(false)).then(BatchNormalization::new().momentum(0.9)),
    }
}

fn network(kind: Kind) -> Model {
    let image = input([8, 8]);
    let scaled = image.then(Rescaling::new(1.0 / 8.0).offset(-1.0)).then(Reshape::new([8, 8, 1]));
    let mut x = conv(&scaled, STAGES[0].1, 3, 1, kind).then(Relu);
    for (stage, (blocks, filters)) in STAGES.into_iter().enumerate() {
        for block in 0..blocks {
            let stride = if stage > 0 && block == 0 { 2 } else { 1 };
            let inner = conv(&x, filters, 3, stride, kind).then(Relu);
            let inner = conv(&inner, filters, 3, 1, kind);
            let sum = match kind {
                Kind::Residual if stride > 1 => add([&conv(&x, filters, 1, stride, kind), &inner]),
                Kind::Residual => add([&x, &inner]),
                _ => inner,
            };
            x = sum.then(Relu);
        }
    }
    Model::of(&x.then(GlobalAveragePooling2D::new()).then(Dense::new(10).activation(Softmax)))
}

fn main() -> Result<()> {
    let (train, valid) = digits::all()?.shuffled(1).split(0.8)?;
    for (name, kind) in [
        ("plain, Glorot", Kind::Plain),
        ("plain, batch normalization", Kind::Normalized),
        ("residual, batch normalization", Kind::Residual),
    ] {
        let model = network(kind);
        let forecast = steadygrad::doctor::Forecast::of(&model, &[])?;
        println!("== {name}");
        println!(
            "   theory: {}, {:+.1} dB from the last weights to the first",
            forecast.outlook(),
            forecast.decibels().unwrap_or(f64::NAN)
        );
        let compile =
            Compile::new(Sgd::new(0.05).momentum(0.9), SparseCategoricalCrossentropy).accuracy().seed(1);
        let experiment = Experiment::new(model, compile, Fit::epochs(4)).data(&train).validation(&valid);
        let doctor = Doctor { epochs: 4, draws: 3, ..Doctor::default() };
        println!("{}", doctor.examine(&experiment)?);
    }
    Ok(())
}
