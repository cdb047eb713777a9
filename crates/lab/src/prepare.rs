//! From an experiment to what runs: data loaded, model put together, settings read.

use crate::checkpoints::CheckpointSettings;
use crate::data::{self, Data, Loaded};
use crate::prepared::Prepared;
use crate::sources::{Part, Place};
use crate::{Experiment, Form, assemble, model_file, settings};
use std::path::PathBuf;
use steadygrad_engine::Compile;
use steadygrad_formats::keras::is_keras_file;
use steadygrad_kernels::{Error, Result};
use steadygrad_nn::args::Args;
use steadygrad_nn::config::{Config, Value};
use steadygrad_nn::{Model, Shape};

impl Experiment {
    /// Whether its data can be read.
    pub(crate) fn has_data(&self) -> bool {
        self.resolved().and_then(|config| self.read_data(&config, 0.0)).is_ok()
    }

    fn read_data(&self, config: &Config, split: f64) -> Result<Data> {
        self.load_data(config, split, None)?.data().map_err(|e| self.at("data", e))
    }

    pub(crate) fn load_data(
        &self,
        config: &Config,
        split: f64,
        form: Option<(&Form, Part)>,
    ) -> Result<Loaded> {
        let (seed, table) = (self.seed()?, self.table(config, "data")?);
        let given = self.given.as_ref().and_then(|given| given.arrays(&table));
        let place = Place { base: &self.base, cache: self.cache.as_deref(), seed, split, form, given };
        data::load(&table, &place).map_err(|e| {
            let table = if e.place().starts_with("[fit]") { "fit" } else { "data" };
            self.at(table, e)
        })
    }

    /// The network alone, without loading the data where the model's own `input_shape` is enough.
    ///
    /// # Errors
    /// If the model is not right.
    pub fn model(&self) -> Result<Model> {
        let config = self.resolved()?;
        let table = self.table(&config, "model")?;
        let given = self.given.as_ref().is_some_and(|given| given.model(&table).is_some());
        if given || table.get("input_shape").is_some() || self.has_inputs(&table) {
            return self.build(&table, &[]);
        }
        self.build(&table, &self.read_data(&config, 0.0)?.form.shapes())
    }

    /// Some layer of the list is an input of its own.
    fn has_inputs(&self, table: &Config) -> bool {
        match table.get("layers") {
            Some(Value::List(items)) => items.iter().any(|item| {
                matches!(item, Value::Map(map) if matches!(map.get("layer"), Some(Value::Text(t)) if t.starts_with("input") || t == "InputLayer"))
            }),
            _ => false,
        }
    }

    fn build(&self, table: &Config, shapes: &[Shape]) -> Result<Model> {
        if let Some(model) = self.given.as_ref().and_then(|given| given.model(table)) {
            return Ok(model.clone());
        }
        match table.get("file") {
            None => assemble::model(table, shapes).map_err(|(e, path)| self.at(&path, e)),
            Some(_) => model_file::from_file(table, &self.base).map_err(|e| self.at("model", e)),
        }
    }

    /// Loads the data, puts the model together, and reads all settings.
    ///
    /// # Errors
    /// If anything is not right: the place, what was found, and what to do.
    pub fn prepare(&self, threads: usize) -> Result<Prepared> {
        self.prepare_on(None, threads)
    }

    /// The same on data that is loaded already, as that of this experiment before an edit that did not touch it.
    ///
    /// # Errors
    /// As for [`Experiment::prepare`].
    pub fn prepare_on(&self, data: Option<&Data>, threads: usize) -> Result<Prepared> {
        self.given.as_ref().map_or(Ok(()), |given| given.check())?;
        let config = self.resolved()?;
        // What costs nothing is checked before the data is loaded.
        let table = self.table(&config, "fit")?;
        let (mut fit, callbacks) = match self.given.as_ref().and_then(|given| given.fit(&table)) {
            Some(settings) => (settings.clone(), Vec::new()),
            None => settings::fit(&table).map_err(|e| self.at("fit", e))?,
        };
        let from_base = |path: &str| Value::from(self.base.join(path).display().to_string());
        let callbacks: Vec<Value> =
            callbacks.into_iter().map(|c| settings::with_paths(c, &from_base)).collect();
        settings::callbacks(&callbacks).map_err(|e| self.at("fit", e))?;
        let checkpoints = CheckpointSettings::read(&self.table(&config, "checkpoints")?)
            .map_err(|e| self.at("checkpoints", e))?;
        let table = self.table(&config, "model")?;
        // The part for validation is split off before anything is fitted to the data, such as its scale.
        let split = std::mem::take(&mut fit.validation_split);
        let data = match data {
            Some(data) => data.clone(),
            None => self.read_data(&config, split)?,
        };
        let (model, compile) = self.network(&config, &data.form.shapes(), threads)?;
        let (weights, rescale) = start(&table).map_err(|e| self.at("model", e))?;
        let weights = weights.map(|w| self.base.join(w));
        let goes_on = self.goes_on(&config)?;
        Ok(Prepared {
            data,
            model,
            compile,
            fit,
            callbacks,
            checkpoints,
            weights,
            rescale,
            goes_on,
            experiment: self.clone(),
        })
    }

    /// The model for samples of these shapes, and how it is trained.
    pub(crate) fn network(
        &self,
        config: &Config,
        shapes: &[Shape],
        threads: usize,
    ) -> Result<(Model, Compile)> {
        let model = self.build(&self.table(config, "model")?, shapes)?;
        self.check_inputs(&model, shapes)?;
        let (table, outputs, seed) = (self.table(config, "compile")?, model.output_names(), self.seed()?);
        let given = self.given.as_ref().and_then(|given| given.compile(&table));
        let compile = match given {
            Some(compile) => Compile { seed, threads, ..compile.clone() },
            None if config.get("compile").is_none() && self.keras_file(config)?.is_some() => {
                let table = self.table(&self.with_compile(config)?, "compile")?;
                settings::compile(&table, &outputs, seed, threads).map_err(|e| self.at("model", e))?
            }
            None => settings::compile(&table, &outputs, seed, threads).map_err(|e| self.at("compile", e))?,
        };
        Ok((model, compile))
    }

    fn keras_file(&self, config: &Config) -> Result<Option<PathBuf>> {
        Ok(model_file::keras_file(&self.table(config, "model")?, &self.base))
    }

    /// The experiment with its `[compile]` written out, where that stands in the model's file.
    pub(crate) fn with_compile(&self, config: &Config) -> Result<Config> {
        let file = self.keras_file(config)?.filter(|_| config.get("compile").is_none());
        let Some(file) = file else { return Ok(config.clone()) };
        let words = model_file::compile_of(&file).map_err(|e| self.at("model", e))?;
        Ok(config.clone().with("compile", words))
    }

    /// Whether the model's file says what is trained, and how: then its optimizer goes on from where it was.
    fn goes_on(&self, config: &Config) -> Result<bool> {
        let table = self.table(config, "model")?;
        let own = ["weights", "rescale"].iter().all(|key| table.get(key).is_none_or(|v| *v == Value::Null));
        Ok(own && config.get("compile").is_none() && self.keras_file(config)?.is_some())
    }

    /// Whether the model takes the samples of the data.
    fn check_inputs(&self, model: &Model, found: &[Shape]) -> Result<()> {
        let expected = model.input_shapes();
        if expected == found {
            return Ok(());
        }
        let list = |shapes: &[Shape]| shapes.iter().map(Shape::to_string).collect::<Vec<_>>().join(" and ");
        let sizes = |shapes: &[Shape]| shapes.iter().map(Shape::size).collect::<Vec<_>>();
        let error = Error::shape(format!(
            "the model expects samples of shape {}, and the data has {}",
            list(&expected),
            list(found)
        ));
        let help = if sizes(&expected) == sizes(found) {
            "the sizes are equal: give the model the shape of the data, and put Flatten or Reshape first"
        } else if expected.len() != found.len() {
            "the data must have one array for each input of the model; in an NPZ file `x` names them: x = [\"a\", \"b\"]"
        } else {
            "give the model the shape of the data; without `input_shape` it takes it by itself"
        };
        Err(self.at("model", error.at("[model], `input_shape`").help(help)))
    }
}

/// What `[model]` says of the weights to start from: a file, and whether they are scaled first.
fn start(table: &Config) -> Result<(Option<String>, bool)> {
    let mut args = Args::new("[model]", table);
    let rescale = match args.or::<Option<String>>("rescale", None)?.as_deref() {
        None => false,
        Some("lsuv") => true,
        Some(other) => {
            return Err(Error::name("way to scale weights", other, &["lsuv"]).at("[model], `rescale`"));
        }
    };
    // A model from a file of Keras comes with its weights.
    let file: Option<String> = args.or("file", None)?;
    let own = file.filter(|file| is_keras_file(file.as_ref()));
    Ok((args.or::<Option<String>>("weights", None)?.or(own), rescale))
}
