//! The `[model]` table with a `file`: a model that Keras wrote, or its configuration alone, becomes a network.

use std::path::Path;
use steadygrad_formats::keras::{Saved, is_keras_file};
use steadygrad_kernels::{Error, Place, Result};
use steadygrad_nn::Model;
use steadygrad_nn::args::Args;
use steadygrad_nn::config::Config;

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
    let text = std::fs::read_to_string(&file).map_err(|e| Error::file(&file, &e).at("[model], `file`"))?;
    let json = serde_json::from_str(&text).map_err(|e| {
        Error::format(format!("not valid JSON: {e}"))
            .at(place())
            .help("`file` names a model's configuration as Keras writes it: model.to_json()")
    })?;
    let model = steadygrad_formats::keras::model_from_config(&json).place(place).map_err(|e| {
        if e.remedy().is_empty() {
            e.help("`file` names a model's configuration as Keras writes it: model.to_json()")
        } else {
            e
        }
    })?;
    named(model, &mut args)
}

fn named(model: Model, args: &mut Args<'_>) -> Result<Model> {
    Ok(match args.or::<Option<String>>("name", None)? {
        Some(name) => model.named(&name),
        None => model,
    })
}
