//! Leaky ReLU as a layer of its own: `LeakyReLU(0.2)` behind a linear `Dense`.
#![allow(clippy::print_stdout)] // an example shows something

use steadygrad::prelude::*;

fn main() -> Result<()> {
    let (mut train, mut test) = digits::load()?;
    let scaler = Scaler::fit(Scale::Unit, &train)?;
    scaler.apply(&mut train)?;
    scaler.apply(&mut test)?;

    let model = Sequential::new([8, 8])
        .add(Flatten)
        .add(Dense::new(32))
        .add(LeakyRelu.negative_slope(0.2))
        .add(Dense::new(10).activation(Softmax));
    println!("{}", model.summary()?);

    let compile = Compile::new(Adam::new(0.001), SparseCategoricalCrossentropy).accuracy().seed(42);
    let mut learner = model.compile(compile)?;
    println!("{}", learner.fit(&train, Fit::epochs(20))?);
    println!("test: {}", learner.evaluate(&test)?);
    Ok(())
}
