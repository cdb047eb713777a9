//! How long a training takes whose gradients are so small that their squares are denormal: as long as any other.
//!
//! `cargo test --release -p steadygrad-engine --test denormals -- --ignored --nocapture` prints the figures.

use std::time::Instant;
use steadygrad_data::{Array, Dataset};
use steadygrad_engine::{Compile, Fit, Trainable};
use steadygrad_nn::Sequential;
use steadygrad_nn::layers::Dense;
use steadygrad_nn::losses::MeanSquaredError;
use steadygrad_nn::optimizers::Adam;

#[test]
#[ignore = "measures, and asserts nothing"]
fn gradients_of_any_size_take_the_same_time() {
    for size in [1.0, 1e-19] {
        let n = 512;
        let x = (0..n * 64).map(|i| size * ((i % 19) as f32 / 9.0 - 1.0)).collect();
        let data = Dataset::new(
            Array::new([n, 64], x).expect("it fits"),
            Array::new([n, 256], vec![0.5; n * 256]).expect("it fits"),
        );
        let data = data.expect("it fits");
        let model = Sequential::new([64]).add(Dense::new(256)).add(Dense::new(1024)).add(Dense::new(256));
        let compile = Compile::new(Adam::new(1e-6), MeanSquaredError);
        let mut learner = model.compile(compile).expect("it can be compiled");
        learner.fit(&data, Fit::epochs(1).batch_size(8)).expect("it trains");
        let mut best = f64::INFINITY;
        for _ in 0..5 {
            let start = Instant::now();
            learner.fit(&data, Fit::epochs(1).batch_size(8)).expect("it trains");
            best = best.min(start.elapsed().as_secs_f64());
        }
        println!("inputs of size {size:e}: {:.3} ms a step", best * 1e3 / (n / 8) as f64);
    }
}
