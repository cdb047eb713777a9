//! Stopped and gone on with is as straight through, bit for bit: from every step, with everything that a training remembers.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // a test that cannot go on has failed; what was tried is told

#[path = "common/at.rs"]
mod at;

use at::At;
use steadygrad_chart::Schedule;
use steadygrad_data::{Array, Dataset};
use steadygrad_engine::callbacks::{Callback, CsvLogger, EarlyStopping, ReduceLrOnPlateau};
use steadygrad_engine::checkpoint::State;
use steadygrad_engine::{Compile, Fit, FitSettings, History, Learner, OnNonFinite, Shuffle, Trainable};
use steadygrad_kernels::random::{Purpose, Stream};
use steadygrad_nn::activations::{Relu, Sigmoid};
use steadygrad_nn::layers::{BatchNormalization, Dense, Dropout};
use steadygrad_nn::losses::BinaryCrossentropy;
use steadygrad_nn::metrics::{Auc, F1Score, Precision};
use steadygrad_nn::optimizers::{Adam, Lamb, Optimizer, ScheduleFreeAdamW, Sgd};
use steadygrad_nn::{Model, Sequential};

fn model() -> Sequential {
    Sequential::new([2])
        .add(Dense::new(8).use_bias(false))
        .add(BatchNormalization::new())
        .add(Relu)
        .add(Dropout::new(0.3))
        .add(Dense::new(1).activation(Sigmoid))
}

fn learner(optimizer: Optimizer) -> Learner {
    let compile = Compile::new(optimizer, BinaryCrossentropy)
        .accuracy()
        .metric(Auc)
        .metric(Precision)
        .metric_as("f1", F1Score.threshold(0.5))
        .seed(3);
    let mut learner = model().compile(compile).unwrap();
    learner.watch(Schedule::Always);
    learner
}

/// What a training leaves: weights, all numbers of the history, the chart, the file of the logger.
type Left = (Vec<Vec<u32>>, Vec<(String, Vec<u64>)>, Vec<usize>, String, String);

fn left(learner: &Learner, history: &History, file: &std::path::Path) -> Left {
    let weights = learner.weights().into_iter().map(|(_, w)| w.data().iter().map(|x| x.to_bits()).collect());
    let series = history.iter().map(|(n, v)| (n.to_string(), v.iter().map(|x| x.to_bits()).collect()));
    let chart = learner.chart().unwrap().to_json().to_string();
    let lines = std::fs::read_to_string(file).unwrap();
    (weights.collect(), series.collect(), history.epochs.clone(), chart, lines)
}

fn straight_and_resumed(optimizer: &dyn Fn() -> Optimizer, settings: &FitSettings, patience: usize) {
    let (train, valid) = data();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("log.csv");
    let go = |learner: &mut Learner, from: Option<&State>, keeper: Option<&mut At>| {
        let mut callbacks: [Box<dyn Callback>; 3] = [
            Box::new(EarlyStopping::new().patience(patience).restore_best_weights(true)),
            Box::new(ReduceLrOnPlateau::new().patience(1).factor(0.5)),
            Box::new(CsvLogger::new(&file)),
        ];
        let mut fit = Fit::with(settings.clone()).validation(&valid).from(from);
        for callback in &mut callbacks {
            fit = fit.callback(&mut **callback);
        }
        if let Some(keeper) = keeper {
            fit = fit.keeper(keeper);
        }
        learner.fit(&train, fit).unwrap()
    };
    let mut one = learner(optimizer());
    let history = go(&mut one, None, None);
    let want = left(&one, &history, &file);
    let mut tried = 0;
    for step in 1..=one.iterations() {
        for epoch_end in [false, true] {
            let mut keeper = At { step, epoch_end, kept: None };
            go(&mut learner(optimizer()), None, Some(&mut keeper));
            let Some(bytes) = keeper.kept else { continue };
            let state = State::from_bytes(&bytes).unwrap();
            let mut other = learner(optimizer());
            let history = go(&mut other, Some(&state), None);
            assert!(left(&other, &history, &file) == want, "from step {step}, {epoch_end}");
            tried += 1;
        }
    }
    assert!(tried > one.iterations(), "{tried}");
    println!("reliability: {{\"resumed\":{tried}}}");
}

fn data() -> (Dataset, Dataset) {
    let stream = Stream::new(1, Purpose::Other, "data");
    let x: Vec<f32> = (0..120).map(|i| stream.normal(0, i) as f32).collect();
    let y = x.chunks(2).map(|x| f32::from(u8::from(x[0] * x[1] > 0.0))).collect();
    let x = Array::new([60, 2], x).unwrap();
    Dataset::new(x, Array::new([60, 1], y).unwrap()).unwrap().split(0.75).unwrap()
}

#[test]
fn adam_with_a_moving_average() {
    let settings = FitSettings { epochs: 4, batch_size: Some(9), ..FitSettings::default() };
    straight_and_resumed(&|| Optimizer::new(Adam::new(0.05)).ema(0.9), &settings, 9);
}

#[test]
fn early_stopping_ends_both() {
    let settings = FitSettings { epochs: 9, batch_size: Some(16), ..FitSettings::default() };
    straight_and_resumed(&|| Optimizer::new(Sgd::new(3.0).momentum(0.9)), &settings, 1);
}

#[test]
fn epochs_that_end_within_a_pass_and_gathered_gradients() {
    let settings = FitSettings {
        epochs: 4,
        batch_size: Some(7),
        steps_per_epoch: Some(5),
        shuffle: Shuffle::Batch,
        validation_freq: 2,
        ..FitSettings::default()
    };
    straight_and_resumed(&|| Optimizer::new(Lamb::new(0.02)).gradient_accumulation_steps(3), &settings, 9);
}

#[test]
fn an_optimizer_that_trains_at_another_point_than_it_is_best_at() {
    let settings = FitSettings { epochs: 2, batch_size: Some(20), ..FitSettings::default() };
    straight_and_resumed(&|| Optimizer::new(ScheduleFreeAdamW::new(0.05)), &settings, 9);
}

#[test]
fn callbacks_are_known_by_their_names() {
    let (train, _) = data();
    let go = |from: Option<&State>, keeper: Option<&mut At>, callbacks: Vec<&mut dyn Callback>| {
        let mut learner = learner(Optimizer::new(Sgd::new(3.0)));
        let mut fit = Fit::epochs(9).batch_size(9).from(from);
        for callback in callbacks {
            fit = fit.callback(callback);
        }
        if let Some(keeper) = keeper {
            fit = fit.keeper(keeper);
        }
        let history = learner.fit(&train, fit).unwrap();
        let rates: Vec<f64> = history.get("learning_rate").unwrap_or_default().to_vec();
        (history.get("loss").unwrap().to_vec(), rates, history.warnings)
    };
    let rate = |patience| ReduceLrOnPlateau::new().monitor("loss").patience(patience).factor(0.5);
    let stop = || EarlyStopping::new().monitor("loss").patience(3);
    let (losses, rates, _) = go(None, None, vec![&mut rate(1), &mut rate(2), &mut stop()]);
    assert!(rates.len() > 3 && rates.last() < rates.first(), "what is remembered shows: {rates:?}");
    let mut keeper = At { step: 17, epoch_end: false, kept: None };
    go(None, Some(&mut keeper), vec![&mut rate(1), &mut rate(2), &mut stop()]);
    let state = State::from_bytes(&keeper.kept.unwrap()).unwrap();
    // In another order they find what was theirs; those of one kind keep their order.
    let (found, again, warnings) = go(Some(&state), None, vec![&mut stop(), &mut rate(1), &mut rate(2)]);
    assert_eq!((found, again), (losses, rates));
    assert!(!warnings.iter().any(|warning| warning.contains("anew")), "{warnings:?}");
    // One that is new begins, and says so.
    let mut keeper = At { step: 17, epoch_end: false, kept: None };
    go(None, Some(&mut keeper), vec![&mut rate(1)]);
    let state = State::from_bytes(&keeper.kept.unwrap()).unwrap();
    let (_, _, warnings) = go(Some(&state), None, vec![&mut stop(), &mut rate(1)]);
    let anew: Vec<_> = warnings.iter().filter(|warning| warning.contains("begins anew")).collect();
    assert!(matches!(&anew[..], [one] if one.starts_with("EarlyStopping was not there")), "{warnings:?}");
}

#[test]
fn a_logger_that_comes_after_the_stop_writes_a_file_of_its_own() {
    let (train, _) = data();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("log.csv");
    let mut keeper = At { step: 15, epoch_end: true, kept: None };
    learner(Sgd::new(0.1).into()).fit(&train, Fit::epochs(6).batch_size(9).keeper(&mut keeper)).unwrap();
    let state = State::from_bytes(&keeper.kept.unwrap()).unwrap();
    for (append, first) in [(false, "epoch,"), (true, "of old")] {
        std::fs::write(&file, "of old\nand more than what comes, and more, and more\n").unwrap();
        let mut logger = CsvLogger::new(&file).append(append);
        let fit = Fit::epochs(6).batch_size(9).from(Some(&state)).callback(&mut logger);
        let history = learner(Sgd::new(0.1).into()).fit(&train, fit).unwrap();
        assert!(
            history.warnings.iter().any(|w| w.starts_with("CSVLogger was not there")),
            "{:?}",
            history.warnings
        );
        let text = std::fs::read_to_string(&file).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with(first), "{text}");
        assert_eq!(lines.len(), if append { 5 } else { 4 }, "the epochs 3, 4 and 5: {text}");
        assert!(
            lines[lines.len() - 3].starts_with("3,") && lines[lines.len() - 1].starts_with("5,"),
            "{text}"
        );
    }
}

#[test]
fn another_training_is_refused() {
    let (train, _) = data();
    let mut keeper = At { step: 3, epoch_end: false, kept: None };
    let compile = |seed| Compile::new(Sgd::new(0.1), BinaryCrossentropy).seed(seed);
    let model: Model = model().into();
    model.compile(compile(1)).unwrap().fit(&train, Fit::epochs(2).batch_size(9).keeper(&mut keeper)).unwrap();
    let state = State::from_bytes(&keeper.kept.unwrap()).unwrap();
    let refused = |model: &Model, seed: u64, batch: usize| {
        let mut learner = model.compile(compile(seed)).unwrap();
        let before = learner.weights();
        let error = learner.fit(&train, Fit::epochs(2).batch_size(batch).from(Some(&state))).unwrap_err();
        assert!(learner.weights().iter().zip(&before).all(|(a, b)| a.1.data() == b.1.data()));
        error.to_string()
    };
    assert!(refused(&model, 2, 9).contains("whose `seed` was 1, and here it is 2"));
    assert!(refused(&model, 1, 8).contains("`batch_size`"));
    for (fit, told) in [
        (Fit::epochs(0), "epoch 1 has begun, and 0 are asked for"),
        (Fit::epochs(2).class_weight(0, 2.0), "`class_weight`"),
        (Fit::epochs(2).on_non_finite(OnNonFinite::Skip), "`on_non_finite` was none, and here it is skip"),
    ] {
        let mut learner = model.compile(compile(1)).unwrap();
        let error = learner.fit(&train, fit.batch_size(9).from(Some(&state))).unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
    }
    let other: Model = Sequential::new([2]).add(Dense::new(1)).into();
    let error = refused(&other, 1, 9);
    assert!(error.contains("weight"), "{error}");
}
