//! A model or its weights from one kind of file to another.

use crate::inspection::{Sort, learner, open};
use crate::keras_file::{load_weights, save_model, save_weights};
use crate::onnx_file::export_onnx;
use serde_json::Value as Json;
use std::path::Path;
use steadygrad_data::file::replace;
use steadygrad_engine::{Compile, Learner, Trainable};
use steadygrad_formats::keras::{Contents, Kind, config_of, model_from_config};
use steadygrad_kernels::{Error, Place as _, Result};
use steadygrad_nn::Model;
use steadygrad_nn::optimizers::Sgd;

/// What a file may become.
#[derive(Debug, Clone, Copy, PartialEq)]
enum To {
    /// `.keras`, `.h5`
    Model,
    /// `.weights.h5`, `.safetensors`
    Weights,
    /// `.json`
    Json,
    /// `.onnx`
    Onnx,
}

/// Writes what is in the file `from` as the file `to`: `.keras`, `.h5`, `.weights.h5`, `.safetensors`, `.onnx`, or the JSON of a model, by
/// its ending.
/// What `from` is, is told by what is in it. Weights alone do not say which model they are of: `model` is a file that does, `.keras`, `.h5`
/// or `.json`.
///
/// Between files of models everything is kept: weights, how it is compiled, and where its optimizer is. Answers what was lost on the way.
///
/// ```
/// use steadygrad_engine::{Compile, Trainable};
/// use steadygrad_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Adam};
/// let file = |name: &str| std::env::temp_dir().join(format!("steadygrad_example_converted.{name}"));
/// let learner = Sequential::new([4]).add(Dense::new(3)).compile(Compile::new(Adam::new(0.001), MeanSquaredError))?;
/// steadygrad_lab::save_model(&learner, file("keras"))?;
/// steadygrad_lab::convert(file("keras"), None, file("safetensors"))?;
/// steadygrad_lab::convert(file("safetensors"), Some(file("keras").as_ref()), file("h5"))?;
/// assert_eq!(steadygrad_lab::load_model(file("h5"))?.weights(), learner.weights());
/// # for name in ["keras", "safetensors", "h5"] { std::fs::remove_file(file(name)).ok(); }
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
///
/// # Errors
/// If a file cannot be read or written, or the one cannot become the other.
pub fn convert(from: impl AsRef<Path>, model: Option<&Path>, to: impl AsRef<Path>) -> Result<Vec<String>> {
    let (from, to) = (from.as_ref(), to.as_ref());
    let target = target(to)?;
    let mut notes = Vec::new();
    let whole = match open(from)? {
        (Sort::Npz, _) => {
            return Err(Error::unsupported("arrays under names of somebody's own are no weights of a model")
                .at(from.display().to_string())
                .help(
                    "write them as .safetensors under the names that `steadygrad inspect` shows of the model",
                ));
        }
        (Sort::Json, _) => return from_json(from, model, target, to),
        (Sort::Safetensors, _) => None,
        (Sort::Keras, bytes) => {
            let contents = Contents::from_bytes(bytes).place(|| from.display().to_string())?;
            matches!(contents.kind, Kind::Archive | Kind::Model).then_some(())
        }
    };
    let learner = match (whole, model) {
        (Some(()), Some(model)) => {
            return Err(Error::argument(format!("{} is a model itself", from.display()))
                .help(format!("leave out --model {}", model.display())));
        }
        (Some(()), None) => learner(from, &mut notes)?,
        (None, Some(model)) => {
            let mut learner = without_training(&read_model(model)?)?;
            load_weights(&mut learner, from)?;
            learner
        }
        (None, None) => {
            return Err(Error::argument("weights alone do not say which model they are of")
                .at(from.display().to_string())
                .help("name a file of the model: --model net.json, or a .keras or .h5 file of it"));
        }
    };
    notes.extend(learner.warnings().iter().cloned());
    match target {
        To::Model => save_model(&learner, to)?,
        To::Weights => save_weights(&learner, to)?,
        To::Json if whole.is_none() => {
            return Err(Error::argument("weights have no layers that JSON could describe")
                .at(from.display().to_string())
                .help("give the model's own file instead"));
        }
        To::Json => write_json(learner.model(), to)?,
        To::Onnx => export_onnx(&learner, to)?,
    }
    if target != To::Model && !learner.settings().losses.is_empty() {
        let keeps = to.extension().is_some_and(|e| e == "h5");
        let state = if keeps { "the optimizer's state stands with the weights, but " } else { "" };
        notes.push(format!("{state}how the model is compiled is not in such a file"));
    }
    Ok(notes)
}

fn target(to: &Path) -> Result<To> {
    let name = to.file_name().and_then(|n| n.to_str()).unwrap_or_default().to_lowercase();
    let ends = |end: &str| name.len() > end.len() && name.ends_with(end);
    match () {
        () if ends(".weights.h5") || ends(".safetensors") => Ok(To::Weights),
        () if ends(".keras") || ends(".h5") || ends(".hdf5") => Ok(To::Model),
        () if ends(".json") => Ok(To::Json),
        () if ends(".onnx") => Ok(To::Onnx),
        () => Err(Error::argument("no file of this name is written").at(to.display().to_string()).help(
            "models are written as x.keras, x.h5, x.onnx (to be run elsewhere) or x.json (without weights), weights as x.weights.h5 or \
             x.safetensors",
        )),
    }
}

/// A model that has no weights can only be described again.
fn from_json(from: &Path, model: Option<&Path>, target: To, to: &Path) -> Result<Vec<String>> {
    let place = || from.display().to_string();
    let own = read_model(from)?;
    if model.is_some() || target != To::Json {
        let help = format!(
            "give the weights, and the model beside them: steadygrad convert WEIGHTS {} --model {}",
            to.display(),
            from.display()
        );
        return Err(Error::argument("a model in JSON has no weights").at(place()).help(help));
    }
    write_json(&own, to)?;
    Ok(Vec::new())
}

fn write_json(model: &Model, to: &Path) -> Result<()> {
    replace(to, format!("{:#}\n", config_of(model)?))
}

/// The model in this file.
fn read_model(path: &Path) -> Result<Model> {
    let place = || path.display().to_string();
    match open(path)? {
        (Sort::Json, bytes) => {
            let config: Json = crate::inspection::config(&bytes).place(place)?;
            model_from_config(&config).place(place)
        }
        (Sort::Keras, bytes) => {
            let contents = Contents::from_bytes(bytes).place(place)?;
            let none = || {
                Error::argument("it has weights and no model")
                    .help("--model takes a .keras, .h5 or .json file of the model")
            };
            model_from_config(&contents.config.ok_or_else(none).place(place)?).place(place)
        }
        _ => Err(Error::argument("it has no model")
            .at(place())
            .help("--model takes a .keras, .h5 or .json file of the model")),
    }
}

fn without_training(model: &Model) -> Result<Learner> {
    model.compile(Compile::without_loss(Sgd::new(0.01)))
}
