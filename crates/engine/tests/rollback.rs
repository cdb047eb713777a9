//! A training that explodes goes back to where the epoch began, and halves its rate; and both ways to go on are kept in checkpoints.
#![allow(clippy::unwrap_used)] // a test that cannot go on has failed

#[path = "common/at.rs"]
mod at;

use at::At;
use steadygrad_chart::{Phase, Schedule};
use steadygrad_data::{Array, Dataset};
use steadygrad_engine::apply::Variable;
use steadygrad_engine::callbacks::{Callback, LearningRateScheduler, TerminateOnNan, Training};
use steadygrad_engine::checkpoint::State;
use steadygrad_engine::{Compile, Fit, FitSettings, Handled, History, Learner, Logs, OnNonFinite, Trainable};
use steadygrad_kernels::Result;
use steadygrad_nn::Sequential;
use steadygrad_nn::activations::Relu;
use steadygrad_nn::layers::{BatchNormalization, Dense, Dropout};
use steadygrad_nn::losses::MeanSquaredError;
use steadygrad_nn::optimizers::{Adam, Optimizer, ScheduleFreeAdamW, Sgd};
use steadygrad_nn::schedules::ExponentialDecay;

fn data() -> Dataset {
    let x: Vec<f32> = (0..80).map(|i| ((i * 7) % 13) as f32 / 6.0 - 1.0).collect();
    let y = (0..40).map(|i| x[2 * i] - 0.5 * x[2 * i + 1]).collect();
    Dataset::new(Array::new([40, 2], x).unwrap(), Array::new([40, 1], y).unwrap()).unwrap()
}

/// The same with a sample that is not a number.
fn poisoned() -> Dataset {
    let mut data = data();
    let mut y = data.y[0].data().to_vec();
    y[17] = f32::NAN;
    data.y[0] = Array::new([40, 1], y).unwrap();
    data
}

fn settings(epochs: usize, how: OnNonFinite) -> FitSettings {
    FitSettings { epochs, batch_size: Some(4), on_non_finite: Some(how), ..FitSettings::default() }
}

fn learner(optimizer: impl Into<Optimizer>) -> Learner {
    let model = Sequential::new([2]).add(Dense::new(8)).add(Relu).add(Dense::new(1));
    model.compile(Compile::new(optimizer, MeanSquaredError).seed(1)).unwrap()
}

type All = (Vec<u32>, Vec<Variable>);

fn all(learner: &Learner) -> All {
    let weights = learner.weights().into_iter().flat_map(|(_, a)| a.into_data()).map(f32::to_bits);
    (weights.collect(), learner.optimizer_variables())
}

#[test]
fn a_rate_that_is_too_large_is_brought_down_where_stop_ends() {
    // 400 steps of each epoch: time enough to explode.
    let run = |optimizer: Optimizer, how| {
        let model = Sequential::new([2]).add(Dense::new(1));
        let mut learner = model.compile(Compile::new(optimizer, MeanSquaredError).seed(1)).unwrap();
        let settings = FitSettings { steps_per_epoch: Some(400), ..settings(6, how) };
        let history = learner.fit(&data(), Fit::with(settings)).unwrap();
        (learner, history)
    };
    let (stopped, history) = run(Sgd::new(8.0).into(), OnNonFinite::Stop);
    assert!(history.stopped().is_some() && history.epochs.len() == 1);
    assert!(stopped.weights().iter().all(|(_, a)| a.data().iter().all(|w| w.is_finite())));

    let (learner, history) = run(Sgd::new(8.0).into(), OnNonFinite::Rollback);
    let times = history.non_finite.len();
    assert!(
        times > 1 && history.stopped().is_none() && history.epochs.len() == 6,
        "{:?}",
        history.non_finite
    );
    assert!(history.non_finite.iter().all(|n| n.done == Handled::RolledBack));
    assert_eq!(learner.learning_rate(), 8.0 * 0.5_f64.powi(times as i32));
    let last = history.last("loss").unwrap();
    assert!(last < 1e-3, "{last}");
    let told = format!(
        "the training went back to where an epoch began {times} times, at half the learning rate each time; first in epoch 1, batch "
    );
    assert!(history.warnings.len() == 1 && history.warnings[0].starts_with(&told), "{:?}", history.warnings);
    assert!(learner.non_finite().is_none());

    // What a schedule says is multiplied.
    let schedule = ExponentialDecay::new(8.0, 100, 0.99);
    let (learner, history) = run(Sgd::new(schedule).into(), OnNonFinite::Rollback);
    let (times, iterations) = (history.non_finite.len() as i32, learner.iterations());
    assert!(times > 1 && history.stopped().is_none() && iterations < 2400);
    let rate = 8.0 * 0.99_f64.powf(iterations as f64 / 100.0) * 0.5_f64.powi(times);
    assert!((learner.learning_rate() - rate).abs() < 1e-6 * rate, "{} {rate}", learner.learning_rate());
}

/// What there was when each epoch began, and after each batch.
#[derive(Debug, Default)]
struct Seen {
    begins: Vec<All>,
    after: Vec<All>,
    logs: Vec<Option<f64>>,
}

impl Callback for Seen {
    fn wants_batches(&self) -> bool {
        true
    }
    fn on_epoch_begin(&mut self, training: &mut Training<'_>, _: usize) -> Result<()> {
        self.begins.push(all(training.learner));
        Ok(())
    }
    fn on_train_batch_end(&mut self, training: &mut Training<'_>, _: usize, logs: &Logs) -> Result<()> {
        self.after.push(all(training.learner));
        self.logs.push(logs.get("loss"));
        Ok(())
    }
}

#[test]
fn state_and_optimizer_go_back_and_the_data_go_on() {
    let mut learner = learner(Adam::new(0.01));
    let mut seen = Seen::default();
    let mut terminate = TerminateOnNan::new();
    let fit = Fit::with(settings(5, OnNonFinite::Rollback)).callback(&mut seen).callback(&mut terminate);
    let history = learner.fit(&poisoned(), fit).unwrap();
    assert_eq!((history.epochs.len(), history.non_finite.len()), (5, 5), "once an epoch");
    for (epoch, bad) in history.non_finite.iter().enumerate() {
        assert_eq!(
            (bad.epoch, bad.step, bad.first.phase),
            (epoch, (10 * epoch + bad.batch) as u64, Phase::Loss)
        );
        let (weights, mut optimizer) = seen.after[10 * epoch + bad.batch].clone();
        let (begin, then) = &seen.begins[epoch];
        assert!(weights == *begin);
        // The rate is no part of the state.
        assert_eq!(optimizer[1].name, "adam/learning_rate");
        optimizer[1] = then[1].clone();
        assert!(optimizer == *then);
        assert_eq!(seen.logs[10 * epoch + bad.batch], None, "nothing has counted since");
    }
    assert_eq!(learner.learning_rate(), f64::from(0.01_f32) / 32.0);
    let left = history.non_finite.iter().map(|n| 9 - n.batch as u64).sum::<u64>();
    assert_eq!(learner.iterations(), left, "the optimizer counts what counted");
}

#[test]
fn what_goes_wrong_again_and_again_ends_it() {
    // Every batch.
    let mut data = data();
    data.y[0] = Array::new([40, 1], vec![f32::INFINITY; 40]).unwrap();
    let mut learner = learner(Adam::new(0.01));
    let before = all(&learner).0;
    let history = learner.fit(&data, Fit::with(settings(9, OnNonFinite::Rollback))).unwrap();
    assert_eq!((history.epochs.len(), history.non_finite.len()), (2, 11));
    assert!(history.stopped().is_some() && all(&learner).0 == before);
    let told = &history.warnings[0];
    assert!(told.contains("in epoch 2, batch 1; first") && told.contains("had gone back 10 times"), "{told}");
    assert!(learner.non_finite().is_some());

    // A callback that says what the rate is has the last word.
    let mut learner = self::learner(Sgd::new(0.1));
    let mut wild = LearningRateScheduler::new(|_, _| 1e30);
    let history =
        learner.fit(&self::data(), Fit::with(settings(30, OnNonFinite::Rollback)).callback(&mut wild));
    let history = history.unwrap();
    assert!(history.stopped().is_some());
    assert!(learner.weights().iter().all(|(_, a)| a.data().iter().all(|w| w.is_finite())));
}

fn noisy(optimizer: Optimizer) -> Learner {
    let model = Sequential::new([2])
        .add(Dense::new(8))
        .add(BatchNormalization::new())
        .add(Relu)
        .add(Dropout::new(0.3))
        .add(Dense::new(1));
    let mut learner = model
        .compile(
            Compile::new(optimizer, MeanSquaredError)
                .metric(steadygrad_nn::metrics::MeanAbsoluteError)
                .seed(3),
        )
        .unwrap();
    learner.watch(Schedule::Always);
    learner
}

fn fit_of<'a>(settings: &FitSettings, valid: &'a Dataset) -> Fit<'a> {
    Fit::with(settings.clone()).validation(valid)
}

fn left(learner: &Learner, history: &History) -> (All, Vec<(String, Vec<u64>)>, String, String) {
    let series = history.iter().map(|(n, v)| (n.to_string(), v.iter().map(|x| x.to_bits()).collect()));
    let told = format!("{:?} {:?} {:?}", history.non_finite, history.warnings, history.epochs);
    (all(learner), series.collect(), told, learner.chart().unwrap().to_json().to_string())
}

#[test]
fn stopped_and_gone_on_with_is_as_straight_through() {
    let optimizers: [&dyn Fn() -> Optimizer; 4] = [
        &|| Optimizer::new(Adam::new(0.05)).ema(0.9),
        &|| Optimizer::new(Sgd::new(ExponentialDecay::new(0.05, 7, 0.9)).momentum(0.9)),
        &|| Optimizer::new(Adam::new(0.02)).gradient_accumulation_steps(3),
        &|| Optimizer::new(ScheduleFreeAdamW::new(0.05)),
    ];
    let (data, valid) = (poisoned(), data());
    for (i, optimizer) in optimizers.into_iter().enumerate() {
        for how in [OnNonFinite::Skip, OnNonFinite::Rollback] {
            for steps_per_epoch in [None, Some(7)] {
                let settings = FitSettings { steps_per_epoch, ..settings(3, how) };
                let mut one = noisy(optimizer());
                let history = one.fit(&data, fit_of(&settings, &valid)).unwrap();
                assert!(history.stopped().is_none() && history.non_finite.len() > 1);
                let want = left(&one, &history);
                let steps = 3 * steps_per_epoch.unwrap_or(10) as u64;
                for step in 1..=steps {
                    for epoch_end in [false, true] {
                        let mut keeper = At { step, epoch_end, kept: None };
                        noisy(optimizer()).fit(&data, fit_of(&settings, &valid).keeper(&mut keeper)).unwrap();
                        let Some(bytes) = keeper.kept else { continue };
                        let state = State::from_bytes(&bytes).unwrap();
                        let again = state.has("learner/rollback/optimizer/iterations");
                        assert_eq!(
                            again,
                            how == OnNonFinite::Rollback && !epoch_end,
                            "kept only where it is needed"
                        );
                        let mut other = noisy(optimizer());
                        let history = other.fit(&data, fit_of(&settings, &valid).from(Some(&state))).unwrap();
                        assert!(
                            left(&other, &history) == want,
                            "{i}, {how:?}, from step {step}, {epoch_end}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn a_checkpoint_of_another_model_is_refused_with_its_earlier_state() {
    let mut keeper = At { step: 3, epoch_end: false, kept: None };
    let settings = settings(1, OnNonFinite::Rollback);
    learner(Adam::new(0.1)).fit(&data(), Fit::with(settings.clone()).keeper(&mut keeper)).unwrap();
    let state = State::from_bytes(&keeper.kept.unwrap()).unwrap();
    let mut torn = State::default();
    let of_a_kernel =
        |name: &str| name.starts_with("learner/rollback/weights/") && name.ends_with("/dense/kernel");
    for (name, part) in state.iter().filter(|(name, _)| !of_a_kernel(name)) {
        torn.put(name, part.clone());
    }
    let mut other = learner(Adam::new(0.1));
    let before = all(&other);
    let error = other.fit(&data(), Fit::with(settings).from(Some(&torn))).unwrap_err().to_string();
    assert!(error.contains("weights, and the model") && error.contains("go back to"), "{error}");
    assert!(all(&other) == before);
}
