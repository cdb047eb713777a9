//! Where a training is, and what else than its learner has changed: the rest of a checkpoint.

use super::state::State;
use crate::callbacks::{Callback, Training};
use crate::fit_settings::{FitSettings, Shuffle};
use crate::logs::{History, Logs};
use crate::on_non_finite::OnNonFinite;
use std::collections::BTreeMap;
use std::fmt::Debug;
use steadygrad_kernels::{Error, Place, Result};

/// A moment between two batches, or two epochs.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    /// Epochs that are over.
    pub epoch: usize,
    /// Batches of the next one that are done.
    pub batch: usize,
    /// Steps of training since the first.
    pub step: u64,
    /// What the last epoch came to, where it is just over.
    pub logs: Option<&'a Logs>,
}

/// What follows a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Onward {
    /// The training goes on.
    Go,
    /// It is left here and now: no validation, no hooks of an epoch that is not over.
    Leave,
}

/// Decides when a checkpoint is made, and keeps it.
pub trait Keeper: Debug + Send {
    /// The training begins, or goes on from this checkpoint.
    ///
    /// # Errors
    /// Those end the training: if what it keeps cannot be kept, or the checkpoint is not its own.
    fn begin(&mut self, _training: &mut Training<'_>, _from: Option<&State>) -> Result<()> {
        Ok(())
    }

    /// Whether a checkpoint is wanted now. Asked after every batch, when its hooks were called, and after every epoch.
    ///
    /// # Errors
    /// Those end the training.
    fn wants(&mut self, training: &mut Training<'_>, moment: Moment<'_>) -> Result<bool>;

    /// Keeps it, where it was wanted just now.
    ///
    /// # Errors
    /// Those end the training.
    fn keep(&mut self, training: &mut Training<'_>, moment: Moment<'_>, state: State) -> Result<Onward>;
}

/// What must be the same where a training is gone on with: each setting by its name, as text.
#[derive(Debug)]
pub(crate) struct Course {
    steps: usize,
    settings: Vec<(&'static str, String)>,
}

/// Where a training goes on.
#[derive(Debug, Default)]
pub(crate) struct Start {
    pub epoch: usize,
    pub batch: usize,
    pub warned: bool,
    /// It was ended by a callback: only what belongs to the end is left to do.
    pub stop: bool,
    pub history: History,
    pub warnings: Vec<String>,
}

impl Course {
    /// Of a training with these settings: samples, their number in a batch, batches of an epoch, and checksums of what is trained on and
    /// what is validated on.
    pub fn new(
        settings: &FitSettings,
        seed: u64,
        [samples, batch_size, steps]: [usize; 3],
        [data, validation]: [u32; 2],
    ) -> Course {
        let maybe = |size: Option<usize>| size.map_or("none".into(), |size| size.to_string());
        let shuffle = match settings.shuffle {
            Shuffle::All => "all",
            Shuffle::Batch => "batch",
            Shuffle::No => "no",
        };
        let settings = vec![
            ("samples", samples.to_string()),
            ("batch_size", batch_size.to_string()),
            ("steps", steps.to_string()),
            ("seed", seed.to_string()),
            ("shuffle", shuffle.into()),
            ("class_weight", format!("{:?}", settings.class_weight)),
            ("validation_freq", settings.validation_freq.to_string()),
            ("validation_steps", maybe(settings.validation_steps)),
            ("validation_batch_size", maybe(settings.validation_batch_size)),
            ("on_non_finite", settings.on_non_finite.map_or("none", OnNonFinite::name).into()),
            ("data", format!("{data:08x}")),
            ("validation data", format!("{validation:08x}")),
        ];
        Course { steps, settings }
    }

    /// The whole training at this moment.
    pub fn save(
        &self,
        training: &Training<'_>,
        callbacks: &[&mut dyn Callback],
        moment: Moment<'_>,
        history: &History,
        warned: bool,
    ) -> State {
        let mut state = training.learner.state();
        let mut fit = state.under("fit");
        for (name, setting) in &self.settings {
            fit.put_text(name, setting.clone());
        }
        fit.put_count("epoch", moment.epoch as u64);
        fit.put_count("batch", moment.batch as u64);
        fit.put_count("step", moment.step);
        fit.put_count("warned", warned.into());
        fit.put_count("stop", training.stop.into());
        fit.put_count("warnings", training.warnings.len() as u64);
        for (i, warning) in training.warnings.iter().enumerate() {
            fit.put_text(&format!("warning_{i}"), warning.clone());
        }
        history.save(&mut state.under("history"));
        for (callback, place) in callbacks.iter().zip(places(callbacks)) {
            callback.save(&mut state.under(&place));
        }
        state
    }

    /// Where the training of this state is, if it is the same training.
    ///
    /// # Errors
    /// If samples, batches, seed or order are others, more epochs than asked for have begun, or it is not the state of a training.
    pub fn restore(&self, state: &State, epochs: usize) -> Result<Start> {
        let fit = state.within("fit");
        for (name, setting) in &self.settings {
            let found = fit.text(name)?;
            if found != setting {
                let what = match name.ends_with("data") {
                    true => format!("it is of a training on other {name}: some values differ"),
                    false => {
                        format!("it is of a training whose `{name}` was {found}, and here it is {setting}")
                    }
                };
                return Err(Error::format(what).help("go on with the data and settings that it began with"));
            }
        }
        let count = fit.count("warnings")?;
        let warnings = (0..count).map(|i| fit.text(&format!("warning_{i}")).map(str::to_string));
        let (epoch, batch) = (fit.size("epoch")?, fit.size("batch")?);
        if batch > self.steps {
            return Err(Error::format(format!("it has {batch} batches of an epoch of {}", self.steps)));
        }
        let reached = epoch + usize::from(batch > 0);
        if epochs < reached {
            return Err(Error::argument(format!("epoch {reached} has begun, and {epochs} are asked for"))
                .help(format!("`epochs` must be {reached} or more")));
        }
        Ok(Start {
            epoch,
            batch,
            warned: fit.count("warned")? != 0,
            stop: fit.count("stop")? != 0,
            history: History::restored(&state.within("history")).place(|| "history")?,
            warnings: warnings.collect::<Result<_>>()?,
        })
    }
}

/// Where each callback is remembered: under its name, and counted where several have the same.
fn places(callbacks: &[&mut dyn Callback]) -> Vec<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut place = |name: &str| {
        let count = seen.entry(name.into()).or_default();
        *count += 1;
        format!("callbacks/{name}_{count}")
    };
    callbacks.iter().map(|callback| place(callback.name())).collect()
}

/// Gives callbacks back what they remembered. One that was not there yet begins anew, which is told where it remembers anything.
///
/// # Errors
/// If one finds what is not its own.
pub(crate) fn restore_callbacks(
    callbacks: &mut [&mut dyn Callback],
    state: &State,
    warnings: &mut Vec<String>,
) -> Result<()> {
    for (place, callback) in places(callbacks).iter().zip(callbacks.iter_mut()) {
        let own = state.within(place);
        if own.iter().len() > 0 {
            callback.restore(&own).place(|| callback.name().to_string())?;
            continue;
        }
        let mut anew = State::default();
        callback.save(&mut anew.under(place));
        if anew.iter().len() > 0 {
            warnings.push(format!("{} was not there before the stop: it begins anew", callback.name()));
        }
    }
    Ok(())
}
