//! A network of 20 hidden layers, batch-normalized, on the digits: the library's main job in one page.
#![allow(clippy::print_stdout)] // an example shows something

use steadygrad::chart::Table;
use steadygrad::prelude::*;

fn main() -> Result<()> {
    let (mut train, mut valid) = digits::all()?.shuffled(1).split(0.8)?;
    let scaler = Scaler::fit(Scale::Unit, &train)?;
    scaler.apply(&mut train)?;
    scaler.apply(&mut valid)?;

    let mut model = Sequential::new([8, 8]).add(Flatten);
    for _ in 0..20 {
        model = model
            .add(Dense::new(100).kernel_initializer(HeNormal).use_bias(false))
            .add(BatchNormalization::new())
            .add(Elu);
    }
    let model = model.add(Dense::new(10).activation(Softmax));

    let compile = Compile::new(Adam::new(0.001), SparseCategoricalCrossentropy).accuracy().seed(42);
    let mut learner = model.compile(compile)?;
    learner.watch(WatchSchedule::Default);
    let history = learner.fit(&train, Fit::epochs(10).validation(&valid))?;
    println!("{history}");
    if let Some(chart) = learner.chart() {
        println!("{}", Table(chart));
    }
    Ok(())
}
