//! What goes wrong with callbacks, and what is said about it; and that all of them are found.

use super::*;
use crate::{Compile, Fit, Learner, Shuffle, Trainable};
use steadygrad_data::{Array, Dataset};
use steadygrad_nn::Sequential;
use steadygrad_nn::config::Config;
use steadygrad_nn::layers::Dense;
use steadygrad_nn::losses::MeanSquaredError;
use steadygrad_nn::optimizers::Sgd;
use steadygrad_nn::schedules::ExponentialDecay;

fn data() -> Dataset {
    let x = Array::new([6, 1], vec![-1.0, 0.0, 1.0, 2.0, 0.5, 1.5]).unwrap();
    Dataset::new(x, Array::new([6, 1], vec![1.0; 6]).unwrap()).unwrap()
}

fn learner(optimizer: Sgd) -> Learner {
    Sequential::new([1])
        .add(Dense::new(1))
        .compile(Compile::new(optimizer, MeanSquaredError).seed(1))
        .unwrap()
}

/// The history's warnings, or the error.
fn fit(optimizer: Sgd, callback: &mut dyn Callback) -> std::result::Result<Vec<String>, String> {
    let fit = Fit::epochs(3).batch_size(2).shuffle(Shuffle::No).callback(callback);
    learner(optimizer).fit(&data(), fit).map(|h| h.warnings).map_err(|e| e.to_string())
}

fn made(class: &str, config: Config) -> std::result::Result<Box<dyn Callback>, String> {
    from_value(&steadygrad_nn::catalog::spec(class, config)).map_err(|e| e.to_string())
}

fn says<T>(result: std::result::Result<T, String>, words: &[&str]) {
    let text = result.err().expect("an error");
    for word in words {
        assert!(text.contains(word), "`{word}` is not said in: {text}");
    }
}

#[test]
fn every_file_is_in_the_catalog() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/callbacks");
    let others = [
        "callback",
        "monitor",
        "pattern",
        "progress",
        "mod",
        "tests",
        "writer",
        "learning_rate_scheduler",
        "lambda_callback",
    ];
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|f| f.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .filter(|name| !others.contains(&name.as_str()))
        .collect();
    files.sort();
    let names: Vec<&str> = CATALOG.iter().map(|e| e.names[0]).collect();
    assert_eq!(files, names);
}

#[test]
fn all_are_built_from_settings() {
    let file = |key: &str, value: &str| Config::new().with(key, value);
    for entry in CATALOG {
        let config = match entry.class {
            "ModelCheckpoint" => file("filepath", "w.safetensors"),
            "CSVLogger" => file("filename", "log.csv"),
            _ => Config::new(),
        };
        for name in std::iter::once(&entry.class).chain(entry.names) {
            made(name, config.clone().with("verbose", 1)).unwrap();
        }
    }
    for class in ["EarlyStopping", "ReduceLROnPlateau", "TerminateOnNaN"] {
        assert!(from_value(&Value::from(class)).is_ok());
    }
}

#[test]
fn mistakes_in_settings_are_named() {
    let one = |name: &str, value: Value| Config::new().with(name, value);
    says(made("earlystop", Config::new()), &["not a known callback", "early_stopping"]);
    says(made("LambdaCallback", Config::new()), &["not a known callback"]);
    says(made("EarlyStopping", one("patiences", 3.into())), &["EarlyStopping", "did you mean `patience`?"]);
    says(made("EarlyStopping", one("patience", (-1).into())), &["`patience`", "0 or more"]);
    says(made("EarlyStopping", one("mode", "mx".into())), &["`mode`", "`mx` is not a known mode", "max"]);
    says(made("ReduceLROnPlateau", one("factor", 1.0.into())), &["`factor`", "below 1", "got 1"]);
    says(made("ReduceLROnPlateau", one("min_lr", (-1.0).into())), &["`min_lr`"]);
    says(made("ModelCheckpoint", Config::new()), &["`filepath` is missing"]);
    says(made("ModelCheckpoint", one("filepath", "w.{epoch".into())), &["must end in `.safetensors`"]);
    says(made("ModelCheckpoint", one("filepath", "{epoch.safetensors".into())), &["without its `}`"]);
    let path = one("filepath", "w.safetensors".into());
    says(
        made("ModelCheckpoint", path.clone().with("save_freq", "batch")),
        &["`save_freq`", "epoch", "batch"],
    );
    says(made("ModelCheckpoint", path.with("save_freq", 0)), &["`save_freq`", "got 0"]);
    says(
        made("CSVLogger", one("filename", "f".into()).with("separator", ", ")),
        &["`separator`", "one character"],
    );
}

#[test]
fn checkpoints_of_other_kinds_are_refused_with_the_remedy() {
    for (path, instead) in [
        ("e{epoch}.pt", "`e{epoch}.safetensors`"),
        ("model.npz", "`model.safetensors`"),
        ("model", "`model.safetensors`"),
        ("keras", "`keras.safetensors`"),
        ("a/.weights.h5", "must end in"),
        ("", "must end in"),
    ] {
        says(ModelCheckpoint::new(path).map_err(|e| e.to_string()), &[".safetensors", instead]);
    }
    for path in [".safetensors", ".keras", "folder/.h5"] {
        assert!(ModelCheckpoint::new(path).is_err(), "{path}");
    }
}

#[test]
fn files_of_keras_are_written_by_who_knows_them() {
    let paths = ["a/best.keras", "a/e{epoch}.weights.h5", "a/m{epoch:02d}.h5", "a/m.hdf5"];
    for path in paths {
        let error = fit(Sgd::new(0.1), &mut ModelCheckpoint::new(path).unwrap());
        says(error, &["ModelCheckpoint", "nobody writes it", ".saved_by(save_model)"]);
    }
    let whole = ModelCheckpoint::new("a.keras").unwrap().save_weights_only(true).saved_by(|_, _| Ok(()));
    says(fit(Sgd::new(0.1), &mut { whole }), &["`save_weights_only`", "`.weights.h5`"]);
    let folder = std::env::temp_dir().join(format!("steadygrad-saved-by-{}", std::process::id()));
    for (path, written) in paths.iter().zip(["best.keras", "e2.weights.h5", "m02.h5", "m.hdf5"]) {
        let path = folder.join(path);
        let mut checkpoint =
            ModelCheckpoint::new(&path.to_string_lossy()).unwrap().saved_by(|learner, path| {
                std::fs::write(path, learner.weights().len().to_string()).unwrap();
                Ok(())
            });
        fit(Sgd::new(0.1), &mut checkpoint).unwrap();
        assert_eq!(std::fs::read_to_string(folder.join("a").join(written)).unwrap(), "2");
    }
    std::fs::remove_dir_all(folder).unwrap();
    let mut failing = ModelCheckpoint::new("x.keras")
        .unwrap()
        .saved_by(|_, _| Err(steadygrad_kernels::Error::argument("the disk is full")));
    says(fit(Sgd::new(0.1), &mut failing), &["ModelCheckpoint", "the disk is full"]);
}

#[test]
fn a_number_that_is_missing_is_warned_of_once() {
    for callback in [&mut EarlyStopping::new() as &mut dyn Callback, &mut ReduceLrOnPlateau::new()] {
        let warnings = fit(Sgd::new(0.1), callback).unwrap();
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(warnings[0].contains("`val_loss` is not among the logs (loss"), "{warnings:?}");
    }
}

#[test]
fn a_number_that_nobody_knows_is_an_error_that_names_the_known_ones() {
    says(
        fit(Sgd::new(0.1), &mut EarlyStopping::new().monitor("los")),
        &["EarlyStopping", "did you mean `loss`?"],
    );
    says(
        fit(Sgd::new(0.1), &mut ReduceLrOnPlateau::new().monitor("val_auc")),
        &["`val_auc`", "it can watch: loss"],
    );
    // Where the way is said, a missing number is only warned of.
    let warnings = fit(Sgd::new(0.1), &mut EarlyStopping::new().monitor("val_auc").mode(Mode::Max)).unwrap();
    assert_eq!(warnings.len(), 1);
}

#[test]
fn rates_that_cannot_be_set_are_refused() {
    says(fit(Sgd::new(0.1), &mut ReduceLrOnPlateau::new().factor(2.0)), &["`factor`", "got 2"]);
    says(
        fit(Sgd::new(0.1), &mut LearningRateScheduler::new(|_, _| f64::NAN)),
        &["LearningRateScheduler", "epoch 0"],
    );
    let scheduled = || Sgd::new(ExponentialDecay::new(0.1, 10, 0.9));
    says(fit(scheduled(), &mut LearningRateScheduler::new(|_, rate| rate)), &["follows the schedule"]);
    let mut reduce = ReduceLrOnPlateau::new().monitor("loss").mode(Mode::Max).patience(1);
    says(fit(scheduled(), &mut reduce), &["follows the schedule"]);
}

#[test]
fn nan_ends_a_training_with_its_entry_or_with_an_error() {
    let mut sick = data();
    sick.y[0].data_mut()[3] = f32::NAN;
    let options = || Fit::epochs(5).batch_size(1).shuffle(Shuffle::No);
    let mut terminate = TerminateOnNan::new();
    let history = learner(Sgd::new(0.1)).fit(&sick, options().callback(&mut terminate)).unwrap();
    assert_eq!((history.epochs.as_slice(), history.samples), (&[0][..], 4));
    assert!(history.last("loss").unwrap().is_nan());
    assert!(history.warnings.contains(&"Batch 3: Invalid loss, terminating training".to_string()));
    let mut raise = TerminateOnNan::new().raise_error(true);
    let error = learner(Sgd::new(0.1)).fit(&sick, options().callback(&mut raise)).unwrap_err();
    assert!(error.to_string().contains("the loss is NaN in epoch 0, batch 3"), "{error}");
}

#[test]
fn files_that_cannot_be_written_are_named() {
    let nowhere = std::env::temp_dir().join("steadygrad-no-such-folder").join("log.csv");
    says(fit(Sgd::new(0.1), &mut CsvLogger::new(&nowhere)), &["CSVLogger", "log.csv"]);
    says(fit(Sgd::new(0.1), &mut CsvLogger::new("x.csv").separator('"')), &["`separator`"]);
    let file = std::env::temp_dir().join(format!("steadygrad-file-{}", std::process::id()));
    std::fs::write(&file, "").unwrap();
    let inside = file.join("w.safetensors");
    let mut checkpoint = ModelCheckpoint::new(&inside.to_string_lossy()).unwrap();
    says(fit(Sgd::new(0.1), &mut checkpoint), &["ModelCheckpoint", "steadygrad-file"]);
    std::fs::remove_file(file).unwrap();
    let mut unknown = ModelCheckpoint::new("w{val_loss:.2f}.safetensors").unwrap();
    says(fit(Sgd::new(0.1), &mut unknown), &["ModelCheckpoint", "`val_loss`", "epoch, loss"]);
    let mut none = ModelCheckpoint::new("w.safetensors").unwrap().save_freq(0);
    says(fit(Sgd::new(0.1), &mut none), &["`save_freq`"]);
}

#[test]
fn checkpoints_count_batches_across_epochs() {
    let folder = std::env::temp_dir().join(format!("steadygrad-batches-{}", std::process::id()));
    let path = folder.join("e{epoch}b{batch}.safetensors");
    let mut checkpoint = ModelCheckpoint::new(&path.to_string_lossy()).unwrap().save_freq(2);
    fit(Sgd::new(0.1), &mut checkpoint).unwrap();
    let mut files: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|f| f.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    files.sort();
    std::fs::remove_dir_all(folder).unwrap();
    // Three batches in each of three epochs: the 2nd, 4th, 6th and 8th.
    assert_eq!(files, ["e1b2.safetensors", "e2b1.safetensors", "e2b3.safetensors", "e3b2.safetensors"]);
}

#[test]
fn a_log_goes_on_without_a_second_header() {
    let file = std::env::temp_dir().join(format!("steadygrad-append-{}.csv", std::process::id()));
    for _ in 0..2 {
        fit(Sgd::new(0.1), &mut CsvLogger::new(&file).append(true)).unwrap();
    }
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(file).unwrap();
    assert_eq!((text.matches("epoch").count(), text.lines().count()), (1, 7));
}

#[test]
fn numbers_after_nan_are_better() {
    let monitor = monitor::Monitor::new("EarlyStopping", 0.0);
    assert!(monitor.improves(f64::NAN, None) && monitor.improves(1.0, Some(f64::NAN)));
    assert!(!monitor.improves(f64::NAN, Some(1.0)) && !monitor.improves(f64::NAN, Some(f64::NAN)));
}
