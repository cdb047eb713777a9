//! Panics are noted, not printed: also those that somebody catches on the way.

use std::panic::{self, AssertUnwindSafe};
use std::sync::Mutex;

/// Crates whose panics one place of ours catches, as nothing else guards against them (`formats::hdf5`).
const CAUGHT: [&str; 1] = ["/hdf5-pure-"];

static NOTED: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// From now on panics are noted.
pub fn note() {
    panic::set_hook(Box::new(|info| {
        let words = info.payload();
        let words =
            words.downcast_ref::<String>().map(String::as_str).or(words.downcast_ref::<&str>().copied());
        let place = info.location().map_or_else(String::new, |l| format!("{}:{}", l.file(), l.line()));
        if let Ok(mut noted) = NOTED.lock() {
            noted.push(format!("{place}: {}", words.unwrap_or("a panic")));
        }
    }));
}

/// What panicked in a piece of work.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Panics {
    /// Those that are faults: whether caught or not.
    pub ours: Vec<String>,
    /// Those of other people's code that were caught where that is planned.
    pub caught: usize,
}

/// Runs this; nothing where it panicked.
pub fn watched<T>(work: impl FnOnce() -> T) -> (Option<T>, Panics) {
    let take = || NOTED.lock().map_or_else(|_| Vec::new(), |mut noted| std::mem::take(&mut *noted));
    take();
    let result = panic::catch_unwind(AssertUnwindSafe(work)).ok();
    let noted = take();
    // What came out to us was not caught, whoever's it is.
    let planned = |place: &String| result.is_some() && CAUGHT.iter().any(|part| place.contains(part));
    let (caught, ours): (Vec<String>, Vec<String>) = noted.into_iter().partition(planned);
    (result, Panics { ours, caught: caught.len() })
}
