//! What an experiment was given in code: a model, how it is trained, and arrays.

use crate::{Experiment, describe};
use std::sync::Arc;
use steadygrad_data::Dataset;
use steadygrad_engine::{Compile, Fit, FitSettings};
use steadygrad_kernels::{Error, Result};
use steadygrad_nn::Model;
use steadygrad_nn::config::{Config, Value};

/// The parts as they were given. Each stands for its table as long as nobody changed that: layers of one's own, which no file
/// can name, are trained as they are, and an edit works on the words.
#[derive(Debug, Clone, Default)]
pub(crate) struct Given {
    model: Option<(Config, Model)>,
    compile: Option<(Config, Compile)>,
    fit: Option<(Config, FitSettings)>,
    train: Option<Dataset>,
    validation: Option<Dataset>,
    /// What cannot be part of an experiment; told when it is prepared.
    fault: Option<Error>,
}

impl Experiment {
    /// An experiment in code: a model, how it is compiled, and what `fit` is told. The data follow with [`Experiment::data`].
    ///
    /// It is written down in the words of an experiment file, so that it can be examined, edited, cured and saved. Validation
    /// data of `fit` are taken over; callbacks are no plain data, and are refused when it is prepared.
    ///
    /// ```
    /// use steadygrad_data::digits;
    /// use steadygrad_engine::{Compile, Fit};
    /// use steadygrad_lab::{Experiment, examine};
    /// use steadygrad_nn::{Sequential, activations::Sigmoid, layers::{Dense, Flatten}};
    /// use steadygrad_nn::{losses::SparseCategoricalCrossentropy, optimizers::Adam};
    /// let mut model = Sequential::new([8, 8]).add(Flatten);
    /// for _ in 0..12 {
    ///     model = model.add(Dense::new(32).activation(Sigmoid));
    /// }
    /// let model = model.add(Dense::new(10));
    /// let compile = Compile::new(Adam::new(0.001), SparseCategoricalCrossentropy.from_logits()).accuracy();
    /// let experiment = Experiment::new(model, compile, Fit::epochs(5)).data(&digits::all()?.take(0..640));
    /// let diagnosis = examine(&experiment)?;
    /// assert_eq!(diagnosis.findings[0].condition, "vanishing_gradient");
    /// let cured = experiment.edited(&diagnosis.prescription()?.edits)?;
    /// assert!(cured.to_toml()?.contains("elu"));
    /// # Ok::<(), steadygrad_kernels::Error>(())
    /// ```
    pub fn new(model: impl Into<Model>, compile: Compile, fit: Fit<'_>) -> Experiment {
        let model: Model = model.into();
        // A graph for which the file has no words is named, and can be trained and examined all the same.
        let unwritten = || Config::new().with("name", model.name.as_str());
        let words = describe::model(&model).unwrap_or_else(unwritten);
        let trained = (describe::compile(&compile), describe::fit(&fit.settings, compile.seed));
        let fault = if fit.has_callbacks() {
            let what = "an experiment is plain data, and callbacks are not";
            Some(
                Error::argument(what)
                    .at("Experiment::new")
                    .help("leave them out here, and give them to the `fit` that trains what comes of it"),
            )
        } else if i64::try_from(compile.seed).is_err() {
            let what = format!("the seed of an experiment must be below 2^63, got {}", compile.seed);
            Some(Error::argument(what).at("Experiment::new"))
        } else {
            None
        };
        let mut config = Config::new();
        for (table, words) in [("model", &words), ("compile", &trained.0), ("fit", &trained.1)] {
            config.set(table, words.clone());
        }
        let given = Given {
            model: Some((words, model)),
            compile: Some((trained.0, compile)),
            validation: fit.validation_data().cloned(),
            fit: Some((trained.1, fit.settings)),
            train: None,
            fault,
        };
        Experiment::of(config, Some(Arc::new(given)))
    }

    /// The same with these samples to train on, in place of what its `[data]` table names. Scales and splits of that table hold.
    pub fn data(mut self, train: &Dataset) -> Experiment {
        if let Some(Value::Map(table)) = self.config.get_mut("data") {
            *table = table
                .iter()
                .filter(|(key, _)| KEPT.contains(key))
                .map(|(k, v)| (k.to_string(), v.clone()))
                .collect();
        }
        self.give(|given| given.train = Some(train.clone()));
        self
    }

    /// The same with these samples to validate on.
    pub fn validation(mut self, validation: &Dataset) -> Experiment {
        self.give(|given| given.validation = Some(validation.clone()));
        self
    }

    fn give(&mut self, change: impl FnOnce(&mut Given)) {
        change(Arc::make_mut(self.given.get_or_insert_default()));
    }
}

/// What a `[data]` table says of arrays, wherever they come from.
const KEPT: [&str; 6] = ["scale", "target_scale", "one_hot", "shuffle", "validation_split", "seed"];

/// The part, as long as its table says what it said when the part was given.
fn unchanged<'a, T>(part: &'a Option<(Config, T)>, table: &Config) -> Option<&'a T> {
    part.as_ref().filter(|(words, _)| words == table).map(|(_, part)| part)
}

impl Given {
    /// What cannot be part of an experiment.
    pub fn check(&self) -> Result<()> {
        self.fault.clone().map_or(Ok(()), Err)
    }

    /// The model that this `[model]` table describes, if it was given.
    pub fn model(&self, table: &Config) -> Option<&Model> {
        let mut layers = table.clone();
        // Which weights it starts from makes no other model of it.
        for key in ["weights", "rescale"] {
            layers.remove(key);
        }
        unchanged(&self.model, &layers)
    }

    /// How it is compiled, if this `[compile]` table was made of it.
    pub fn compile(&self, table: &Config) -> Option<&Compile> {
        unchanged(&self.compile, table)
    }

    /// What `fit` was told, if this `[fit]` table was made of it; another seed changes nothing of that.
    pub fn fit(&self, table: &Config) -> Option<&FitSettings> {
        let without_seed = |config: &Config| {
            let mut config = config.clone();
            config.remove("seed");
            config
        };
        let same = |words: &Config| without_seed(words) == without_seed(table);
        self.fit.as_ref().filter(|(words, _)| same(words)).map(|(_, settings)| settings)
    }

    /// The arrays, unless this `[data]` table names others.
    pub fn arrays(&self, table: &Config) -> Option<(&Dataset, Option<&Dataset>)> {
        let named = ["source", "train"].iter().any(|key| table.get(key).is_some_and(|v| *v != Value::Null));
        self.train.as_ref().filter(|_| !named).map(|train| (train, self.validation.as_ref()))
    }
}
