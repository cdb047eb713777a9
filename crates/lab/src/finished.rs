//! A finished run: its experiment with the form of the data it was trained on, in place of that data.

use crate::sources::Part;
use crate::{Experiment, Form, settings};
use steadygrad_data::Dataset;
use steadygrad_engine::{Compile, Learner, Trainable};
use steadygrad_kernels::{Error, Kind, Result};
use steadygrad_nn::Model;

/// An experiment that was trained before. Data are loaded only when they are asked for, and scaled as they were in the run.
#[derive(Debug)]
pub struct Finished {
    /// How samples are read and scaled.
    pub form: Form,
    /// The network.
    pub model: Model,
    /// How it was trained.
    pub compile: Compile,
    split: f64,
    experiment: Experiment,
}

impl Experiment {
    /// The experiment, trained before on data of this form.
    ///
    /// # Errors
    /// If model or settings are not right, or are not made for such data.
    pub fn finished(&self, form: Form, threads: usize) -> Result<Finished> {
        let config = self.resolved()?;
        let (fit, _) = settings::fit(&self.table(&config, "fit")?).map_err(|e| self.at("fit", e))?;
        let (model, compile) = self.network(&config, &form.shapes(), threads)?;
        Ok(Finished { form, model, compile, split: fit.validation_split, experiment: self.clone() })
    }
}

impl Finished {
    /// The model with its memory; its weights are still to be loaded.
    ///
    /// # Errors
    /// If model and settings do not fit.
    pub fn learner(&self) -> Result<Learner> {
        self.model.compile(self.compile.clone()).map_err(|e| self.experiment.outer(e))
    }

    /// The data that the run was trained on, as long as they are where they were.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn train(&self) -> Result<Dataset> {
        let none = || Error::data("the experiment has no training data");
        self.load(Part::All)?.0.ok_or_else(|| self.experiment.at("data", none()))
    }

    /// The data that the run was validated on. Where they are a file of their own, the training data may be gone.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn validation(&self) -> Result<Option<Dataset>> {
        Ok(self.load(Part::Validation)?.1)
    }

    fn load(&self, part: Part) -> Result<(Option<Dataset>, Option<Dataset>)> {
        let config = self.experiment.resolved()?;
        let loaded = self.experiment.load_data(&config, self.split, Some((&self.form, part)));
        let loaded = loaded.map_err(|e| match e.kind() {
            Kind::File => e.help(
                "it is not where it was in training; `evaluate` takes other data with --set data.validation=FILE, `predict` \
                 a file of samples",
            ),
            _ => e,
        })?;
        Ok((loaded.train, loaded.validation))
    }
}
