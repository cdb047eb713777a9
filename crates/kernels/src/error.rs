//! The one error of the house: where it happened, what was found, what to do about it.

use std::fmt;

/// What went wrong, in kind: callers that must react differently match on this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// An argument has a value outside of what the thing accepts.
    Argument,
    /// A name is not in its catalog, or a key is not known.
    Name,
    /// Shapes or lengths do not fit together.
    Shape,
    /// The data cannot be used: not numbers, not finite, out of range, empty.
    Data,
    /// A file cannot be read or written.
    File,
    /// A file's content is not what its format demands.
    Format,
    /// More memory is needed than there is.
    Memory,
    /// Known, and not supported here.
    Unsupported,
}

/// An error that names the place, the fact and the remedy.
///
/// ```
/// use steadygrad_kernels::{Error, Kind};
/// let e = Error::new(Kind::Shape, "expected input of shape (batch, 784), got (batch, 28, 28)")
///     .at("dense_1").at("layer 2")
///     .help("put a Flatten layer before it");
/// assert_eq!(e.to_string(),
///     "layer 2, dense_1: expected input of shape (batch, 784), got (batch, 28, 28)\n  help: put a Flatten layer before it");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    at: Vec<String>,
    kind: Kind,
    what: String,
    help: String,
}

/// Shorthand for a result with the house's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of this kind; `what` says what was expected and what was found.
    pub fn new(kind: Kind, what: impl Into<String>) -> Error {
        Error { at: Vec::new(), kind, what: what.into(), help: String::new() }
    }

    /// A bad value of an argument.
    pub fn argument(what: impl Into<String>) -> Error {
        Error::new(Kind::Argument, what)
    }

    /// Shapes that do not fit.
    pub fn shape(what: impl Into<String>) -> Error {
        Error::new(Kind::Shape, what)
    }

    /// Data that cannot be used.
    pub fn data(what: impl Into<String>) -> Error {
        Error::new(Kind::Data, what)
    }

    /// A file's content that breaks its format.
    pub fn format(what: impl Into<String>) -> Error {
        Error::new(Kind::Format, what)
    }

    /// A file that cannot be read or written, with the system's own words.
    pub fn file(path: impl AsRef<std::path::Path>, cause: &std::io::Error) -> Error {
        Error::new(Kind::File, cause.to_string()).at(path.as_ref().display().to_string())
    }

    /// Known, and not supported.
    pub fn unsupported(what: impl Into<String>) -> Error {
        Error::new(Kind::Unsupported, what)
    }

    /// A name that is not among `known`; the help names the nearest one.
    ///
    /// ```
    /// # use steadygrad_kernels::Error;
    /// let e = Error::name("initializer", "he_norml", &["he_normal", "he_uniform", "zeros"]);
    /// assert!(e.to_string().contains("did you mean `he_normal`?"));
    /// ```
    pub fn name(family: &str, found: &str, known: &[&str]) -> Error {
        let help = match nearest(found, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None if known.is_empty() => String::new(),
            None => format!("known: {}", known.join(", ")),
        };
        Error::new(Kind::Name, format!("`{found}` is not a known {family}")).help(help)
    }

    /// The same error seen from one place further out: `at("dense_1").at("layer 2")` reads "layer 2, dense_1".
    pub fn at(mut self, place: impl Into<String>) -> Error {
        self.at.insert(0, place.into());
        self
    }

    /// What to do about it; replaces what was said before.
    pub fn help(mut self, help: impl Into<String>) -> Error {
        self.help = help.into();
        self
    }

    /// The kind.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The place, outermost first, joined by ", "; empty if unknown.
    pub fn place(&self) -> String {
        self.at.join(", ")
    }

    /// What was expected and found.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// What to do; empty where there is nothing to say.
    pub fn remedy(&self) -> &str {
        &self.help
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.at.is_empty() {
            write!(f, "{}: ", self.at.join(", "))?;
        }
        f.write_str(&self.what)?;
        if !self.help.is_empty() {
            write!(f, "\n  help: {}", self.help)?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// Adds the place to the error of a result: `layer.build().place(|| format!("layer {i}"))?`.
pub trait Place<T> {
    /// The error with `place` put before what it says already.
    fn place<S: Into<String>>(self, place: impl FnOnce() -> S) -> Result<T>;
}

impl<T> Place<T> for Result<T> {
    fn place<S: Into<String>>(self, place: impl FnOnce() -> S) -> Result<T> {
        self.map_err(|e| e.at(place()))
    }
}

/// The candidate nearest to `word` by edit distance, if one is near enough to be what was meant.
///
/// Case and the characters `_`, `-` and space do not count.
///
/// ```
/// # use steadygrad_kernels::nearest;
/// assert_eq!(nearest("HeNormall", &["he_normal", "zeros"]), Some("he_normal"));
/// assert_eq!(nearest("banana", &["he_normal", "zeros"]), None);
/// ```
pub fn nearest<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let plain = |s: &str| -> Vec<char> {
        s.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).flat_map(char::to_lowercase).collect()
    };
    let w = plain(word);
    let (distance, best) =
        candidates.iter().map(|c| (edit_distance(&w, &plain(c)), *c)).min_by_key(|(d, _)| *d)?;
    let allowed = match w.len() {
        0 => return None,
        1..=2 => 0,
        3..=5 => 1,
        6..=8 => 2,
        _ => 3,
    };
    (distance <= allowed).then_some(best)
}

/// Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours.
fn edit_distance(a: &[char], b: &[char]) -> usize {
    let mut before = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let substitute = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = substitute.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_edits() {
        let d =
            |a: &str, b: &str| edit_distance(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>());
        assert_eq!(d("", ""), 0);
        assert_eq!(d("", "abc"), 3);
        assert_eq!(d("kitten", "sitting"), 3);
        assert_eq!(d("relu", "rleu"), 1);
    }

    #[test]
    fn nearest_is_modest() {
        let known = ["epochs", "batch_size", "shuffle"];
        assert_eq!(nearest("epoch", &known), Some("epochs"));
        assert_eq!(nearest("batchsize", &known), Some("batch_size"));
        assert_eq!(nearest("", &known), None);
        assert_eq!(nearest("lr", &known), None);
        assert_eq!(nearest("x", &[]), None);
    }

    #[test]
    fn places_read_from_outside_in() {
        let e: Result<()> = Err(Error::argument("units must be 1 or more, got 0"));
        let e = e.place(|| "dense").place(|| "layer 1").unwrap_err();
        assert_eq!(e.to_string(), "layer 1, dense: units must be 1 or more, got 0");
        assert_eq!(e.kind(), Kind::Argument);
    }
}
