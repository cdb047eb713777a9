//! TerminateOnNaN: ends a training whose loss is no number any more.

use super::callback::{Callback, Entry, Training};
use crate::logs::Logs;
use steadygrad_kernels::{Error, Result};
use steadygrad_nn::args::Args;

/// Ends the training after the batch at which the loss became NaN or infinite.
///
/// The epoch is still brought to its end: validation runs, and the history gets its entry. With `raise_error` the training
/// fails with an error instead, and no hook of any callback is called any more.
///
/// A batch that was skipped, or gone back for, is not in the loss and ends nothing
/// ([`OnNonFinite`](crate::OnNonFinite)).
///
/// ```
/// use steadygrad_engine::{Compile, Fit, Trainable, callbacks::TerminateOnNan};
/// use steadygrad_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
/// use steadygrad_data::{Array, Dataset};
/// # use steadygrad_kernels::Result;
/// # fn main() -> Result<()> {
/// let data = Dataset::new(Array::new([2, 1], vec![0.0, 1.0])?, Array::new([2, 1], vec![1.0; 2])?)?;
/// let model = Sequential::new([1]).add(Dense::new(1));
/// let mut learner = model.compile(Compile::new(Sgd::new(1e30), MeanSquaredError))?;
/// let mut terminate = TerminateOnNan::new();
/// let history = learner.fit(&data, Fit::epochs(100).callback(&mut terminate))?;
/// assert!(history.epochs.len() < 5 && !history.last("loss").unwrap().is_finite());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct TerminateOnNan {
    raise_error: bool,
    epoch: usize,
}

impl TerminateOnNan {
    /// Stops, and lets the epoch end.
    pub fn new() -> TerminateOnNan {
        TerminateOnNan::default()
    }

    /// Fails instead.
    pub fn raise_error(mut self, raise_error: bool) -> TerminateOnNan {
        self.raise_error = raise_error;
        self
    }
}

impl Callback for TerminateOnNan {
    fn name(&self) -> &str {
        ENTRY.class
    }
    fn wants_batches(&self) -> bool {
        true
    }

    fn on_epoch_begin(&mut self, _: &mut Training<'_>, epoch: usize) -> Result<()> {
        self.epoch = epoch;
        Ok(())
    }

    fn on_train_batch_end(&mut self, training: &mut Training<'_>, batch: usize, logs: &Logs) -> Result<()> {
        let Some(loss) = logs.get("loss").filter(|loss| !loss.is_finite()) else { return Ok(()) };
        if self.raise_error {
            return Err(Error::data(format!("the loss is {loss} in epoch {}, batch {batch}", self.epoch))
                .at("TerminateOnNaN")
                .help("look for numbers in the data that are not finite; make the learning rate smaller; clip gradients"));
        }
        training.warn(format!("Batch {batch}: Invalid loss, terminating training"));
        training.stop = true;
        Ok(())
    }
}

fn build(args: &mut Args<'_>) -> Result<Box<dyn Callback>> {
    Ok(Box::new(TerminateOnNan::new().raise_error(args.or("raise_error", false)?)))
}

pub(super) const ENTRY: Entry =
    Entry { class: "TerminateOnNaN", names: &["terminate_on_nan", "terminate_on_na_n"], build };
