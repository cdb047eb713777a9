//! What a training remembers, by name: the content of a checkpoint.

use std::collections::BTreeMap;
use std::sync::Arc;
use steadygrad_kernels::{Error, Result};

/// What is not as it must be, and what to do.
fn broken(what: impl Into<String>) -> Error {
    Error::format(what)
        .help("it is of another model or training, or damaged: go on from another checkpoint, or begin anew")
}

/// One thing that is remembered. Lists are shared, so that a part of a [`State`] is taken out without a copy of them.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// Weights and the like.
    Numbers(Arc<[f32]>),
    /// Sums, losses, settings.
    Doubles(Arc<[f64]>),
    /// Steps, epochs.
    Count(u64),
    /// Words.
    Text(String),
}

impl Part {
    fn kind(&self) -> &'static str {
        match self {
            Part::Numbers(_) => "a list of f32",
            Part::Doubles(_) => "a list of f64",
            Part::Count(_) => "a count",
            Part::Text(_) => "a text",
        }
    }
}

/// Parts by name, such as `optimizer/iterations`; names with the same words in front belong together.
///
/// ```
/// use steadygrad_engine::checkpoint::State;
/// let mut state = State::default();
/// state.under("early_stopping").put_count("wait", 3);
/// assert_eq!(state.within("early_stopping").count("wait")?, 3);
/// assert!(state.count("wait").unwrap_err().to_string().contains("`wait` is missing"));
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct State {
    parts: BTreeMap<String, Part>,
}

impl State {
    /// All parts in the order of their names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Part)> {
        self.parts.iter().map(|(name, part)| (name.as_str(), part))
    }

    /// Remembers a part; of the same name, the one before is forgotten.
    pub fn put(&mut self, name: impl Into<String>, part: Part) {
        self.parts.insert(name.into(), part);
    }

    /// Where parts are remembered with this word in front of their names.
    pub fn under(&mut self, word: &str) -> Under<'_> {
        Under { state: self, front: format!("{word}/") }
    }

    /// The parts whose names begin with this word, without it.
    pub fn within(&self, word: &str) -> State {
        let front = format!("{word}/");
        let parts = self
            .parts
            .iter()
            .filter_map(|(name, part)| Some((name.strip_prefix(&front)?.to_string(), part.clone())));
        State { parts: parts.collect() }
    }

    /// Whether there is a part of this name.
    pub fn has(&self, name: &str) -> bool {
        self.parts.contains_key(name)
    }

    fn wrong(&self, name: &str, expected: &str) -> Error {
        broken(match self.parts.get(name) {
            None => format!("`{name}` is missing"),
            Some(part) => format!("`{name}` should be {expected}, and is {}", part.kind()),
        })
    }

    /// A list of f32.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn numbers(&self, name: &str) -> Result<&[f32]> {
        match self.parts.get(name) {
            Some(Part::Numbers(numbers)) => Ok(numbers),
            _ => Err(self.wrong(name, "a list of f32")),
        }
    }

    /// So many f32.
    ///
    /// # Errors
    /// If there is no list of this name, or it has another length.
    pub fn numbers_of(&self, name: &str, len: usize) -> Result<&[f32]> {
        let numbers = self.numbers(name)?;
        if numbers.len() == len {
            return Ok(numbers);
        }
        Err(broken(format!("`{name}` should have {len} numbers, and has {}", numbers.len())))
    }

    /// A list of f64.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn doubles(&self, name: &str) -> Result<&[f64]> {
        match self.parts.get(name) {
            Some(Part::Doubles(doubles)) => Ok(doubles),
            _ => Err(self.wrong(name, "a list of f64")),
        }
    }

    /// One f64, or nothing where an empty list is remembered.
    ///
    /// # Errors
    /// If there is no such list of this name.
    pub fn maybe(&self, name: &str) -> Result<Option<f64>> {
        match self.doubles(name)? {
            [] => Ok(None),
            &[one] => Ok(Some(one)),
            more => Err(broken(format!("`{name}` should be one number, and is {}", more.len()))),
        }
    }

    /// A whole number.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn count(&self, name: &str) -> Result<u64> {
        match self.parts.get(name) {
            Some(&Part::Count(count)) => Ok(count),
            _ => Err(self.wrong(name, "a count")),
        }
    }

    /// A whole number that is a size on this machine.
    ///
    /// # Errors
    /// If there is none of this name, or it is larger than any size.
    pub fn size(&self, name: &str) -> Result<usize> {
        usize::try_from(self.count(name)?).map_err(|_| broken(format!("`{name}` is no size")))
    }

    /// Words.
    ///
    /// # Errors
    /// If there are none of this name.
    pub fn text(&self, name: &str) -> Result<&str> {
        match self.parts.get(name) {
            Some(Part::Text(text)) => Ok(text),
            _ => Err(self.wrong(name, "a text")),
        }
    }
}

/// A place in a [`State`] where names have a word in front.
#[derive(Debug)]
pub struct Under<'a> {
    state: &'a mut State,
    front: String,
}

impl Under<'_> {
    /// Remembers a part.
    pub fn put(&mut self, name: &str, part: Part) {
        self.state.put(format!("{}{name}", self.front), part);
    }

    /// Remembers a list of f32.
    pub fn put_numbers(&mut self, name: &str, numbers: &[f32]) {
        self.put(name, Part::Numbers(numbers.into()));
    }

    /// Remembers a list of f64.
    pub fn put_doubles(&mut self, name: &str, doubles: impl Into<Arc<[f64]>>) {
        self.put(name, Part::Doubles(doubles.into()));
    }

    /// Remembers a number, if there is one.
    pub fn put_maybe(&mut self, name: &str, number: Option<f64>) {
        self.put_doubles(name, number.into_iter().collect::<Vec<f64>>());
    }

    /// Remembers a whole number.
    pub fn put_count(&mut self, name: &str, count: u64) {
        self.put(name, Part::Count(count));
    }

    /// Remembers words.
    pub fn put_text(&mut self, name: &str, text: impl Into<String>) {
        self.put(name, Part::Text(text.into()));
    }

    /// A place within this one.
    pub fn under(&mut self, word: &str) -> Under<'_> {
        Under { front: format!("{}{word}/", self.front), state: self.state }
    }
}
