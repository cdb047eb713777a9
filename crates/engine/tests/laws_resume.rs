//! Law 4, the second part: a training that stopped and goes on is bit for bit one that never stopped, whatever it is made of.
// A test that fails may panic, its helpers too.
#![allow(clippy::unwrap_used)]

use steadygrad_chart::Schedule;
use steadygrad_data::{Array, Dataset};
use steadygrad_engine::apply::Variable;
use steadygrad_engine::callbacks::{Callback, Training};
use steadygrad_engine::{Compile, Fit, FitSettings, Learner, Logs, Shuffle, Trainable};
use steadygrad_kernels::Result;
use steadygrad_kernels::random::{Purpose, Stream};
use steadygrad_nn::Sequential;
use steadygrad_nn::activations::{Elu, Softmax};
use steadygrad_nn::layers::{BatchNormalization, Dense, Dropout};
use steadygrad_nn::losses::{MeanSquaredError, SparseCategoricalCrossentropy};
use steadygrad_nn::optimizers::{Adam, CATALOG, Nadam, Optimizer, ScheduleFreeAdamW, Sgd};
use steadygrad_nn::schedules::CosineDecay;

fn data(n: usize, features: usize) -> Dataset {
    let stream = Stream::new(5, Purpose::Other, "training data");
    let x = (0..n * features).map(|i| stream.normal(0, i as u64) as f32).collect();
    let y = (0..n).map(|i| stream.below(1, i as u64, 4) as f32).collect();
    Dataset::new(Array::new([n, features], x).unwrap(), Array::new([n], y).unwrap()).unwrap()
}

fn learner(optimizer: &Optimizer, threads: usize, width: usize) -> Learner {
    let model = Sequential::new([12])
        .add(Dense::new(width).use_bias(false))
        .add(BatchNormalization::new())
        .add(Elu)
        .add(Dropout::new(0.1))
        .add(Dense::new(4).activation(Softmax));
    let compile = Compile::new(optimizer.clone(), SparseCategoricalCrossentropy).seed(11).threads(threads);
    model.compile(compile).unwrap()
}

fn state(learner: &Learner) -> (Vec<u32>, Vec<Variable>) {
    let weights = learner.weights().into_iter().flat_map(|(_, a)| a.into_data());
    (weights.map(f32::to_bits).collect(), learner.optimizer_variables())
}

/// Trains 5 epochs straight through, and again with a stop after each.
fn resumes(name: &str, optimizer: &Optimizer, settings: &FitSettings) {
    let data = data(70, 12);
    let until = |epochs, initial_epoch| FitSettings { epochs, initial_epoch, ..settings.clone() };
    let mut straight = learner(optimizer, 1, 10);
    straight.fit(&data, Fit::with(until(5, 0))).unwrap();
    for stop in 1..5 {
        let mut first = learner(optimizer, 1, 10);
        first.fit(&data, Fit::with(until(stop, 0))).unwrap();
        let mut second = learner(optimizer, 1, 10);
        second.set_named_weights(&first.weights()).unwrap();
        second.set_optimizer_variables(&first.optimizer_variables()).unwrap();
        second.fit(&data, Fit::with(until(5, stop))).unwrap();
        assert!(state(&straight) == state(&second), "{name}: stopped after epoch {stop}");
    }
}

#[test]
fn whatever_the_optimizer() {
    let settings = FitSettings { batch_size: Some(16), ..FitSettings::default() };
    resumes("Nadam", &Nadam::new(0.01).into(), &settings);
    for entry in CATALOG {
        resumes(entry.class, &Optimizer::from_value(&entry.class.into()).unwrap(), &settings);
    }
    let schedule = Optimizer::new(Adam::new(CosineDecay::new(0.02, 22)));
    resumes("a schedule", &schedule, &settings);
    // 5 batches an epoch: it stops between two updates.
    let gathering = Optimizer::new(Nadam::new(0.01)).gradient_accumulation_steps(3).global_clipnorm(0.5);
    resumes("gathered gradients", &gathering, &settings);
}

#[test]
fn whatever_the_order_of_samples() {
    for shuffle in [Shuffle::All, Shuffle::Batch, Shuffle::No] {
        // 70 samples are 5 batches: fewer, as many, more, and more than two passes an epoch.
        for steps in [3, 5, 7, 12] {
            let settings = FitSettings {
                batch_size: Some(16),
                steps_per_epoch: Some(steps),
                shuffle,
                ..FitSettings::default()
            };
            resumes(&format!("{shuffle:?}, {steps} steps"), &Nadam::new(0.01).into(), &settings);
        }
    }
}

/// The norm of the gradient of every step, epoch by epoch.
#[derive(Debug, Default)]
struct Norms(Vec<Vec<u64>>);

impl Callback for Norms {
    fn wants_batches(&self) -> bool {
        true
    }
    fn on_epoch_begin(&mut self, _: &mut Training<'_>, _: usize) -> Result<()> {
        self.0.push(Vec::new());
        Ok(())
    }
    fn on_train_batch_end(&mut self, training: &mut Training<'_>, _: usize, _: &Logs) -> Result<()> {
        let norm = training.learner.last_update().unwrap().gradient_norm_before.unwrap();
        self.0.last_mut().unwrap().push(norm.to_bits());
        Ok(())
    }
}

#[test]
fn a_pass_of_short_epochs_sees_every_sample_once() {
    // With a learning rate of 0, equal gradients are equal samples.
    let data = data(8, 1);
    let model = Sequential::new([1]).add(Dense::new(1));
    // A clip that clips nothing asks for the norms.
    let optimizer = Optimizer::new(Sgd::new(0.0)).global_clipnorm(1e30);
    let mut learner = model.compile(Compile::new(optimizer, MeanSquaredError)).unwrap();
    let mut norms = Norms::default();
    let settings =
        FitSettings { epochs: 12, batch_size: Some(1), steps_per_epoch: Some(2), ..FitSettings::default() };
    learner.fit(&data, Fit::with(settings).callback(&mut norms)).unwrap();
    // Four epochs of two steps are a pass.
    let passes: Vec<Vec<u64>> = norms.0.chunks(4).map(<[Vec<u64>]>::concat).collect();
    for pass in &passes {
        let mut sorted = pass.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!((pass.len(), sorted.len()), (8, 8), "every sample, and each once");
    }
    assert!(passes[0] != passes[1] && passes[1] != passes[2], "every pass has its own order");
}

#[test]
fn threads_change_nothing_watched_and_guarded() {
    let data = data(520, 12);
    let run = |threads| {
        let mut learner = learner(&Optimizer::new(Nadam::new(0.003)).global_clipnorm(0.5), threads, 300);
        learner.watch(Schedule::Default);
        learner.guard(true);
        learner.fit(&data, Fit::epochs(3).batch_size(256)).unwrap();
        (state(&learner), learner.chart().cloned())
    };
    let one = run(1);
    for threads in [2, 3, 5] {
        assert!(one == run(threads), "{threads} threads");
    }
}

#[test]
fn schedule_free_weights_are_used_at_their_average_where_asked() {
    let data = data(70, 12);
    let mut learner = learner(&ScheduleFreeAdamW::new(0.05).into(), 1, 10);
    learner.swap_to_eval();
    learner.fit(&data, Fit::epochs(3)).unwrap();
    let trained = learner.weight("dense/kernel").unwrap().to_vec();
    let loss = learner.evaluate(&data).unwrap();
    learner.swap_to_eval();
    let average = learner.weight("dense/kernel").unwrap().to_vec();
    assert_ne!(trained, average);
    assert_ne!(learner.evaluate(&data).unwrap(), loss);
    learner.swap_to_eval();
    assert_eq!(learner.weight("dense/kernel").unwrap(), average, "it is there already");
    learner.swap_to_train();
    let back = learner.weight("dense/kernel").unwrap();
    assert!(back.iter().zip(&trained).all(|(a, b)| (a - b).abs() < 1e-5));

    let mut plain = self::learner(&Nadam::new(0.05).into(), 1, 10);
    plain.fit(&data, Fit::epochs(1)).unwrap();
    let before = state(&plain);
    plain.swap_to_eval();
    assert!(before == state(&plain), "other rules have one point only");
}

#[test]
fn parts_of_different_lengths_are_refused() {
    let good = data(20, 12);
    let mut learner = learner(&Sgd::new(0.1).into(), 1, 10);
    let mut few_targets = good.clone();
    few_targets.y[0] = Array::new([7], vec![0.0; 7]).unwrap();
    let mut few_weights = good.clone();
    few_weights.weights = Some(vec![1.0; 3]);
    for (data, words) in [(few_targets, "a target 7"), (few_weights, "the weights of samples 3")] {
        let errors = [
            learner.fit(&data, Fit::epochs(1)).unwrap_err(),
            learner.fit(&good, Fit::epochs(1).validation(&data)).unwrap_err(),
            learner.evaluate(&data).unwrap_err(),
            learner.train_on_batch(&data).unwrap_err(),
            learner.test_on_batch(&data).unwrap_err(),
            learner.watch_on_batch(&data).unwrap_err(),
        ];
        for error in errors.map(|e| e.to_string()) {
            assert!(error.contains("has 20 samples") && error.contains(words), "{error}");
        }
    }
    let error = learner.fit(&good, Fit::epochs(1).class_weight(99, 2.0)).unwrap_err().to_string();
    assert!(error.contains("class 99") && error.contains("4 classes"), "{error}");
}
