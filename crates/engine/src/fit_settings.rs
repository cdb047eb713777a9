//! What `fit` is told: batch size, epochs, validation, shuffling, weights, callbacks.

use crate::callbacks::Callback;
use std::collections::BTreeMap;
use std::fmt::Display;
use steadygrad_data::Dataset;
use steadygrad_kernels::{Error, Result};

/// How samples are shuffled before an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shuffle {
    /// All of them, anew for every epoch.
    #[default]
    All,
    /// Only within each batch.
    Batch,
    /// Not at all.
    No,
}

/// The arguments of `fit` that are plain data, under Keras' names.
#[derive(Debug, Clone, PartialEq)]
pub struct FitSettings {
    /// The epoch at which training ends.
    pub epochs: usize,
    /// Samples of a step; 32 where not given, or as `steps_per_epoch` says.
    pub batch_size: Option<usize>,
    /// The part of the data, from its end, that is held back for validation.
    pub validation_split: f64,
    /// How samples are shuffled.
    pub shuffle: Shuffle,
    /// The weight of every class.
    pub class_weight: BTreeMap<usize, f64>,
    /// The epoch at which training begins.
    pub initial_epoch: usize,
    /// Batches of an epoch, where not all.
    pub steps_per_epoch: Option<usize>,
    /// Batches of a validation, where not all.
    pub validation_steps: Option<usize>,
    /// Samples of a step of validation.
    pub validation_batch_size: Option<usize>,
    /// Validation every so many epochs.
    pub validation_freq: usize,
}

impl Default for FitSettings {
    fn default() -> FitSettings {
        FitSettings {
            epochs: 1,
            batch_size: None,
            validation_split: 0.0,
            shuffle: Shuffle::All,
            class_weight: BTreeMap::new(),
            initial_epoch: 0,
            steps_per_epoch: None,
            validation_steps: None,
            validation_batch_size: None,
            validation_freq: 1,
        }
    }
}

impl FitSettings {
    /// Whether all settings are ones that can be trained with. Asked by `fit`, and of what is read from files.
    ///
    /// ```
    /// use steadygrad_engine::FitSettings;
    /// let settings = FitSettings { validation_split: -0.2, ..FitSettings::default() };
    /// let error = settings.check().unwrap_err().to_string();
    /// assert!(error.starts_with("`validation_split` must be 0 or more and below 1, got -0.2"));
    /// ```
    ///
    /// # Errors
    /// The first setting that is not: its name, what it must be, what it is.
    pub fn check(&self) -> Result<()> {
        let wrong = |name: &str, must: &str, is: &dyn Display| {
            Err(Error::argument(format!("`{name}` must be {must}, got {is}")))
        };
        if !(0.0..1.0).contains(&self.validation_split) {
            return wrong("validation_split", "0 or more and below 1", &self.validation_split)
                .map_err(|e| e.help("0.2 holds back a fifth of the samples"));
        }
        for (name, value) in [
            ("batch_size", self.batch_size),
            ("steps_per_epoch", self.steps_per_epoch),
            ("validation_steps", self.validation_steps),
            ("validation_batch_size", self.validation_batch_size),
            ("validation_freq", Some(self.validation_freq)),
        ] {
            if value == Some(0) {
                return wrong(name, "1 or more", &0);
            }
        }
        if let Some(weight) = self.class_weight.values().find(|w| !(w.is_finite() && **w >= 0.0)) {
            return wrong("class_weight", "made of numbers of 0 or more", weight);
        }
        Ok(())
    }
}

/// The arguments of `fit`: settings, validation data, callbacks.
///
/// ```
/// use steadygrad_engine::Fit;
/// let fit = Fit::epochs(10).batch_size(32).validation_freq(2);
/// ```
///
/// Weights of samples are part of the data: [`Dataset::with_weights`].
#[derive(Debug, Default)]
pub struct Fit<'a> {
    /// The settings.
    pub settings: FitSettings,
    pub(crate) validation: Option<&'a Dataset>,
    pub(crate) callbacks: Vec<&'a mut dyn Callback>,
}

impl<'a> Fit<'a> {
    /// Up to this epoch.
    pub fn epochs(epochs: usize) -> Fit<'a> {
        Fit::with(FitSettings { epochs, ..FitSettings::default() })
    }

    /// With these settings.
    pub fn with(settings: FitSettings) -> Fit<'a> {
        Fit { settings, validation: None, callbacks: Vec::new() }
    }

    /// The validation data that it was given.
    pub fn validation_data(&self) -> Option<&'a Dataset> {
        self.validation
    }

    /// Whether it was given callbacks.
    pub fn has_callbacks(&self) -> bool {
        !self.callbacks.is_empty()
    }

    /// Samples of a step.
    pub fn batch_size(mut self, batch_size: usize) -> Fit<'a> {
        self.settings.batch_size = Some(batch_size);
        self
    }

    /// Data that is not trained on, and looked at after every epoch.
    pub fn validation(mut self, data: &'a Dataset) -> Fit<'a> {
        self.validation = Some(data);
        self
    }

    /// The part of the data, from its end, that is held back for validation.
    pub fn validation_split(mut self, fraction: f64) -> Fit<'a> {
        self.settings.validation_split = fraction;
        self
    }

    /// How samples are shuffled.
    pub fn shuffle(mut self, shuffle: Shuffle) -> Fit<'a> {
        self.settings.shuffle = shuffle;
        self
    }

    /// The weight of a class.
    pub fn class_weight(mut self, class: usize, weight: f64) -> Fit<'a> {
        self.settings.class_weight.insert(class, weight);
        self
    }

    /// The epoch at which training begins.
    pub fn initial_epoch(mut self, epoch: usize) -> Fit<'a> {
        self.settings.initial_epoch = epoch;
        self
    }

    /// Batches of an epoch, where not all: the next epoch goes on where this one stopped.
    pub fn steps_per_epoch(mut self, steps: usize) -> Fit<'a> {
        self.settings.steps_per_epoch = Some(steps);
        self
    }

    /// Batches of a validation, where not all.
    pub fn validation_steps(mut self, steps: usize) -> Fit<'a> {
        self.settings.validation_steps = Some(steps);
        self
    }

    /// Samples of a step of validation; without it, as in training.
    pub fn validation_batch_size(mut self, batch_size: usize) -> Fit<'a> {
        self.settings.validation_batch_size = Some(batch_size);
        self
    }

    /// Validation after every so many epochs.
    pub fn validation_freq(mut self, epochs: usize) -> Fit<'a> {
        self.settings.validation_freq = epochs;
        self
    }

    /// A callback; they are called in the order in which they were given.
    pub fn callback(mut self, callback: &'a mut dyn Callback) -> Fit<'a> {
        self.callbacks.push(callback);
        self
    }
}
