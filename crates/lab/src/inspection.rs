//! What is in a file of a model, of weights or of arrays, told before anybody trains it.

mod kinds;
mod show;

pub(crate) use kinds::{Sort, config, open};

use crate::describe;
use crate::keras_file::{self, load_model, load_model_with};
use serde_json::{Value as Json, json};
use std::path::Path;
use steadygrad_chart::number;
use steadygrad_data::{Array, safetensors};
use steadygrad_doctor::Forecast;
use steadygrad_engine::apply::Stored;
use steadygrad_engine::{Compile, Learner, Summary};
use steadygrad_formats::keras::{Contents, Kind, Listed, listed, model_from_config, unknown_layers};
use steadygrad_formats::npz;
use steadygrad_kernels::{Error, Isa, Place as _, Result, statistics};
use steadygrad_nn::Model;
use steadygrad_nn::config::Config;
use steadygrad_nn::optimizers::Sgd;

/// What is in a file: which format, which model, how it was compiled, where its optimizer is, and what its weights are like.
///
/// ```
/// use steadygrad_engine::{Compile, Trainable};
/// use steadygrad_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Adam};
/// let path = std::env::temp_dir().join("steadygrad_example_inspected.keras");
/// let learner = Sequential::new([4]).add(Dense::new(3)).compile(Compile::new(Adam::new(0.001), MeanSquaredError))?;
/// steadygrad_lab::save_model(&learner, &path)?;
/// let inspection = steadygrad_lab::Inspection::read(&path)?;
/// assert_eq!(inspection.weights[0].name, "dense/kernel");
/// assert!(inspection.to_string().contains("nothing stands out"));
/// # std::fs::remove_file(&path).ok();
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Inspection {
    /// The file.
    pub file: String,
    /// Its bytes.
    pub bytes: u64,
    /// Its format: "keras", "h5", "weights.h5", "safetensors", "npz", "json".
    pub format: &'static str,
    /// The version of Keras that wrote it.
    pub keras_version: Option<String>,
    /// The model, if all its layers are known here.
    pub model: Option<Model>,
    /// Its layers as the file lists them.
    pub layers: Vec<Listed>,
    /// Classes of layers that are not known here.
    pub unknown: Vec<String>,
    /// How it was compiled, with what differs from the defaults.
    pub compiled: Option<Config>,
    /// Where its optimizer is.
    pub optimizer: Option<State>,
    /// Its weights, or arrays.
    pub weights: Vec<Weight>,
    /// What theory expects of the model before any training.
    pub forecast: Option<Forecast>,
    /// What is not as one might think.
    pub notes: Vec<String>,
    summary: Option<Summary>,
}

/// The state of an optimizer in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Updates so far, if that can be told.
    pub updates: Option<u64>,
    /// Variables.
    pub variables: usize,
    /// Numbers in them.
    pub numbers: usize,
}

/// A weight, and what its numbers are like. Where some are not finite, the others are told of.
#[derive(Debug, Clone, PartialEq)]
pub struct Weight {
    /// Its name.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// The mean.
    pub mean: f64,
    /// The standard deviation.
    pub deviation: f64,
    /// The smallest number.
    pub min: f64,
    /// The largest number.
    pub max: f64,
    /// How many numbers are NaN or infinite.
    pub not_finite: usize,
}

impl Weight {
    fn of(name: &str, shape: &[usize], numbers: &[f32]) -> Weight {
        let finite: Vec<f32>;
        let not_finite = numbers.iter().filter(|x| !x.is_finite()).count();
        let seen = if not_finite > 0 {
            finite = numbers.iter().copied().filter(|x| x.is_finite()).collect();
            &finite
        } else {
            numbers
        };
        let (mean, deviation) = match seen.is_empty() {
            true => (f64::NAN, f64::NAN),
            false => {
                let s = statistics::observe(Isa::best(), seen, None, &mut [false]);
                (s.mean, s.deviation)
            }
        };
        let end = |pick: fn(f32, f32) -> f32| seen.iter().copied().reduce(pick).map_or(f64::NAN, f64::from);
        let (min, max) = (end(f32::min), end(f32::max));
        Weight { name: name.to_string(), shape: shape.to_vec(), mean, deviation, min, max, not_finite }
    }

    fn of_array((name, array): &(String, Array)) -> Weight {
        Weight::of(name, array.shape(), array.data())
    }

    /// How many numbers it has.
    pub fn numbers(&self) -> usize {
        self.shape.iter().product()
    }

    /// A kernel whose numbers are all one and the same: its units learn alike.
    pub fn constant(&self) -> bool {
        self.kernel() && self.numbers() > 1 && self.not_finite == 0 && self.min == self.max
    }

    fn kernel(&self) -> bool {
        self.shape.len() >= 2 && self.name.rsplit('/').next().is_some_and(|name| name.contains("kernel"))
    }
}

impl Inspection {
    /// What is in this file: `.keras`, `.h5`, `.weights.h5`, `.safetensors`, `.npz`, or the JSON of a model. It is known by what is in
    /// it, not by its name.
    ///
    /// # Errors
    /// If it cannot be read, or is none of these. Layers that are not known here, and numbers that are not finite, are told and are no
    /// error.
    pub fn read(path: impl AsRef<Path>) -> Result<Inspection> {
        let path = path.as_ref();
        let place = || path.display().to_string();
        let (sort, bytes) = open(path)?;
        let mut found = Inspection {
            file: path.display().to_string(),
            bytes: bytes.len() as u64,
            format: sort.format(),
            keras_version: None,
            model: None,
            layers: Vec::new(),
            unknown: Vec::new(),
            compiled: None,
            optimizer: None,
            weights: Vec::new(),
            forecast: None,
            notes: Vec::new(),
            summary: None,
        };
        match sort {
            Sort::Safetensors => {
                let arrays = safetensors::parse(&bytes).place(place)?;
                found.weights = arrays.iter().map(Weight::of_array).collect();
            }
            Sort::Npz => found.weights = npz::read(path)?.iter().map(Weight::of_array).collect(),
            Sort::Json => {
                let config = config(&bytes).place(place)?;
                (found.layers, found.unknown) = (listed(&config), plain(unknown_layers(&config)));
                if found.unknown.is_empty() {
                    found.take_model(model_from_config(&config).place(place)?);
                }
            }
            Sort::Keras => {
                let contents = Contents::from_bytes(bytes).place(place)?;
                found.take_keras(path, contents);
            }
        }
        Ok(found)
    }

    fn take_model(&mut self, model: Model) {
        self.forecast = Forecast::of(&model, &[]).ok();
        if self.summary.is_none() {
            self.summary = Summary::of(&model).ok();
        }
        self.model = Some(model);
    }

    fn take_keras(&mut self, path: &Path, contents: Contents) {
        self.format = match contents.kind {
            Kind::Archive => "keras",
            Kind::Model => "h5",
            Kind::Weights | Kind::OldWeights => "weights.h5",
        };
        (self.layers, self.unknown) = (contents.layers(), plain(contents.unknown()));
        self.keras_version = contents.keras_version.clone();
        let one = |(name, n): &(String, steadygrad_formats::hdf5::Numbers)| {
            Weight::of(&kinds::shown(name), &n.shape, &n.values.floats())
        };
        self.weights = contents.weights.iter().map(one).collect();
        if !contents.optimizer.is_empty() {
            self.optimizer = Some(kinds::state(&contents.optimizer));
        }
        if let Some(words) = &contents.compiled {
            match keras_file::compile_words(words) {
                Ok(words) => self.compiled = Some(words),
                Err(e) => self.notes.push(e.to_string()),
            }
        }
        if contents.config.is_some() && self.unknown.is_empty() {
            match learner(path, &mut self.notes) {
                Ok(learner) => self.take_learner(&learner, contents.compiled.is_some()),
                Err(e) => self.notes.push(format!("the model cannot be loaded: {e}")),
            }
        }
    }

    fn take_learner(&mut self, learner: &Learner, compiled: bool) {
        self.weights = learner.weights().iter().map(Weight::of_array).collect();
        self.notes.extend(learner.warnings().iter().cloned());
        if compiled && !learner.settings().losses.is_empty() {
            self.compiled = Some(describe::compile(learner.settings()));
        }
        self.summary = Some(learner.summary());
        self.take_model(learner.model().clone());
        if let Some(state) = &mut self.optimizer {
            let variables = learner.optimizer_variables();
            if let (Some(Stored::Count(count)), true) =
                (variables.first().map(|v| &v.value), learner.warnings().is_empty())
            {
                state.updates = Some(*count);
            }
        }
    }

    /// The numbers of the model that are learnt, and those that are not.
    pub fn count_params(&self) -> Option<(u64, u64)> {
        self.summary.as_ref().map(Summary::count_params)
    }

    /// The same for a terminal of so many columns.
    pub fn columns(mut self, columns: usize) -> Inspection {
        self.summary = self.summary.map(|summary| summary.columns(columns));
        self
    }

    /// What a doctor would point at without running anything: numbers that are not finite, kernels that are constant, layers that are not
    /// known, a depth on which the gradient is lost.
    pub fn stands_out(&self) -> Vec<String> {
        let mut all = Vec::new();
        if !self.unknown.is_empty() {
            all.push(format!("layers that are not known here: {}", self.unknown.join(", ")));
        }
        // Zeros in the last layer are a way to begin.
        let last = self.weights.iter().rposition(Weight::kernel);
        for (i, weight) in self.weights.iter().enumerate() {
            if weight.not_finite > 0 {
                let (count, of) = (weight.not_finite, weight.numbers());
                all.push(format!("{}: {count} of {of} numbers are not finite", weight.name));
            } else if weight.constant() && Some(i) != last {
                let what = "all its numbers are equal, so that units which read the same learn the same";
                all.push(format!("{}: {what}", weight.name));
            }
        }
        if let Some(forecast) = &self.forecast
            && let Some(told) = show::outlook(forecast)
        {
            all.push(told);
        }
        all
    }

    /// All of it as JSON; `docs/json.md` tells its keys.
    pub fn to_json(&self) -> Json {
        let layers: Vec<Json> = self
            .layers
            .iter()
            .map(|l| json!({ "name": l.name, "class": l.class, "level": l.level, "known": l.known }))
            .collect();
        let weights: Vec<Json> = self
            .weights
            .iter()
            .map(|w| {
                json!({ "name": w.name, "shape": w.shape, "mean": number(w.mean), "deviation": number(w.deviation),
                        "min": number(w.min), "max": number(w.max), "not_finite": w.not_finite })
            })
            .collect();
        let optimizer = self
            .optimizer
            .as_ref()
            .map(|o| json!({ "updates": o.updates, "variables": o.variables, "numbers": o.numbers }));
        let params = self.count_params();
        json!({
            "schema": 1,
            "file": self.file,
            "bytes": self.bytes,
            "format": self.format,
            "keras_version": self.keras_version,
            "layers": layers,
            "unknown_layers": self.unknown,
            "trainable": params.map(|p| p.0),
            "non_trainable": params.map(|p| p.1),
            "compile": self.compiled.as_ref().map(Config::to_json),
            "optimizer": optimizer,
            "weights": weights,
            "forecast": self.forecast.as_ref().map(Forecast::to_json),
            "notes": self.notes,
            "stands_out": self.stands_out(),
        })
    }
}

/// Names without the signs around them.
fn plain(names: Vec<String>) -> Vec<String> {
    names.into_iter().map(|name| name.replace('`', "")).collect()
}

/// The learner in a file of Keras; without its settings, where those have no words here.
pub(crate) fn learner(path: &Path, notes: &mut Vec<String>) -> Result<Learner> {
    load_model(path).or_else(|e: Error| {
        let plain = load_model_with(path, Compile::without_loss(Sgd::new(0.01)))?;
        notes.push(format!("how it was compiled is not taken over: {}", e.what()));
        Ok(plain)
    })
}
