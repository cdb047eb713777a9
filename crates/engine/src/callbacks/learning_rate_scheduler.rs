//! LearningRateScheduler: a learning rate for every epoch.

use super::callback::{Callback, Training};
use crate::logs::Logs;
use std::fmt;
use steadygrad_kernels::{Place, Result};

/// Sets the learning rate at the beginning of every epoch, as a function says.
///
/// The function gets the epoch, from 0, and the rate so far, and gives the new one. The rate is kept as an f32, as in
/// Keras, and added to the logs as `learning_rate`. Rates that change with every step are schedules of the optimizer.
///
/// ```
/// use steadygrad_engine::{Compile, Fit, Trainable, callbacks::LearningRateScheduler};
/// use steadygrad_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
/// use steadygrad_data::{Array, Dataset};
/// # use steadygrad_kernels::Result;
/// # fn main() -> Result<()> {
/// let data = Dataset::new(Array::new([2, 1], vec![0.0, 1.0])?, Array::new([2, 1], vec![1.0; 2])?)?;
/// let mut learner = Sequential::new([1]).add(Dense::new(1)).compile(Compile::new(Sgd::new(0.5), MeanSquaredError))?;
/// let mut halved = LearningRateScheduler::new(|epoch, rate| if epoch < 2 { rate } else { rate / 2.0 });
/// let history = learner.fit(&data, Fit::epochs(4).callback(&mut halved))?;
/// assert_eq!(history.get("learning_rate"), Some(&[0.5, 0.5, 0.25, 0.125][..]));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// At the beginning of an epoch, if the function gives no finite number of 0 or more, or if the rate follows a schedule.
pub struct LearningRateScheduler<'a> {
    schedule: Box<dyn FnMut(usize, f64) -> f64 + Send + 'a>,
}

impl<'a> LearningRateScheduler<'a> {
    /// `(epoch, rate so far) → rate`.
    pub fn new(schedule: impl FnMut(usize, f64) -> f64 + Send + 'a) -> LearningRateScheduler<'a> {
        LearningRateScheduler { schedule: Box::new(schedule) }
    }
}

impl fmt::Debug for LearningRateScheduler<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LearningRateScheduler")
    }
}

impl Callback for LearningRateScheduler<'_> {
    fn on_epoch_begin(&mut self, training: &mut Training<'_>, epoch: usize) -> Result<()> {
        let rate = (self.schedule)(epoch, training.learner.learning_rate());
        training.learner.set_learning_rate(rate).place(|| format!("LearningRateScheduler, epoch {epoch}"))
    }

    fn on_epoch_end(&mut self, training: &mut Training<'_>, _: usize, logs: &mut Logs) -> Result<()> {
        logs.set("learning_rate", training.learner.learning_rate());
        Ok(())
    }
}
