//! One reader, many inputs, in a process that may die of them.

use crate::dice::Dice;
use crate::memory::{Taken, measured};
use crate::mutate::mutant;
use crate::panics::{Panics, watched};
use crate::readers::{Outcome, Reader};
use crate::tally::Tally;
use crate::{ALLOWED, EACH, SECONDS};
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// How a process says that a read hangs.
pub const HUNG: i32 = 86;

/// The input of this number: the seeds come first, as they are.
pub fn input(reader: &Reader, seeds: &[Vec<u8>], seed: u64, number: u64) -> Vec<u8> {
    match usize::try_from(number).ok().and_then(|i| seeds.get(i)) {
        Some(whole) => whole.clone(),
        None => mutant(reader.format, seeds, &mut Dice::new(seed, reader.name, number)),
    }
}

/// What one read was.
#[derive(Debug)]
pub struct Reading {
    /// What came of it; nothing where it panicked.
    pub outcome: Option<Outcome>,
    /// What panicked.
    pub panics: Panics,
    /// What it took.
    pub taken: Taken,
    /// How long it took.
    pub time: Duration,
}

/// Reads and looks on.
pub fn read(reader: &Reader, bytes: &[u8]) -> Reading {
    let start = Instant::now();
    let ((outcome, panics), taken) = measured(|| watched(|| reader.outcome(bytes)));
    Reading { outcome, panics, taken, time: start.elapsed() }
}

impl Reading {
    /// Bytes beyond what it may take.
    pub fn beyond(&self) -> usize {
        let numbers = self.outcome.as_ref().map_or(0, |outcome| outcome.numbers);
        self.taken.peak.saturating_sub(ALLOWED + EACH * numbers)
    }

    /// What is wrong with it, by the kind of fault.
    pub fn faults(&self) -> Vec<(usize, String)> {
        let mut faults = Vec::new();
        if let Some(first) = self.panics.ours.first() {
            faults.push((0, format!("a panic: {first}")));
        }
        if self.time.as_secs_f64() > SECONDS {
            faults.push((1, format!("it took {:.1} s", self.time.as_secs_f64())));
        }
        if self.beyond() > 0 {
            let (peak, beyond, largest) = (self.taken.peak, self.beyond(), self.taken.largest);
            faults.push((
                3,
                format!("{peak} bytes of memory, {beyond} beyond what is allowed, {largest} at once"),
            ));
        }
        if let Some(Err(error)) = self.outcome.as_ref().map(|outcome| &outcome.result)
            && error.what().trim().is_empty()
        {
            faults.push((4, "an error without words".to_string()));
        }
        faults
    }
}

/// What a process is to do.
#[derive(Debug, Clone)]
pub struct Task {
    /// The seed of all inputs.
    pub seed: u64,
    /// The number after the last.
    pub end: u64,
    /// Seconds after which no input is begun.
    pub seconds: f64,
    /// Where the count is kept, so that it outlives the process.
    pub journal: PathBuf,
    /// Where inputs with faults are kept.
    pub finds: PathBuf,
}

/// Keeps an input and what is wrong with it, with how to repeat it.
pub fn keep(folder: &Path, reader: &Reader, seed: u64, number: u64, bytes: &[u8], what: &str) -> PathBuf {
    let path = folder.join(format!("{}-{seed}-{number}.bin", reader.name));
    let again =
        format!("cargo run --release -p steadygrad-reliability -- read {} {}", reader.name, path.display());
    // A find that cannot be written is still counted.
    let _ = std::fs::create_dir_all(folder);
    let _ = std::fs::write(&path, bytes);
    let _ = std::fs::write(path.with_extension("txt"), format!("{what}\nrepeat with: {again}\n"));
    path
}

/// Reads inputs from where the count stands until number or time is reached.
///
/// # Errors
/// If the journal cannot be written.
pub fn run(reader: &'static Reader, task: &Task, mut tally: Tally) -> std::io::Result<Tally> {
    crate::panics::note();
    let mut journal = File::create(&task.journal)?;
    journal.write_all(tally.to_line().as_bytes())?;
    let seeds = (reader.seeds)();
    let begun = Instant::now();
    let since = Arc::new(AtomicU64::new(0));
    look_on(since.clone(), begun);
    while tally.number < task.end && begun.elapsed().as_secs_f64() < task.seconds {
        let bytes = input(reader, &seeds, task.seed, tally.number);
        journal.seek(SeekFrom::Start(0))?;
        journal.write_all(tally.to_line().as_bytes())?;
        since.store(begun.elapsed().as_millis() as u64 + 1, Relaxed);
        let reading = read(reader, &bytes);
        since.store(0, Relaxed);
        count(&mut tally, &reading);
        let faults = reading.faults();
        for (kind, what) in &faults {
            tally.faults[*kind] += 1;
            // Of a fault that is everywhere a few are enough.
            if tally.faults[*kind] <= 20 {
                keep(&task.finds, reader, task.seed, tally.number, &bytes, what);
            }
        }
        tally.number += 1;
    }
    journal.seek(SeekFrom::Start(0))?;
    journal.write_all(tally.to_line().as_bytes())?;
    Ok(tally)
}

fn count(tally: &mut Tally, reading: &Reading) {
    tally.inputs += 1;
    match reading.outcome.as_ref().map(|outcome| outcome.result.is_ok()) {
        Some(true) => tally.accepted += 1,
        Some(false) => tally.refused += 1,
        None => {}
    }
    let error = reading.outcome.as_ref().and_then(|outcome| outcome.result.as_ref().err());
    tally.helpless += u64::from(error.is_some_and(|error| error.remedy().is_empty()));
    tally.caught += reading.panics.caught as u64;
    tally.slowest = tally.slowest.max(reading.time.as_micros() as u64);
    tally.peak = tally.peak.max(reading.taken.peak as u64);
    tally.beyond = tally.beyond.max(reading.beyond() as u64);
    tally.largest = tally.largest.max(reading.taken.largest as u64);
}

/// Ends the process where a read does not end.
fn look_on(since: Arc<AtomicU64>, begun: Instant) {
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(Duration::from_millis(200));
            let started = since.load(Relaxed);
            let now = begun.elapsed().as_millis() as u64;
            if started > 0 && now.saturating_sub(started) as f64 > 1500.0 * SECONDS {
                std::process::exit(HUNG);
            }
        }
    });
}
