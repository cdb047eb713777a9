//! Law 4: same seed, same bits: for any number of threads, watched or not, and stopped and resumed.
// A test that fails may panic, its helpers too.
#![allow(clippy::unwrap_used)]

use steadygrad_chart::Schedule;
use steadygrad_data::{Array, Dataset};
use steadygrad_engine::{Compile, Fit, Learner, Trainable};
use steadygrad_kernels::Isa;
use steadygrad_kernels::random::{Purpose, Stream};
use steadygrad_nn::Sequential;
use steadygrad_nn::activations::{Elu, Softmax};
use steadygrad_nn::initializers::HeNormal;
use steadygrad_nn::layers::{BatchNormalization, Dense, Dropout};
use steadygrad_nn::losses::SparseCategoricalCrossentropy;
use steadygrad_nn::optimizers::{Adam, Optimizer};

fn data(n: usize, features: usize) -> Dataset {
    let stream = Stream::new(5, Purpose::Other, "training data");
    let x = (0..n * features).map(|i| stream.normal(0, i as u64) as f32).collect();
    let y = (0..n).map(|i| stream.below(1, i as u64, 4) as f32).collect();
    Dataset::new(Array::new([n, features], x).unwrap(), Array::new([n], y).unwrap()).unwrap()
}

fn learner(features: usize, width: usize, threads: usize) -> Learner {
    let mut model = Sequential::new([features]);
    for _ in 0..3 {
        model = model
            .add(Dense::new(width).kernel_initializer(HeNormal).use_bias(false))
            .add(BatchNormalization::new())
            .add(Elu)
            .add(Dropout::new(0.1));
    }
    let model = model.add(Dense::new(4).activation(Softmax));
    let optimizer = Optimizer::new(Adam::new(0.003)).global_clipnorm(1.0);
    model.compile(Compile::new(optimizer, SparseCategoricalCrossentropy).seed(11).threads(threads)).unwrap()
}

fn bits(learner: &Learner) -> Vec<u32> {
    learner.weights().iter().flat_map(|(_, a)| a.data().to_vec()).map(f32::to_bits).collect()
}

#[test]
fn threads_change_nothing() {
    // Large enough that products and maps are shared.
    let data = data(520, 200);
    let run = |threads| {
        let mut learner = learner(200, 300, threads);
        learner.fit(&data, Fit::epochs(2).batch_size(256)).unwrap();
        bits(&learner)
    };
    let one = run(1);
    for threads in [2, 3, 5] {
        assert!(one == run(threads), "{threads} threads");
    }
}

#[test]
fn watching_changes_nothing() {
    let data = data(150, 12);
    let run = |schedule: Option<Schedule>| {
        let mut learner = learner(12, 20, 1);
        if let Some(schedule) = schedule {
            learner.watch(schedule);
        }
        learner.fit(&data, Fit::epochs(3)).unwrap();
        bits(&learner)
    };
    let blind = run(None);
    assert!(blind == run(Some(Schedule::Always)));
    assert!(blind == run(Some(Schedule::Default)));
}

#[test]
fn a_look_at_a_batch_changes_nothing() {
    let (data, other) = (data(150, 12), data(90, 12));
    let run = |look: bool| {
        let mut learner = learner(12, 20, 1);
        learner.watch(Schedule::Always);
        for end in 1..=3 {
            if look {
                let chart = learner.watch_on_batch(&other).unwrap();
                assert_eq!(chart.samples.len(), 1);
                assert!(chart.samples[0].layers.iter().all(|seen| seen.updates.is_empty()));
            }
            learner.fit(&data, Fit::epochs(end).initial_epoch(end - 1)).unwrap();
        }
        (bits(&learner), learner.optimizer_variables(), learner.chart().cloned())
    };
    assert!(run(false) == run(true));
}

#[test]
fn validation_changes_nothing() {
    let (data, other) = (data(150, 12), data(70, 12));
    let run = |validate: bool| {
        let mut learner = learner(12, 20, 1);
        let fit = Fit::epochs(3);
        learner.fit(&data, if validate { fit.validation(&other) } else { fit }).unwrap();
        bits(&learner)
    };
    assert!(run(false) == run(true));
}

#[test]
fn resumed_is_as_straight_through() {
    let data = data(150, 12);
    let mut straight = learner(12, 20, 1);
    straight.fit(&data, Fit::epochs(4)).unwrap();

    let mut first = learner(12, 20, 1);
    first.fit(&data, Fit::epochs(2)).unwrap();
    let (weights, optimizer) = (first.weights(), first.optimizer_variables());
    let mut second = learner(12, 20, 1);
    second.set_named_weights(&weights).unwrap();
    second.set_optimizer_variables(&optimizer).unwrap();
    second.fit(&data, Fit::epochs(4).initial_epoch(2)).unwrap();
    assert!(bits(&straight) == bits(&second));

    first.fit(&data, Fit::epochs(4).initial_epoch(2)).unwrap();
    assert!(bits(&straight) == bits(&first));
}

#[test]
fn two_runs_are_the_same_and_two_seeds_are_not() {
    let data = data(150, 12);
    let run = |seed| {
        let model =
            Sequential::new([12]).add(Dense::new(8).activation(Elu)).add(Dense::new(4).activation(Softmax));
        let compile = Compile::new(Adam::new(0.01), SparseCategoricalCrossentropy).seed(seed);
        let mut learner = model.compile(compile).unwrap();
        learner.fit(&data, Fit::epochs(2)).unwrap();
        bits(&learner)
    };
    assert!(run(1) == run(1));
    assert!(run(1) != run(2));
}

#[test]
fn every_instruction_set_trains_alike() {
    let data = data(150, 12);
    let run = |isa| {
        let mut learner = learner(12, 20, 1);
        learner.set_isa(isa);
        learner.fit(&data, Fit::epochs(1)).unwrap();
        learner.weights().iter().flat_map(|(_, a)| a.data().to_vec()).collect::<Vec<f32>>()
    };
    let best = run(Isa::best());
    for isa in Isa::available() {
        for (a, b) in run(isa).iter().zip(&best) {
            assert!((a - b).abs() < 2e-3 * (1.0 + b.abs()), "{isa}: {a} {b}");
        }
    }
}

#[test]
fn inserting_a_layer_leaves_the_other_weights_as_they_were() {
    let plain = Sequential::new([6]).add(Dense::new(5)).add(Dense::new(4)).add(Dense::new(2));
    let cured = Sequential::new([6])
        .add(Dense::new(5))
        .add(BatchNormalization::new())
        .add(Dense::new(4))
        .add(BatchNormalization::new())
        .add(Dense::new(2));
    let kernels = |model: Sequential| {
        let compile = Compile::new(Adam::new(0.01), SparseCategoricalCrossentropy).seed(3);
        let learner = model.compile(compile).unwrap();
        let all = learner.weights().into_iter().filter(|(name, _)| name.ends_with("kernel"));
        all.map(|(_, a)| a.into_data()).collect::<Vec<_>>()
    };
    assert_eq!(kernels(plain), kernels(cured));
}
