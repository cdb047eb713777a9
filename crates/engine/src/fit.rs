//! Training over epochs, and evaluation: Keras' `fit` and `evaluate`.

use crate::batches::{Order, Picked};
use crate::callbacks::{Callback, Training};
use crate::checkpoint::{Course, Moment, Onward, Start, restore_callbacks};
use crate::fit_settings::{Fit, FitSettings};
use crate::learner::Learner;
use crate::logs::{History, Logs};
use crate::passes::Passes;
use crate::sample_weights::sample_weights;
use crate::system::Clock;
use steadygrad_data::Dataset;
use steadygrad_kernels::{Error, Place, Result};

/// Losses and metrics of an evaluation.
pub type Evaluation = Logs;

/// Keras' batch size.
const BATCH_SIZE: usize = 32;

impl Learner {
    /// Trains on the data.
    ///
    /// The last batch of an epoch may be smaller. Metrics of training come from the forward pass before each update; those
    /// of validation, from the network in inference mode after the epoch.
    ///
    /// Every pass over the data sees each sample once, in an order of its own. With `steps_per_epoch` an epoch goes on in the
    /// pass where the last one stopped. A training that is gone on with at `initial_epoch`, with the weights and the
    /// optimizer's variables of before, is bit for bit as if it had never stopped.
    ///
    /// A loss that is not finite is a warning in the history; [`OnNonFinite`](crate::OnNonFinite) and [`Learner::guard`] do
    /// something about it.
    ///
    /// # Errors
    /// If data and model do not fit, before anything is trained; or if a callback fails.
    pub fn fit(&mut self, data: &Dataset, fit: Fit<'_>) -> Result<History> {
        self.ask_for(fit.settings.on_non_finite)?;
        let history = self.keep(fit.keeper.is_some()).and_then(|()| self.fit_asked(data, fit));
        (self.asked, self.keeps) = (None, false);
        history
    }

    fn fit_asked(&mut self, data: &Dataset, fit: Fit<'_>) -> Result<History> {
        let Fit { settings, validation, mut callbacks, mut keeper, from } = fit;
        settings.check()?;
        let parts;
        let (data, validation) = match validation {
            None if settings.validation_split > 0.0 => {
                parts = split(data, settings.validation_split)?;
                (&parts.0, Some(&parts.1))
            }
            given => (data, given),
        };
        let n = data.len();
        // A batch holds no more than there is.
        let batch_size = batch_size(&settings, n)?.min(n.max(1));
        self.check_data(data)?;
        if let Some(validation) = validation {
            self.check_data(validation).map_err(|e| e.at("validation data"))?;
        }
        let weights = sample_weights(data, &settings, &self.train.recipe.output_shapes)?;
        self.reserve(batch_size.min(n))?;
        let most = validation.map_or(1, Dataset::len).max(1);
        let test_size = settings.validation_batch_size.unwrap_or(batch_size).clamp(1, most);
        self.reserve(validation.map_or(0, |_| test_size))?;
        self.prepare_measures(data)?;

        let steps = settings.steps_per_epoch.unwrap_or_else(|| n.div_ceil(batch_size));
        let (seed, shuffle) = (self.compile.seed, settings.shuffle);
        let sum = |data: &Dataset| if keeper.is_some() || from.is_some() { data.checksum() } else { 0 };
        let (of_data, of_validation) = (sum(data), validation.map_or(0, sum));
        let course = Course::new(&settings, seed, [n, batch_size, steps], [of_data, of_validation]);
        let start = match from {
            None => Start { epoch: settings.initial_epoch, ..Start::default() },
            Some(state) => {
                let start = course.restore(state, settings.epochs).place(|| "the checkpoint")?;
                self.restore(state).place(|| "the checkpoint")?;
                start
            }
        };
        // With `steps_per_epoch`, an epoch goes on in the pass over the data where the last one stopped.
        let before = settings.steps_per_epoch.map_or(0, |steps| start.epoch.saturating_mul(steps));
        let mut passes =
            Passes::new(n, batch_size, shuffle, seed, before.saturating_add(start.batch), self.step());
        let Start { epoch: first, mut batch, mut warned, stop, mut history, mut warnings } = start;
        warnings.append(&mut self.warnings);
        let (clock, seconds) = (Clock::start(), history.seconds);
        let batch_logs = callbacks.iter().any(|c| c.wants_batches());
        let (epochs, mut logs, mut of_batch) = (settings.epochs, Logs::default(), Logs::default());
        let mut loop_state = Training {
            learner: self,
            epochs,
            steps,
            validation: validation.is_some(),
            resumed: from.is_some(),
            stop,
            warnings: &mut warnings,
        };
        let t = &mut loop_state;
        for c in &mut callbacks {
            c.on_train_begin(t)?;
        }
        if let Some(state) = from {
            restore_callbacks(&mut callbacks, state, t.warnings).place(|| "the checkpoint")?;
        }
        if let Some(keeper) = &mut keeper {
            keeper.begin(t, from)?;
        }
        let mut left = false;
        'epochs: for epoch in first..epochs {
            let begun = std::mem::take(&mut batch);
            if t.stop && begun == 0 {
                break;
            }
            if begun == 0 {
                for c in &mut callbacks {
                    c.on_epoch_begin(t, epoch)?;
                }
                t.learner.begin_epoch();
            }
            for batch in begun..if t.stop { begun } else { steps } {
                for c in callbacks.iter_mut().filter(|c| c.wants_batches()) {
                    c.on_train_batch_begin(t, batch)?;
                }
                let (samples, next) = passes.next(t.learner.step());
                let picked = Picked { which: Order::List(samples), weights: weights.as_deref() };
                t.learner.come_next(data, next);
                let trained = t.learner.train_step(data, &picked)?;
                history.samples += picked.len();
                t.after_step((epoch, batch), trained, &mut history, &mut warned);
                if batch_logs {
                    t.learner.counted_logs_into(&mut of_batch);
                    for c in callbacks.iter_mut().filter(|c| c.wants_batches()) {
                        c.on_train_batch_end(t, batch, &of_batch)?;
                    }
                }
                let moment = Moment { epoch, batch: batch + 1, step: t.learner.step(), logs: None };
                if let Some(keeper) = &mut keeper
                    && keeper.wants(t, moment)?
                {
                    history.seconds = seconds + clock.seconds();
                    let state = course.save(t, &callbacks, moment, &history, warned);
                    left = keeper.keep(t, moment, state)? == Onward::Leave;
                    if left {
                        break 'epochs;
                    }
                }
                if t.stop {
                    break;
                }
            }
            logs = Logs::default();
            t.learner.counted_logs_into(&mut logs);
            t.learner.remember_anew();
            let due = settings.validation_freq.max(1);
            if let Some(validation) = validation.filter(|_| (epoch + 1).is_multiple_of(due)) {
                let tested =
                    t.test(validation, test_size, settings.validation_steps, &mut callbacks, batch_logs)?;
                for (key, value) in tested.iter() {
                    logs.set(&format!("val_{key}"), value);
                }
            }
            logs.sort();
            for c in &mut callbacks {
                c.on_epoch_end(t, epoch, &mut logs)?;
            }
            history.push(epoch, &logs);
            let moment = Moment { epoch: epoch + 1, batch: 0, step: t.learner.step(), logs: Some(&logs) };
            if let Some(keeper) = &mut keeper
                && keeper.wants(t, moment)?
            {
                history.seconds = seconds + clock.seconds();
                let state = course.save(t, &callbacks, moment, &history, warned);
                left = keeper.keep(t, moment, state)? == Onward::Leave;
            }
            if left || t.stop {
                break;
            }
        }
        t.learner.next.clear();
        if !left {
            t.learner.finalize();
            for c in &mut callbacks {
                c.on_train_end(t, &logs)?;
            }
        }
        history.seconds = seconds + clock.seconds();
        warnings.extend(history.helped());
        history.warnings = warnings;
        Ok(history)
    }

    /// Losses and metrics for this data, in inference mode.
    ///
    /// # Errors
    /// If data and model do not fit.
    pub fn evaluate(&mut self, data: &Dataset) -> Result<Evaluation> {
        self.evaluate_with(data, BATCH_SIZE, None, Vec::new())
    }

    /// The same in batches of this size, of which only the first `steps` are looked at, with callbacks that see them.
    ///
    /// ```
    /// use steadygrad_data::{Array, Dataset};
    /// use steadygrad_engine::{Compile, Trainable};
    /// use steadygrad_nn::{Sequential, initializers::Zeros, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
    /// let model = Sequential::new([1]).add(Dense::new(1).kernel_initializer(Zeros));
    /// let mut learner = model.compile(Compile::new(Sgd::new(0.1), MeanSquaredError))?;
    /// let data = Dataset::new(Array::zeros([4, 1])?, Array::new([4, 1], vec![1.0, 1.0, 3.0, 3.0])?)?;
    /// assert_eq!(learner.evaluate(&data)?.get("loss"), Some(5.0));
    /// assert_eq!(learner.evaluate_with(&data, 2, Some(1), Vec::new())?.get("loss"), Some(1.0));
    /// # Ok::<(), steadygrad_kernels::Error>(())
    /// ```
    ///
    /// # Errors
    /// If data and model do not fit, `batch_size` is 0, or a callback fails.
    pub fn evaluate_with(
        &mut self,
        data: &Dataset,
        batch_size: usize,
        steps: Option<usize>,
        mut callbacks: Vec<&mut dyn Callback>,
    ) -> Result<Evaluation> {
        if batch_size == 0 {
            return Err(Error::argument("`batch_size` must be 1 or more, got 0"));
        }
        self.check_data(data)?;
        let batch_size = batch_size.min(data.len().max(1));
        self.reserve(batch_size)?;
        self.prepare_measures(data)?;
        let batch_logs = callbacks.iter().any(|c| c.wants_batches());
        let mut warnings = Vec::new();
        let mut t = Training {
            learner: self,
            epochs: 0,
            steps: 0,
            validation: false,
            resumed: false,
            stop: false,
            warnings: &mut warnings,
        };
        t.test(data, batch_size, steps, &mut callbacks, batch_logs)
    }

    /// One step of training on all of this data; the logs of this batch alone.
    ///
    /// # Errors
    /// If data and model do not fit.
    pub fn train_on_batch(&mut self, data: &Dataset) -> Result<Logs> {
        self.check_data(data)?;
        self.reserve(data.len())?;
        self.prepare_measures(data)?;
        self.reset_measures();
        let picked = Picked { which: Order::Range(0..data.len()), weights: data.weights.as_deref() };
        self.train_step(data, &picked)?;
        Ok(self.logs())
    }

    /// Losses and metrics of this data as one batch, without training.
    ///
    /// # Errors
    /// If data and model do not fit.
    pub fn test_on_batch(&mut self, data: &Dataset) -> Result<Logs> {
        self.check_data(data)?;
        self.reserve(data.len())?;
        self.prepare_measures(data)?;
        self.reset_measures();
        let picked = Picked { which: Order::Range(0..data.len()), weights: data.weights.as_deref() };
        self.test_step(data, &picked)?;
        Ok(self.logs())
    }

    fn begin_epoch(&mut self) {
        self.reset_measures();
        if let Some(watch) = &mut self.watch {
            watch.epoch();
        }
    }

    pub(crate) fn reset_measures(&mut self) {
        if let Some(measures) = &mut self.measures {
            measures.reset();
        }
    }
}

impl Training<'_> {
    /// A pass over the data in inference mode.
    fn test(
        &mut self,
        data: &Dataset,
        batch_size: usize,
        steps: Option<usize>,
        callbacks: &mut [&mut dyn Callback],
        batch_logs: bool,
    ) -> Result<Logs> {
        for c in callbacks.iter_mut() {
            c.on_test_begin(self)?;
        }
        self.learner.reset_measures();
        let n = data.len();
        let batches = n.div_ceil(batch_size).min(steps.unwrap_or(usize::MAX));
        let mut of_batch = Logs::default();
        for batch in 0..batches {
            for c in callbacks.iter_mut().filter(|c| c.wants_batches()) {
                c.on_test_batch_begin(self, batch)?;
            }
            let rows = batch * batch_size..n.min((batch + 1) * batch_size);
            let picked = Picked { which: Order::Range(rows), weights: data.weights.as_deref() };
            self.learner.test_step(data, &picked)?;
            if batch_logs {
                self.learner.logs_into(&mut of_batch);
                for c in callbacks.iter_mut().filter(|c| c.wants_batches()) {
                    c.on_test_batch_end(self, batch, &of_batch)?;
                }
            }
            if self.stop {
                break;
            }
        }
        let logs = self.learner.logs();
        for c in callbacks.iter_mut() {
            c.on_test_end(self, &logs)?;
        }
        Ok(logs)
    }
}

/// The first part to train on, the last to validate on: floor(n·(1 − fraction)) samples come first, as in Keras.
fn split(data: &Dataset, fraction: f64) -> Result<(Dataset, Dataset)> {
    if !(0.0..1.0).contains(&fraction) {
        return Err(Error::argument(format!("`validation_split` must be between 0 and 1, got {fraction}")));
    }
    let at = (data.len() as f64 * (1.0 - fraction)).floor() as usize;
    if at == 0 || at == data.len() {
        return Err(Error::data(format!(
            "`validation_split` of {fraction} leaves {at} of {} samples to train on",
            data.len()
        ))
        .help("both parts need one sample or more"));
    }
    data.split_at(at)
}

fn batch_size(settings: &FitSettings, n: usize) -> Result<usize> {
    let size = match (settings.batch_size, settings.steps_per_epoch) {
        (Some(size), _) => size,
        (None, Some(steps)) if steps > 0 => n.div_ceil(steps),
        (None, _) => BATCH_SIZE,
    };
    if size == 0 {
        return Err(Error::argument("`batch_size` must be 1 or more, got 0"));
    }
    if settings.steps_per_epoch == Some(0) {
        return Err(Error::argument("`steps_per_epoch` must be 1 or more, got 0"));
    }
    Ok(size)
}
