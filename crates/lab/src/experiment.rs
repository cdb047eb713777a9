//! An experiment: data, model, compile and fit as plain data.

use crate::given::Given;
use crate::origins::Origins;
use crate::{settings, text, vary, write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use steadygrad_data::file;
use steadygrad_doctor::Edit;
use steadygrad_kernels::{Error, Kind, Place, Result, nearest};
use steadygrad_nn::args::Args;
use steadygrad_nn::config::{Config, Value};

/// The unit that is trained, examined and cured: the content of an experiment file.
///
/// ```
/// use steadygrad_lab::Experiment;
/// let mut experiment = Experiment::parse(steadygrad_lab::DEFAULT)?;
/// experiment.set("let.depth=2")?;
/// experiment.set("fit.epochs=1")?;
/// let prepared = experiment.prepare(1)?;
/// assert_eq!(prepared.model.entries.len(), 9);
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Experiment {
    pub(crate) config: Config,
    pub(crate) base: PathBuf,
    /// What errors begin with: the file it came from.
    file: Option<String>,
    /// Where downloaded data sets lie.
    pub(crate) cache: Option<PathBuf>,
    origins: Origins,
    /// What was given in code.
    pub(crate) given: Option<Arc<Given>>,
}

const TABLES: [&str; 11] =
    ["data", "model", "compile", "fit", "checkpoints", "let", "lab", "meta", "id", "title", "expected"];

/// Settings of `[data]` that are paths.
const DATA_PATHS: [&str; 3] = ["train", "validation", "path"];

/// The same of the table of the model.
const MODEL_PATHS: (&str, [&str; 3]) = ("model", ["weights", "file", ""]);

/// Keys that are often written outside of their table.
const KEYS: [(&str, &[&str]); 4] = [
    ("data", &["source", "train", "validation", "target", "scale"]),
    ("model", &["layers", "input_shape", "outputs"]),
    ("compile", &["optimizer", "loss", "metrics", "loss_weights"]),
    ("fit", &["epochs", "batch_size", "callbacks", "shuffle", "validation_split", "seed"]),
];

impl Experiment {
    /// Reads a file, TOML or JSON.
    ///
    /// # Errors
    /// If the file cannot be read or has keys that are not known.
    pub fn load(path: impl AsRef<Path>) -> Result<Experiment> {
        let path = path.as_ref();
        let text = file::read_text(path).map_err(|e| {
            let help = match () {
                () if path.is_dir() => "give the file, not its folder",
                () if !path.exists() => {
                    "check the path; `steadygrad new FILE` writes an experiment to start from"
                }
                () if e.what().contains("UTF-8") => "an experiment is a text file in UTF-8, TOML or JSON",
                () if !e.remedy().is_empty() => return e,
                () => "an experiment is a text file, TOML or JSON",
            };
            e.help(help)
        })?;
        let base = path.parent().unwrap_or(Path::new("")).to_path_buf();
        let name = path.display().to_string();
        let experiment = Experiment::parse(&text).place(|| name.clone())?;
        Ok(Experiment { base, file: Some(name), ..experiment })
    }

    /// Reads text, TOML or JSON; relative paths in it are relative to the working directory.
    ///
    /// # Errors
    /// As for [`Experiment::load`].
    pub fn parse(text: &str) -> Result<Experiment> {
        let config = text::parse(text)?;
        let experiment = Experiment { origins: Origins::of_toml(text), ..Experiment::of(config, None) };
        experiment.check_keys()?;
        Ok(experiment)
    }

    pub(crate) fn of(config: Config, given: Option<Arc<Given>>) -> Experiment {
        let (base, origins) = (PathBuf::new(), Origins::default());
        Experiment { config, base, file: None, cache: None, origins, given }
    }

    fn check_keys(&self) -> Result<()> {
        for (key, _) in self.config.iter() {
            if !TABLES.contains(&key) {
                let mut error = Error::name("table of an experiment", key, &TABLES);
                let within = |(_, keys): &&(&str, &[&str])| nearest(key, keys).is_some();
                if let Some((table, _)) = KEYS.iter().find(within).filter(|_| nearest(key, &TABLES).is_none())
                {
                    error = error.help(format!("it belongs into the table [{table}]"));
                }
                return Err(self.origins.locate(error, &self.config, key));
            }
        }
        Ok(())
    }

    /// Overrides one key: `fit.epochs=3`.
    ///
    /// # Errors
    /// If it is no assignment, or there is no such place.
    pub fn set(&mut self, assignment: &str) -> Result<()> {
        let mut changed = self.clone();
        let key = text::set(&mut changed.config, assignment)?;
        changed.origins.overridden(&key, assignment);
        changed.check_keys().map_err(|e| match e.place().is_empty() {
            true => e.at(format!("--set {assignment}")),
            false => e,
        })?;
        *self = changed;
        Ok(())
    }

    /// The table `[lab]`: what is varied, and over which seeds.
    ///
    /// # Errors
    /// If it is not right.
    pub(crate) fn plan(&self) -> Result<vary::Plan> {
        Ok(vary::plan(&self.table(&self.resolved()?, "lab")?))
    }

    /// The same with these values at these dotted keys.
    pub(crate) fn with_values(&self, values: &[(String, Value)]) -> Result<Experiment> {
        let mut changed = self.clone();
        for (key, value) in values {
            text::put_at(&mut changed.config, key, value.clone()).place(|| format!("`{key}`"))?;
        }
        Ok(changed)
    }

    /// The same, with published data sets looked for in this folder where no `path` is given: `<folder>/mnist`.
    pub fn with_cache(mut self, folder: impl Into<PathBuf>) -> Experiment {
        self.cache = Some(folder.into());
        self
    }

    /// The same, called so in errors, where it did not come from a file.
    pub fn called(mut self, name: &str) -> Experiment {
        self.file = Some(name.to_string());
        self
    }

    /// The error of something in this experiment, with file and line before it.
    pub(crate) fn at(&self, path: &str, error: Error) -> Error {
        self.outer(self.origins.locate(error, &self.config, path))
    }

    pub(crate) fn outer(&self, mut error: Error) -> Error {
        if error.kind() == Kind::File && error.remedy().is_empty() {
            error = error.help("check the path; a relative one starts at the folder of the experiment file");
        }
        match &self.file {
            Some(file) => error.at(file.clone()),
            None => error,
        }
    }

    /// All of it as data.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Where relative paths in it start.
    pub fn base(&self) -> &Path {
        &self.base
    }

    /// The same, with relative paths starting elsewhere.
    pub fn with_base(mut self, base: impl Into<PathBuf>) -> Experiment {
        self.base = base.into();
        self
    }

    /// As a TOML file that can be read from anywhere: paths are made absolute. Where a list has a null, for which TOML has
    /// no word, the text is JSON; [`Experiment::parse`] reads both.
    ///
    /// # Errors
    /// If it cannot be written as TOML.
    pub fn to_toml(&self) -> Result<String> {
        let mut config = self.config.clone();
        let absolute = |text: &str| -> Value {
            let joined = self.base.join(text);
            let path = std::path::absolute(&joined).unwrap_or(joined);
            path.display().to_string().into()
        };
        // A path may be a constant: its value is what counts.
        let resolved = text::substitute(&self.config)?;
        if let (Some(Value::Map(fit)), Some(Value::Map(read))) = (config.get_mut("fit"), resolved.get("fit"))
            && let Some(read) = read.get("callbacks")
        {
            fit.set("callbacks", settings::absolute_paths(fit.get("callbacks"), read, &absolute));
        }
        for (table, keys) in [("data", DATA_PATHS), MODEL_PATHS] {
            let (Some(Value::Map(map)), Some(Value::Map(read))) =
                (config.get_mut(table), resolved.get(table))
            else {
                continue;
            };
            for key in keys {
                if let Some(Value::Text(text)) = read.get(key) {
                    map.set(key, absolute(text));
                }
            }
        }
        write::to_toml(&config)
    }

    /// A name for it: its title or id, if it has one.
    pub fn name(&self) -> Option<String> {
        ["title", "id"].iter().find_map(|key| match self.config.get(key) {
            Some(Value::Text(text)) => Some(text.clone()),
            _ => None,
        })
    }

    /// All of it with constants in their places.
    pub(crate) fn resolved(&self) -> Result<Config> {
        let config = text::substitute(&self.config).map_err(|e| {
            let table = e.place();
            let table = table.trim_start_matches('[').split(']').next().unwrap_or_default();
            self.at(table, e)
        })?;
        vary::check(&self.table(&config, "lab")?, &config).map_err(|e| {
            self.at(if e.place().starts_with("[lab], `vary`") { "lab.vary" } else { "lab" }, e)
        })?;
        Ok(config)
    }

    pub(crate) fn table(&self, config: &Config, name: &str) -> Result<Config> {
        match config.get(name) {
            None => Ok(Config::new()),
            Some(Value::Map(map)) => Ok(map.clone()),
            Some(other) => {
                let error = Error::argument(format!("expected a table, found {}", other.kind()));
                Err(self.at(name, error.at(format!("[{name}]"))))
            }
        }
    }

    /// The seed of the run.
    ///
    /// # Errors
    /// If it is no whole number.
    pub fn seed(&self) -> Result<u64> {
        let table = self.table(&self.resolved()?, "fit")?;
        Args::new("[fit]", &table).or("seed", 0).map_err(|e| self.at("fit", e))
    }

    /// What a training goes by, as text: what must be the same where it is gone on with. That is all of the experiment but until
    /// which epoch it goes, when it is kept, what is said about it, and where its data lie: they are known again by a checksum.
    ///
    /// # Errors
    /// If a constant is not right, or it cannot be written as text.
    pub fn course(&self) -> Result<String> {
        let mut config = self.resolved()?;
        for table in ["let", "lab", "meta", "id", "title", "expected", "checkpoints"] {
            config.remove(table);
        }
        if let Some(Value::Map(fit)) = config.get_mut("fit") {
            fit.remove("epochs");
            if let Some(callbacks) = fit.get("callbacks").cloned() {
                let nowhere = |_: &str| Value::Text(String::new());
                fit.set("callbacks", settings::absolute_paths(Some(&callbacks), &callbacks, &nowhere));
            }
        }
        for (table, keys) in [("data", DATA_PATHS), MODEL_PATHS] {
            if let Some(Value::Map(table)) = config.get_mut(table) {
                keys.iter().for_each(|key| {
                    table.remove(key);
                });
            }
        }
        write::to_toml(&config)
    }

    /// The same with these edits: constants in their places, `[let]` gone; how a model of Keras was compiled, where its file says so,
    /// stands in `[compile]`, and its optimizer begins anew.
    ///
    /// # Errors
    /// If an edit cannot be made.
    pub fn edited(&self, edits: &[Edit]) -> Result<Experiment> {
        let mut config = self.with_compile(&self.resolved()?)?;
        config.remove("let");
        for edit in edits {
            config = edit.apply(&config)?;
        }
        Ok(Experiment { config, ..self.clone() })
    }
}
