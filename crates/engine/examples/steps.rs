//! Trains a small network for so many steps, on one thread and with AVX2: for `bench/counts.sh`, which counts its instructions.
//!
//! `steps A|C STEPS`. The networks are those of `benches/workloads.rs`; the data are a few batches by chance.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it is a program")]

use std::process::ExitCode;
use steadygrad_data::{Array, Dataset};
use steadygrad_engine::{Compile, Fit, Learner, Trainable};
use steadygrad_kernels::random::{Purpose, Stream};
use steadygrad_kernels::{Isa, Result};
use steadygrad_nn::Sequential;
use steadygrad_nn::activations::{Elu, Relu, Softmax};
use steadygrad_nn::initializers::HeNormal;
use steadygrad_nn::layers::{BatchNormalization, Dense};
use steadygrad_nn::losses::SparseCategoricalCrossentropy;
use steadygrad_nn::optimizers::{Adam, Optimizer, Sgd};

const BATCH: usize = 32;
const SAMPLES: usize = 4 * BATCH;
const INPUTS: usize = 784;

fn narrow() -> Sequential {
    let model = Sequential::new([INPUTS]).add(Dense::new(100).use_bias(false));
    model.add(BatchNormalization::new()).add(Relu)
}

fn deep() -> Sequential {
    let block = |model: Sequential, _| {
        let dense = Dense::new(100).kernel_initializer(HeNormal).use_bias(false);
        model.add(dense).add(BatchNormalization::new()).add(Elu)
    };
    (0..20).fold(Sequential::new([INPUTS]), block)
}

fn learner(model: Sequential, optimizer: Optimizer) -> Result<Learner> {
    let model = model.add(Dense::new(10).activation(Softmax));
    model.compile(Compile::new(optimizer, SparseCategoricalCrossentropy).seed(1).threads(1))
}

fn train(mut learner: Learner, isa: Isa, steps: usize) -> Result<f64> {
    let stream = Stream::new(1, Purpose::Other, "data");
    // Few draws, as each costs many instructions; their number is prime, so that no sample is like another.
    let draws: Vec<f32> = (0..1009).map(|i| stream.uniform(0, i) as f32 - 0.5).collect();
    let x = (0..SAMPLES * INPUTS).map(|i| draws[i % draws.len()]).collect();
    let y = (0..SAMPLES).map(|i| stream.below(1, i as u64, 10) as f32).collect();
    let data = Dataset::new(Array::new([SAMPLES, INPUTS], x)?, Array::new([SAMPLES], y)?)?;
    learner.set_isa(isa);
    let history = learner.fit(&data, Fit::epochs(1).batch_size(BATCH).steps_per_epoch(steps))?;
    Ok(history.last("loss").unwrap_or(f64::NAN))
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let steps = words.get(1).and_then(|word| word.parse().ok());
    let (Some(name), Some(steps)) = (words.first(), steps) else {
        eprintln!("usage: steps A|C STEPS");
        return ExitCode::from(2);
    };
    // The same instructions on every machine that has them, and the widest that Valgrind knows.
    let Some(isa) = Isa::available().into_iter().find(|isa| isa.name() == "avx2") else {
        eprintln!("this machine has no AVX2");
        return ExitCode::from(3);
    };
    let learner = match name.as_str() {
        "A" => learner(narrow(), Sgd::new(0.01).into()),
        "C" => learner(deep(), Adam::new(0.001).into()),
        _ => {
            eprintln!("there is no workload {name:?}: A or C");
            return ExitCode::from(2);
        }
    };
    match learner.and_then(|learner| train(learner, isa, steps)) {
        Ok(loss) => println!("{name}: {steps} steps, loss {loss:.4}"),
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
