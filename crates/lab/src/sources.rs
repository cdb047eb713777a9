//! Where samples come from: a set by its name, a CSV or NPZ file, a folder of images, or arrays given in code.

use crate::{Form, image_folders};
use std::path::{Path, PathBuf};
use steadygrad_data::{Array, Dataset, Published, csv, sets};
use steadygrad_formats::{images, npz};
use steadygrad_kernels::{Error, Place as _, Result};
use steadygrad_nn::args::Args;
use steadygrad_nn::config::{FromValue, Value};

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
    /// The form that the data had in a run before, and which part of them is wanted.
    pub form: Option<(&'a Form, Part)>,
    /// Samples to train on and to validate on that were given in code.
    pub given: Option<(&'a Dataset, Option<&'a Dataset>)>,
}

/// Which part of the data is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// All of them.
    All,
    /// Those for validation: where they have a file of their own, the other one is not opened.
    Validation,
}

/// What a source of data gives.
pub(crate) struct Source {
    pub train: Option<Dataset>,
    pub validation: Option<Dataset>,
    pub columns: Option<csv::Schema>,
    /// How images are read, where they came from a folder.
    pub images: Option<images::Reading>,
}

impl Source {
    fn arrays(train: Option<Dataset>, validation: Option<Dataset>) -> Source {
        Source { train, validation, columns: None, images: None }
    }
}

/// Kinds of files that `source` names, besides the sets of the catalog.
const FILES: [(&str, &str); 2] = [
    ("images", "a folder of PNG and JPEG images, those of each class in a folder of its own"),
    ("npz", "an NPZ file with arrays of NumPy: x_train, y_train, x_test, y_test, or x and y"),
];

/// All that `[data] source` can name, with what it is in a few words, in alphabetical order.
///
/// ```
/// assert!(steadygrad_lab::sources().iter().any(|(name, _)| *name == "images"));
/// ```
pub fn sources() -> Vec<(&'static str, &'static str)> {
    let sets = sets::CATALOG.iter().map(|entry| (entry.name, entry.summary));
    let mut all: Vec<_> = sets.chain(FILES).collect();
    all.sort_unstable();
    all
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

/// Reads what `source`, `train` and the like name; or takes the arrays that were given in code.
pub(crate) fn read(args: &mut Args<'_>, place: &Place<'_>, seed: u64, own: f64) -> Result<Source> {
    if let Some((train, validation)) = place.given {
        return Ok(Source::arrays(Some(train.clone()), validation.cloned()));
    }
    let path = |p: String| place.base.join(p);
    let name: Option<String> = args.or("source", None)?;
    let train: Option<String> = args.or("train", None)?;
    let validation: Option<String> = args.or("validation", None)?;
    let folder: Option<String> = args.or("path", None)?;
    let target: Option<Value> = args.or("target", None)?;
    let help = "name a data set, source = \"digits\", a file, train = \"a.csv\", or a folder of images, train = \"photos\"; \
                `steadygrad list data` shows all";
    match (name, train) {
        (Some(_), Some(_)) => Err(Error::argument("`source` and `train` are both given")
            .at("[data]")
            .help("name a data set with `source`, or files with `train` and `validation`")),
        (None, None) => Err(Error::argument("neither `source` nor `train` is given").at("[data]").help(help)),
        (Some(name), None) => {
            if ["csv", "npz", "images"].contains(&name.as_str()) {
                let Some(file) = folder else {
                    let (what, example) = match name.as_str() {
                        "images" => ("folder", "photos".to_string()),
                        _ => ("file", format!("a.{name}")),
                    };
                    let help = format!("give `path`, or train = \"{example}\" in place of `source`");
                    let what = format!("`path`, the {what}, is missing");
                    return Err(Error::argument(what).at("[data]").help(help));
                };
                let (file, validation) = (path(file), validation.map(path));
                return match name.as_str() {
                    "images" => image_folders::read(args, place, file, validation, own),
                    _ => files(args, place, file, validation, target, own),
                };
            }
            let entry = sets::CATALOG.iter().find(|entry| entry.name == name).ok_or_else(|| {
                let known: Vec<&str> = sources().iter().map(|(name, _)| *name).collect();
                Error::name("data set", &name, &known).at("[data], `source`")
            })?;
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
                // What is split here is split anew: nothing is left out.
                whole: own > 0.0,
                path: folder.map(path),
                target: target.map(|t| String::from_value(&t)).transpose().place(|| "[data], `target`")?,
                channels: args.or("channels", None)?,
                ..sets::Options::default()
            };
            if options.path.is_none()
                && let Some(files) = published(&name)
            {
                options.path = Some(downloaded(&name, files, place.cache).place(|| "[data]")?);
            }
            let train = Some(entry.load(&options).place(|| "[data]")?);
            let validation = entry.load_test(&options).place(|| "[data]")?;
            Ok(Source::arrays(train, validation))
        }
        (None, Some(file)) => {
            if folder.is_some() {
                return args.reject("path", "left out beside `train`; it belongs to `source`", "a path");
            }
            files(args, place, path(file), validation.map(path), target, own)
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
    place: &Place<'_>,
    train: PathBuf,
    validation: Option<PathBuf>,
    target: Option<Value>,
    own: f64,
) -> Result<Source> {
    if train.is_dir() || validation.as_ref().is_some_and(|path| path.is_dir()) {
        return image_folders::read(args, place, train, validation, own);
    }
    let weight: Option<String> = args.or("sample_weight", None)?;
    let only_validation = matches!(place.form, Some((_, Part::Validation))) && validation.is_some();
    let train = Some(train).filter(|_| !only_validation);
    if [&train, &validation].into_iter().flatten().any(|file| file.extension().is_some_and(|e| e == "npz")) {
        if target.is_some() {
            return args.reject("target", "left out for an NPZ file: `x` and `y` name its arrays", "a value");
        }
        let x: Option<Vec<String>> = args.or("x", None)?;
        let y: Option<Vec<String>> = args.or("y", None)?;
        let channels: Option<usize> = args.or("channels", None)?;
        let most_bytes: Option<u64> = args.or("most_bytes", None)?;
        let with_channels = |data: Dataset| match channels {
            Some(channels) => data.with_channels(channels).place(|| "`channels`"),
            None => Ok(data),
        };
        let load = |file: &PathBuf| {
            let (first, test) = arrays(file, x.as_deref(), y.as_deref(), most_bytes)?;
            let first = with_channels(weighed(first, file, weight.as_deref(), most_bytes)?)?;
            Ok((first, test.map(with_channels).transpose()?))
        };
        let (train, test) = match &train {
            Some(file) => load(file).map(|(train, test)| (Some(train), test)).place(|| "[data]")?,
            None => (None, None),
        };
        let validation = match &validation {
            Some(file) => Some(load(file).place(|| "[data], validation")?.0),
            None => test,
        };
        return Ok(Source::arrays(train, validation));
    }
    let options = csv_options(args, target, weight)?;
    // A run before has found columns and classes already.
    let known = place.form.and_then(|(form, _)| form.columns.clone());
    let like = |columns: &csv::Schema, file| csv::load_like(columns, file).map_err(in_our_words);
    let (train, columns) = match (train, known) {
        (Some(file), Some(columns)) => (Some(like(&columns, file).place(|| "[data]")?), columns),
        (Some(file), None) => {
            let (data, columns) = csv::load(&file, &options).map_err(in_our_words).place(|| "[data]")?;
            (Some(data), columns)
        }
        (None, Some(columns)) => (None, columns),
        (None, None) => {
            return Err(Error::unsupported("the run was not trained on a CSV file")
                .at("[data], validation")
                .help("give data of the kind that it was trained on"));
        }
    };
    let validation =
        validation.map(|file| like(&columns, file)).transpose().place(|| "[data], validation")?;
    Ok(Source { columns: Some(columns), ..Source::arrays(train, validation) })
}

/// The data with the array of this name as weights of its samples.
fn weighed(data: Dataset, file: &Path, name: Option<&str>, most_bytes: Option<u64>) -> Result<Dataset> {
    let Some(name) = name else { return Ok(data) };
    let found = npz::pick(file, &[name.to_string()], most_bytes).place(|| "`sample_weight`")?;
    let weights = found.into_iter().next().map(Array::into_data).unwrap_or_default();
    data.with_weights(weights).place(|| "`sample_weight`")
}

fn csv_options(
    args: &mut Args<'_>,
    target: Option<Value>,
    weight: Option<String>,
) -> Result<csv::CsvOptions> {
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
    Ok(csv::CsvOptions { target, header, delimiter, skip, weight, labels })
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
pub(crate) fn arrays(
    file: &Path,
    x: Option<&[String]>,
    y: Option<&[String]>,
    most_bytes: Option<u64>,
) -> Result<(Dataset, Option<Dataset>)> {
    let one = |names: Option<&[String]>| names.is_none_or(|n| n.len() == 1);
    if one(x) && one(y) {
        let first = |names: Option<&[String]>| names.and_then(|n| n.first().cloned());
        return npz::load(file, &npz::NpzOptions { x: first(x), y: first(y), most_bytes });
    }
    let names = |names: Option<&[String]>, usual: &str| match names {
        Some(names) => names.to_vec(),
        None => vec![usual.to_string()],
    };
    let (x_names, y_names) = (names(x, "x"), names(y, "y"));
    let mut x = npz::pick(file, &[&x_names[..], &y_names[..]].concat(), most_bytes)?;
    let y = x.split_off(x_names.len());
    let mut data = Dataset::multi(x, y).place(|| file.display().to_string())?;
    (data.x_names, data.y_names) = (x_names, y_names);
    Ok((data, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_read_of_a_file_holds_for_several_inputs() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.npz");
        let (wide, one) = (Array::zeros([4, 2]).unwrap(), Array::zeros([4]).unwrap());
        npz::write(&file, &[("a", &wide), ("b", &wide), ("y", &one), ("w", &one), ("other", &wide)]).unwrap();
        let x = ["a".to_string(), "b".to_string()];
        let read = |most| arrays(&file, Some(&x), None, Some(most));
        assert_eq!(read(80).unwrap().0.to_string(), "data: 4 samples of a (2,), b (2,), targets ()");
        let error = read(79).unwrap_err();
        assert!(error.place().ends_with("array `y`") && error.remedy().contains("most_bytes"), "{error}");
        let data = read(80).unwrap().0;
        assert!(weighed(data.clone(), &file, Some("w"), Some(15)).is_err());
        assert_eq!(weighed(data, &file, Some("w"), Some(16)).unwrap().weights, Some(vec![0.0; 4]));
    }
}
