//! An experiment made ready: what is trained, and where its errors come from.

use crate::checkpoints::CheckpointSettings;
use crate::data::Data;
use crate::experiment::Experiment;
use crate::setup::look_at;
use crate::{keras_file, lsuv, settings};
use std::path::PathBuf;
use steadygrad_engine::callbacks::{self, Callback};
use steadygrad_engine::{Compile, FitSettings, Learner, Trainable};
use steadygrad_kernels::{Error, Place, Result};
use steadygrad_nn::Model;
use steadygrad_nn::config::Value;

/// Samples on which weights are scaled.
const RESCALED_ON: usize = 256;
/// How near to 1 the signal's deviation must come, and in how many tries (Mishkin and Matas 2016).
const TOLERANCE: f64 = 0.1;
const TRIES: usize = 10;

/// An experiment made ready: data loaded, model put together, settings read.
#[derive(Debug)]
pub struct Prepared {
    /// The data.
    pub data: Data,
    /// The network.
    pub model: Model,
    /// How it is trained.
    pub compile: Compile,
    /// The arguments of `fit`.
    pub fit: FitSettings,
    /// The callbacks as they are written, with their paths relative to the working directory.
    pub callbacks: Vec<Value>,
    /// When it is kept.
    pub checkpoints: CheckpointSettings,
    /// Weights to start from.
    pub weights: Option<PathBuf>,
    /// Weights are scaled before training until every layer keeps the signal's size: [`lsuv::rescale`].
    pub rescale: bool,
    /// The optimizer goes on from where it is in the file of the weights.
    pub goes_on: bool,
    /// What it was made of: errors say where.
    pub(crate) experiment: Experiment,
}

impl Prepared {
    /// The model with its memory, and with the weights that the experiment starts from.
    ///
    /// # Errors
    /// If model and settings do not fit, or the weights are another model's.
    pub fn learner(&self) -> Result<Learner> {
        self.learner_with(self.compile.clone())
    }

    fn learner_with(&self, compile: Compile) -> Result<Learner> {
        let mut learner = self.model.compile(compile).map_err(|e| self.located(e))?;
        if let Some(path) = &self.weights {
            let place = || if self.goes_on { "[model], `file`" } else { "[model], `weights`" };
            let loaded = match self.goes_on {
                true => keras_file::resume(&mut learner, path),
                false => keras_file::load_weights(&mut learner, path),
            };
            loaded.place(place).map_err(|e| self.experiment.at("model", e))?;
        }
        if self.rescale {
            let some = look_at(&self.data.train, RESCALED_ON);
            lsuv::rescale(&mut learner, &some, TOLERANCE, TRIES).map_err(|e| self.located(e))?;
        }
        Ok(learner)
    }

    /// The same with other draws of the weights; draw 0 is [`Prepared::learner`]'s.
    ///
    /// # Errors
    /// As for [`Prepared::learner`].
    pub fn learner_of_draw(&self, draw: u64) -> Result<Learner> {
        let seed = self.compile.seed.wrapping_add(draw.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        self.learner_with(Compile { seed, ..self.compile.clone() })
    }

    /// The callbacks, new.
    ///
    /// # Errors
    /// None that [`Experiment::prepare`] would not have found.
    pub fn callbacks(&self) -> Result<Vec<Box<dyn Callback>>> {
        settings::callbacks(&self.callbacks).map_err(|e| self.experiment.at("fit", e))
    }

    /// The error with the file of the experiment before it, and with table and line where it is about a loss, a metric, a
    /// callback or the data.
    pub fn located(&self, error: Error) -> Error {
        let place = error.place();
        let callback = || callbacks::CATALOG.iter().any(|entry| place.starts_with(entry.class));
        let begins = |words: &[&str]| words.iter().any(|word| place.starts_with(word));
        let key = match () {
            () if begins(&["metrics", "metric `"]) => "compile.metrics",
            () if begins(&["loss", "output `"]) => "compile.loss",
            () if begins(&["validation data", "input `"]) => "data",
            () if callback() => "fit.callbacks",
            () => return self.experiment.outer(error),
        };
        let (table, name) = key.split_once('.').unwrap_or((key, ""));
        let error = match (place == name, name) {
            (true, _) => Error::new(error.kind(), error.what()).help(error.remedy()),
            _ => error,
        };
        let words = if name.is_empty() { format!("[{table}]") } else { format!("[{table}], `{name}`") };
        self.experiment.at(key, error.at(words))
    }
}
