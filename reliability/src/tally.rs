//! What came of many reads: numbers, as one line of JSON.

use serde_json::{Value as Json, json};

/// Counts of a reader.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tally {
    /// The input that is read, or is to be read next.
    pub number: u64,
    /// Inputs read.
    pub inputs: u64,
    /// Those that were read as what they are.
    pub accepted: u64,
    /// Those that got an error.
    pub refused: u64,
    /// Errors that do not say what to do.
    pub helpless: u64,
    /// Faults: panics, hangs, aborts, too much memory, errors without words.
    pub faults: [u64; 5],
    /// Panics of other people's code, caught where that is planned.
    pub caught: u64,
    /// The longest read in microseconds.
    pub slowest: u64,
    /// The most bytes that a read took.
    pub peak: u64,
    /// The most bytes beyond what it may take.
    pub beyond: u64,
    /// The largest single request.
    pub largest: u64,
}

/// Kinds of faults, in the order of [`Tally::faults`].
pub const FAULTS: [&str; 5] = ["panics", "hangs", "aborts", "memory", "silent_errors"];

impl Tally {
    fn all(&mut self) -> [&mut u64; 15] {
        let [a, b, c, d, e] = &mut self.faults;
        [
            &mut self.number,
            &mut self.inputs,
            &mut self.accepted,
            &mut self.refused,
            &mut self.helpless,
            a,
            b,
            c,
            d,
            e,
            &mut self.caught,
            &mut self.slowest,
            &mut self.peak,
            &mut self.beyond,
            &mut self.largest,
        ]
    }

    /// As a line of fixed length, which is written over and over.
    pub fn to_line(&self) -> String {
        let mut copy = self.clone();
        copy.all().iter().map(|number| format!("{number:020} ")).collect()
    }

    /// From such a line.
    pub fn from_line(line: &str) -> Option<Tally> {
        let mut tally = Tally::default();
        let mut words = line.split_whitespace();
        for place in tally.all() {
            *place = words.next()?.parse().ok()?;
        }
        Some(tally)
    }

    /// All faults.
    pub fn found(&self) -> u64 {
        self.faults.iter().sum()
    }

    /// For a table.
    pub fn to_json(&self, reader: &str, seed: u64) -> Json {
        let mut json = json!({
            "reader": reader, "seed": seed, "inputs": self.inputs, "accepted": self.accepted, "refused": self.refused, "refused_without_remedy": self.helpless,
            "caught_third_party_panics": self.caught, "longest_seconds": self.slowest as f64 / 1e6,
            "peak_bytes": self.peak, "bytes_beyond_allowed": self.beyond, "largest_request_bytes": self.largest,
        });
        for (name, count) in FAULTS.iter().zip(self.faults) {
            json[*name] = count.into();
        }
        json
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_back() {
        let tally =
            Tally { number: 7, inputs: u64::MAX, faults: [1, 2, 3, 4, 5], slowest: 9, ..Tally::default() };
        assert_eq!(Tally::from_line(&tally.to_line()), Some(tally.clone()));
        assert_eq!(tally.to_line().len(), Tally::default().to_line().len());
        assert_eq!((tally.found(), Tally::from_line("1 2")), (15, None));
    }
}
