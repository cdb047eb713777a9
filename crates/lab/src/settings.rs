//! The `[compile]` and `[fit]` tables.

use crate::keras_file;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;
use steadygrad_engine::callbacks::{self, Callback, Writer};
use steadygrad_engine::{Asked, Compile, FitSettings, LossSpec, MetricSpec, OnNonFinite, Shuffle};
use steadygrad_kernels::{Error, Kind, Place, Result};
use steadygrad_nn::args::Args;
use steadygrad_nn::catalog::class_and_config;
use steadygrad_nn::config::{Config, FromValue, Value};
use steadygrad_nn::optimizers::Optimizer;
use steadygrad_nn::{Shape, metrics};

/// `[compile]`, for a model with outputs of these names.
pub(crate) fn compile(config: &Config, outputs: &[String], seed: u64, threads: usize) -> Result<Compile> {
    let mut args = Args::new("[compile]", config);
    let optimizer = args.or("optimizer", Value::Text("rmsprop".into()))?;
    let loss: Option<Value> = args.or("loss", None)?;
    let weights: Option<Value> = args.or("loss_weights", None)?;
    let metrics: Value = args.or("metrics", Value::Null)?;
    let weighted: Value = args.or("weighted_metrics", Value::Null)?;
    args.switch("run_eagerly")?;
    args.switch("auto_scale_loss")?;
    args.neutral("steps_per_execution", "1 or left out", |value| *value == Value::Int(1))?;
    args.neutral("jit_compile", "true, false or \"auto\"", |value| {
        matches!(value, Value::Bool(_)) || *value == Value::from("auto")
    })?;
    args.finish()?;
    let optimizer = Optimizer::from_value(&optimizer).place(|| "[compile], `optimizer`")?;
    let mut compile = Compile::without_loss(optimizer).seed(seed).threads(threads);
    let Some(loss) = loss else {
        return Err(Error::argument("`loss` is missing").at("[compile]").help(
            "name a loss, as in loss = \"sparse_categorical_crossentropy\"; `steadygrad list losses` shows all",
        ));
    };
    for (output, value) in per_output(&loss, outputs).place(|| "[compile], `loss`")? {
        let loss = FromValue::from_value(&value).place(|| "[compile], `loss`")?;
        compile.losses.push(LossSpec { output, loss, weight: 1.0 });
    }
    if let Some(weights) = weights {
        weigh(&mut compile, &weights, outputs).place(|| "[compile], `loss_weights`")?;
    }
    for (value, weighted, key) in [(metrics, false, "metrics"), (weighted, true, "weighted_metrics")] {
        let place = || format!("[compile], `{key}`");
        let specs = metric_specs(&value, outputs, weighted).place(place)?;
        for spec in &specs {
            if let Asked::Named(value) = &spec.metric {
                // Which accuracy it is depends on shapes; whether there is such a metric does not.
                metrics::resolve(value, &Shape::from([2]), &Shape::from([]), None).place(place)?;
            }
        }
        compile.metrics.extend(specs);
    }
    Ok(compile)
}

/// One value for all outputs, a list with one for each, or a table by names of outputs.
fn per_output(value: &Value, outputs: &[String]) -> Result<Vec<(Option<String>, Value)>> {
    match value {
        Value::List(items) => {
            if items.len() != outputs.len() {
                let count = |n: usize, one: &str, more: &str| {
                    if n == 1 { format!("1 {one}") } else { format!("{n} {more}") }
                };
                return Err(Error::argument(format!(
                    "the list has {}, and the model {}",
                    count(items.len(), "entry", "entries"),
                    count(outputs.len(), "output", "outputs")
                ))
                .help(format!("give one for each of {}", outputs.join(", "))));
            }
            Ok(outputs.iter().zip(items).map(|(o, v)| (Some(o.clone()), v.clone())).collect())
        }
        Value::Map(map) if map.get("class_name").is_none() => {
            let known: Vec<&str> = outputs.iter().map(String::as_str).collect();
            let entry = |(name, value): (&str, &Value)| {
                if known.contains(&name) {
                    Ok((Some(name.to_string()), value.clone()))
                } else {
                    Err(Error::name("output of the model", name, &known))
                }
            };
            map.iter().map(entry).collect()
        }
        one => Ok(vec![(None, one.clone())]),
    }
}

fn weigh(compile: &mut Compile, weights: &Value, outputs: &[String]) -> Result<()> {
    // A weight for each output needs a loss for each output.
    if let [LossSpec { output: None, loss, .. }] = compile.losses.as_slice() {
        let loss = loss.clone();
        let one = |o: &String| LossSpec { output: Some(o.clone()), loss: loss.clone(), weight: 1.0 };
        compile.losses = outputs.iter().map(one).collect();
    }
    for (output, value) in per_output(weights, outputs)? {
        let weight = f64::from_value(&value)?;
        if !weight.is_finite() {
            return Err(Error::argument(format!("expected a finite number, got {weight}")));
        }
        for spec in compile.losses.iter_mut().filter(|l| output.is_none() || l.output == output) {
            spec.weight = weight;
        }
    }
    Ok(())
}

fn metric_specs(value: &Value, outputs: &[String], weighted: bool) -> Result<Vec<MetricSpec>> {
    let spec = |output: Option<&String>, value: &Value| MetricSpec {
        output: output.cloned(),
        metric: Asked::Named(value.clone()),
        weighted,
    };
    match value {
        Value::Null => Ok(Vec::new()),
        // A list of lists gives each output its own.
        Value::List(items) if items.iter().any(|i| matches!(i, Value::List(_))) => {
            let each = per_output(value, outputs)?.into_iter();
            each.map(|(o, v)| metric_specs(&v, outputs, weighted).map(|s| named(s, o)))
                .collect::<Result<Vec<_>>>()
                .map(|v| v.concat())
        }
        Value::List(items) => Ok(items.iter().map(|v| spec(None, v)).collect()),
        Value::Map(map) if map.get("class_name").is_none() => {
            let each = per_output(value, outputs)?.into_iter();
            each.map(|(o, v)| metric_specs(&v, outputs, weighted).map(|s| named(s, o)))
                .collect::<Result<Vec<_>>>()
                .map(|v| v.concat())
        }
        one => Ok(vec![spec(None, one)]),
    }
}

fn named(specs: Vec<MetricSpec>, output: Option<String>) -> Vec<MetricSpec> {
    specs.into_iter().map(|s| MetricSpec { output: output.clone(), ..s }).collect()
}

/// The settings of callbacks that are paths.
const PATHS: [&str; 2] = ["filename", "filepath"];

/// The callback with the paths in it changed.
pub(crate) fn with_paths(mut callback: Value, change: &impl Fn(&str) -> Value) -> Value {
    if let Value::Map(map) = &mut callback
        && let Some(Value::Map(config)) = map.get_mut("config")
    {
        for key in PATHS {
            if let Some(Value::Text(path)) = config.get(key) {
                let changed = change(path);
                config.set(key, changed);
            }
        }
    }
    callback
}

/// The callbacks `own` with paths that are absolute. A path may be a constant: `read` has constants in their places.
pub(crate) fn absolute_paths(own: Option<&Value>, read: &Value, absolute: &impl Fn(&str) -> Value) -> Value {
    let list = |value: &Value| match value {
        Value::List(items) => items.clone(),
        one => vec![one.clone()],
    };
    let (own, read) = (own.map_or_else(Vec::new, list), list(read));
    let one = |(i, read): (usize, Value)| {
        let changed = with_paths(read.clone(), absolute);
        // What has no path stays as it was written.
        if changed == read && own.len() > i { own[i].clone() } else { changed }
    };
    Value::List(read.into_iter().enumerate().map(one).collect())
}

/// Callbacks as they are written, made.
pub(crate) fn callbacks(values: &[Value]) -> Result<Vec<Box<dyn Callback>>> {
    let writer = Writer::new(keras_file::save_model);
    let one = |(i, value)| {
        let place = || format!("[fit], `callbacks` {i}");
        let mut callback = callbacks::from_value(value).place(place)?;
        let (_, config) = class_and_config("callback", value).place(place)?;
        if let Some(Value::Text(log)) = config.get("filename") {
            may_log(Path::new(log)).place(place)?;
        }
        callback.files_are_written_by(&writer);
        Ok(callback)
    };
    values.iter().enumerate().map(one).collect()
}

/// How the files end that an experiment may have its log written to.
const LOGS: [&str; 4] = ["csv", "tsv", "txt", "log"];

/// Whether an experiment may have its log written there.
///
/// An experiment file may be somebody else's. What ends differently is no log but, say, what a shell runs when it starts, and a link
/// may lead to that; what is there already must be a log of a training, whose first word is `epoch`.
fn may_log(path: &Path) -> Result<()> {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    if !ending.is_some_and(|ending| LOGS.contains(&ending.as_str())) {
        return Err(Error::argument(format!("`filename` cannot be `{}`", path.display()))
            .at("CSVLogger")
            .help("let it end in .csv, .tsv, .txt or .log"));
    }
    if path.is_symlink() {
        return Err(Error::argument(format!("`filename` cannot be `{}`, which is a link", path.display()))
            .at("CSVLogger")
            .help("name the file itself"));
    }
    // What cannot be read is told of when it is to be written.
    let mut first = Vec::new();
    if path.is_file()
        && let Ok(file) = std::fs::File::open(path)
        && file.take(5).read_to_end(&mut first).is_ok()
        && !first.is_empty()
        && first != b"epoch"
    {
        return Err(Error::new(Kind::File, "the file is there, and is no log of a training")
            .at(path.display().to_string())
            .at("CSVLogger")
            .help("take it away, or give another `filename`"));
    }
    Ok(())
}

/// A fraction of the data that may be held back.
pub(crate) fn fraction(split: f64) -> Result<f64> {
    if (0.0..1.0).contains(&split) {
        return Ok(split);
    }
    Err(Error::argument(format!("expected a fraction of 0 or more and below 1, got {split}"))
        .help("0.2 holds back a fifth of the samples"))
}

/// How much Keras prints: nothing comes of it here.
fn verbose(value: &Value) -> bool {
    matches!(value, Value::Bool(_) | Value::Int(0..=2)) || *value == Value::from("auto")
}

/// `[fit]`: the settings, and the callbacks as they are written.
pub(crate) fn fit(config: &Config) -> Result<(FitSettings, Vec<Value>)> {
    let mut args = Args::new("[fit]", config);
    let mut settings = FitSettings {
        epochs: args.or("epochs", 1)?,
        batch_size: args.or("batch_size", None)?,
        validation_split: args.or("validation_split", 0.0)?,
        initial_epoch: args.or("initial_epoch", 0)?,
        steps_per_epoch: args.or("steps_per_epoch", None)?,
        validation_steps: args.or("validation_steps", None)?,
        validation_batch_size: args.or("validation_batch_size", None)?,
        validation_freq: args.or("validation_freq", 1)?,
        ..FitSettings::default()
    };
    settings.shuffle = match args.or("shuffle", Value::Bool(true))? {
        Value::Bool(true) => Shuffle::All,
        Value::Bool(false) => Shuffle::No,
        Value::Text(t) if t == "batch" => Shuffle::Batch,
        other => return args.reject("shuffle", "true, false or \"batch\"", other.kind()),
    };
    let how: Option<String> = args.or("on_non_finite", None)?;
    let how = how.map(|how| OnNonFinite::of(&how)).transpose();
    settings.on_non_finite = how.place(|| "[fit], `on_non_finite`")?;
    let classes: Config = args.or("class_weight", Config::new())?;
    let mut class_weight = BTreeMap::new();
    for (name, value) in classes.iter() {
        let class: usize = name.parse().map_err(|_| {
            Error::argument(format!("`{name}` is not the number of a class"))
                .at("[fit], `class_weight`")
                .help("write weights by number: class_weight = { 0 = 1.0, 1 = 2.5 }")
        })?;
        let weight = f64::from_value(value).place(|| "[fit], `class_weight`")?;
        class_weight.insert(class, weight);
    }
    settings.class_weight = class_weight;
    if config.get("sample_weight").is_some() {
        return Err(Error::argument("`sample_weight` does not belong here").at("[fit]").help(
            "weights of samples are part of the data: [data] sample_weight = \"…\" names a column of the CSV file, or an array \
             of the NPZ file",
        ));
    }
    let listed: Vec<Value> = args.or("callbacks", Vec::new())?;
    args.ignore(&["seed"]);
    args.neutral("verbose", "0, 1, 2 or \"auto\"", verbose)?;
    args.finish()?;
    settings.check().place(|| "[fit]")?;
    if settings.initial_epoch > settings.epochs {
        let epochs = format!("{} with epochs = {}", settings.initial_epoch, settings.epochs);
        return args.reject("initial_epoch", "at most `epochs`", epochs);
    }
    Ok((settings, listed))
}
