//! The `[data]` table: where samples come from, and how they are split and scaled.

use crate::settings;
use std::path::{Path, PathBuf};
use steadygrad_data::{Array, Dataset, Published, Scale, Scaler, csv, npy, sets};
use steadygrad_formats::npz;
use steadygrad_kernels::{Error, Place as _, Result};
use steadygrad_nn::args::Args;
use steadygrad_nn::config::{Config, FromValue, Value};

/// Data as an experiment gives it, ready to train on.
#[derive(Debug, Clone)]
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

/// What the table alone does not say.
pub(crate) struct Place<'a> {
    /// Where relative paths start.
    pub base: &'a Path,
    /// Where downloaded sets lie.
    pub cache: Option<&'a Path>,
    /// The seed of the run.
    pub seed: u64,
    /// The part for validation that `[fit]` asks for.
    pub split: f64,
}

/// A table or a file of data that this program can read.
struct Source {
    train: Dataset,
    validation: Option<Dataset>,
    schema: Option<csv::Schema>,
}

/// The files of a set that is published as IDX files, by the set's name.
///
/// ```
/// assert_eq!(steadygrad_lab::published("mnist").unwrap().len(), 4);
/// assert!(steadygrad_lab::published("digits").is_none());
/// ```
pub fn published(name: &str) -> Option<&'static [Published; 4]> {
    match name {
        "mnist" => Some(&sets::mnist::FILES),
        "fashion_mnist" => Some(&sets::fashion_mnist::FILES),
        _ => None,
    }
}

/// Loads what the table says.
pub(crate) fn load(config: &Config, place: &Place<'_>) -> Result<Data> {
    let mut args = Args::new("[data]", config);
    let seed = args.or("seed", place.seed)?;
    let scale: Option<String> = args.or("scale", None)?;
    let own: f64 = args.or("validation_split", 0.0)?;
    let shuffle: bool = args.or("shuffle", false)?;
    let one_hot: Option<usize> = args.or("one_hot", None)?;
    let split = settings::fraction(own).place(|| "[data], `validation_split`")?;
    let source = read(&mut args, place, seed)?;
    args.finish()?;
    let Source { mut train, mut validation, schema } = source;
    if config.get("validation").is_some() && split > 0.0 {
        return args.reject("validation_split", "left out where `validation` names a file", split);
    }
    train.check().place(|| "[data]")?;
    if let Some(v) = &validation {
        v.check().place(|| "[data], validation")?;
    }
    if shuffle {
        train = train.shuffled(seed);
    }
    // As in Keras, data for validation goes before the part that `[fit]` would split off.
    let split = if split == 0.0 && validation.is_none() { place.split } else { split };
    if split > 0.0 {
        let at = (train.len() as f64 * (1.0 - split)).floor() as usize;
        if at == 0 || at == train.len() {
            return Err(Error::data(format!(
                "`validation_split` = {split} leaves {at} of {} to train on",
                samples(train.len())
            ))
            .at(if own > 0.0 { "[data]" } else { "[fit]" })
            .help("both parts need one sample or more"));
        }
        let (first, last) = train.split_at(at)?;
        (train, validation) = (first, Some(last));
    }
    let scaler = match scale {
        None => None,
        Some(name) => {
            let name = if name == "minmax" { "min_max" } else { &name };
            let scale = Scale::from_name(name).place(|| "[data], `scale`")?;
            let scaler = Scaler::fit(scale, &train).place(|| "[data], `scale`")?;
            scaler.apply(&mut train)?;
            if let Some(v) = &mut validation {
                scaler.apply(v).place(|| "[data], validation")?;
            }
            Some(scaler)
        }
    };
    if let Some(classes) = one_hot {
        if !(2..=1_000_000).contains(&classes) {
            return args.reject("one_hot", "the number of classes, from 2 to 1000000", classes);
        }
        train = train.one_hot(classes).place(|| "[data], `one_hot`")?;
        validation =
            validation.map(|v| v.one_hot(classes)).transpose().place(|| "[data], validation, `one_hot`")?;
    }
    Ok(Data { train, validation, scaler, schema })
}

fn samples(n: usize) -> String {
    if n == 1 { "1 sample".into() } else { format!("{n} samples") }
}

fn read(args: &mut Args<'_>, place: &Place<'_>, seed: u64) -> Result<Source> {
    let path = |p: String| place.base.join(p);
    let name: Option<String> = args.or("source", None)?;
    let train: Option<String> = args.or("train", None)?;
    let validation: Option<String> = args.or("validation", None)?;
    let folder: Option<String> = args.or("path", None)?;
    let target: Option<Value> = args.or("target", None)?;
    let help = "name a data set, source = \"digits\", or a file, train = \"a.csv\"; `steadygrad list data` shows all";
    match (name, train) {
        (Some(_), Some(_)) => Err(Error::argument("`source` and `train` are both given")
            .at("[data]")
            .help("name a data set with `source`, or files with `train` and `validation`")),
        (None, None) => Err(Error::argument("neither `source` nor `train` is given").at("[data]").help(help)),
        (Some(name), None) => {
            if ["csv", "npz"].contains(&name.as_str()) {
                let Some(file) = folder else {
                    let help = format!("give `path`, or train = \"a.{name}\" in place of `source`");
                    return Err(Error::argument("`path`, the file, is missing").at("[data]").help(help));
                };
                return files(args, path(file), validation.map(path), target);
            }
            let entry = sets::find(&name).place(|| "[data], `source`")?;
            if validation.is_some() {
                return args.reject(
                    "validation",
                    "left out beside `source`; it belongs to `train`",
                    "a file",
                );
            }
            let mut options = sets::Options {
                samples: args.or("samples", None)?,
                noise: args.or("noise", None)?,
                classes: args.or("classes", None)?,
                seed,
                path: folder.map(path),
                target: target.map(|t| String::from_value(&t)).transpose().place(|| "[data], `target`")?,
                channels: match args.or::<Option<usize>>("channels", None)? {
                    None => false,
                    Some(1) => true,
                    Some(other) => {
                        return args.reject("channels", "1 (these images are grey) or left out", other);
                    }
                },
                ..sets::Options::default()
            };
            if options.path.is_none()
                && let Some(files) = published(&name)
            {
                options.path = Some(downloaded(&name, files, place.cache).place(|| "[data]")?);
            }
            let train = entry.load(&options).place(|| "[data]")?;
            let validation = entry.load_test(&options).place(|| "[data]")?;
            Ok(Source { train, validation, schema: None })
        }
        (None, Some(file)) => {
            if folder.is_some() {
                return args.reject("path", "left out beside `train`; it belongs to `source`", "a path");
            }
            files(args, path(file), validation.map(path), target)
        }
    }
}

/// The folder of a set that was downloaded.
fn downloaded(name: &str, files: &[Published], cache: Option<&Path>) -> Result<PathBuf> {
    let folder = cache.map(|cache| cache.join(name));
    match folder {
        Some(folder) if files.iter().all(|file| folder.join(file.name).is_file()) => Ok(folder),
        _ => {
            let names: Vec<&str> = files.iter().map(|file| file.name).collect();
            Err(Error::data(format!("the files of `{name}` are not here")).help(format!(
                "download them with `steadygrad fetch {name}`, or give `path`, the folder that holds {}",
                names.join(", ")
            )))
        }
    }
}

fn files(
    args: &mut Args<'_>,
    train: PathBuf,
    validation: Option<PathBuf>,
    target: Option<Value>,
) -> Result<Source> {
    if train.extension().is_some_and(|e| e == "npz") {
        if target.is_some() {
            return args.reject("target", "left out for an NPZ file: `x` and `y` name its arrays", "a value");
        }
        let x: Option<Vec<String>> = args.or("x", None)?;
        let y: Option<Vec<String>> = args.or("y", None)?;
        let (first, test) = arrays(&train, x.as_deref(), y.as_deref()).place(|| "[data]")?;
        let validation = match validation {
            Some(file) => Some(arrays(&file, x.as_deref(), y.as_deref()).place(|| "[data], validation")?.0),
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
    let options = csv::CsvOptions { target, header, delimiter, skip, labels };
    let (data, schema) = csv::load(&train, &options).map_err(in_our_words).place(|| "[data]")?;
    let validation = validation
        .map(|file| csv::load_like(&schema, file).map_err(in_our_words))
        .transpose()
        .place(|| "[data], validation")?;
    Ok(Source { train: data, validation, schema: Some(schema) })
}

/// The help of the CSV reader with the words of the experiment file.
fn in_our_words(error: Error) -> Error {
    let help = [
        ("say that the file has no header", "set header = false"),
        ("say that the file has a header", "set header = true"),
        ("say that the labels are classes if both are meant", "set labels = \"classes\" if both are meant"),
        ("that the file has a header if this line is one", "header = true if this line holds names"),
        ("or skip the column", "or pass the column over with skip = [\"…\"]"),
        ("if it has no target, say that there is none (Target::None)", "a file needs a feature and a target"),
    ]
    .iter()
    .fold(error.remedy().to_string(), |help, (from, to)| help.replace(from, to));
    error.help(help)
}

/// The arrays of an NPZ file: the usual ones, or those that are named, one for each input and output of the model.
fn arrays(file: &Path, x: Option<&[String]>, y: Option<&[String]>) -> Result<(Dataset, Option<Dataset>)> {
    let one = |names: Option<&[String]>| names.is_none_or(|n| n.len() == 1);
    if one(x) && one(y) {
        let first = |names: Option<&[String]>| names.and_then(|n| n.first().cloned());
        return npz::load(file, &npz::NpzOptions { x: first(x), y: first(y) });
    }
    let all = npz::read(file)?;
    let known: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
    let pick = |names: Option<&[String]>, usual: &str| -> Result<(Vec<Array>, Vec<String>)> {
        let usual = [usual.to_string()];
        let names = names.unwrap_or(&usual);
        let find = |name: &String| {
            let found = all.iter().find(|(known, _)| known == name);
            found
                .map(|(_, array)| array.clone())
                .ok_or_else(|| Error::name("array of the file", name, &known))
        };
        Ok((names.iter().map(find).collect::<Result<_>>()?, names.to_vec()))
    };
    let read = || -> Result<Dataset> {
        let ((x, x_names), (y, y_names)) = (pick(x, "x")?, pick(y, "y")?);
        let mut data = Dataset::multi(x, y)?;
        (data.x_names, data.y_names) = (x_names, y_names);
        Ok(data)
    };
    Ok((read().place(|| file.display().to_string())?, None))
}

impl Data {
    /// New samples from a CSV, NPY or NPZ file, read and scaled as the training data was; targets may be missing.
    ///
    /// # Errors
    /// If the file cannot be read, or does not have the columns or shapes of the training data.
    pub fn samples(&self, file: impl AsRef<Path>) -> Result<Dataset> {
        let file = file.as_ref();
        let mut samples = match file.extension().and_then(|e| e.to_str()) {
            Some("npy") => Dataset::multi(vec![npy::read(file)?], Vec::new())?,
            Some("npz") if self.train.x.len() > 1 => arrays(file, Some(&self.train.x_names), Some(&[]))?.0,
            Some("npz") => npz::load(file, &npz::NpzOptions::default())?.0,
            _ => match &self.schema {
                Some(schema) => csv::load_like(&schema.clone().without_target(), file)?,
                None => {
                    let target = csv::Target::None;
                    csv::load(file, &csv::CsvOptions { target, ..csv::CsvOptions::default() })?.0
                }
            },
        };
        let place = || file.display().to_string();
        let shape = self.train.x[0].row_shape();
        if samples.x.len() == 1 && samples.x[0].row_shape() != shape {
            let flat = samples.x.swap_remove(0);
            samples.x.push(flat.reshape_rows(shape).place(place)?);
        }
        samples.check().place(place)?;
        if let Some(scaler) = &self.scaler {
            scaler.apply(&mut samples).place(place)?;
        }
        Ok(samples)
    }
}
