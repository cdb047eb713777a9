//! The workloads of the benchmarks in steadygrad, through its public face alone.
//!
//! `cargo run --release -p steadygrad-bench -- "$(python bench/workloads.py A)" 1 target/bench/data`, then lines `go STEPS`.

use steadygrad::prelude::*;
use steadygrad_bench_runner as bench;
use steadygrad_bench_runner::{Done, Failure, Runner, Watch, Workload, serve, timed_calls};

fn main() -> std::result::Result<(), Failure> {
    let about = [("steadygrad", env!("CARGO_PKG_VERSION").to_string()), ("flushes", "yes".into())];
    serve(&about, |workload, threads, x, y| {
        let x = x.reshape_rows(&workload.input)?;
        let mut learner = model(workload)?.compile(compile(workload, threads))?;
        match workload.watch {
            Watch::Never => {}
            Watch::Default => learner.watch(WatchSchedule::Default),
            Watch::Every => learner.watch(WatchSchedule::Always),
        }
        let batch = workload.batch;
        Ok(if workload.train {
            Ours::Train { learner, data: Dataset::new(x, y)?, batch, steps: 0, epoch: 0 }
        } else {
            let starts = (0..x.rows() / batch).take(1_024);
            let parts = starts.map(|i| x.take_rows(i * batch..(i + 1) * batch)).collect();
            Ours::Predict { learner, parts, batch, at: 0 }
        })
    })
}

enum Ours {
    Train { learner: Learner, data: Dataset, batch: usize, steps: usize, epoch: usize },
    Predict { learner: Learner, parts: Vec<Array>, batch: usize, at: usize },
}

impl Runner for Ours {
    fn go(&mut self, wanted: usize) -> std::result::Result<Done, Failure> {
        match self {
            Ours::Train { learner, data, batch, steps, epoch } => {
                // Another number of steps begins a pass anew: the place in the pass goes by the number of epochs.
                if *steps != wanted {
                    (*steps, *epoch) = (wanted, 0);
                }
                let fit = Fit::epochs(*epoch + 1).initial_epoch(*epoch).steps_per_epoch(wanted);
                let history = learner.fit(data, fit.batch_size(*batch))?;
                *epoch += 1;
                let loss = history.last("loss").unwrap_or(f64::NAN);
                Ok(Done { samples: history.samples, loss, median_us: None })
            }
            Ours::Predict { learner, parts, batch, at } => {
                let median_us = timed_calls(wanted, |_| {
                    learner.predict(&parts[*at])?;
                    *at = (*at + 1) % parts.len();
                    Ok(())
                })?;
                Ok(Done { samples: wanted * *batch, loss: f64::NAN, median_us })
            }
        }
    }
}

fn compile(workload: &Workload, threads: usize) -> Compile {
    let optimizer: Optimizer = match workload.optimizer {
        Some(bench::Optimizer::Sgd(rate, momentum)) => Sgd::new(rate).momentum(momentum).into(),
        Some(bench::Optimizer::Adam(rate)) => Adam::new(rate).into(),
        // Nothing is trained.
        None => Sgd::new(0.01).into(),
    };
    Compile::new(optimizer, SparseCategoricalCrossentropy).seed(1).threads(threads)
}

fn model(workload: &Workload) -> Result<Sequential> {
    let mut net = Sequential::new(workload.input.clone());
    for layer in &workload.layers {
        net = match layer {
            bench::Layer::Dense(units, name, bias) => {
                let dense = Dense::new(*units).use_bias(*bias);
                net.add(if name == "he_normal" { dense.kernel_initializer(HeNormal) } else { dense })
            }
            bench::Layer::Conv(filters, size, name, bias) => {
                let conv = Conv2D::new(*filters, *size).use_bias(*bias);
                net.add(if name == "he_normal" { conv.kernel_initializer(HeNormal) } else { conv })
            }
            bench::Layer::BatchNorm => net.add(BatchNormalization::new()),
            bench::Layer::Relu => net.add(Relu),
            bench::Layer::Elu => net.add(Elu),
            bench::Layer::Softmax => net.add(Softmax),
            bench::Layer::Pool(size) => net.add(MaxPooling2D::new(*size)),
            bench::Layer::Flatten => net.add(Flatten),
        };
    }
    Ok(net)
}
