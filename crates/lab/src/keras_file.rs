//! Models in Keras' files, with their memory: loaded to be used, and to be trained on from where they were.

use crate::{describe, keras_2, settings};
use std::path::Path;
use steadygrad_engine::apply::{Stored, Variable};
use steadygrad_engine::{Compile, Learner, Trainable};
use steadygrad_formats::hdf5::{Numbers, Values};
use steadygrad_formats::keras::{Saved, is_keras_file, read_weights};
use steadygrad_kernels::{Error, Place, Result};
use steadygrad_nn::Model;
use steadygrad_nn::config::{Config, Value};
use steadygrad_nn::optimizers::Sgd;

/// The model in a `.keras` or `.h5` file of Keras, with its weights; if it was saved compiled, with its optimizer where it was, so that
/// `fit` goes on. One that was not compiled can predict; to train it, use [`load_model_with`].
///
/// Predictions are those of Keras. Nothing in the file is run, and no path in it is opened. Where the state of an optimizer of Keras 2
/// cannot be taken over, the optimizer begins anew, and the next `fit` warns of it ([`Learner::warnings`]).
///
/// ```no_run
/// let mut learner = steadygrad_lab::load_model("mnist.keras")?;
/// println!("{}", learner.summary());
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
///
/// # Errors
/// If it cannot be read; layers that are not known here are all named before anything else. If it was compiled with what has no word
/// here.
pub fn load_model(path: impl AsRef<Path>) -> Result<Learner> {
    let path = path.as_ref();
    let place = || path.display().to_string();
    let saved = Saved::read(path)?;
    let compile = match &saved.compiled {
        Some(words) => compiled(words, &saved.model).place(place).map_err(|e| {
            if e.remedy().is_empty() {
                e.help("load_model_with(path, compile) takes settings of your own")
            } else {
                e
            }
        })?,
        None => Compile::without_loss(Sgd::new(0.01)),
    };
    learner(saved, compile, true).place(place)
}

/// The same, compiled so, whatever the file says: its optimizer begins anew.
///
/// # Errors
/// If the file cannot be read, or model and settings do not fit.
pub fn load_model_with(path: impl AsRef<Path>, compile: Compile) -> Result<Learner> {
    let path = path.as_ref();
    learner(Saved::read(path)?, compile, false).place(|| path.display().to_string())
}

/// Loads weights into a model that is there: a `.weights.h5`, `.h5` or `.keras` file of Keras, or a `.safetensors` file, by its ending.
///
/// # Errors
/// If the file cannot be read, or its weights are another model's; then nothing is changed.
pub fn load_weights(learner: &mut Learner, path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    if !is_keras_file(path) {
        return learner.load_weights(path);
    }
    let weights = read_weights(path, learner.model())?;
    learner.set_named_weights(&weights).place(|| path.display().to_string())
}

/// Writes weights alone: a `.safetensors` file, or a `.weights.h5` file, in which Keras keeps the optimizer's state with them.
///
/// ```
/// use steadygrad_engine::{Compile, Trainable};
/// use steadygrad_lab::{load_weights, save_weights};
/// use steadygrad_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Adam};
/// let path = std::env::temp_dir().join("steadygrad_example_weights.safetensors");
/// let make = |seed| {
///     let compile = Compile::new(Adam::new(0.001), MeanSquaredError).seed(seed);
///     Sequential::new([4]).add(Dense::new(3)).compile(compile)
/// };
/// let (first, mut second) = (make(1)?, make(2)?);
/// save_weights(&first, &path)?;
/// load_weights(&mut second, &path)?;
/// assert_eq!(first.weights(), second.weights());
/// # std::fs::remove_file(&path).ok();
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
///
/// # Errors
/// If the path ends otherwise, or the file cannot be written.
pub fn save_weights(learner: &Learner, path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default().to_lowercase();
    if name.ends_with(".weights.h5") {
        return save_model(learner, path);
    }
    if name.ends_with(".safetensors") {
        return learner.save_weights(path);
    }
    Err(Error::argument(format!("`{}` is no name of a file of weights", path.display()))
        .at("save_weights")
        .help("weights are written as x.safetensors or x.weights.h5; save_model writes whole models"))
}

/// Writes a model with its weights, how it is compiled, and where its optimizer is, as a `.keras` or `.h5` file that Keras 3 loads and
/// trains on; with the ending `.weights.h5` its weights and the optimizer alone.
///
/// Of the two `.keras` is what Keras recommends; when it loads an `.h5` file, it begins its optimizer anew (this crate does not).
///
/// ```
/// use steadygrad_engine::{Compile, Trainable};
/// use steadygrad_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Adam};
/// let path = std::env::temp_dir().join("steadygrad_example.keras");
/// let learner = Sequential::new([4]).add(Dense::new(3)).compile(Compile::new(Adam::new(0.001), MeanSquaredError))?;
/// steadygrad_lab::save_model(&learner, &path)?;
/// assert_eq!(steadygrad_lab::load_model(&path)?.weights(), learner.weights());
/// # std::fs::remove_file(&path).ok();
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
///
/// # Errors
/// If the model has layers that Keras does not have, or the file cannot be written.
pub fn save_model(learner: &Learner, path: impl AsRef<Path>) -> Result<()> {
    let losses = !learner.settings().losses.is_empty();
    let saved = Saved {
        model: learner.model().clone(),
        weights: learner.weights(),
        compiled: losses.then(|| describe::compile(learner.settings()).to_json()),
        keras_2_optimizer: Vec::new(),
        optimizer: if losses {
            learner.optimizer_variables().into_iter().map(stored).collect()
        } else {
            Vec::new()
        },
        keras_version: None,
    };
    saved.write(path)
}

fn stored(variable: Variable) -> Numbers {
    match variable.value {
        Stored::Count(count) => Numbers { shape: Vec::new(), values: Values::Whole(vec![count as i64]) },
        Stored::Numbers(values) => Numbers { shape: variable.shape, values: Values::Float(values) },
    }
}

fn learner(saved: Saved, compile: Compile, goes_on: bool) -> Result<Learner> {
    let mut learner = saved.model.compile(compile)?;
    learner.set_named_weights(&saved.weights)?;
    if goes_on {
        go_on(&mut learner, &saved)?;
    }
    Ok(learner)
}

/// Takes over the weights of this `.keras` or `.h5` file, and where its optimizer was: for a learner of the same model that is compiled
/// alike. An optimizer of Keras 2 whose state cannot be told begins anew, with a warning ([`Learner::warnings`]).
///
/// # Errors
/// If the file cannot be read, or it is another model's.
pub fn resume(learner: &mut Learner, path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    let saved = Saved::read(path)?;
    let place = || path.display().to_string();
    learner.set_named_weights(&saved.weights).place(place)?;
    go_on(learner, &saved).place(place)
}

fn go_on(learner: &mut Learner, saved: &Saved) -> Result<()> {
    if !saved.optimizer.is_empty() {
        let names = learner.optimizer_variables();
        let name = |i: usize| names.get(i).map_or(String::new(), |v| v.name.clone());
        let variables: Vec<Variable> =
            saved.optimizer.iter().enumerate().map(|(i, numbers)| variable(i, name(i), numbers)).collect();
        learner.set_optimizer_variables(&variables).place(|| "the optimizer's state")?;
    }
    if !saved.keras_2_optimizer.is_empty() {
        let found = keras_2::variables(learner, &saved.keras_2_optimizer);
        let set = found.and_then(|v| learner.set_optimizer_variables(&v).map_err(|e| e.to_string()));
        // The weights are right all the same.
        if let Err(why) = set {
            learner.warn(format!(
                "the optimizer begins anew: its state in the file of Keras 2 is not taken over, as {why}"
            ));
        }
    }
    Ok(())
}

fn variable(i: usize, name: String, numbers: &Numbers) -> Variable {
    let value = match &numbers.values {
        // The iterations come first; what else is whole only stands in the place of a number.
        Values::Whole(values) if i == 0 && values.len() == 1 && values[0] >= 0 => {
            Stored::Count(values[0] as u64)
        }
        other => Stored::Numbers(other.floats()),
    };
    Variable { name, shape: numbers.shape.clone(), value }
}

/// How a file says that its model was compiled.
fn compiled(words: &serde_json::Value, model: &Model) -> Result<Compile> {
    settings::compile(&compile_words(words)?, &model.output_names(), 0, 1)
}

/// The same in the words of the `[compile]` table.
pub(crate) fn compile_words(words: &serde_json::Value) -> Result<Config> {
    let all = Config::from_json(words)?;
    let known = ["optimizer", "loss", "loss_weights", "metrics", "weighted_metrics"];
    let kept = all.iter().filter(|(key, value)| known.contains(key) && **value != Value::Null);
    let mut config = Config::new();
    for (key, value) in kept {
        config.set(key, value.clone());
    }
    if config.get("loss").is_none() {
        return Err(Error::argument("it was compiled without a loss that has a word here"));
    }
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;
    use steadygrad_data::Array;
    use steadygrad_nn::Sequential;
    use steadygrad_nn::layers::Normalization;

    /// The count of an adapted Normalization has no axis.
    #[test]
    fn weights_without_axes_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let compile = || Compile::without_loss(Sgd::new(0.01));
        let model = || Sequential::new([2]).add(Normalization::new());
        let mut learner = model().compile(compile()).unwrap();
        let numbers = [("mean", vec![1.0, 2.0]), ("variance", vec![4.0, 9.0]), ("count", vec![5.0])];
        let weights: Vec<(String, Array)> = numbers
            .map(|(name, values)| {
                (format!("normalization/{name}"), Array::new([values.len()], values).unwrap())
            })
            .to_vec();
        learner.set_named_weights(&weights).unwrap();
        assert_eq!(learner.weights(), weights);
        let (keras, tensors) = (folder.path().join("m.keras"), folder.path().join("m.safetensors"));
        save_model(&learner, &keras).unwrap();
        assert_eq!(load_model(&keras).unwrap().weights(), weights);
        learner.save_weights(&tensors).unwrap();
        let mut again = model().compile(compile()).unwrap();
        again.load_weights(&tensors).unwrap();
        let x = Array::new([1, 2], vec![3.0, 5.0]).unwrap();
        assert_eq!(again.predict(&x).unwrap().data(), [1.0, 1.0]);
    }
}
