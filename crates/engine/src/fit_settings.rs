//! What `fit` is told: batch size, epochs, validation, shuffling, weights, callbacks.

use crate::callbacks::Callback;
use crate::checkpoint::{Keeper, State};
use crate::on_non_finite::OnNonFinite;
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
    /// What is done about numbers that are not finite; nothing, as in Keras, where it is not given and the learner is not
    /// guarded.
    pub on_non_finite: Option<OnNonFinite>,
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
            on_non_finite: None,
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
    pub(crate) keeper: Option<&'a mut dyn Keeper>,
    pub(crate) from: Option<&'a State>,
}

impl<'a> Fit<'a> {
    /// Up to this epoch.
    pub fn epochs(epochs: usize) -> Fit<'a> {
        Fit::with(FitSettings { epochs, ..FitSettings::default() })
    }

    /// With these settings.
    pub fn with(settings: FitSettings) -> Fit<'a> {
        Fit { settings, ..Fit::default() }
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

    /// What is done about numbers that are not finite.
    pub fn on_non_finite(mut self, how: OnNonFinite) -> Fit<'a> {
        self.settings.on_non_finite = Some(how);
        self
    }

    /// Who decides when checkpoints are made, and keeps them.
    pub fn keeper(mut self, keeper: &'a mut dyn Keeper) -> Fit<'a> {
        self.keeper = Some(keeper);
        self
    }

    /// Goes on from a checkpoint, with the same callbacks in the same order: weights and history become what they would have been
    /// without a stop, bit for bit.
    ///
    /// ```
    /// use steadygrad_data::digits;
    /// use steadygrad_engine::callbacks::Training;
    /// use steadygrad_engine::checkpoint::{Keeper, Moment, Onward, State};
    /// use steadygrad_engine::{Compile, Fit, Trainable};
    /// use steadygrad_nn::{Sequential, layers::{Dense, Flatten}, losses::SparseCategoricalCrossentropy, optimizers::Adam};
    /// # use steadygrad_kernels::Result;
    /// /// Keeps the 70th step, which is within the second epoch, and leaves.
    /// #[derive(Debug, Default)]
    /// struct At70(Option<State>);
    /// impl Keeper for At70 {
    ///     fn wants(&mut self, _: &mut Training<'_>, moment: Moment<'_>) -> Result<bool> { Ok(moment.step == 70) }
    ///     fn keep(&mut self, _: &mut Training<'_>, _: Moment<'_>, state: State) -> Result<Onward> {
    ///         self.0 = Some(state);
    ///         Ok(Onward::Leave)
    ///     }
    /// }
    /// # fn main() -> Result<()> {
    /// let model = Sequential::new([8, 8]).add(Flatten).add(Dense::new(10));
    /// let compile = Compile::new(Adam::new(0.01), SparseCategoricalCrossentropy.from_logits()).accuracy();
    /// let data = digits::all()?;
    /// let straight = model.compile(compile.clone())?.fit(&data, Fit::epochs(3))?;
    /// let mut keeper = At70::default();
    /// model.compile(compile.clone())?.fit(&data, Fit::epochs(3).keeper(&mut keeper))?;
    /// let resumed = model.compile(compile)?.fit(&data, Fit::epochs(3).from(keeper.0.as_ref()))?;
    /// assert_eq!(resumed.get("loss"), straight.get("loss"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn from(mut self, state: Option<&'a State>) -> Fit<'a> {
        self.from = state;
        self
    }

    /// A callback; they are called in the order in which they were given.
    pub fn callback(mut self, callback: &'a mut dyn Callback) -> Fit<'a> {
        self.callbacks.push(callback);
        self
    }
}
