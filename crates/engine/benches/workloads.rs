//! Samples a second of training and inference of a few dense networks: a quick look while something is changed.
//!
//! `cargo bench -p steadygrad-engine --bench workloads -- [NAME …] [--threads 2] [--rounds 5] [--profile]`. Beside the peers: `bench/run.sh`.

#![allow(clippy::print_stdout, reason = "what was measured is for whoever runs it")]

use std::time::Instant;
use steadygrad_data::{Array, Dataset};
use steadygrad_engine::{Compile, Fit, Learner, Trainable};
use steadygrad_kernels::Result;
use steadygrad_kernels::random::{Purpose, Stream};
use steadygrad_nn::Sequential;
use steadygrad_nn::activations::{Elu, Relu, Softmax};
use steadygrad_nn::initializers::HeNormal;
use steadygrad_nn::layers::{BatchNormalization, Dense};
use steadygrad_nn::losses::SparseCategoricalCrossentropy;
use steadygrad_nn::optimizers::{Adam, Optimizer, Sgd};

struct Workload {
    name: &'static str,
    batch: usize,
    /// Steps of a round.
    steps: usize,
    model: fn() -> Sequential,
    optimizer: fn() -> Optimizer,
}

fn dense(units: usize) -> Dense {
    Dense::new(units).kernel_initializer(HeNormal).activation(Relu)
}

fn head(model: Sequential) -> Sequential {
    model.add(Dense::new(10).activation(Softmax))
}

fn adam() -> Optimizer {
    Adam::new(0.001).into()
}

fn narrow() -> Sequential {
    let model = Sequential::new([784]).add(Dense::new(100).use_bias(false));
    head(model.add(BatchNormalization::new()).add(Relu))
}

fn tapered() -> Sequential {
    head(Sequential::new([784]).add(dense(300)).add(dense(100)))
}

fn normalized() -> Sequential {
    let block = |model: Sequential, _| {
        let dense = Dense::new(100).kernel_initializer(HeNormal).use_bias(false);
        model.add(dense).add(BatchNormalization::new()).add(Elu)
    };
    head((0..20).fold(Sequential::new([784]), block))
}

fn deep() -> Sequential {
    head((0..50).fold(Sequential::new([784]), |model, _| model.add(dense(100))))
}

fn wide() -> Sequential {
    head((0..3).fold(Sequential::new([784]), |model, _| model.add(dense(2048))))
}

const WORKLOADS: [Workload; 6] = [
    Workload { name: "A", batch: 32, steps: 1875, model: narrow, optimizer: || Sgd::new(0.01).into() },
    Workload { name: "B32", batch: 32, steps: 600, model: tapered, optimizer: adam },
    Workload { name: "B256", batch: 256, steps: 100, model: tapered, optimizer: adam },
    Workload { name: "C", batch: 32, steps: 300, model: normalized, optimizer: adam },
    Workload {
        name: "D",
        batch: 128,
        steps: 80,
        model: deep,
        optimizer: || Sgd::new(0.001).momentum(0.9).into(),
    },
    Workload { name: "E", batch: 256, steps: 4, model: wide, optimizer: adam },
];

fn learner(of: &Workload, threads: usize) -> Result<Learner> {
    let loss = SparseCategoricalCrossentropy;
    (of.model)().compile(Compile::new((of.optimizer)(), loss).seed(1).threads(threads))
}

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let number = |flag: &str, usual: usize| {
        let at = words.iter().position(|w| w == flag);
        at.and_then(|i| words.get(i + 1)).and_then(|w| w.parse().ok()).unwrap_or(usual)
    };
    let (threads, rounds) = (number("--threads", 1), number("--rounds", 5));
    let asked = |name: &str| {
        words.iter().all(|w| !WORKLOADS.iter().any(|of| of.name == w)) || words.iter().any(|w| w == name)
    };
    const SAMPLES: usize = 60_000;
    let stream = Stream::new(1, Purpose::Other, "data");
    let x = (0..SAMPLES * 784).map(|i| stream.uniform(0, (i / 7) as u64) as f32 - 0.5).collect();
    let y = (0..SAMPLES).map(|i| stream.below(1, i as u64, 10) as f32).collect();
    let data = Dataset::new(Array::new([SAMPLES, 784], x)?, Array::new([SAMPLES], y)?)?;
    for of in WORKLOADS.iter().filter(|of| asked(of.name)) {
        let mut learner = learner(of, threads)?;
        let mut speeds = Vec::new();
        let mut loss = f64::NAN;
        for epoch in 0..rounds + 1 {
            let fit =
                Fit::epochs(epoch + 1).initial_epoch(epoch).batch_size(of.batch).steps_per_epoch(of.steps);
            let start = Instant::now();
            let history = learner.fit(&data, fit)?;
            speeds.push((of.steps * of.batch) as f64 / start.elapsed().as_secs_f64());
            loss = history.last("loss").unwrap_or(f64::NAN);
        }
        // The first round plans.
        speeds.remove(0);
        speeds.sort_by(f64::total_cmp);
        println!(
            "{:<5} {threads} thread(s): {:>8.0} samples a second, {:>8.1} µs a step ({:.0} … {:.0}), loss {loss:.4}",
            of.name,
            speeds[speeds.len() / 2],
            of.batch as f64 * 1e6 / speeds[speeds.len() / 2],
            speeds[0],
            speeds[speeds.len() - 1]
        );
        if words.iter().any(|w| w == "--profile") {
            println!("{}", learner.profile(&data, of.batch, of.steps)?);
        }
    }
    Ok(())
}
