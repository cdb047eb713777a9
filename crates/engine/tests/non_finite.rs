//! The first number that is not finite is found where it appeared, and a guard keeps it out of the weights.
// A test that fails may panic, its helpers too.
#![allow(clippy::unwrap_used)]

use steadygrad_chart::{Phase, Schedule};
use steadygrad_data::{Array, Dataset};
use steadygrad_engine::callbacks::{Callback, Training};
use steadygrad_engine::{Compile, Fit, Learner, Logs, Trainable};
use steadygrad_kernels::Result;
use steadygrad_nn::Sequential;
use steadygrad_nn::activations::Relu;
use steadygrad_nn::layers::{BatchNormalization, Dense};
use steadygrad_nn::losses::MeanSquaredError;
use steadygrad_nn::optimizers::{Optimizer, Sgd};

fn data() -> Dataset {
    let x = (0..64).map(|i| ((i * 7) % 13) as f32 / 6.0 - 1.0).collect();
    let y = (0..32).map(|i| (i % 5) as f32 / 4.0).collect();
    Dataset::new(Array::new([32, 2], x).unwrap(), Array::new([32, 1], y).unwrap()).unwrap()
}

/// A net with a BatchNormalization, whose moving statistics the same forward pass poisons.
fn learner(optimizer: impl Into<Optimizer>) -> Learner {
    let model = Sequential::new([2])
        .add_as("first", Dense::new(4))
        .add_as("norm", BatchNormalization::new())
        .add_as("bend", Relu)
        .add_as("second", Dense::new(4))
        .add_as("last_norm", BatchNormalization::new())
        .add_as("head", Dense::new(1));
    model.compile(Compile::new(optimizer, MeanSquaredError).seed(1)).unwrap()
}

fn set(learner: &mut Learner, path: &str, change: impl Fn(f32) -> f32) {
    let mut weights = learner.weights();
    let (_, array) = weights.iter_mut().find(|(name, _)| name == path).unwrap();
    *array = Array::new(array.shape().to_vec(), array.data().iter().map(|&w| change(w)).collect()).unwrap();
    learner.set_named_weights(&weights).unwrap();
}

/// Trains step by step, does `sabotage` before step 3, and says where the first number was that is not finite.
fn found(mut learner: Learner, guarded: bool, sabotage: impl Fn(&mut Learner)) -> (u64, String, Phase) {
    let data = data();
    learner.watch(Schedule::Default);
    learner.guard(guarded);
    for step in 0..6 {
        if step == 3 {
            sabotage(&mut learner);
        }
        learner.train_on_batch(&data).unwrap();
        if guarded {
            let all = learner.weights();
            assert!(all.iter().all(|(_, a)| a.data().iter().all(|w| w.is_finite())), "step {step}");
        }
    }
    let sick = learner.chart().unwrap().first_non_finite.clone().unwrap();
    assert_eq!(learner.non_finite(), Some(&sick));
    (sick.step, sick.place, sick.phase)
}

#[test]
fn forward_backward_and_update_are_told_apart() {
    for guarded in [false, true] {
        let forward = found(learner(Sgd::new(0.01)), guarded, |l| {
            set(l, "second/kernel", |w| w.signum() * 3e38);
            set(l, "norm/gamma", |_| 50.0);
        });
        assert_eq!(forward, (3, "second".into(), Phase::Forward));

        let update = found(learner(Sgd::new(0.01)), guarded, |l| l.set_learning_rate(3e38).unwrap());
        assert_eq!((update.0, update.2), (3, Phase::Update), "{update:?}");
        assert!(update.1.contains('/'), "a weight: {update:?}");
    }
}

#[test]
fn a_gradient_that_overflows_on_the_way_back_is_found_before_the_update() {
    for guarded in [false, true] {
        let model = Sequential::new([1])
            .add_as("first", Dense::new(1))
            .add_as("second", Dense::new(1))
            .add_as("third", Dense::new(1));
        let mut learner = model.compile(Compile::new(Sgd::new(1e-3), MeanSquaredError)).unwrap();
        let data =
            Dataset::new(Array::new([1, 1], vec![1.0]).unwrap(), Array::new([1, 1], vec![0.0]).unwrap());
        let data = data.unwrap();
        // Who watches finds it in a step that is looked at, a guard in any.
        learner.watch(if guarded { Schedule::Never } else { Schedule::Always });
        learner.guard(guarded);
        learner.train_on_batch(&data).unwrap();
        // Forward 1e-6, 1e-6, 1e19; back 2e19, 2e44.
        for (name, value) in [("first", 1e-6), ("second", 1.0), ("third", 1e25)] {
            set(&mut learner, &format!("{name}/kernel"), |_| value);
            set(&mut learner, &format!("{name}/bias"), |_| 0.0);
        }
        let loss = learner.train_on_batch(&data).unwrap().get("loss").unwrap();
        assert!(loss.is_finite());
        let sick = learner.non_finite().unwrap().clone();
        assert_eq!((sick.step, sick.phase), (1, Phase::Backward), "{sick}");
        assert_eq!(sick.place, "third", "its kernel is what makes it overflow: {sick}");
        let finite = learner.weights().iter().all(|(_, a)| a.data().iter().all(|w| w.is_finite()));
        assert_eq!(finite, guarded);
        assert_eq!(learner.iterations(), if guarded { 1 } else { 2 });
    }
}

#[test]
fn a_look_at_a_batch_names_the_place_too() {
    let mut learner = learner(Sgd::new(0.01));
    learner.train_on_batch(&data()).unwrap();
    set(&mut learner, "second/kernel", |w| w.signum() * 3e38);
    set(&mut learner, "norm/gamma", |_| 50.0);
    let chart = learner.watch_on_batch(&data()).unwrap();
    let sick = chart.first_non_finite.as_ref().unwrap();
    assert_eq!((sick.step, &*sick.place, sick.phase), (1, "second", Phase::Forward));
    let second = &chart.samples[0].layers[3];
    assert!(second.dead.is_none() && second.signal.is_some_and(|s| s.zero.is_nan()), "{second:?}");
    assert!(chart.samples[0].gradient_norm.is_some_and(|norm| !norm.is_finite()));
}

#[test]
fn fit_stops_with_the_last_finite_weights_where_it_is_guarded() {
    #[derive(Debug, Default)]
    struct Before(Vec<(String, Array)>);
    impl Callback for Before {
        fn wants_batches(&self) -> bool {
            true
        }
        fn on_train_batch_begin(&mut self, training: &mut Training<'_>, _: usize) -> Result<()> {
            self.0 = training.learner.weights();
            Ok(())
        }
        fn on_train_batch_end(&mut self, _: &mut Training<'_>, _: usize, _: &Logs) -> Result<()> {
            Ok(())
        }
    }
    for rate in [1e3, 1e10, 1e30] {
        let mut learner = learner(Sgd::new(rate));
        learner.guard(true);
        let mut before = Before::default();
        let fit = Fit::epochs(400).batch_size(8).callback(&mut before);
        let history = learner.fit(&data(), fit).unwrap();
        assert!(history.epochs.len() < 400, "{rate}");
        assert_eq!(learner.weights(), before.0, "{rate}: as before the step");
        assert_eq!(history.warnings.len(), 1, "{:?}", history.warnings);
        assert!(history.warnings[0].contains("is not a finite number in epoch"), "{:?}", history.warnings);
        assert!(history.warnings[0].contains("; first "), "{:?}", history.warnings);
    }
}

#[test]
fn a_moving_average_of_weights_that_were_undone_is_not_taken() {
    // The update itself overflows, and the average follows it.
    let mut learner = learner(Optimizer::new(Sgd::new(3e38)).ema(0.9));
    learner.guard(true);
    learner.fit(&data(), Fit::epochs(3).batch_size(8)).unwrap();
    assert_eq!(learner.non_finite().unwrap().phase, Phase::Update);
    assert!(learner.weights().iter().all(|(_, a)| a.data().iter().all(|w| w.is_finite())));
}

#[test]
fn without_a_guard_training_goes_on_with_one_warning() {
    let mut learner = learner(Sgd::new(1e30));
    let history = learner.fit(&data(), Fit::epochs(20).batch_size(8)).unwrap();
    assert_eq!((history.epochs.len(), history.warnings.len()), (20, 1));
    assert!(learner.weights().iter().any(|(_, a)| a.data().iter().any(|w| !w.is_finite())));
}

#[test]
fn watching_and_guarding_change_no_bit() {
    let run = |watch: bool, guard: bool, rate: f64| {
        let optimizer = Optimizer::new(Sgd::new(rate)).loss_scale_factor(3.0).gradient_accumulation_steps(2);
        let mut learner = learner(optimizer.global_clipnorm(2.0));
        if watch {
            learner.watch(Schedule::Default);
        }
        learner.guard(guard);
        learner.fit(&data(), Fit::epochs(6).batch_size(8)).unwrap();
        let all = learner.weights().into_iter();
        all.flat_map(|(_, a)| a.into_data()).map(f32::to_bits).collect::<Vec<u32>>()
    };
    let healthy = run(false, false, 0.1);
    assert!(healthy == run(true, false, 0.1) && healthy == run(true, true, 0.1));
    assert!(run(false, false, 1e30) == run(true, false, 1e30), "nor where it comes to nothing");
}

#[test]
fn a_chart_tells_how_often_and_how_much_was_clipped() {
    let mut learner = learner(Optimizer::new(Sgd::new(0.01)).global_clipnorm(0.5));
    learner.watch(Schedule::Always);
    learner.fit(&data(), Fit::epochs(5).batch_size(8)).unwrap();
    let chart = learner.chart().unwrap();
    let mut clipped = 0;
    for sample in &chart.samples {
        let (before, after) = (sample.gradient_norm.unwrap(), sample.clipped_norm.unwrap());
        assert_eq!(sample.clipped, Some(before > 0.5));
        assert!(after <= 0.5 + 1e-6 && (before > 0.5 || before == after));
        clipped += usize::from(before > 0.5);
    }
    assert!(clipped > 0 && chart.clip_rate() == Some(clipped as f64 / chart.samples.len() as f64));
    assert_eq!(
        learner.last_update().unwrap().gradient_norm_before,
        chart.samples.last().unwrap().gradient_norm
    );
    let json = chart.to_json();
    assert!(json["samples"][0]["gradient_norm"].is_number() && json["samples"][0]["clipped"].is_boolean());
}
