//! CSVLogger: the logs of every epoch as a line of a file.

use super::callback::{Callback, Entry, Training};
use super::pattern::python;
use crate::checkpoint::{State, Under};
use crate::logs::Logs;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use steadygrad_kernels::{Error, Place, Result};
use steadygrad_nn::args::Args;

/// Writes the logs of every epoch to a CSV file, as Keras does.
///
/// The columns are `epoch`, counted from 0, and the names of the first epoch's logs in the order of the alphabet. If none of
/// them is of validation, a `val_` column follows for each: validation may come later. What an epoch does not have is `NA`.
/// Lines end in `\r\n`; numbers are written so that they read as the same f64 again.
///
/// ```
/// use steadygrad_engine::{Compile, Fit, Trainable, callbacks::CsvLogger};
/// use steadygrad_nn::{Sequential, layers::Dense, losses::MeanSquaredError, optimizers::Sgd};
/// use steadygrad_data::{Array, Dataset};
/// # use steadygrad_kernels::Result;
/// # fn main() -> Result<()> {
/// let file = std::env::temp_dir().join("steadygrad-csv-example.csv");
/// let data = Dataset::new(Array::new([2, 1], vec![0.0, 1.0])?, Array::new([2, 1], vec![1.0; 2])?)?;
/// let mut learner = Sequential::new([1]).add(Dense::new(1)).compile(Compile::new(Sgd::new(0.1), MeanSquaredError))?;
/// learner.fit(&data, Fit::epochs(2).callback(&mut CsvLogger::new(&file)))?;
/// assert!(std::fs::read_to_string(&file).unwrap().starts_with("epoch,loss,val_loss\r\n0,"));
/// # std::fs::remove_file(file).unwrap();
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Before training, if the file cannot be opened or the separator is a quote or the end of a line; after an epoch, if it
/// cannot be written.
#[derive(Debug)]
pub struct CsvLogger {
    path: PathBuf,
    separator: char,
    append: bool,
    file: Option<File>,
    header: bool,
    keys: Option<Vec<String>>,
    /// Bytes of the file that are of this training, and of those before it.
    length: u64,
    /// The training was resumed, and what of the file counts is not known.
    unknown: bool,
}

impl CsvLogger {
    /// To this file, separated by commas; what was in it is gone when training begins.
    pub fn new(path: impl AsRef<Path>) -> CsvLogger {
        CsvLogger {
            path: path.as_ref().to_path_buf(),
            separator: ',',
            append: false,
            file: None,
            header: true,
            keys: None,
            length: 0,
            unknown: false,
        }
    }

    /// What stands between two fields.
    pub fn separator(mut self, separator: char) -> CsvLogger {
        self.separator = separator;
        self
    }

    /// Goes on at the end of the file, without a second header.
    pub fn append(mut self, append: bool) -> CsvLogger {
        self.append = append;
        self
    }

    /// Opens the file; where a training is resumed it stays as it is, until it is known how much of it counts.
    fn open(&mut self, resumed: bool) -> Result<()> {
        if matches!(self.separator, '"' | '\r' | '\n') {
            return Err(Error::argument(format!("`separator` cannot be {:?}", self.separator))
                .help("take a comma, a semicolon or a tab"));
        }
        self.keys = None;
        let kept = self.append || resumed;
        self.length = std::fs::metadata(&self.path).map_or(0, |about| about.len()) * u64::from(kept);
        self.header = self.length == 0;
        let mut options = File::options();
        let options = options.create(true).append(self.append && !resumed).write(true).truncate(!kept);
        self.file = Some(options.open(&self.path).map_err(|e| Error::file(&self.path, &e))?);
        self.unknown = resumed;
        Ok(())
    }

    /// So much of the file counts; what follows goes.
    fn cut(&mut self, length: u64) -> Result<()> {
        self.unknown = false;
        let Some(file) = &mut self.file else { return Ok(()) };
        let there = file.metadata().map_or(0, |about| about.len()).min(length);
        let cut = file.set_len(there).and_then(|()| file.seek(SeekFrom::End(0)));
        cut.map_err(|e| Error::file(&self.path, &e).at("CSVLogger"))?;
        (self.length, self.header) = (there, there == 0);
        Ok(())
    }

    fn line<'a>(&self, fields: impl Iterator<Item = &'a str>) -> String {
        let quoted = fields.map(|field| {
            if field.contains([self.separator, '"', '\r', '\n']) {
                format!("\"{}\"", field.replace('"', "\"\""))
            } else {
                field.to_string()
            }
        });
        let separator = self.separator.to_string();
        quoted.collect::<Vec<_>>().join(&separator) + "\r\n"
    }
}

/// The columns after `epoch`.
fn columns(logs: &Logs) -> Vec<String> {
    let mut keys: Vec<String> = logs.names().into_iter().map(String::from).collect();
    keys.sort();
    if !keys.iter().any(|k| k.starts_with("val_")) {
        keys.extend(keys.clone().iter().map(|k| format!("val_{k}")));
    }
    keys
}

impl Callback for CsvLogger {
    fn name(&self) -> &str {
        ENTRY.class
    }
    fn writes(&self) -> bool {
        true
    }

    fn save(&self, state: &mut Under<'_>) {
        state.put_count("length", self.length);
        let keys = self.keys.as_deref().unwrap_or_default();
        state.put_count("keys", keys.len() as u64);
        for (i, key) in keys.iter().enumerate() {
            state.put_text(&format!("key_{i}"), key.clone());
        }
    }

    /// Lines that were written after the checkpoint go: they are written again.
    fn restore(&mut self, state: &State) -> Result<()> {
        let keys: Vec<String> = (0..state.count("keys")?)
            .map(|i| state.text(&format!("key_{i}")).map(str::to_string))
            .collect::<Result<_>>()?;
        self.cut(state.count("length")?)?;
        self.keys = Some(keys).filter(|keys| !keys.is_empty() && self.length > 0);
        Ok(())
    }

    fn on_train_begin(&mut self, training: &mut Training<'_>) -> Result<()> {
        self.open(training.resumed).place(|| "CSVLogger")
    }

    fn on_epoch_end(&mut self, _: &mut Training<'_>, epoch: usize, logs: &mut Logs) -> Result<()> {
        if self.unknown {
            // It was not there before the stop: as in a training that begins.
            self.cut(if self.append { u64::MAX } else { 0 })?;
        }
        let mut text = String::new();
        let keys = match self.keys.take() {
            Some(keys) => keys,
            None => {
                let keys = columns(logs);
                if self.header {
                    text = self.line(std::iter::once("epoch").chain(keys.iter().map(String::as_str)));
                }
                keys
            }
        };
        let values = keys.iter().map(|k| logs.get(k).map_or("NA".to_string(), python));
        let fields: Vec<String> = std::iter::once(epoch.to_string()).chain(values).collect();
        text += &self.line(fields.iter().map(String::as_str));
        self.keys = Some(keys);
        if self.file.is_none() {
            self.open(false).place(|| "CSVLogger")?;
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        let written = file.write_all(text.as_bytes()).and_then(|()| file.flush());
        self.length += text.len() as u64;
        written.map_err(|e| Error::file(&self.path, &e).at("CSVLogger"))
    }

    fn on_train_end(&mut self, _: &mut Training<'_>, _: &Logs) -> Result<()> {
        self.file = None;
        Ok(())
    }
}

fn build(args: &mut Args<'_>) -> Result<Box<dyn Callback>> {
    let path: String = args.need("filename")?;
    let separator: String = args.or("separator", ",".to_string())?;
    let mut chars = separator.chars();
    let (Some(separator), None) = (chars.next(), chars.next()) else {
        return args.reject("separator", "one character", format!("`{separator}`"));
    };
    Ok(Box::new(CsvLogger::new(path).separator(separator).append(args.or("append", false)?)))
}

pub(super) const ENTRY: Entry = Entry { class: "CSVLogger", names: &["csv_logger"], build };
