//! What cannot be trained with is told before anything is trained.
#![allow(clippy::unwrap_used)]

use steadygrad_data::{Array, Dataset};
use steadygrad_engine::callbacks::{EarlyStopping, ModelCheckpoint};
use steadygrad_engine::{Compile, Fit, Learner, Trainable};
use steadygrad_nn::Sequential;
use steadygrad_nn::layers::{BatchNormalization, Dense};
use steadygrad_nn::losses::MeanSquaredError;
use steadygrad_nn::metrics::MeanAbsoluteError;
use steadygrad_nn::optimizers::{Adam, Optimizer, Sgd};

fn data() -> Dataset {
    let x = Array::new([4, 1], vec![-1.0, 0.0, 1.0, 2.0]).unwrap();
    Dataset::new(x, Array::new([4, 1], vec![1.0; 4]).unwrap()).unwrap()
}

fn compile(optimizer: impl Into<Optimizer>) -> Result<Learner, String> {
    let compile = Compile::new(optimizer, MeanSquaredError).metric(MeanAbsoluteError);
    Sequential::new([1]).add(Dense::new(1)).compile(compile).map_err(|e| e.to_string())
}

/// The error, and that not a step was made before it.
fn refused(fit: Fit<'_>) -> String {
    let mut learner = compile(Sgd::new(0.1)).unwrap();
    let error = learner.fit(&data(), fit).unwrap_err().to_string();
    assert_eq!(learner.iterations(), 0, "{error}");
    error
}

#[test]
fn settings_of_optimizers_and_layers() {
    assert!(
        compile(Adam::new(0.1).clipnorm(-1.0)).unwrap_err().starts_with("Adam: `clipnorm` must be above 0")
    );
    assert!(compile(Adam::default().clipnorm(1.0)).is_ok());
    let model = Sequential::new([1]).add(BatchNormalization::new().momentum(2.0));
    let error = model.compile(Compile::new(Sgd::default(), MeanSquaredError)).unwrap_err().to_string();
    assert!(
        error.starts_with("layer 1 (batch_normalization): `momentum` must be between 0 and 1"),
        "{error}"
    );
}

#[test]
fn settings_of_fit() {
    for (fit, words) in [
        (Fit::epochs(1).validation_split(-0.2), "`validation_split` must be 0 or more and below 1, got -0.2"),
        (Fit::epochs(1).validation_split(f64::NAN), "`validation_split` must be"),
        (Fit::epochs(1).validation_steps(0), "`validation_steps` must be 1 or more"),
        (Fit::epochs(1).validation_freq(0), "`validation_freq` must be 1 or more"),
        (Fit::epochs(1).steps_per_epoch(0), "`steps_per_epoch` must be 1 or more"),
        (Fit::epochs(1).validation_batch_size(0), "`validation_batch_size` must be 1 or more"),
        (Fit::epochs(1).class_weight(0, f64::NAN), "`class_weight` must be made of numbers"),
    ] {
        let error = refused(fit);
        assert!(error.starts_with(words), "{error}");
    }
}

#[test]
fn callbacks() {
    let mut stop = EarlyStopping::new().monitor("nope");
    let error = refused(Fit::epochs(1).callback(&mut stop));
    assert!(error.contains("it can watch: loss, mean_absolute_error"), "{error}");
    let folder = std::env::temp_dir().join(format!("steadygrad-asked-{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    let path = |name: &str| folder.join(name).display().to_string();
    let mut save = ModelCheckpoint::new(&path("new/e{epoch}-{val_loss}.safetensors")).unwrap();
    assert!(refused(Fit::epochs(1).callback(&mut save)).contains("asks for `val_loss`"));
    std::fs::write(path("file"), "").unwrap();
    let mut save = ModelCheckpoint::new(&path("file/e.safetensors")).unwrap();
    assert!(refused(Fit::epochs(1).callback(&mut save)).contains("it is a file, not a folder"));
    let left = std::fs::read_dir(&folder).unwrap().count();
    std::fs::remove_dir_all(folder).unwrap();
    assert_eq!(left, 1, "no folder was made");
}

#[test]
fn names_of_metrics() {
    let fit = |compile: Compile| {
        let mut learner = Sequential::new([1]).add(Dense::new(1)).compile(compile).unwrap();
        learner.fit(&data(), Fit::epochs(1)).map_err(|e| e.to_string())
    };
    let new = || Compile::new(Sgd::new(0.1), MeanSquaredError).metric(MeanAbsoluteError);
    assert!(fit(new().metric(MeanAbsoluteError)).unwrap_err().contains("metric_as"));
    assert!(fit(new().metric_as("loss", MeanAbsoluteError)).unwrap_err().contains("the name of a loss"));
    let history = fit(new().metric_as("again", MeanAbsoluteError)).unwrap();
    assert_eq!(history.get("again"), history.get("mean_absolute_error"));
}
