//! A network of 20 hidden layers, batch-normalized, on the digits: the library's main job in one page.

use steadygrad::prelude::*;

fn main() -> Result<()> {
    let data = digits::all()?;
    let scaler = Scaler::fit(Scale::Unit, &data)?;
    let mut data = data;
    scaler.apply(&mut data)?;
    let (train, valid) = data.split(0.8)?;

    let mut model = Sequential::new([8, 8]).add(Flatten);
    for _ in 0..20 {
        model = model
            .add(Dense::new(100).kernel_initializer(HeNormal).use_bias(false))
            .add(BatchNormalization::new())
            .add(Elu);
    }
    let model = model.add(Dense::new(10).activation(Softmax));

    let compile = Compile::new(Adam::new(0.001), SparseCategoricalCrossentropy).seed(42);
    let mut learner = model.compile(compile)?;
    learner.watch(WatchSchedule::Default);
    let history = learner.fit(&train, Fit::epochs(20).validation(&valid))?;
    println!("{history}");
    for (name, values) in history.iter() {
        println!("{name:>14} {values:.4?}");
    }
    if let Some(chart) = learner.chart() {
        println!("{}", steadygrad::chart::Table(chart));
    }
    Ok(())
}
