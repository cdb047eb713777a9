//! A small convolutional network in the manner of LeNet (LeCun et al. 1998) on 10,000 real digits: 8,000 to learn, 2,000 to judge.
//!
//! ```text
//! cargo run --release -p steadygrad --example lenet [-- FOLDER]
//! ```
//!
//! FOLDER holds the IDX files of MNIST (`steadygrad fetch mnist` downloads them). Without it they are looked for among the data beside
//! the checkout, and where they are not there, the small digits that are built in are used.
#![allow(clippy::print_stdout)] // an example shows something

use steadygrad::data::sets::{self, Options};
use steadygrad::prelude::*;

fn load() -> Result<(Dataset, Dataset)> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/mnist-t10k");
    let folder = std::env::args().nth(1).unwrap_or_else(|| beside.into());
    let path = std::path::PathBuf::from(folder);
    if !path.is_dir() {
        println!("no {}: the digits that are built in", path.display());
        return digits::all()?.with_channels(1)?.shuffled(1).split(0.8);
    }
    let options = Options { path: Some(path), channels: Some(1), whole: true, ..Options::default() };
    sets::find("mnist")?.load(&options)?.split(0.8)
}

fn main() -> Result<()> {
    let (mut train, mut valid) = load()?;
    let scaler = Scaler::fit(Scale::Unit, &train)?;
    scaler.apply(&mut train)?;
    scaler.apply(&mut valid)?;
    println!("{train}, and {} more to validate", valid.len());

    let shape = train.x[0].row_shape().to_vec();
    let conv = |filters, size| {
        Conv2D::new(filters, size).padding(Padding::Same).kernel_initializer(HeNormal).activation(Relu)
    };
    let model = Sequential::new(shape)
        .add(conv(16, 5))
        .add(MaxPooling2D::new(2))
        .add(conv(32, 5))
        .add(MaxPooling2D::new(2))
        .add(Flatten)
        .add(Dense::new(120).kernel_initializer(HeNormal).activation(Relu))
        .add(Dropout::new(0.3))
        .add(Dense::new(10).activation(Softmax));
    let compile =
        Compile::new(Adam::new(0.001), SparseCategoricalCrossentropy).accuracy().seed(42).threads(2);
    let mut learner = model.compile(compile)?;
    println!("{}", learner.summary());
    let history = learner.fit(&train, Fit::epochs(10).batch_size(64).validation(&valid))?;
    println!("{history}");
    println!(
        "best validation accuracy: {:.4}",
        history.get("val_accuracy").into_iter().flatten().fold(0.0, |a: f64, b| a.max(*b))
    );
    Ok(())
}
