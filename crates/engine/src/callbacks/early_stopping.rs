//! EarlyStopping: ends a training that no longer gets better.

use super::callback::{Callback, Entry, Training};
use super::monitor::{Mode, Monitor};
use crate::checkpoint::{State, Under};
use crate::logs::Logs;
use steadygrad_data::Array;
use steadygrad_kernels::Result;
use steadygrad_nn::args::Args;
use steadygrad_nn::config::Config;

/// Ends the training when a number of the logs has stopped improving.
///
/// ```text
/// at the end of each epoch e ≥ start_from_epoch:
///   wait ← wait + 1
///   better than the best by more than min_delta?  best ← it;  wait ← 0 (with a baseline: only if it beats that too)
///   else, wait ≥ patience and e > 0?              stop
/// ```
///
/// With `restore_best_weights` the weights end as they were after the best epoch, whether training was stopped or ran to
/// its end. NaN is no improvement. A number that is not in the logs is warned of once, in the history's warnings.
///
/// ```
/// use steadygrad_engine::{Compile, Fit, Trainable, callbacks::EarlyStopping};
/// use steadygrad_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
/// use steadygrad_data::{Array, Dataset};
/// # use steadygrad_kernels::Result;
/// # fn main() -> Result<()> {
/// let data = Dataset::new(Array::new([4, 1], vec![0.0, 1.0, 2.0, 3.0])?, Array::new([4, 1], vec![1.0; 4])?)?;
/// // A rate at which it diverges: every epoch is worse than the one before.
/// let mut learner = Sequential::new([1]).add(Dense::new(1)).compile(Compile::new(Sgd::new(2.0), MeanSquaredError))?;
/// let mut stop = EarlyStopping::new().monitor("loss").patience(2).restore_best_weights(true);
/// let history = learner.fit(&data, Fit::epochs(20).callback(&mut stop))?;
/// assert_eq!((history.epochs.len(), stop.stopped_epoch(), stop.best_epoch()), (3, Some(2), 0));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Before training, if `mode` is `Auto` and nobody knows whether more or less of the number is better.
#[derive(Debug)]
pub struct EarlyStopping {
    monitor: Monitor,
    patience: usize,
    baseline: Option<f64>,
    restore_best_weights: bool,
    start_from_epoch: usize,
    wait: usize,
    best: Option<f64>,
    best_epoch: usize,
    stopped_epoch: Option<usize>,
    best_weights: Option<Vec<Array>>,
}

impl Default for EarlyStopping {
    fn default() -> EarlyStopping {
        EarlyStopping::new()
    }
}

impl EarlyStopping {
    /// Watches `val_loss`, with no patience.
    pub fn new() -> EarlyStopping {
        EarlyStopping {
            monitor: Monitor::new("EarlyStopping", 0.0),
            patience: 0,
            baseline: None,
            restore_best_weights: false,
            start_from_epoch: 0,
            wait: 0,
            best: None,
            best_epoch: 0,
            stopped_epoch: None,
            best_weights: None,
        }
    }

    /// The number to watch.
    pub fn monitor(mut self, key: &str) -> EarlyStopping {
        self.monitor.key = key.to_string();
        self
    }

    /// What counts as an improvement at the least.
    pub fn min_delta(mut self, min_delta: f64) -> EarlyStopping {
        self.monitor.min_delta = min_delta;
        self
    }

    /// How many epochs without improvement are borne.
    pub fn patience(mut self, patience: usize) -> EarlyStopping {
        self.patience = patience;
        self
    }

    /// Which way the number improves.
    pub fn mode(mut self, mode: Mode) -> EarlyStopping {
        self.monitor.mode = mode;
        self
    }

    /// What has to be beaten as well, for an improvement to count.
    pub fn baseline(mut self, baseline: f64) -> EarlyStopping {
        self.baseline = Some(baseline);
        self
    }

    /// Whether the weights of the best epoch are put back at the end.
    pub fn restore_best_weights(mut self, restore: bool) -> EarlyStopping {
        self.restore_best_weights = restore;
        self
    }

    /// The first epoch, from 0, that is looked at.
    pub fn start_from_epoch(mut self, epoch: usize) -> EarlyStopping {
        self.start_from_epoch = epoch;
        self
    }

    /// The best value seen.
    pub fn best(&self) -> Option<f64> {
        self.best
    }

    /// The epoch of the best value, from 0.
    pub fn best_epoch(&self) -> usize {
        self.best_epoch
    }

    /// The epoch after which training was stopped, from 0; `None` if it was not.
    pub fn stopped_epoch(&self) -> Option<usize> {
        self.stopped_epoch
    }

    /// Epochs since the last improvement that counted.
    pub fn wait(&self) -> usize {
        self.wait
    }
}

fn values(training: &Training<'_>) -> Vec<Array> {
    training.learner.weights().into_iter().map(|(_, values)| values).collect()
}

impl Callback for EarlyStopping {
    fn save(&self, state: &mut Under<'_>) {
        state.put_maybe("best", self.best);
        state.put_count("wait", self.wait as u64);
        state.put_count("best_epoch", self.best_epoch as u64);
        state.put_maybe("stopped_epoch", self.stopped_epoch.map(|epoch| epoch as f64));
        let weights = self.best_weights.as_deref();
        state.put_maybe("best_weights", weights.map(|weights| weights.len() as f64));
        for (i, weight) in weights.unwrap_or_default().iter().enumerate() {
            let shape: Vec<f64> = weight.shape().iter().map(|&n| n as f64).collect();
            state.put_doubles(&format!("shape_{i}"), shape);
            state.put_numbers(&format!("weight_{i}"), weight.data());
        }
    }

    fn restore(&mut self, state: &State) -> Result<()> {
        (self.best, self.wait) = (state.maybe("best")?, state.size("wait")?);
        self.best_epoch = state.size("best_epoch")?;
        self.stopped_epoch = state.maybe("stopped_epoch")?.map(|epoch| epoch as usize);
        let weight = |i| {
            let shape: Vec<usize> =
                state.doubles(&format!("shape_{i}"))?.iter().map(|&n| n as usize).collect();
            Array::new(shape, state.numbers(&format!("weight_{i}"))?.to_vec())
        };
        let count = state.maybe("best_weights")?.map(|count| count as u64);
        self.best_weights = count.map(|count| (0..count).map(weight).collect::<Result<_>>()).transpose()?;
        Ok(())
    }

    fn remembers(&self) -> Config {
        Config::new()
            .with("wait", self.wait)
            .with("best", self.best)
            .with("best_epoch", self.best_epoch)
            .with("stopped_epoch", self.stopped_epoch.unwrap_or(0))
    }

    fn on_train_begin(&mut self, training: &mut Training<'_>) -> Result<()> {
        self.monitor.begin(training)?;
        (self.wait, self.best, self.best_epoch) = (0, None, 0);
        (self.stopped_epoch, self.best_weights) = (None, None);
        Ok(())
    }

    fn on_epoch_end(&mut self, training: &mut Training<'_>, epoch: usize, logs: &mut Logs) -> Result<()> {
        let current = self.monitor.value(training, logs, "nothing is done")?;
        let Some(current) = current.filter(|_| epoch >= self.start_from_epoch) else { return Ok(()) };
        if self.restore_best_weights && self.best_weights.is_none() {
            self.best_weights = Some(values(training));
            self.best_epoch = epoch;
        }
        self.wait += 1;
        if self.monitor.improves(current, self.best) {
            (self.best, self.best_epoch) = (Some(current), epoch);
            if self.restore_best_weights {
                self.best_weights = Some(values(training));
            }
            if self.baseline.is_none_or(|baseline| self.monitor.improves(current, Some(baseline))) {
                self.wait = 0;
            }
        } else if self.wait >= self.patience && epoch > 0 {
            self.stopped_epoch = Some(epoch);
            training.stop = true;
        }
        Ok(())
    }

    fn on_train_end(&mut self, training: &mut Training<'_>, _: &Logs) -> Result<()> {
        match &self.best_weights {
            Some(weights) => training.learner.set_weights(weights),
            None => Ok(()),
        }
    }
}

fn build(args: &mut Args<'_>) -> Result<Box<dyn Callback>> {
    let mut callback = EarlyStopping::new();
    callback.monitor.read(args, true)?;
    callback.patience = args.or("patience", 0)?;
    callback.baseline = args.or("baseline", None)?;
    callback.restore_best_weights = args.or("restore_best_weights", false)?;
    callback.start_from_epoch = args.or("start_from_epoch", 0)?;
    Ok(Box::new(callback))
}

pub(super) const ENTRY: Entry = Entry { class: "EarlyStopping", names: &["early_stopping"], build };
