//! The form of the samples: what must be known of the training data to read new samples as it was read.

use crate::json;
use crate::sources::arrays;
use serde_json::Value as Json;
use std::path::{Path, PathBuf};
use steadygrad_data::{Array, Dataset, Factors, Scale, Scaler, csv, npy};
use steadygrad_formats::images::{self, ColorMode, Reading};
use steadygrad_formats::npz;
use steadygrad_kernels::{Error, Place, Result};
use steadygrad_nn::Shape;
use steadygrad_nn::args::Args;
use steadygrad_nn::config::{Config, Value};

/// Shapes, columns, classes and scale of the training data. A finished run keeps it as `data.json`, so that it does not
/// need the training data again.
#[derive(Debug, Clone, PartialEq)]
pub struct Form {
    /// Name and shape of every input.
    pub inputs: Vec<(String, Shape)>,
    /// What the labels 0, 1, 2, … stand for, where they have names.
    pub classes: Option<Vec<String>>,
    /// How columns are read, where the data came from a CSV file.
    pub columns: Option<csv::Schema>,
    /// How images are read, where the samples are images of bytes.
    pub images: Option<Reading>,
    /// How inputs are scaled.
    pub scaler: Option<Scaler>,
    /// How targets are scaled: predictions go the way back.
    pub target_scaler: Option<Scaler>,
}

/// The version of [`Form::to_json`].
const SCHEMA: i64 = 1;

impl Form {
    pub(crate) fn of(
        train: &Dataset,
        columns: Option<csv::Schema>,
        images: Option<Reading>,
        scaler: Option<Scaler>,
        target_scaler: Option<Scaler>,
    ) -> Form {
        let shapes = train.x.iter().map(|x| Shape::from(x.row_shape()));
        let inputs = train.x_names.iter().cloned().zip(shapes).collect();
        Form { inputs, classes: train.class_names.clone(), columns, images, scaler, target_scaler }
    }

    /// The shape of every input.
    pub fn shapes(&self) -> Vec<Shape> {
        self.inputs.iter().map(|(_, shape)| shape.clone()).collect()
    }

    /// As JSON; [`Form::parse`] reads it.
    ///
    /// ```text
    /// { "schema": 1,
    ///   "inputs": [{name, shape}],
    ///   "classes": [text] or null,
    ///   "columns": {features, target, weight, skip, header, delimiter} or null,
    ///   "images": {image_size: [height, width] or null, color_mode} or null,
    ///   "scale": {name, inputs: [{shifts, divisors}]} or null,
    ///   "target_scale": the same of the targets, or null }
    /// ```
    pub fn to_json(&self) -> Json {
        let inputs = self
            .inputs
            .iter()
            .map(|(name, shape)| Config::new().with("name", name.as_str()).with("shape", shape.dims()));
        let columns = self.columns.as_ref().map(|c| {
            Config::new()
                .with("features", c.features.clone())
                .with("target", c.target.clone())
                .with("classes", c.classes.clone())
                .with("weight", c.weight.clone())
                .with("skip", c.skip.clone())
                .with("header", c.header)
                .with("delimiter", char::from(c.delimiter).to_string())
        });
        let images = self.images.as_ref().map(|reading| {
            let size = reading.image_size.map(|size| size.to_vec());
            Config::new().with("image_size", size).with("color_mode", reading.color_mode.name())
        });
        let scale = |scaler: &Scaler| {
            let factors = scaler
                .factors()
                .iter()
                .map(|f| Config::new().with("shifts", f.shifts.clone()).with("divisors", f.divisors.clone()));
            Config::new().with("name", scaler.scale().name()).with("inputs", factors.collect::<Vec<_>>())
        };
        Config::new()
            .with("schema", SCHEMA)
            .with("inputs", inputs.collect::<Vec<_>>())
            .with("classes", self.classes.clone())
            .with("columns", columns)
            .with("images", images)
            .with("scale", self.scaler.as_ref().map(scale))
            .with("target_scale", self.target_scaler.as_ref().map(scale))
            .to_json()
    }

    /// Reads what [`Form::to_json`] wrote.
    ///
    /// # Errors
    /// If it is not JSON, or anything in it is missing or not what it must be.
    pub fn parse(text: &str) -> Result<Form> {
        Form::of_text(text).map_err(|e| match e.remedy() {
            "" => e.help("the file is damaged: train again"),
            _ => e,
        })
    }

    fn of_text(text: &str) -> Result<Form> {
        let config = json::parse(text).map_err(|e| Error::format(format!("not valid JSON: {e}")))?;
        let mut args = Args::new("form", &config);
        let version: i64 = args.need("schema")?;
        if version != SCHEMA {
            return Err(Error::unsupported(format!(
                "expected version {SCHEMA} of this file, found {version}"
            ))
            .help("it was written by another version of steadygrad; train again with this one"));
        }
        let inputs: Vec<Config> = args.need("inputs")?;
        let inputs = inputs.iter().map(input).collect::<Result<Vec<_>>>()?;
        let classes = args.or("classes", None)?;
        let columns = args.or("columns", None)?.as_ref().map(columns).transpose()?;
        let images = args.or("images", None)?.as_ref().map(reading).transpose()?;
        let target_scaler = args.or("target_scale", None)?.as_ref().map(scaler).transpose()?;
        let scaler = args.or("scale", None)?.as_ref().map(scaler).transpose()?;
        args.finish()?;
        if inputs.is_empty() {
            return args.reject("inputs", "one input or more", 0);
        }
        Ok(Form { inputs, classes, columns, images, scaler, target_scaler })
    }

    /// New samples from a CSV, NPY or NPZ file, an image or a folder of images, read and scaled as the training data was; targets
    /// may be missing.
    ///
    /// # Errors
    /// If the file cannot be read, or does not have the columns or shapes of the training data.
    pub fn samples(&self, file: impl AsRef<Path>) -> Result<Dataset> {
        self.samples_with_files(file).map(|(samples, _)| samples)
    }

    /// The same, and of images the file of each.
    ///
    /// # Errors
    /// As for [`Form::samples`].
    pub fn samples_with_files(&self, file: impl AsRef<Path>) -> Result<(Dataset, Option<Vec<PathBuf>>)> {
        let file = file.as_ref();
        let mut files = None;
        let ending = file.extension().and_then(|e| e.to_str()).map(str::to_lowercase);
        let mut samples = match ending.as_deref() {
            _ if file.is_dir() => self.images(file, &mut files)?,
            Some("png" | "jpg" | "jpeg") => self.images(file, &mut files)?,
            Some("npy") => Dataset::multi(vec![npy::read(file)?], Vec::new())?,
            Some("npz") if self.inputs.len() > 1 => {
                let names: Vec<String> = self.inputs.iter().map(|(name, _)| name.clone()).collect();
                arrays(file, Some(&names), Some(&[]), None)?.0
            }
            Some("npz") => npz::load(file, &npz::NpzOptions::default())?.0,
            _ => match &self.columns {
                Some(columns) => csv::load_like(&columns.clone().without_target(), file)?,
                None => {
                    let target = csv::Target::None;
                    csv::load(file, &csv::CsvOptions { target, ..csv::CsvOptions::default() })?.0
                }
            },
        };
        let place = || file.display().to_string();
        if let ([x], [(_, shape)]) = (samples.x.as_mut_slice(), self.inputs.as_slice())
            && x.row_shape() != shape.dims()
        {
            *x = x.clone().reshape_rows(shape.dims()).place(place)?;
        }
        samples.check().place(place)?;
        if let Some(scaler) = &self.scaler {
            scaler.apply(&mut samples).place(place)?;
        }
        Ok((samples, files))
    }

    /// The image in a file, or all in a folder, in the size and colours of training.
    fn images(&self, path: &Path, files: &mut Option<Vec<PathBuf>>) -> Result<Dataset> {
        let ([(_, shape)], Some(reading)) = (&self.inputs[..], self.images) else {
            return Err(Error::unsupported("the run was not trained on images of bytes")
                .at(path.display().to_string())
                .help("give samples of the kind that it was trained on, in a CSV, NPY or NPZ file"));
        };
        let like = Dataset::multi(vec![Array::zeros([&[0], shape.dims()].concat())?], Vec::new())?;
        let (samples, paths) = images::folder(path).reading(reading).like(&like).samples()?;
        *files = Some(paths);
        Ok(samples)
    }

    /// Predictions in the units of the data, in place, where the targets were scaled.
    ///
    /// # Errors
    /// If there are other outputs than targets, or they have other shapes.
    pub fn restore(&self, outputs: &mut [Array]) -> Result<()> {
        self.target_scaler.as_ref().map_or(Ok(()), |scaler| scaler.restore(outputs))
    }
}

fn input(config: &Config) -> Result<(String, Shape)> {
    let mut args = Args::new("inputs", config);
    Ok((args.need("name")?, Shape::from(args.need::<Vec<usize>>("shape")?)))
}

fn reading(config: &Config) -> Result<Reading> {
    let mut args = Args::new("images", config);
    let image_size: Option<Vec<usize>> = args.or("image_size", None)?;
    let image_size = match image_size.as_deref() {
        None => None,
        Some(&[height, width]) => Some([height, width]),
        Some(_) => return args.reject("image_size", "height and width", "another list"),
    };
    Ok(Reading { image_size, color_mode: ColorMode::from_name(&args.need::<String>("color_mode")?)? })
}

fn columns(config: &Config) -> Result<csv::Schema> {
    let mut args = Args::new("columns", config);
    let delimiter: String = args.need("delimiter")?;
    let [delimiter] = delimiter.as_bytes() else {
        return args.reject("delimiter", "one character", format!("`{delimiter}`"));
    };
    Ok(csv::Schema {
        features: args.need("features")?,
        target: args.or("target", None)?,
        classes: args.or("classes", None)?,
        weight: args.or("weight", None)?,
        skip: args.or("skip", Vec::new())?,
        header: args.need("header")?,
        delimiter: *delimiter,
    })
}

fn scaler(config: &Config) -> Result<Scaler> {
    let mut args = Args::new("scale", config);
    let scale = Scale::from_name(&args.need::<String>("name")?)?;
    let factors = |value: &Value| {
        let Value::Map(config) = value else {
            return Err(Error::argument(format!("expected shifts and divisors, found {}", value.kind())));
        };
        let mut args = Args::new("scale", config);
        Ok(Factors { shifts: args.need("shifts")?, divisors: args.need("divisors")? })
    };
    let inputs: Vec<Value> = args.need("inputs")?;
    Scaler::new(scale, inputs.iter().map(factors).collect::<Result<_>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let text = b"a;b;w;kind\n0.1;2;1;no\n1e-7;1000000;2;yes\n";
        let options = csv::CsvOptions { weight: Some("w".into()), ..csv::CsvOptions::default() };
        let (data, columns) = csv::parse(text, &options).unwrap();
        let scaler = Scaler::fit(Scale::Standard, &data).unwrap();
        let targets =
            Scaler::fit_targets(Scale::MinMax, &Dataset { class_names: None, ..data.clone() }).unwrap();
        let form = Form::of(&data, Some(columns), None, Some(scaler), Some(targets));
        assert_eq!(Form::parse(&form.to_json().to_string()).unwrap(), form);
        let plain = Dataset::multi(vec![Array::zeros([2]).unwrap(), Array::zeros([2, 3]).unwrap()], vec![]);
        let plain = plain.unwrap();
        for image_size in [None, Some([3, 5])] {
            let reading = Reading { image_size, color_mode: ColorMode::Rgba };
            let form = Form::of(&plain, None, Some(reading), None, None);
            assert_eq!(Form::parse(&form.to_json().to_string()).unwrap(), form);
        }
        let form = Form::of(&plain, None, None, None, None);
        assert_eq!(Form::parse(&form.to_json().to_string()).unwrap(), form);
        // A run of before images were read.
        let old = form.to_json().to_string().replace(r#""images":null,"#, "");
        assert!(!old.contains("images") && Form::parse(&old).unwrap() == form, "{old}");
    }

    #[test]
    fn what_is_damaged_is_refused() {
        for text in [
            "",
            "[]",
            "{}",
            r#"{"schema": 2, "inputs": []}"#,
            r#"{"schema": 1, "inputs": []}"#,
            r#"{"schema": 1, "inputs": [{"name": "x"}]}"#,
            r#"{"schema": 1, "inputs": [{"name": "x", "shape": [2]}], "scale": {"name": "unit", "inputs": [3]}}"#,
            r#"{"schema": 1, "inputs": [{"name": "x", "shape": [2]}], "columns": {"delimiter": ""}}"#,
            r#"{"schema": 1, "inputs": [{"name": "x", "shape": [2]}], "color": 3}"#,
            r#"{"schema": 1, "inputs": [{"name": "x", "shape": [2]}], "images": {"image_size": [3], "color_mode": "rgb"}}"#,
            r#"{"schema": 1, "inputs": [{"name": "x", "shape": [2]}], "images": {"color_mode": "pink"}}"#,
        ] {
            assert!(Form::parse(text).is_err(), "{text}");
        }
    }
}
