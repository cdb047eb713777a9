//! ModelCheckpoint: writes weights, or models, to files while they are trained.

use super::callback::{Callback, Entry, Training};
use super::monitor::{LEARNING_RATE, Mode, Monitor};
use super::pattern::{Number, Pattern};
use super::writer::Writer;
use crate::checkpoint::{State, Under};
use crate::learner::Learner;
use crate::logs::Logs;
use std::path::{Path, PathBuf};
use steadygrad_kernels::{Error, Kind, Place, Result};
use steadygrad_nn::args::Args;
use steadygrad_nn::config::Value;

/// Writes the weights after every epoch, or after every so many batches; with `save_best_only`, when they are the best so far.
///
/// The path may ask for numbers: `{epoch:02d}` (counted from 1), `{batch}` (from 1, where batches are counted), and all
/// that is in the logs: `{val_loss:.3f}`. Its ending says what is written:
///
/// ```text
/// .safetensors        the weights; `Learner::load_weights` reads them
/// .weights.h5         the weights and the optimizer, as Keras keeps them
/// .keras  .h5         the whole model with its optimizer, as Keras keeps it: `load_model` goes on from there
/// ```
///
/// This crate knows no files of Keras: who writes them is said with [`ModelCheckpoint::saved_by`]. A file is written beside its
/// place first and then moved there, so that an interrupted training leaves no half of one. Folders are made where they are missing.
///
/// ```
/// use steadygrad_engine::{Compile, Fit, Trainable, callbacks::ModelCheckpoint};
/// use steadygrad_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
/// use steadygrad_data::{Array, Dataset};
/// # use steadygrad_kernels::Result;
/// # fn main() -> Result<()> {
/// let folder = std::env::temp_dir().join("steadygrad-checkpoint-example");
/// let data = Dataset::new(Array::new([2, 1], vec![0.0, 1.0])?, Array::new([2, 1], vec![1.0; 2])?)?;
/// let mut learner = Sequential::new([1]).add(Dense::new(1)).compile(Compile::new(Sgd::new(0.1), MeanSquaredError))?;
/// let path = folder.join("e{epoch:02d}.safetensors");
/// let mut checkpoint = ModelCheckpoint::new(&path.to_string_lossy())?.monitor("loss").save_best_only(true);
/// learner.fit(&data, Fit::epochs(3).callback(&mut checkpoint))?;
/// learner.load_weights(folder.join("e03.safetensors"))?;
/// # std::fs::remove_dir_all(folder).unwrap();
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// When it is made, if the path ends otherwise or cannot be read as a pattern. Before training: if the path is that of a file of
/// Keras and nobody writes it, or `save_weights_only` is set and it is a whole model's; if the path asks for a number
/// that is not there (epoch, batch, losses and metrics, the `learning_rate` where a callback logs it), or, with
/// `save_best_only` and `mode` `Auto`, if nobody knows whether more or less of the number is better. In training, if the
/// file cannot be written.
#[derive(Debug)]
pub struct ModelCheckpoint {
    path: Pattern,
    monitor: Monitor,
    save_best_only: bool,
    save_freq: Option<usize>,
    best: Option<f64>,
    epoch: usize,
    since: usize,
    ending: Ending,
    weights_only: bool,
    writer: Option<Writer>,
}

/// What the path of a file says that it is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Ending {
    Safetensors,
    KerasWeights,
    KerasModel,
}

impl ModelCheckpoint {
    /// After every epoch, to this path.
    ///
    /// # Errors
    /// If the path ends in none of `.safetensors`, `.keras`, `.h5` and `.weights.h5`, or cannot be read as a pattern.
    pub fn new(path: &str) -> Result<ModelCheckpoint> {
        let read = ending(path).and_then(|ending| Ok((ending, Pattern::parse(path)?)));
        read.place(|| "ModelCheckpoint").map(|(ending, path)| ModelCheckpoint {
            path,
            monitor: Monitor::new("ModelCheckpoint", 0.0),
            save_best_only: false,
            save_freq: None,
            best: None,
            epoch: 0,
            since: 0,
            ending,
            weights_only: false,
            writer: None,
        })
    }

    /// Who writes files of Keras: `.saved_by(save_model)`. A `.safetensors` file needs nobody.
    ///
    /// ```
    /// use steadygrad_engine::{Compile, Fit, Trainable, callbacks::ModelCheckpoint};
    /// use steadygrad_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
    /// # use steadygrad_data::{Array, Dataset};
    /// # let data = Dataset::new(Array::new([2, 1], vec![0.0, 1.0])?, Array::new([2, 1], vec![1.0; 2])?)?;
    /// let mut learner = Sequential::new([1]).add(Dense::new(1)).compile(Compile::new(Sgd::new(0.1), MeanSquaredError))?;
    /// let mut checkpoint = ModelCheckpoint::new("best.keras")?;
    /// let error = learner.fit(&data, Fit::epochs(1).callback(&mut checkpoint)).unwrap_err();
    /// assert!(error.to_string().contains(".saved_by(save_model)"));
    /// let mut checkpoint = checkpoint.saved_by(|_, path| {
    ///     println!("{}", path.display());
    ///     Ok(())
    /// });
    /// learner.fit(&data, Fit::epochs(1).callback(&mut checkpoint))?;
    /// # Ok::<(), steadygrad_kernels::Error>(())
    /// ```
    pub fn saved_by(
        mut self,
        save: impl Fn(&Learner, PathBuf) -> Result<()> + Send + Sync + 'static,
    ) -> ModelCheckpoint {
        self.writer = Some(Writer::new(save));
        self
    }

    /// The number to watch.
    pub fn monitor(mut self, key: &str) -> ModelCheckpoint {
        self.monitor.key = key.to_string();
        self
    }

    /// Which way the number improves.
    pub fn mode(mut self, mode: Mode) -> ModelCheckpoint {
        self.monitor.mode = mode;
        self
    }

    /// Only when the number is better than at all times before.
    pub fn save_best_only(mut self, save_best_only: bool) -> ModelCheckpoint {
        self.save_best_only = save_best_only;
        self
    }

    /// Weights without the model that they are of. The path must say the same: it ends in `.weights.h5` or `.safetensors`.
    pub fn save_weights_only(mut self, weights_only: bool) -> ModelCheckpoint {
        self.weights_only = weights_only;
        self
    }

    /// After every so many batches, instead of after every epoch.
    pub fn save_freq(mut self, batches: usize) -> ModelCheckpoint {
        self.save_freq = Some(batches);
        self
    }

    /// What has to be beaten before anything is written.
    pub fn initial_value_threshold(mut self, threshold: f64) -> ModelCheckpoint {
        self.best = Some(threshold);
        self
    }

    /// The best value so far.
    pub fn best(&self) -> Option<f64> {
        self.best
    }

    fn check(&self) -> Result<()> {
        if self.save_freq == Some(0) {
            return Err(Error::argument("`save_freq` must be \"epoch\" or 1 batch or more, got 0")
                .at("ModelCheckpoint"));
        }
        if self.weights_only && self.ending == Ending::KerasModel {
            return Err(Error::argument("with `save_weights_only`, the path is that of a whole model")
                .at("ModelCheckpoint")
                .help("let it end in `.weights.h5` or `.safetensors`, or leave `save_weights_only` out"));
        }
        Ok(())
    }

    fn check_writer(&self) -> Result<()> {
        if self.ending == Ending::Safetensors || self.writer.is_some() {
            return Ok(());
        }
        Err(Error::argument("the path is that of a file of Keras, and nobody writes it")
            .at("ModelCheckpoint")
            .help("say who does: `.saved_by(save_model)`; or let the path end in `.safetensors`"))
    }

    /// Whether all numbers that the path asks for will be there, and a file can be: as far as that is known before training.
    fn check_path(&self, training: &Training<'_>) -> Result<()> {
        let (names, by_batch) = (training.names(), self.save_freq.is_some());
        if !names.is_empty() {
            let logged = names.iter().filter(|name| !(by_batch && name.starts_with("val_")));
            let mut known = vec!["epoch"];
            known.extend(by_batch.then_some("batch"));
            known.extend(logged.map(String::as_str));
            known.extend((!by_batch).then_some(LEARNING_RATE));
            self.path.check(&known)?;
        }
        let mut there = Path::new(self.path.start());
        // The last part is the file's own name.
        while let Some(folder) = there.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            if folder.exists() {
                let found = std::fs::metadata(folder).map_err(|e| Error::file(folder, &e))?;
                if !found.is_dir() {
                    return Err(Error::new(Kind::File, "it is a file, not a folder")
                        .at(folder.display().to_string())
                        .help("choose another path for the weights"));
                }
                break;
            }
            there = folder;
        }
        Ok(())
    }

    fn write(&mut self, training: &mut Training<'_>, batch: Option<usize>, logs: &Logs) -> Result<()> {
        if self.save_best_only {
            // As in Keras: where the number is missing, it is better to write too much than nothing.
            if let Some(value) = self.monitor.value(training, logs, "the weights are written every time")? {
                if !self.monitor.improves(value, self.best) {
                    return Ok(());
                }
                self.best = Some(value);
            }
        }
        let mut numbers = vec![("epoch", Number::Count(self.epoch + 1))];
        numbers.extend(batch.map(|batch| ("batch", Number::Count(batch + 1))));
        numbers.extend(logs.iter().map(|(name, value)| (name, Number::Real(value))));
        let path = self.path.fill(&numbers).place(|| "ModelCheckpoint")?;
        if let Some(folder) = Path::new(&path).parent() {
            std::fs::create_dir_all(folder).map_err(|e| Error::file(folder, &e).at("ModelCheckpoint"))?;
        }
        let learner = &*training.learner;
        let saved = match &self.writer {
            Some(writer) if self.ending != Ending::Safetensors => writer.write(learner, PathBuf::from(path)),
            _ => learner.save_weights(&path),
        };
        saved.place(|| "ModelCheckpoint")
    }
}

fn ending(path: &str) -> Result<Ending> {
    let endings = [
        (".safetensors", Ending::Safetensors),
        (".weights.h5", Ending::KerasWeights),
        (".keras", Ending::KerasModel),
        (".h5", Ending::KerasModel),
        (".hdf5", Ending::KerasModel),
    ];
    let named =
        |end: &str| path.strip_suffix(end).is_some_and(|name| !name.is_empty() && !name.ends_with('/'));
    let found = endings.iter().find(|(end, _)| path.ends_with(end));
    if let Some((_, ending)) = found.filter(|(end, _)| named(end)) {
        return Ok(*ending);
    }
    let foreign = [".pt", ".pth", ".npz", ".ckpt"].iter().find_map(|end| path.strip_suffix(end));
    Err(Error::argument(format!(
        "the path must end in `.safetensors`, `.keras`, `.h5` or `.weights.h5`, got `{path}`"
    ))
    .help(format!("weights are written as safetensors: use `{}.safetensors`", foreign.unwrap_or(path))))
}

impl Callback for ModelCheckpoint {
    fn save(&self, state: &mut Under<'_>) {
        state.put_maybe("best", self.best);
        state.put_count("epoch", self.epoch as u64);
        state.put_count("since", self.since as u64);
    }

    fn restore(&mut self, state: &State) -> Result<()> {
        self.best = state.maybe("best")?;
        (self.epoch, self.since) = (state.size("epoch")?, state.size("since")?);
        Ok(())
    }

    fn writes(&self) -> bool {
        true
    }

    fn files_are_written_by(&mut self, writer: &Writer) {
        self.writer = Some(writer.clone());
    }

    fn wants_batches(&self) -> bool {
        self.save_freq.is_some()
    }

    fn on_train_begin(&mut self, training: &mut Training<'_>) -> Result<()> {
        self.check()?;
        self.check_writer()?;
        if self.save_best_only {
            self.monitor.begin(training)?;
        }
        self.check_path(training).place(|| "ModelCheckpoint")
    }

    fn on_epoch_begin(&mut self, _: &mut Training<'_>, epoch: usize) -> Result<()> {
        self.epoch = epoch;
        Ok(())
    }

    fn on_train_batch_end(&mut self, training: &mut Training<'_>, batch: usize, logs: &Logs) -> Result<()> {
        let Some(every) = self.save_freq else { return Ok(()) };
        self.since += 1;
        if self.since >= every {
            self.since = 0;
            self.write(training, Some(batch), logs)?;
        }
        Ok(())
    }

    fn on_epoch_end(&mut self, training: &mut Training<'_>, epoch: usize, logs: &mut Logs) -> Result<()> {
        self.epoch = epoch;
        if self.save_freq.is_none() { self.write(training, None, logs) } else { Ok(()) }
    }
}

fn build(args: &mut Args<'_>) -> Result<Box<dyn Callback>> {
    let mut callback = ModelCheckpoint::new(&args.need::<String>("filepath")?)?;
    callback.monitor.read(args, false)?;
    callback.save_best_only = args.or("save_best_only", false)?;
    callback.weights_only = args.or("save_weights_only", false)?;
    callback.best = args.or("initial_value_threshold", None)?;
    callback.save_freq = match args.or("save_freq", Value::from("epoch"))? {
        Value::Text(text) if text == "epoch" => None,
        Value::Int(n) => Some(usize::try_from(n).unwrap_or(0)),
        other => return args.reject("save_freq", "\"epoch\" or a number of batches", other.kind()),
    };
    callback.check()?;
    Ok(Box::new(callback))
}

pub(super) const ENTRY: Entry = Entry { class: "ModelCheckpoint", names: &["model_checkpoint"], build };
