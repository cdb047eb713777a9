//! What a callback is: hooks into a training, which may look at the learner, change it, and stop it.

use super::writer::Writer;
use crate::checkpoint::{State, Under};
use crate::learner::Learner;
use crate::logs::Logs;
use crate::measure::Measures;
use std::fmt::Debug;
use steadygrad_kernels::Result;
use steadygrad_nn::args::Args;
use steadygrad_nn::config::Config;
use steadygrad_nn::metrics::Direction;

/// A training in progress.
#[derive(Debug)]
pub struct Training<'a> {
    /// The learner: weights, learning rate.
    pub learner: &'a mut Learner,
    /// The epoch at which it ends.
    pub epochs: usize,
    /// Batches of an epoch.
    pub steps: usize,
    /// Whether there is data for validation: then the logs of epochs have numbers with `val_` in front.
    pub validation: bool,
    /// Whether it goes on from a checkpoint: what was written before is to stay.
    pub resumed: bool,
    /// Set it to end the training: after this epoch, or after this batch where it is set by a batch's hook.
    pub stop: bool,
    /// What the user should know when all is over.
    pub warnings: &'a mut Vec<String>,
}

impl Training<'_> {
    /// Notes a warning, each only once.
    pub fn warn(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !self.warnings.contains(&text) {
            self.warnings.push(text);
        }
    }

    /// The names that the logs of an epoch will have, as far as they are known before it: losses and metrics, with `val_` in
    /// front where there is validation data. What callbacks add is not among them.
    pub fn names(&self) -> Vec<String> {
        let own = self.learner.measures.as_ref().map_or_else(Vec::new, Measures::names);
        let tested = own.iter().filter(|_| self.validation).map(|name| format!("val_{name}"));
        let mut names: Vec<String> = tested.chain(own.iter().cloned()).collect();
        names.sort();
        names
    }

    /// Which way the number of this key of the logs improves: losses go down, metrics know. `val_` in front does not count.
    pub fn direction(&self, key: &str) -> Direction {
        let key = key.strip_prefix("val_").unwrap_or(key);
        match &self.learner.measures {
            _ if key == "loss" => Direction::Down,
            Some(measures) => measures.direction(key),
            None => Direction::None,
        }
    }
}

/// Hooks into a training, in Keras' order. Batches are counted from 0 in each epoch, epochs from 0.
#[allow(unused_variables, missing_docs)]
pub trait Callback: Debug + Send {
    /// Whether the hooks of batches are wanted: only then are logs made for every batch.
    fn wants_batches(&self) -> bool {
        false
    }
    /// Whether it writes files: a training that should leave nothing behind does without it.
    fn writes(&self) -> bool {
        false
    }
    /// What it is called in a checkpoint, where it is found again by this name: its type, if nothing else is said.
    fn name(&self) -> &str {
        let name = std::any::type_name::<Self>();
        let plain = name.split('<').next().unwrap_or(name);
        plain.rsplit("::").next().unwrap_or(plain)
    }
    /// Remembers in a checkpoint what it has seen and decided.
    fn save(&self, state: &mut Under<'_>) {}
    /// Goes on from what it remembered; called after `on_train_begin` where a training is gone on with.
    ///
    /// # Errors
    /// If it is not its own.
    fn restore(&mut self, state: &State) -> Result<()> {
        Ok(())
    }
    /// What it has found so far, under the names of Keras' attributes.
    fn remembers(&self) -> Config {
        Config::new()
    }
    /// Who writes files that this crate does not know. Callbacks that need nobody take no notice.
    fn files_are_written_by(&mut self, writer: &Writer) {}
    fn on_train_begin(&mut self, training: &mut Training<'_>) -> Result<()> {
        Ok(())
    }
    fn on_epoch_begin(&mut self, training: &mut Training<'_>, epoch: usize) -> Result<()> {
        Ok(())
    }
    fn on_train_batch_begin(&mut self, training: &mut Training<'_>, batch: usize) -> Result<()> {
        Ok(())
    }
    fn on_train_batch_end(&mut self, training: &mut Training<'_>, batch: usize, logs: &Logs) -> Result<()> {
        Ok(())
    }
    fn on_test_begin(&mut self, training: &mut Training<'_>) -> Result<()> {
        Ok(())
    }
    fn on_test_batch_begin(&mut self, training: &mut Training<'_>, batch: usize) -> Result<()> {
        Ok(())
    }
    fn on_test_batch_end(&mut self, training: &mut Training<'_>, batch: usize, logs: &Logs) -> Result<()> {
        Ok(())
    }
    fn on_test_end(&mut self, training: &mut Training<'_>, logs: &Logs) -> Result<()> {
        Ok(())
    }
    /// The logs may be added to: what is added stands in the history.
    fn on_epoch_end(&mut self, training: &mut Training<'_>, epoch: usize, logs: &mut Logs) -> Result<()> {
        Ok(())
    }
    fn on_train_end(&mut self, training: &mut Training<'_>, logs: &Logs) -> Result<()> {
        Ok(())
    }
}

/// A callback that can be built from settings. It is a box, not shared: it remembers what it saw.
#[derive(Debug)]
pub struct Entry {
    /// Keras' class name.
    pub class: &'static str,
    /// All other names it answers to.
    pub names: &'static [&'static str],
    /// Builds it from its settings.
    pub build: fn(&mut Args<'_>) -> Result<Box<dyn Callback>>,
}
