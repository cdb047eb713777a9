//! The doctor in code: a network that does not learn is examined, cured by what is prescribed, and the cure is tried.
#![allow(clippy::print_stdout)] // an example shows something

use steadygrad::prelude::*;

fn main() -> Result<()> {
    let (train, test) = digits::load()?;
    let mut model = Sequential::new([8, 8]).add(Rescaling::new(1.0 / 16.0)).add(Flatten);
    for _ in 0..12 {
        model = model.add(Dense::new(32).activation(Sigmoid));
    }
    let model = model.add(Dense::new(10).activation(Softmax));
    let compile = Compile::new(Adam::new(0.001), SparseCategoricalCrossentropy).accuracy().seed(42);

    // All that is trained, as plain data.
    let sick = Experiment::new(model, compile, Fit::epochs(15)).data(&train).validation(&test);
    let diagnosis = examine(&sick)?;
    println!("{diagnosis}");

    // What is prescribed is an edit of that data.
    let cured = sick.edited(&diagnosis.prescription()?.edits)?;
    println!("{}", Trial::new(&sick, &cured).seeds(3).run()?);

    // And the network is yours again, with its data and settings.
    let prepared = cured.prepare(1)?;
    let mut learner = prepared.learner()?;
    println!("{}", learner.fit(&prepared.data.train, Fit::with(prepared.fit).validation(&test))?);
    Ok(())
}
