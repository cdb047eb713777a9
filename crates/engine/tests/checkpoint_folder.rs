//! Checkpoints in a folder: which stay, which is taken, what is said of broken ones, and that there is one writer.
#![allow(clippy::unwrap_used)] // a test that cannot go on has failed

use std::path::Path;
use steadygrad_data::{Array, Dataset};
use steadygrad_engine::callbacks::Mode;
use steadygrad_engine::checkpoint::{Checkpoints, State, read};
use steadygrad_engine::{Compile, Fit, History, Trainable};
use steadygrad_nn::Sequential;
use steadygrad_nn::layers::Dense;
use steadygrad_nn::losses::MeanSquaredError;
use steadygrad_nn::optimizers::Adam;

fn data() -> Dataset {
    let x: Vec<f32> = (0..40).map(|i| i as f32 / 40.0).collect();
    let y = x.iter().map(|x| 2.0 * x - 1.0).collect();
    Dataset::new(Array::new([40, 1], x).unwrap(), Array::new([40, 1], y).unwrap()).unwrap()
}

/// Trains so many epochs of five steps.
fn train(checkpoints: &mut Checkpoints, epochs: usize, from: Option<&State>) -> History {
    let model = Sequential::new([1]).add(Dense::new(4)).add(Dense::new(1));
    let mut learner = model.compile(Compile::new(Adam::new(0.05), MeanSquaredError).seed(1)).unwrap();
    learner.fit(&data(), Fit::epochs(epochs).batch_size(8).from(from).keeper(checkpoints)).unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let files = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn the_newest_few_stay_and_the_best_apart() {
    let folder = tempfile::tempdir().unwrap();
    let mut checkpoints =
        Checkpoints::new(folder.path()).unwrap().every_steps(2).keep_last(2).best("loss", Mode::Auto);
    train(&mut checkpoints, 3, None);
    let step = |n: u64| format!("step-{n:010}.checkpoint");
    assert_eq!(names(folder.path()), ["best.checkpoint", "lock", &step(14), &step(15)]);
    let best = read(folder.path().join("best.checkpoint")).unwrap();
    assert_eq!(best.count("fit/epoch").unwrap(), 3, "the loss falls");
    assert!(best.maybe("keeper/best").unwrap().is_some());
}

#[test]
fn the_best_is_the_best_of_all_epochs_wherever_others_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    // The loss falls: the first epoch is where most of it is.
    let mut checkpoints =
        Checkpoints::new(folder.path()).unwrap().each_epoch(false).every_steps(7).best("loss", Mode::Max);
    let history = train(&mut checkpoints, 6, None);
    let losses = history.get("loss").unwrap();
    let most = (0..6).max_by(|a, b| losses[*a].total_cmp(&losses[*b])).unwrap();
    let best = read(folder.path().join("best.checkpoint")).unwrap();
    assert_eq!(best.count("fit/epoch").unwrap(), most as u64 + 1);
    assert_eq!(best.maybe("keeper/best").unwrap(), Some(losses[most]));
}

#[test]
fn broken_ones_are_named_and_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let mut checkpoints = Checkpoints::new(folder.path()).unwrap();
    let straight = train(&mut checkpoints, 4, None);
    let path = |n: u64| folder.path().join(format!("step-{n:010}.checkpoint"));
    // The newest is torn, the one before has one bit turned.
    let bytes = std::fs::read(path(20)).unwrap();
    std::fs::write(path(20), &bytes[..bytes.len() / 2]).unwrap();
    let mut bytes = std::fs::read(path(15)).unwrap();
    *bytes.last_mut().unwrap() ^= 4;
    std::fs::write(path(15), bytes).unwrap();
    let newest = checkpoints.newest().unwrap();
    assert_eq!(newest.path, Some(path(10)));
    let [torn, turned] = &newest.skipped[..] else { panic!("{:?}", newest.skipped) };
    assert!(torn.contains("step-0000000020") && torn.contains("cut off"), "{torn}");
    assert!(turned.contains("step-0000000015") && turned.contains("checksum"), "{turned}");
    // Broken ones do not count among those that are kept.
    let mut checkpoints = checkpoints.keep_last(1);
    train(&mut checkpoints, 3, newest.state.as_ref());
    assert_eq!(names(folder.path()), ["lock", "step-0000000015.checkpoint"]);
    let newest = checkpoints.newest().unwrap();
    let resumed = train(&mut checkpoints, 4, newest.state.as_ref());
    assert_eq!(resumed.get("loss"), straight.get("loss"));
}

#[test]
fn other_data_are_no_way_to_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut checkpoints = Checkpoints::new(folder.path()).unwrap();
    train(&mut checkpoints, 1, None);
    let newest = checkpoints.newest().unwrap();
    let mut other = data();
    other.y[0].data_mut()[7] += 1e-6;
    let model = Sequential::new([1]).add(Dense::new(4)).add(Dense::new(1));
    let mut learner = model.compile(Compile::new(Adam::new(0.05), MeanSquaredError).seed(1)).unwrap();
    let from = Fit::epochs(2).batch_size(8).from(newest.state.as_ref());
    let error = learner.fit(&other, from).unwrap_err().to_string();
    assert!(error.contains("on other data"), "{error}");
    let with = Fit::epochs(2).batch_size(8).validation(&other).from(newest.state.as_ref());
    let error = learner.fit(&data(), with).unwrap_err().to_string();
    assert!(error.contains("on other validation data"), "{error}");
}

#[test]
fn one_folder_has_one_writer() {
    let folder = tempfile::tempdir().unwrap();
    let first = Checkpoints::new(folder.path()).unwrap();
    let error = Checkpoints::new(folder.path()).unwrap_err().to_string();
    assert!(error.contains("another training keeps its checkpoints there"), "{error}");
    drop(first);
    std::fs::write(folder.path().join("step-0000000001.checkpoint.77-0.part"), "half").unwrap();
    let again = Checkpoints::new(folder.path()).unwrap();
    assert_eq!(names(folder.path()), ["lock"], "what was half written is gone");
    assert!(again.newest().unwrap().state.is_none());
}

#[test]
#[cfg(unix)]
fn a_folder_that_cannot_be_written_ends_the_training_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let mut checkpoints = Checkpoints::new(folder.path().join("run")).unwrap();
    std::fs::remove_dir_all(folder.path().join("run")).unwrap();
    let model = Sequential::new([1]).add(Dense::new(1));
    let mut learner = model.compile(Compile::new(Adam::new(0.05), MeanSquaredError)).unwrap();
    let error = learner.fit(&data(), Fit::epochs(1).keeper(&mut checkpoints)).unwrap_err().to_string();
    assert!(error.contains("step-0000000002.checkpoint"), "{error}");
}
