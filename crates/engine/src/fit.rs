//! Training over epochs, and evaluation: Keras' `fit` and `evaluate`.

use crate::batches::{Order, Picked};
use crate::callbacks::{Callback, Training};
use crate::fit_settings::{Fit, FitSettings, Shuffle};
use crate::learner::Learner;
use crate::logs::{History, Logs};
use crate::system::Clock;
use steadygrad_data::Dataset;
use steadygrad_kernels::random::{Purpose, Stream};
use steadygrad_kernels::{Error, Result};

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
    /// # Errors
    /// If data and model do not fit, before anything is trained; or if a callback fails.
    pub fn fit(&mut self, data: &Dataset, fit: Fit<'_>) -> Result<History> {
        let Fit { settings, validation, mut callbacks } = fit;
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
        let weights = sample_weights(data, &settings)?;
        self.reserve(batch_size.min(n))?;
        let most = validation.map_or(1, Dataset::len).max(1);
        let test_size = settings.validation_batch_size.unwrap_or(batch_size).clamp(1, most);
        self.reserve(validation.map_or(0, |_| test_size))?;
        self.prepare_measures(data)?;

        let all = n.div_ceil(batch_size);
        let steps = settings.steps_per_epoch.unwrap_or(all);
        let mut order: Vec<u32> = (0..n as u32).collect();
        let stream = Stream::new(self.compile.seed, Purpose::Shuffle, "fit");
        let mut history = History::default();
        let mut warnings = Vec::new();
        let clock = Clock::start();
        let batch_logs = callbacks.iter().any(|c| c.wants_batches());
        let (epochs, mut logs) = (settings.epochs, Logs::default());
        let mut loop_state = Training { learner: self, epochs, steps, stop: false, warnings: &mut warnings };
        let t = &mut loop_state;
        for c in &mut callbacks {
            c.on_train_begin(t)?;
        }
        let mut cursor = 0;
        for epoch in settings.initial_epoch..epochs {
            for c in &mut callbacks {
                c.on_epoch_begin(t, epoch)?;
            }
            t.learner.begin_epoch();
            shuffle(&mut order, settings.shuffle, &stream, t.learner.iterations(), batch_size);
            for batch in 0..steps {
                // With `steps_per_epoch`, an epoch goes on where the last one stopped, and round again at the end.
                let at = if settings.steps_per_epoch.is_some() { cursor % all } else { batch };
                cursor += 1;
                let rows = at * batch_size..n.min((at + 1) * batch_size);
                for c in callbacks.iter_mut().filter(|c| c.wants_batches()) {
                    c.on_train_batch_begin(t, batch)?;
                }
                let picked = Picked { which: Order::List(&order[rows.clone()]), weights: weights.as_deref() };
                let loss = t.learner.train_step(data, &picked)?;
                history.samples += rows.len();
                if !loss.is_finite() {
                    let warning = t.learner.not_finite_warning(epoch, batch);
                    if !t.warnings.iter().any(|w| w.starts_with(NOT_FINITE)) {
                        t.warn(warning);
                    }
                }
                if batch_logs {
                    let logs = t.learner.logs();
                    for c in callbacks.iter_mut().filter(|c| c.wants_batches()) {
                        c.on_train_batch_end(t, batch, &logs)?;
                    }
                }
                if t.stop {
                    break;
                }
            }
            logs = t.learner.logs();
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
            if t.stop {
                break;
            }
        }
        t.learner.finalize();
        for c in &mut callbacks {
            c.on_train_end(t, &logs)?;
        }
        history.seconds = clock.seconds();
        history.warnings = warnings;
        Ok(history)
    }

    /// Losses and metrics for this data, in inference mode.
    ///
    /// # Errors
    /// If data and model do not fit.
    pub fn evaluate(&mut self, data: &Dataset) -> Result<Evaluation> {
        self.check_data(data)?;
        self.reserve(data.len().min(BATCH_SIZE))?;
        self.prepare_measures(data)?;
        let mut warnings = Vec::new();
        let mut t = Training { learner: self, epochs: 0, steps: 0, stop: false, warnings: &mut warnings };
        t.test(data, BATCH_SIZE, None, &mut [], false)
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

    pub(crate) fn check_data(&self, data: &Dataset) -> Result<()> {
        if data.is_empty() {
            return Err(Error::data("the data set is empty").help("give it one sample or more"));
        }
        self.check_inputs(data)?;
        self.check_targets(data)
    }

    fn begin_epoch(&mut self) {
        self.reset_measures();
        if let Some(watch) = &mut self.watch {
            watch.epoch();
        }
    }

    fn reset_measures(&mut self) {
        if let Some(measures) = &mut self.measures {
            measures.reset();
        }
    }

    /// The end of a training: a moving average of the weights takes their place.
    fn finalize(&mut self) {
        let range = self.store.trainable.clone();
        self.applier.finalize(&mut self.arena.all_mut()[range]);
    }

    fn not_finite_warning(&self, epoch: usize, batch: usize) -> String {
        let place = match self.chart().and_then(|c| c.first_non_finite.as_ref()) {
            Some(sick) => format!("; first in {sick}"),
            None => String::new(),
        };
        format!("{NOT_FINITE} in epoch {}, batch {}{place}", epoch + 1, batch + 1)
    }
}

const NOT_FINITE: &str = "the loss is not a finite number";

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
        for batch in 0..batches {
            for c in callbacks.iter_mut().filter(|c| c.wants_batches()) {
                c.on_test_batch_begin(self, batch)?;
            }
            let rows = batch * batch_size..n.min((batch + 1) * batch_size);
            let picked = Picked { which: Order::Range(rows), weights: data.weights.as_deref() };
            self.learner.test_step(data, &picked)?;
            if batch_logs {
                let logs = self.learner.logs();
                for c in callbacks.iter_mut().filter(|c| c.wants_batches()) {
                    c.on_test_batch_end(self, batch, &logs)?;
                }
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

/// Weights of samples: their own, or those of their classes.
fn sample_weights(data: &Dataset, settings: &FitSettings) -> Result<Option<Vec<f32>>> {
    if settings.class_weight.is_empty() {
        return Ok(data.weights.clone());
    }
    if data.weights.is_some() {
        return Err(Error::argument("the data has weights of samples, and `class_weight` is given too")
            .help("give only one of them"));
    }
    let Some(y) = data.y.first().filter(|_| data.y.len() == 1) else {
        return Err(Error::argument("`class_weight` needs a model with one output"));
    };
    let class = |row: &[f32]| match row {
        [label] => label.round() as usize,
        // One-hot: the largest; the first of equals.
        many => many.iter().enumerate().fold(0, |best, (i, v)| if *v > many[best] { i } else { best }),
    };
    let weight = |i: usize| settings.class_weight.get(&class(y.row(i))).map_or(1.0, |&w| w as f32);
    Ok(Some((0..data.len()).map(weight).collect()))
}

fn shuffle(order: &mut [u32], how: Shuffle, stream: &Stream, step: u64, batch_size: usize) {
    match how {
        Shuffle::No => {}
        Shuffle::All => stream.shuffle(step, order),
        Shuffle::Batch => {
            let mut places = vec![0; batch_size];
            for (b, batch) in order.chunks_mut(batch_size).enumerate() {
                let places = &mut places[..batch.len()];
                stream.shuffle(step + b as u64, places);
                let start = (b * batch_size) as u32;
                for (slot, place) in batch.iter_mut().zip(places) {
                    *slot = start + *place;
                }
            }
        }
    }
}
