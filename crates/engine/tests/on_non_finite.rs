//! A training that meets numbers that are not finite: it leaves batches out, or goes back and slows down, and tells.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // a test that cannot go on has failed, and says where

use steadygrad_chart::{Phase, Schedule};
use steadygrad_data::{Array, Dataset};
use steadygrad_engine::apply::Variable;
use steadygrad_engine::callbacks::TerminateOnNan;
use steadygrad_engine::{
    Compile, Fit, FitSettings, Handled, History, Learner, OnNonFinite, Shuffle, Trainable,
};
use steadygrad_nn::Sequential;
use steadygrad_nn::activations::Relu;
use steadygrad_nn::initializers::Zeros;
use steadygrad_nn::layers::{BatchNormalization, Dense, Dropout};
use steadygrad_nn::losses::MeanSquaredError;
use steadygrad_nn::optimizers::{
    Adadelta, Adafactor, Adagrad, Adam, AdamW, Adamax, Ftrl, Lamb, Lion, Muon, Nadam, Optimizer, RmsProp,
    ScheduleFreeAdamW, Sgd,
};
use steadygrad_nn::schedules::ExponentialDecay;

const BATCH: usize = 4;

/// So many batches of two features and a target of about 1; the values of one batch are replaced.
fn data(batches: usize, bad: Option<(usize, f32, f32)>) -> Dataset {
    let n = batches * BATCH;
    let mut x: Vec<f32> = (0..2 * n).map(|i| ((i * 7) % 13) as f32 / 6.0 - 1.0).collect();
    let mut y: Vec<f32> = (0..n).map(|i| x[2 * i] - 0.5 * x[2 * i + 1] + 0.3).collect();
    if let Some((batch, in_x, in_y)) = bad {
        x[2 * batch * BATCH..2 * (batch + 1) * BATCH].fill(in_x);
        y[batch * BATCH..(batch + 1) * BATCH].fill(in_y);
    }
    Dataset::new(Array::new([n, 2], x).unwrap(), Array::new([n, 1], y).unwrap()).unwrap()
}

/// The same without that batch.
fn without(data: &Dataset, batch: usize) -> Dataset {
    let cut = |array: &Array| {
        let n = array.row_len() * BATCH;
        let mut values = array.data().to_vec();
        values.drain(batch * n..(batch + 1) * n);
        let mut shape = array.shape().to_vec();
        shape[0] -= BATCH;
        Array::new(shape, values).unwrap()
    };
    Dataset::new(cut(&data.x[0]), cut(&data.y[0])).unwrap()
}

fn settings(epochs: usize, how: impl Into<Option<OnNonFinite>>) -> FitSettings {
    let batch_size = Some(BATCH);
    FitSettings {
        epochs,
        batch_size,
        shuffle: Shuffle::No,
        on_non_finite: how.into(),
        ..FitSettings::default()
    }
}

fn deep(optimizer: impl Into<Optimizer>) -> Learner {
    let model = Sequential::new([2])
        .add(Dense::new(6))
        .add(BatchNormalization::new())
        .add(Relu)
        .add(Dense::new(3))
        .add(Dense::new(1));
    model.compile(Compile::new(optimizer, MeanSquaredError).seed(1)).unwrap()
}

/// One layer that begins at 0.
fn flat(optimizer: impl Into<Optimizer>) -> Learner {
    let model = Sequential::new([2]).add_as("only", Dense::new(1).kernel_initializer(Zeros));
    model.compile(Compile::new(optimizer, MeanSquaredError)).unwrap()
}

fn bits(learner: &Learner) -> Vec<u32> {
    learner.weights().into_iter().flat_map(|(_, a)| a.into_data()).map(f32::to_bits).collect()
}

fn finite(learner: &Learner) -> bool {
    learner.weights().iter().all(|(_, a)| a.data().iter().all(|w| w.is_finite()))
}

fn all(learner: &Learner) -> (Vec<u32>, Vec<Variable>) {
    (bits(learner), learner.optimizer_variables())
}

fn same_numbers(one: &History, other: &History) -> bool {
    let series = |h: &History| {
        h.iter()
            .map(|(n, v)| (n.to_string(), v.iter().map(|x| x.to_bits()).collect()))
            .collect::<Vec<(String, Vec<u64>)>>()
    };
    series(one) == series(other)
}

/// Skips in one, never had it in the other: both end alike.
fn as_without(make: &dyn Fn() -> Learner, bad: (usize, f32, f32)) -> History {
    let poisoned = data(6, Some(bad));
    let (mut one, mut other) = (make(), make());
    let history = one.fit(&poisoned, Fit::with(settings(3, OnNonFinite::Skip))).unwrap();
    let clean = other.fit(&without(&poisoned, bad.0), Fit::with(settings(3, None))).unwrap();
    assert!(all(&one) == all(&other), "{:?}", history.non_finite[0]);
    assert!(same_numbers(&history, &clean) && finite(&one));
    assert_eq!((history.non_finite.len(), one.iterations()), (3, 15));
    assert!(history.non_finite.iter().all(|n| n.done == Handled::Skipped && n.batch == bad.0));
    assert_eq!(
        history.non_finite.iter().map(|n| n.step).collect::<Vec<_>>(),
        [0, 6, 12].map(|s| s + bad.0 as u64)
    );
    assert!(one.non_finite().is_none() && history.stopped().is_none());
    history
}

#[test]
fn wherever_it_is_the_batch_is_as_if_it_had_not_been_there() {
    let nan = f32::NAN;
    let place =
        |history: &History| (history.non_finite[0].first.place.clone(), history.non_finite[0].first.phase);
    let sgd = || flat(Sgd::new(0.05).momentum(0.9));
    assert_eq!(place(&as_without(&sgd, (2, nan, 1.0))), ("input_layer".into(), Phase::Input));
    assert_eq!(place(&as_without(&sgd, (0, 1.0, f32::INFINITY))), ("loss".into(), Phase::Loss));
    // Forward 0, back 5e9, for the kernel 5e39.
    assert_eq!(place(&as_without(&sgd, (0, 1e30, 1e10))), ("only/kernel".into(), Phase::Backward));
    // The square of a gradient: the weights stay finite, and would never move again.
    let history = as_without(&|| flat(Adam::new(0.01)), (0, 1e20, 1.0));
    assert_eq!(place(&history), ("only/kernel".into(), Phase::Update));

    // A gradient of 1e36, a rate of 1000: it is the step that overflows.
    let mut poisoned = data(6, Some((0, 1e20, 1e18)));
    let small = poisoned.x[0].data().iter().map(|x| 0.01 * x).collect();
    poisoned.x[0] = Array::new([24, 2], small).unwrap();
    let (mut one, mut other) = (flat(Sgd::new(1e3).momentum(0.5)), flat(Sgd::new(1e3).momentum(0.5)));
    let history = one.fit(&poisoned, Fit::with(settings(1, OnNonFinite::Skip))).unwrap();
    other.fit(&without(&poisoned, 0), Fit::with(settings(1, None))).unwrap();
    assert_eq!(place(&history), ("only/kernel".into(), Phase::Update));
    assert!(all(&one) == all(&other));

    // A variance: what is divided by it stays finite.
    let mut poisoned = data(6, None);
    let mut x = poisoned.x[0].data().to_vec();
    x[8..12].fill(1e25);
    poisoned.x[0] = Array::new([24, 2], x).unwrap();
    let make = || {
        let model = Sequential::new([2]).add_as("norm", BatchNormalization::new()).add(Dense::new(1));
        model.compile(Compile::new(Sgd::new(0.01), MeanSquaredError)).unwrap()
    };
    let (mut one, mut other) = (make(), make());
    let history = one.fit(&poisoned, Fit::with(settings(1, OnNonFinite::Skip))).unwrap();
    other.fit(&without(&poisoned, 1), Fit::with(settings(1, None))).unwrap();
    assert_eq!(place(&history), ("norm/moving_variance".into(), Phase::Update));
    assert!(all(&one) == all(&other) && finite(&one));
}

#[test]
fn what_any_optimizer_remembers_is_taken_back() {
    let makes: Vec<(&str, Optimizer)> = vec![
        ("sgd", Sgd::new(0.02).into()),
        ("momentum", Sgd::new(0.02).momentum(0.9).nesterov(true).into()),
        ("adam", Adam::new(0.01).into()),
        ("amsgrad", Adam::new(0.01).amsgrad(true).into()),
        ("adam_w", AdamW::new(0.01).into()),
        ("adamax", Adamax::new(0.01).into()),
        ("nadam", Nadam::new(0.01).into()),
        ("adagrad", Adagrad::new(0.01).into()),
        ("adadelta", Adadelta::new(0.5).into()),
        ("rms_prop", RmsProp::new(0.01).momentum(0.5).centered(true).into()),
        ("ftrl", Ftrl::new(0.01).into()),
        ("lion", Lion::new(0.001).into()),
        ("lamb", Lamb::new(0.01).into()),
        ("muon", Muon::new(0.01).into()),
        ("adafactor", Adafactor::new(0.01).into()),
        ("schedule_free_adam_w", ScheduleFreeAdamW::new(0.01).into()),
        ("average", Optimizer::new(Adam::new(0.01)).ema(0.9)),
        ("gathered", Optimizer::new(Adam::new(0.01)).gradient_accumulation_steps(3)),
        ("clipped", Optimizer::new(Sgd::new(0.02)).global_clipnorm(0.5).loss_scale_factor(8.0)),
        ("a schedule", Adam::new(ExponentialDecay::new(0.01, 4, 0.5)).into()),
    ];
    for (name, optimizer) in makes {
        for bad in [(0, f32::NAN, 1.0), (3, 1.0, f32::INFINITY), (5, 3e38, -3e38)] {
            println!("{name}, batch {}", bad.0);
            as_without(&|| deep(optimizer.clone()), bad);
        }
    }
}

#[test]
fn gradients_whose_sum_overflows_are_taken_out_of_it_again() {
    // Each gradient is 2e38, and two together are more than there is: found where they are gathered, not where they are used.
    let make = || flat(Optimizer::new(Sgd::new(1e-30)).gradient_accumulation_steps(4));
    let mut poisoned = data(6, Some((2, 2e19, 5e18)));
    for (array, value) in [(&mut poisoned.x[0], 2e19), (&mut poisoned.y[0], 5e18)] {
        let mut values = array.data().to_vec();
        let n = array.row_len() * BATCH;
        values[n..2 * n].fill(value);
        *array = Array::new(array.shape().to_vec(), values).unwrap();
    }
    let (mut one, mut other) = (make(), make());
    let history = one.fit(&poisoned, Fit::with(settings(1, OnNonFinite::Skip))).unwrap();
    other.fit(&without(&poisoned, 2), Fit::with(settings(1, None))).unwrap();
    let first = &history.non_finite[0];
    assert_eq!((first.batch, &*first.first.place, first.first.phase), (2, "only/kernel", Phase::Update));
    assert!(all(&one) == all(&other) && history.non_finite.len() == 1);
}

#[test]
fn noise_and_order_go_by_all_steps_and_the_chart_by_those_that_count() {
    let make = || {
        let model = Sequential::new([2]).add(Dropout::new(0.5)).add(Dense::new(1));
        let mut learner = model.compile(Compile::new(Sgd::new(0.0), MeanSquaredError).seed(4)).unwrap();
        learner.watch(Schedule::Always);
        learner
    };
    let run = |data: &Dataset| {
        let mut learner = make();
        let settings = FitSettings { shuffle: Shuffle::Batch, ..settings(3, OnNonFinite::Skip) };
        learner.fit(data, Fit::with(settings)).unwrap();
        let chart = learner.chart().unwrap();
        assert!(chart.first_non_finite.is_none());
        chart.samples.iter().map(|s| (s.step, s.loss.to_bits())).collect::<Vec<_>>()
    };
    // At a rate of 0 a loss says which samples came and what was dropped.
    let mut want = run(&data(6, None));
    assert_eq!(want.len(), 18);
    want.retain(|(step, _)| step % 6 != 2);
    assert!(run(&data(6, Some((2, f32::NAN, 0.0)))) == want);
}

#[test]
fn batches_that_are_all_bad_end_the_training() {
    for (batches, most) in [(1, 1), (3, 3), (40, 10)] {
        let mut poisoned = data(batches, None);
        poisoned.y[0] = Array::new([batches * BATCH, 1], vec![f32::NAN; batches * BATCH]).unwrap();
        let mut learner = deep(Adam::new(0.01));
        let before = all(&learner);
        let history = learner.fit(&poisoned, Fit::with(settings(9, OnNonFinite::Skip))).unwrap();
        assert!(all(&learner) == before);
        assert_eq!((history.epochs.len(), history.non_finite.len()), (1, most));
        let stopped = history.stopped().unwrap();
        assert_eq!((stopped.batch, stopped.done), (most - 1, Handled::Stopped));
        assert_eq!(history.get("loss"), None, "nothing counted");
        assert_eq!(learner.non_finite().unwrap().phase, Phase::Loss);
        let told = &history.warnings[0];
        assert!(told.starts_with(&format!(
            "the loss is not a finite number in epoch 1, batch {most}; first the loss"
        )));
        assert_eq!(told.contains(&format!("as in the {} batches before it", most - 1)), most > 1, "{told}");
        assert_eq!(history.warnings.len(), if most > 1 { 2 } else { 1 }, "{:?}", history.warnings);
    }
}

#[test]
fn a_bad_batch_in_every_epoch_is_borne() {
    let mut learner = deep(Adam::new(0.01));
    let poisoned = data(3, Some((0, f32::NAN, 0.0)));
    let mut terminate = TerminateOnNan::new();
    let fit = Fit::with(settings(30, OnNonFinite::Skip)).callback(&mut terminate);
    let history = learner.fit(&poisoned, fit).unwrap();
    assert_eq!((history.epochs.len(), history.non_finite.len()), (30, 30));
    assert!(history.get("loss").unwrap().iter().all(|loss| loss.is_finite()));
    let told = "30 batches were skipped; the first in epoch 1, batch 1, where the loss was not a finite number: the data fed to";
    assert!(history.warnings.len() == 1 && history.warnings[0].starts_with(told), "{:?}", history.warnings);
}

#[test]
fn data_for_validation_are_only_told_of() {
    let mut learner = deep(Adam::new(0.01));
    let valid = data(2, Some((0, f32::NAN, 0.0)));
    for how in [OnNonFinite::Skip, OnNonFinite::Rollback, OnNonFinite::Stop] {
        let history = learner.fit(&data(3, None), Fit::with(settings(2, how)).validation(&valid)).unwrap();
        assert!(history.non_finite.is_empty() && history.last("val_loss").unwrap().is_nan());
        assert!(history.epochs.len() == 2 && history.last("loss").unwrap().is_finite());
    }
}

#[test]
fn what_fit_is_told_goes_before_a_guard_and_ends_with_it() {
    let poisoned = data(3, Some((1, f32::NAN, 0.0)));
    let mut learner = deep(Sgd::new(0.01));
    learner.train_on_batch(&data(1, None)).unwrap();
    learner.guard(true);
    let bytes = learner.memory().total();
    let history = learner.fit(&poisoned, Fit::with(settings(2, OnNonFinite::Skip))).unwrap();
    assert!(history.epochs.len() == 2 && history.stopped().is_none());
    assert_eq!(learner.memory().total(), bytes);
    let history = learner.fit(&poisoned, Fit::with(settings(2, None))).unwrap();
    assert_eq!((history.epochs.len(), history.non_finite.len()), (1, 1));
    assert!(history.stopped().is_some() && learner.non_finite().is_some());
    learner.guard(false);
    let history = learner.fit(&poisoned, Fit::with(settings(2, OnNonFinite::Stop))).unwrap();
    assert!(history.epochs.len() == 1 && finite(&learner));
    let history = learner.fit(&poisoned, Fit::with(settings(2, None))).unwrap();
    assert!(history.epochs.len() == 2 && history.non_finite.is_empty() && !finite(&learner), "as in Keras");
}
