//! Experiments with a model in a file of Keras: trained on from where it was, as it was compiled there.
// A test that fails may panic, its helpers too.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use steadygrad_doctor::Edit;
use steadygrad_engine::callbacks::ModelCheckpoint;
use steadygrad_engine::{Fit, Learner, Shuffle, Trainable};
use steadygrad_lab::{Experiment, load_model, load_weights, save_model, save_weights};

const FIRST: &str = r#"
[data]
source = "circles"
samples = 60

[model]
layers = [
  { layer = "dense", units = 6, activation = "tanh" },
  { layer = "batch_normalization" },
  { layer = "dense", units = 2, activation = "softmax" },
]

[compile]
optimizer = { class_name = "Adam", config = { learning_rate = 0.01, amsgrad = true } }
loss = "sparse_categorical_crossentropy"
metrics = ["accuracy"]

[fit]
epochs = 2
shuffle = false
"#;

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("keras_files").join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn parse(text: &str, base: &Path) -> Experiment {
    Experiment::parse(text).unwrap().with_base(base)
}

/// An experiment on the model in this file.
fn on(file: &str, more: &str, base: &Path) -> Experiment {
    let data = FIRST.split("[model]").next().unwrap();
    parse(&format!("{data}[model]\nfile = \"{file}\"\n{more}\n[fit]\nepochs = 2\nshuffle = false\n"), base)
}

fn fit(learner: &mut Learner, experiment: &Experiment) -> Vec<(String, Vec<f64>)> {
    let data = experiment.prepare(1).unwrap().data.train;
    let history = learner.fit(&data, Fit::epochs(2).batch_size(16).shuffle(Shuffle::No)).unwrap();
    assert!(history.warnings.is_empty(), "{:?}", history.warnings);
    history.iter().map(|(name, values)| (name.to_string(), values.to_vec())).collect()
}

#[test]
fn what_was_compiled_is_trained_on() {
    let folder = folder("trained_on");
    let first = parse(FIRST, &folder);
    let mut learner = first.prepare(1).unwrap().learner().unwrap();
    fit(&mut learner, &first);
    for file in ["whole.keras", "whole.h5"] {
        save_model(&learner, folder.join(file)).unwrap();
    }
    save_weights(&learner, folder.join("w.safetensors")).unwrap();
    let straight = fit(&mut learner, &first);
    for file in ["whole.keras", "whole.h5"] {
        let next = on(file, "", &folder);
        let prepared = next.prepare(1).unwrap();
        assert!(prepared.goes_on);
        let mut resumed = prepared.learner().unwrap();
        assert_eq!(fit(&mut resumed, &next), straight, "{file}");
        assert_eq!(resumed.weights(), learner.weights(), "{file}");
        assert_eq!(resumed.optimizer_variables(), learner.optimizer_variables(), "{file}");
        // An experiment that is edited says in its own words how it is compiled, and begins anew: so do all that are compared.
        let edited = next.edited(&[]).unwrap();
        let text = edited.to_toml().unwrap();
        assert!(
            text.contains("[compile]") && text.contains("amsgrad") && text.contains("accuracy"),
            "{text}"
        );
        let prepared = edited.prepare(1).unwrap();
        assert!(!prepared.goes_on);
        let mut anew = prepared.learner().unwrap();
        assert_ne!(fit(&mut anew, &next), straight);
        let other = next
            .edited(&[Edit::Set("compile.optimizer.config.learning_rate", 0.5.into())])
            .unwrap()
            .to_toml()
            .unwrap();
        assert!(other.contains("learning_rate = 0.5") && other.contains("amsgrad = true"), "{other}");
        // Settings or weights of its own: the optimizer of the file belongs to neither.
        let own = "[compile]\noptimizer = \"sgd\"\nloss = \"sparse_categorical_crossentropy\"\n";
        for more in [own, "weights = \"w.safetensors\"\n"] {
            let prepared = on(file, more, &folder).prepare(1).unwrap();
            assert!(!prepared.goes_on);
            let learner = prepared.learner().unwrap();
            assert_eq!(learner.weights(), load_model(folder.join(file)).unwrap().weights());
        }
    }
}

#[test]
fn a_file_that_says_nothing_of_training_needs_a_table() {
    let folder = folder("nothing_said");
    let first = parse(FIRST, &folder);
    let learner = first.prepare(1).unwrap().learner().unwrap();
    save_model(&learner, folder.join("whole.keras")).unwrap();
    let compile = steadygrad_engine::Compile::without_loss(steadygrad_nn::optimizers::Sgd::new(0.1));
    let plain = learner.model().compile(compile).unwrap();
    save_model(&plain, folder.join("plain.keras")).unwrap();
    let error = on("plain.keras", "", &folder).prepare(1).unwrap_err().to_string();
    for word in ["plain.keras", "without being compiled", "add a table [compile]"] {
        assert!(error.contains(word), "{word}: {error}");
    }
    let error = on("none.keras", "", &folder).prepare(1).unwrap_err().to_string();
    assert!(error.contains("[model], `file`") && error.contains("none.keras"), "{error}");
    let error = on("whole.keras", "[compile]\n", &folder).prepare(1).unwrap_err().to_string();
    assert!(error.contains("`loss` is missing"), "{error}");
}

#[test]
fn checkpoints_of_an_experiment_are_files_of_keras_where_their_path_ends_so() {
    let folder = folder("checkpoints");
    let paths =
        ["kept/e{epoch}.keras", "kept/e{epoch}.h5", "kept/e{epoch}.weights.h5", "kept/e{epoch}.safetensors"];
    let one =
        |path: &&str| format!("{{ class_name = \"ModelCheckpoint\", config = {{ filepath = \"{path}\" }} }}");
    let list = paths.iter().map(one).collect::<Vec<_>>().join(", ");
    let experiment = parse(&format!("{FIRST}callbacks = [{list}]\n"), &folder);
    let prepared = experiment.prepare(1).unwrap();
    let mut learner = prepared.learner().unwrap();
    let mut callbacks = prepared.callbacks().unwrap();
    let mut fit = Fit::epochs(2).shuffle(Shuffle::No);
    for callback in &mut callbacks {
        fit = fit.callback(callback.as_mut());
    }
    learner.fit(&prepared.data.train, fit).unwrap();
    for ending in ["keras", "h5"] {
        let again = load_model(folder.join(format!("kept/e2.{ending}"))).unwrap();
        assert_eq!(again.weights(), learner.weights());
        assert_eq!(again.optimizer_variables(), learner.optimizer_variables());
    }
    for ending in ["keras", "h5", "weights.h5", "safetensors"] {
        let mut other = prepared.learner_of_draw(5).unwrap();
        assert_ne!(other.weights(), learner.weights());
        load_weights(&mut other, folder.join(format!("kept/e2.{ending}"))).unwrap();
        assert_eq!(other.weights(), learner.weights(), "{ending}");
    }
    // In code it is said who writes such files.
    let path = folder.join("kept/in_code.h5");
    let mut own = ModelCheckpoint::new(&path.to_string_lossy()).unwrap().saved_by(save_model);
    learner.fit(&prepared.data.train, Fit::epochs(1).callback(&mut own)).unwrap();
    assert_eq!(load_model(path).unwrap().weights(), learner.weights());
    let error = save_weights(&learner, folder.join("whole.keras")).unwrap_err().to_string();
    assert!(error.contains("x.weights.h5"), "{error}");
    let error = load_weights(&mut learner, folder.join("kept/none.npz")).unwrap_err().to_string();
    assert!(error.contains("none.npz"), "{error}");
}
