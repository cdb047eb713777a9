//! The `[model]` table with a `file`: a model that Keras wrote, or its configuration alone, becomes a network.

use crate::keras_file::compile_words;
use std::path::{Path, PathBuf};
use steadygrad_formats::keras::{Saved, is_keras_file, json, model_from_config};
use steadygrad_kernels::{Error, Place, Result};
use steadygrad_nn::Model;
use steadygrad_nn::args::Args;
use steadygrad_nn::config::{Config, Value};

/// The model in a `.keras` or `.h5` file, or that a configuration describes as Keras writes it (`model.to_json()`).
pub(crate) fn from_file(config: &Config, base: &Path) -> Result<Model> {
    let mut args = Args::new("[model]", config);
    let file = base.join(args.need::<String>("file")?);
    for key in ["layers", "input_shape", "outputs"] {
        if config.get(key).is_some() {
            return args.reject(key, "left out beside `file`, which says it all", "both");
        }
    }
    args.ignore(&["weights", "rescale", "name"]);
    args.finish()?;
    let place = || format!("[model], {}", file.display());
    if is_keras_file(&file) {
        let model = Saved::read(&file).map_err(|e| e.at("[model], `file`"))?.model;
        return named(model, &mut args);
    }
    let text = steadygrad_data::file::read_text(&file).map_err(|e| e.at("[model], `file`"))?;
    let model =
        json(text.as_bytes()).and_then(|json| model_from_config(&json)).place(place).map_err(|e| {
            if e.remedy().is_empty() {
                e.help("`file` names a model's configuration as Keras writes it: model.to_json()")
            } else {
                e
            }
        })?;
    named(model, &mut args)
}

/// The file of Keras that this `[model]` table names, if it does.
pub(crate) fn keras_file(table: &Config, base: &Path) -> Option<PathBuf> {
    match table.get("file") {
        Some(Value::Text(file)) if is_keras_file(file.as_ref()) => Some(base.join(file)),
        _ => None,
    }
}

/// The `[compile]` table that stands in the file: how its model was compiled.
pub(crate) fn compile_of(file: &Path) -> Result<Config> {
    let saved = Saved::read(file).map_err(|e| e.at("[model], `file`"))?;
    let help = "add a table [compile] with optimizer and loss";
    let Some(words) = &saved.compiled else {
        return Err(Error::argument("there is no [compile], and the model was saved without being compiled")
            .at(file.display().to_string())
            .help(help));
    };
    compile_words(words).place(|| file.display().to_string()).map_err(|e| e.help(help))
}

fn named(model: Model, args: &mut Args<'_>) -> Result<Model> {
    Ok(match args.or::<Option<String>>("name", None)? {
        Some(name) => model.named(&name),
        None => model,
    })
}
