//! LambdaCallback: a function for each hook.

use super::callback::{Callback, Training};
use crate::logs::Logs;
use std::fmt;
use steadygrad_kernels::Result;

type Begin<'a> = Box<dyn FnMut(&mut Training<'_>) -> Result<()> + Send + 'a>;
type Counted<'a> = Box<dyn FnMut(&mut Training<'_>, usize) -> Result<()> + Send + 'a>;
type BatchEnd<'a> = Box<dyn FnMut(&mut Training<'_>, usize, &Logs) -> Result<()> + Send + 'a>;
type EpochEnd<'a> = Box<dyn FnMut(&mut Training<'_>, usize, &mut Logs) -> Result<()> + Send + 'a>;
type End<'a> = Box<dyn FnMut(&mut Training<'_>, &Logs) -> Result<()> + Send + 'a>;

/// Calls a function at each hook that was given one.
///
/// ```
/// use steadygrad_engine::{Compile, Fit, Trainable, callbacks::LambdaCallback};
/// use steadygrad_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
/// use steadygrad_data::{Array, Dataset};
/// # use steadygrad_kernels::Result;
/// # fn main() -> Result<()> {
/// let data = Dataset::new(Array::new([2, 1], vec![0.0, 1.0])?, Array::new([2, 1], vec![1.0; 2])?)?;
/// let mut learner = Sequential::new([1]).add(Dense::new(1)).compile(Compile::new(Sgd::new(0.1), MeanSquaredError))?;
/// let mut seen = Vec::new();
/// let mut look = LambdaCallback::new().on_epoch_end(|training, epoch, logs| {
///     seen.push(logs.get("loss").unwrap());
///     training.stop = epoch == 2;
///     Ok(())
/// });
/// learner.fit(&data, Fit::epochs(100).callback(&mut look))?;
/// drop(look);
/// assert_eq!(seen.len(), 3);
/// # Ok(())
/// # }
/// ```
#[derive(Default)]
pub struct LambdaCallback<'a> {
    train_begin: Option<Begin<'a>>,
    train_end: Option<End<'a>>,
    epoch_begin: Option<Counted<'a>>,
    epoch_end: Option<EpochEnd<'a>>,
    batch_begin: Option<Counted<'a>>,
    batch_end: Option<BatchEnd<'a>>,
}

impl<'a> LambdaCallback<'a> {
    /// Does nothing yet.
    pub fn new() -> LambdaCallback<'a> {
        LambdaCallback::default()
    }

    /// Before the first epoch.
    pub fn on_train_begin(
        mut self,
        f: impl FnMut(&mut Training<'_>) -> Result<()> + Send + 'a,
    ) -> LambdaCallback<'a> {
        self.train_begin = Some(Box::new(f));
        self
    }

    /// After the last epoch, with its logs.
    pub fn on_train_end(
        mut self,
        f: impl FnMut(&mut Training<'_>, &Logs) -> Result<()> + Send + 'a,
    ) -> LambdaCallback<'a> {
        self.train_end = Some(Box::new(f));
        self
    }

    /// Before an epoch, counted from 0.
    pub fn on_epoch_begin(
        mut self,
        f: impl FnMut(&mut Training<'_>, usize) -> Result<()> + Send + 'a,
    ) -> LambdaCallback<'a> {
        self.epoch_begin = Some(Box::new(f));
        self
    }

    /// After an epoch, with its logs; what is added to them stands in the history.
    pub fn on_epoch_end(
        mut self,
        f: impl FnMut(&mut Training<'_>, usize, &mut Logs) -> Result<()> + Send + 'a,
    ) -> LambdaCallback<'a> {
        self.epoch_end = Some(Box::new(f));
        self
    }

    /// Before a batch of training, counted from 0 in each epoch.
    pub fn on_train_batch_begin(
        mut self,
        f: impl FnMut(&mut Training<'_>, usize) -> Result<()> + Send + 'a,
    ) -> LambdaCallback<'a> {
        self.batch_begin = Some(Box::new(f));
        self
    }

    /// After a batch of training, with the logs of the epoch so far.
    pub fn on_train_batch_end(
        mut self,
        f: impl FnMut(&mut Training<'_>, usize, &Logs) -> Result<()> + Send + 'a,
    ) -> LambdaCallback<'a> {
        self.batch_end = Some(Box::new(f));
        self
    }
}

impl fmt::Debug for LambdaCallback<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LambdaCallback")
    }
}

impl Callback for LambdaCallback<'_> {
    fn wants_batches(&self) -> bool {
        self.batch_begin.is_some() || self.batch_end.is_some()
    }

    fn on_train_begin(&mut self, training: &mut Training<'_>) -> Result<()> {
        self.train_begin.as_mut().map_or(Ok(()), |f| f(training))
    }

    fn on_train_end(&mut self, training: &mut Training<'_>, logs: &Logs) -> Result<()> {
        self.train_end.as_mut().map_or(Ok(()), |f| f(training, logs))
    }

    fn on_epoch_begin(&mut self, training: &mut Training<'_>, epoch: usize) -> Result<()> {
        self.epoch_begin.as_mut().map_or(Ok(()), |f| f(training, epoch))
    }

    fn on_epoch_end(&mut self, training: &mut Training<'_>, epoch: usize, logs: &mut Logs) -> Result<()> {
        self.epoch_end.as_mut().map_or(Ok(()), |f| f(training, epoch, logs))
    }

    fn on_train_batch_begin(&mut self, training: &mut Training<'_>, batch: usize) -> Result<()> {
        self.batch_begin.as_mut().map_or(Ok(()), |f| f(training, batch))
    }

    fn on_train_batch_end(&mut self, training: &mut Training<'_>, batch: usize, logs: &Logs) -> Result<()> {
        self.batch_end.as_mut().map_or(Ok(()), |f| f(training, batch, logs))
    }
}
