//! The `[data]` table: where samples come from, and how they are split and scaled.

use std::path::{Path, PathBuf};
use steadygrad_data::{Dataset, Scale, Scaler, csv, sets};
use steadygrad_formats::npz;
use steadygrad_kernels::{Error, Place, Result};
use steadygrad_nn::config::{Args, Config, FromValue, Value};

/// Data as an experiment gives it, ready to train on.
#[derive(Debug)]
pub struct Data {
    /// What is trained on.
    pub train: Dataset,
    /// What is validated on, if anything.
    pub validation: Option<Dataset>,
    /// How inputs were scaled; new samples must be scaled the same way.
    pub scaler: Option<Scaler>,
    /// How columns were read, where the data came from a CSV file.
    pub schema: Option<csv::Schema>,
}

/// A table or a file of data that this program can read.
struct Source {
    train: Dataset,
    validation: Option<Dataset>,
    schema: Option<csv::Schema>,
}

/// Loads what the table says. Relative paths are relative to `base`; `seed` is the run's.
pub(crate) fn load(config: &Config, base: &Path, seed: u64) -> Result<Data> {
    let mut args = Args::new("[data]", config);
    let seed = args.or("seed", seed)?;
    let scale: Option<String> = args.or("scale", None)?;
    let split: f64 = args.or("validation_split", 0.0)?;
    let shuffle: bool = args.or("shuffle", false)?;
    let one_hot: Option<usize> = args.or("one_hot", None)?;
    let source = read(&mut args, base, seed)?;
    args.finish()?;
    let Source { mut train, mut validation, schema } = source;
    train.check().place(|| "[data]")?;
    if let Some(v) = &validation {
        v.check().place(|| "[data], validation")?;
    }
    if shuffle {
        train = train.shuffled(seed);
    }
    if !(0.0..1.0).contains(&split) {
        return args.reject("validation_split", "0 or more, and below 1", split);
    }
    if split > 0.0 {
        let at = (train.len() as f64 * (1.0 - split)).floor() as usize;
        if at == 0 || at == train.len() {
            return Err(Error::data(format!(
                "`validation_split` = {split} leaves {at} of {} samples to train on",
                train.len()
            ))
            .at("[data]")
            .help("both parts need one sample or more"));
        }
        let (first, last) = train.split_at(at)?;
        (train, validation) = (first, Some(last));
    }
    let scaler = match scale {
        None => None,
        Some(name) => {
            let scale = Scale::from_name(&name).place(|| "[data], `scale`")?;
            let scaler = Scaler::fit(scale, &train).place(|| "[data], `scale`")?;
            scaler.apply(&mut train)?;
            if let Some(v) = &mut validation {
                scaler.apply(v).place(|| "[data], validation")?;
            }
            Some(scaler)
        }
    };
    if let Some(classes) = one_hot {
        train = train.one_hot(classes).place(|| "[data], `one_hot`")?;
        validation =
            validation.map(|v| v.one_hot(classes)).transpose().place(|| "[data], validation, `one_hot`")?;
    }
    Ok(Data { train, validation, scaler, schema })
}

fn read(args: &mut Args<'_>, base: &Path, seed: u64) -> Result<Source> {
    let path = |p: String| base.join(p);
    let name: Option<String> = args.or("source", None)?;
    let train: Option<String> = args.or("train", None)?;
    let validation: Option<String> = args.or("validation", None)?;
    let folder: Option<String> = args.or("path", None)?;
    let target: Option<Value> = args.or("target", None)?;
    match (name, train) {
        (Some(_), Some(_)) => Err(Error::argument("`source` and `train` are both given").at("[data]").help(
            "name a data set with `source`, or files with `train` and `validation`",
        )),
        (None, None) => Err(Error::argument("neither `source` nor `train` is given")
            .at("[data]")
            .help("name a data set, source = \"digits\", or a file, train = \"a.csv\"; `steadygrad list data` shows all")),
        (Some(name), None) => {
            if validation.is_some() {
                return args.reject("validation", "beside `train`", "beside `source`");
            }
            let entry = sets::find(&name).place(|| "[data], `source`")?;
            let mut options = sets::Options::default();
            options.samples = args.or("samples", None)?;
            options.noise = args.or("noise", None)?;
            options.classes = args.or("classes", None)?;
            options.seed = seed;
            options.path = folder.map(path);
            options.target = target.map(|t| String::from_value(&t)).transpose().place(|| "[data], `target`")?;
            options.channels = args.or::<Option<usize>>("channels", None)?.is_some();
            let place = || format!("[data], source `{name}`");
            let train = entry.load(&options).place(place)?;
            let validation = entry.load_test(&options).place(place)?;
            Ok(Source { train, validation, schema: None })
        }
        (None, Some(file)) => files(args, path(file), validation.map(path), target),
    }
}

fn files(
    args: &mut Args<'_>,
    train: PathBuf,
    validation: Option<PathBuf>,
    target: Option<Value>,
) -> Result<Source> {
    if train.extension().is_some_and(|e| e == "npz") {
        let options = npz::NpzOptions { x: args.or("x", None)?, y: args.or("y", None)? };
        let (first, test) = npz::load(&train, &options)?;
        let validation = match validation {
            Some(file) => Some(npz::load(file, &options)?.0),
            None => test,
        };
        return Ok(Source { train: first, validation, schema: None });
    }
    let target = match target {
        None => csv::Target::Guess,
        Some(Value::Int(i)) if i >= 0 => csv::Target::Index(i as usize),
        Some(other) => csv::Target::Name(String::from_value(&other).place(|| "[data], `target`")?),
    };
    let header = match args.or::<Option<bool>>("header", None)? {
        None => csv::Header::Auto,
        Some(true) => csv::Header::Yes,
        Some(false) => csv::Header::No,
    };
    let delimiter = match args.or::<Option<String>>("delimiter", None)? {
        None => None,
        Some(text) if text.len() == 1 => Some(text.as_bytes()[0]),
        Some(text) => return args.reject("delimiter", "one character", format!("`{text}`")),
    };
    let skip: Vec<String> = args.or("skip", Vec::new())?;
    let labels = match args.or::<Option<String>>("labels", None)?.as_deref() {
        None | Some("auto") => csv::Labels::Auto,
        Some("classes") => csv::Labels::Classes,
        Some("numbers") => csv::Labels::Numbers,
        Some(other) => {
            return Err(
                Error::name("kind of labels", other, &["auto", "classes", "numbers"]).at("[data], `labels`")
            );
        }
    };
    let (data, schema) = csv::load(&train, &csv::CsvOptions { target, header, delimiter, skip, labels })?;
    let validation = validation.map(|file| csv::load_like(&schema, file)).transpose()?;
    Ok(Source { train: data, validation, schema: Some(schema) })
}
