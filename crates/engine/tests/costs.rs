//! What a step of training costs: with gradients whose squares are denormal numbers, watched, and with each way to meet numbers that are not finite.
//!
//! `cargo test --release -p steadygrad-engine --test costs -- --ignored --nocapture` prints the figures.

// What was measured is for whoever runs it.
#![allow(clippy::print_stdout)]

use std::time::Instant;
use steadygrad_chart::Schedule;
use steadygrad_data::{Array, Dataset};
use steadygrad_engine::{Compile, Fit, FitSettings, Learner, OnNonFinite, Trainable};
use steadygrad_kernels::Result;
use steadygrad_nn::Sequential;
use steadygrad_nn::layers::Dense;
use steadygrad_nn::losses::MeanSquaredError;
use steadygrad_nn::optimizers::Adam;

/// Prints the milliseconds of a step, for samples of this size: the best of several epochs.
fn measure(
    name: &str,
    size: f32,
    batch_size: usize,
    how: Option<OnNonFinite>,
    prepare: impl Fn(&mut Learner),
) -> Result<()> {
    let n = 64 * batch_size;
    let x = (0..n * 64).map(|i| size * ((i % 19) as f32 / 9.0 - 1.0)).collect();
    let data = Dataset::new(Array::new([n, 64], x)?, Array::new([n, 256], vec![0.5; n * 256])?)?;
    let model = Sequential::new([64]).add(Dense::new(256)).add(Dense::new(1024)).add(Dense::new(256));
    let mut learner = model.compile(Compile::new(Adam::new(1e-6), MeanSquaredError))?;
    prepare(&mut learner);
    let mut best = f64::INFINITY;
    for _ in 0..8 {
        let start = Instant::now();
        let settings =
            FitSettings { batch_size: Some(batch_size), on_non_finite: how, ..FitSettings::default() };
        learner.fit(&data, Fit::with(settings))?;
        best = best.min(start.elapsed().as_secs_f64());
    }
    println!("{name}, batch {batch_size}: {:.3} ms a step", best * 1e3 / 64.0);
    Ok(())
}

#[test]
#[ignore = "measures, and asserts nothing"]
fn a_step() -> Result<()> {
    for batch in [8, 64] {
        measure("as ever", 1.0, batch, None, |_| {})?;
        measure("gradients near 1e-19", 1e-19, batch, None, |_| {})?;
        measure("watched", 1.0, batch, None, |l| l.watch(Schedule::Never))?;
        for how in [OnNonFinite::Stop, OnNonFinite::Skip, OnNonFinite::Rollback] {
            measure(how.name(), 1.0, batch, Some(how), |_| {})?;
        }
    }
    Ok(())
}
