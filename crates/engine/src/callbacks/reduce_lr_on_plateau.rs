//! ReduceLROnPlateau: smaller steps where large ones no longer help.

use super::callback::{Callback, Entry, Training};
use super::monitor::{Mode, Monitor};
use crate::checkpoint::{State, Under};
use crate::logs::Logs;
use steadygrad_kernels::{Error, Result};
use steadygrad_nn::args::Args;
use steadygrad_nn::config::Config;

/// Makes the learning rate smaller when a number of the logs has stopped improving.
///
/// ```text
/// at the end of each epoch:
///   cooling down?  cooldown left ← − 1;  wait ← 0
///   better than the best by more than min_delta?  best ← it;  wait ← 0
///   else, not cooling down:  wait ← wait + 1;  at wait = patience:  rate ← max(rate · factor, min_lr);  cool down anew
/// ```
///
/// The rate of the epoch, before it is changed, is added to the logs as `learning_rate`. It is kept as an f32, as in Keras.
///
/// ```
/// use steadygrad_engine::{Compile, Fit, Trainable, callbacks::ReduceLrOnPlateau};
/// use steadygrad_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
/// use steadygrad_data::{Array, Dataset};
/// # use steadygrad_kernels::Result;
/// # fn main() -> Result<()> {
/// let data = Dataset::new(Array::new([4, 1], vec![0.0, 1.0, 2.0, 3.0])?, Array::new([4, 1], vec![1.0; 4])?)?;
/// let mut learner = Sequential::new([1]).add(Dense::new(1)).compile(Compile::new(Sgd::new(1.0), MeanSquaredError))?;
/// let mut reduce = ReduceLrOnPlateau::new().monitor("loss").factor(0.5).patience(1);
/// let history = learner.fit(&data, Fit::epochs(4).callback(&mut reduce))?;
/// assert_eq!(history.get("learning_rate"), Some(&[1.0, 1.0, 0.5, 0.25][..]));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Before training, if `factor` is 1 or more, or if `mode` is `Auto` and nobody knows whether more or less of the number is
/// better; when the rate is to be changed, if it follows a schedule.
#[derive(Debug)]
pub struct ReduceLrOnPlateau {
    monitor: Monitor,
    factor: f64,
    patience: usize,
    cooldown: usize,
    min_lr: f64,
    best: Option<f64>,
    wait: usize,
    cooling: usize,
}

impl Default for ReduceLrOnPlateau {
    fn default() -> ReduceLrOnPlateau {
        ReduceLrOnPlateau::new()
    }
}

impl ReduceLrOnPlateau {
    /// Watches `val_loss`: a tenth of the rate after ten epochs without an improvement of 0.0001.
    pub fn new() -> ReduceLrOnPlateau {
        ReduceLrOnPlateau {
            monitor: Monitor::new("ReduceLROnPlateau", 1e-4),
            factor: 0.1,
            patience: 10,
            cooldown: 0,
            min_lr: 0.0,
            best: None,
            wait: 0,
            cooling: 0,
        }
    }

    /// The number to watch.
    pub fn monitor(mut self, key: &str) -> ReduceLrOnPlateau {
        self.monitor.key = key.to_string();
        self
    }

    /// What the rate is multiplied by: below 1.
    pub fn factor(mut self, factor: f64) -> ReduceLrOnPlateau {
        self.factor = factor;
        self
    }

    /// How many epochs without improvement are borne.
    pub fn patience(mut self, patience: usize) -> ReduceLrOnPlateau {
        self.patience = patience;
        self
    }

    /// Which way the number improves.
    pub fn mode(mut self, mode: Mode) -> ReduceLrOnPlateau {
        self.monitor.mode = mode;
        self
    }

    /// What counts as an improvement at the least.
    pub fn min_delta(mut self, min_delta: f64) -> ReduceLrOnPlateau {
        self.monitor.min_delta = min_delta;
        self
    }

    /// How many epochs after a reduction nothing is counted.
    pub fn cooldown(mut self, epochs: usize) -> ReduceLrOnPlateau {
        self.cooldown = epochs;
        self
    }

    /// The smallest rate.
    pub fn min_lr(mut self, min_lr: f64) -> ReduceLrOnPlateau {
        self.min_lr = min_lr;
        self
    }

    fn check(&self) -> Result<()> {
        let wrong = |name: &str, must: &str, is: f64| {
            Err(Error::argument(format!("`{name}` must be {must}, got {is}")).at("ReduceLROnPlateau"))
        };
        if !(0.0..1.0).contains(&self.factor) {
            return wrong("factor", "0 or more and below 1", self.factor);
        }
        if !(self.min_lr.is_finite() && self.min_lr >= 0.0) {
            return wrong("min_lr", "a finite number of 0 or more", self.min_lr);
        }
        Ok(())
    }
}

impl Callback for ReduceLrOnPlateau {
    fn name(&self) -> &str {
        ENTRY.class
    }
    fn save(&self, state: &mut Under<'_>) {
        state.put_maybe("best", self.best);
        state.put_count("wait", self.wait as u64);
        state.put_count("cooling", self.cooling as u64);
    }

    fn restore(&mut self, state: &State) -> Result<()> {
        self.best = state.maybe("best")?;
        (self.wait, self.cooling) = (state.size("wait")?, state.size("cooling")?);
        Ok(())
    }

    fn remembers(&self) -> Config {
        Config::new().with("best", self.best).with("wait", self.wait).with("cooldown_counter", self.cooling)
    }

    fn on_train_begin(&mut self, training: &mut Training<'_>) -> Result<()> {
        self.check()?;
        self.monitor.begin(training)?;
        (self.best, self.wait, self.cooling) = (None, 0, 0);
        Ok(())
    }

    fn on_epoch_end(&mut self, training: &mut Training<'_>, _: usize, logs: &mut Logs) -> Result<()> {
        let rate = training.learner.learning_rate();
        logs.set("learning_rate", rate);
        let Some(current) = self.monitor.value(training, logs, "nothing is done")? else { return Ok(()) };
        if self.cooling > 0 {
            self.cooling -= 1;
            self.wait = 0;
        }
        if self.monitor.improves(current, self.best) {
            (self.best, self.wait) = (Some(current), 0);
        } else if self.cooling == 0 {
            self.wait += 1;
            if self.wait >= self.patience && rate as f32 > self.min_lr as f32 {
                training.learner.set_learning_rate((rate * self.factor).max(self.min_lr))?;
                (self.cooling, self.wait) = (self.cooldown, 0);
            }
        }
        Ok(())
    }
}

fn build(args: &mut Args<'_>) -> Result<Box<dyn Callback>> {
    let mut callback = ReduceLrOnPlateau::new();
    callback.monitor.read(args, true)?;
    callback.factor = args.or("factor", callback.factor)?;
    callback.patience = args.or("patience", callback.patience)?;
    callback.cooldown = args.or("cooldown", 0)?;
    callback.min_lr = args.or("min_lr", 0.0)?;
    callback.check()?;
    Ok(Box::new(callback))
}

pub(super) const ENTRY: Entry = Entry {
    class: "ReduceLROnPlateau",
    names: &["reduce_lr_on_plateau", "reduce_learning_rate_on_plateau"],
    build,
};
