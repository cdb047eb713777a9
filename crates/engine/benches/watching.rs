//! What watching costs, and each way to meet numbers that are not finite: 20 × 100 with batch normalization and ELU, batch 32, side by side in one run.
//!
//! `cargo bench -p steadygrad-engine --bench watching`

#![allow(clippy::print_stdout, reason = "what was measured is for whoever runs it")]

use std::time::Instant;
use steadygrad_chart::Schedule;
use steadygrad_data::{Dataset, Scale, Scaler, digits};
use steadygrad_engine::{Compile, Fit, FitSettings, Learner, OnNonFinite, Trainable};
use steadygrad_kernels::Result;
use steadygrad_nn::Sequential;
use steadygrad_nn::activations::{Elu, Softmax};
use steadygrad_nn::initializers::HeNormal;
use steadygrad_nn::layers::{BatchNormalization, Dense, Flatten};
use steadygrad_nn::losses::SparseCategoricalCrossentropy;
use steadygrad_nn::optimizers::Adam;

fn learner() -> Result<Learner> {
    let mut net = Sequential::new([8, 8]).add(Flatten);
    for _ in 0..20 {
        let dense = Dense::new(100).kernel_initializer(HeNormal).use_bias(false);
        net = net.add(dense).add(BatchNormalization::new()).add(Elu);
    }
    net.add(Dense::new(10).activation(Softmax))
        .compile(Compile::new(Adam::new(0.001), SparseCategoricalCrossentropy).seed(1))
}

fn seconds(learner: &mut Learner, data: &Dataset, how: Option<OnNonFinite>) -> Result<f64> {
    let settings = FitSettings { batch_size: Some(32), on_non_finite: how, ..FitSettings::default() };
    let start = Instant::now();
    learner.fit(data, Fit::with(settings))?;
    Ok(start.elapsed().as_secs_f64())
}

fn main() -> Result<()> {
    let mut data = digits::all()?;
    Scaler::fit(Scale::Unit, &data)?.apply(&mut data)?;
    type Prepare = fn(&mut Learner);
    let kinds: [(&str, Option<OnNonFinite>, Prepare); 6] = [
        ("plain", None, |_| {}),
        ("watched by default", None, |l| l.watch(Schedule::Default)),
        ("watched at every step", None, |l| l.watch(Schedule::Always)),
        ("stop", Some(OnNonFinite::Stop), |_| {}),
        ("skip", Some(OnNonFinite::Skip), |_| {}),
        ("rollback", Some(OnNonFinite::Rollback), |_| {}),
    ];
    let mut learners = Vec::new();
    for (_, _, prepare) in kinds {
        let mut learner = learner()?;
        prepare(&mut learner);
        learners.push(learner);
    }
    // Rounds one after another, so that a busy machine is busy for all.
    const ROUNDS: usize = 40;
    let mut times = vec![Vec::new(); kinds.len()];
    for _ in 0..ROUNDS {
        for ((learner, times), (_, how, _)) in learners.iter_mut().zip(&mut times).zip(&kinds) {
            times.push(seconds(learner, &data, *how)?);
        }
    }
    let steps = data.len().div_ceil(32) as f64;
    let median = |mut x: Vec<f64>| {
        x.sort_by(f64::total_cmp);
        x[x.len() / 2]
    };
    for ((name, ..), own) in kinds.iter().zip(&times) {
        let ratio = median(own.iter().zip(&times[0]).map(|(t, plain)| t / plain).collect());
        let best = own.iter().copied().fold(f64::INFINITY, f64::min);
        println!("{name:<22} {:7.3} ms a step, {:+6.1} %", best * 1e3 / steps, 100.0 * (ratio - 1.0));
    }
    Ok(())
}
