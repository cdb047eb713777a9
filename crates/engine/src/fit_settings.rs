//! What `fit` is told: batch size, epochs, validation, shuffling, weights, callbacks.

use crate::callbacks::Callback;
use std::collections::BTreeMap;
use steadygrad_data::Dataset;

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

/// The arguments of `fit`: settings, validation data, callbacks.
///
/// ```
/// use steadygrad_engine::Fit;
/// let fit = Fit::epochs(10).batch_size(32);
/// ```
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

    /// A callback; they are called in the order in which they were given.
    pub fn callback(mut self, callback: &'a mut dyn Callback) -> Fit<'a> {
        self.callbacks.push(callback);
        self
    }
}
