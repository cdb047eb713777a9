//! Files that are broken on purpose, and what must be said of each.

mod long;
mod models;
mod tables;
mod texts;

use crate::panics;
use crate::readers::{Reader, find};
use crate::run::read;

/// A broken file.
#[derive(Debug)]
pub struct Case {
    /// What is wrong with it.
    pub name: &'static str,
    /// Who reads it.
    pub reader: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// A word of the answer, of which one at least must stand in it; none where the file is to be read after all.
    pub says: &'static [&'static str],
}

/// A case as it is written down.
fn case(
    reader: &'static str,
    name: &'static str,
    bytes: impl Into<Vec<u8>>,
    says: &'static [&'static str],
) -> Case {
    Case { name, reader, bytes: bytes.into(), says }
}

/// All cases.
pub fn cases() -> Vec<Case> {
    let mut all = [tables::cases(), models::cases(), texts::cases(), long::cases()].concat_all();
    // What is broken for every reader alike.
    for reader in &crate::readers::READERS {
        for (name, bytes) in
            [("empty", vec![]), ("one_byte", vec![b'{']), ("zeros", vec![0; 4096]), ("noise", noise(4096))]
        {
            all.push(case(reader.name, name, bytes, &[""]));
        }
    }
    all
}

trait ConcatAll {
    fn concat_all(self) -> Vec<Case>;
}

impl ConcatAll for [Vec<Case>; 4] {
    fn concat_all(self) -> Vec<Case> {
        self.into_iter().flatten().collect()
    }
}

fn noise(len: usize) -> Vec<u8> {
    let mut dice = crate::dice::Dice::new(0, "noise", 0);
    (0..len).map(|_| dice.bits() as u8).collect()
}

impl Case {
    /// What is not as it must be; nothing where all is.
    pub fn faults(&self) -> Vec<String> {
        let Some(reader) = find(self.reader) else { return vec![format!("no reader {}", self.reader)] };
        self.judged(reader)
    }

    fn judged(&self, reader: &Reader) -> Vec<String> {
        let reading = read(reader, &self.bytes);
        let mut faults: Vec<String> = reading.faults().into_iter().map(|(_, what)| what).collect();
        match reading.outcome.map(|outcome| outcome.result) {
            Some(Ok(())) if !self.says.is_empty() => faults.push("it was accepted".to_string()),
            Some(Err(error)) => {
                let text = error.to_string();
                if self.says.is_empty() || !self.says.iter().any(|word| text.contains(word)) {
                    faults.push(format!("it says: {text}"));
                }
            }
            _ => {}
        }
        faults
    }
}

/// Reads them all and tells; whether all is as it must be.
#[allow(clippy::print_stdout)] // the command speaks to its user
pub fn told() -> bool {
    panics::note();
    let mut fine = true;
    for case in cases() {
        let faults = case.faults();
        fine &= faults.is_empty();
        let word = if faults.is_empty() { "as it must be" } else { "FAULT" };
        println!("{} {}: {word} {}", case.reader, case.name, faults.join("; "));
    }
    fine
}
