//! The command: feeds readers with broken files for as long as it is told to, and repeats what it has found.
#![allow(clippy::print_stdout, clippy::print_stderr)] // the command speaks to its user

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use steadygrad_reliability::memory::Counted;
use steadygrad_reliability::mutate::Format;
use steadygrad_reliability::mutate::packed::HEAD;
use steadygrad_reliability::readers::{READERS, Reader, find, scratch};
use steadygrad_reliability::run::{Task, read, run};
use steadygrad_reliability::supervise::{Plan, supervise};
use steadygrad_reliability::tally::Tally;
use steadygrad_reliability::{corpus, panics};

#[global_allocator]
static COUNTED: Counted = Counted;

const USAGE: &str = "\
steadygrad-reliability readers [--minutes N | --inputs N] [--reader NAME] [--seed S] [--json FILE]
    mutated inputs for every reader, N minutes for all together or N inputs for each; one line of JSON for each reader
steadygrad-reliability corpus
    files that are broken on purpose, and what is said of each
steadygrad-reliability seeds FOLDER
    the files that fuzzing begins with, in a folder for each reader
steadygrad-reliability read NAME FILE
    one file, as it was found: what came of it
";

/// What every thread of a library's user has, too.
const STACK: usize = 2 << 20;

fn main() -> ExitCode {
    // In a thread, as the stack of the first one is larger than those of others.
    let work = std::thread::Builder::new().stack_size(STACK).spawn(|| {
        let words: Vec<String> = std::env::args().skip(1).collect();
        let done = told(&words);
        scratch::leave();
        done
    });
    match work.map(|thread| thread.join()) {
        Ok(Ok(Ok(true))) => ExitCode::SUCCESS,
        Ok(Ok(Ok(false))) => ExitCode::FAILURE,
        Ok(Ok(Err(what))) => {
            eprintln!("{what}");
            ExitCode::from(2)
        }
        _ => ExitCode::from(3),
    }
}

/// Does what the words say; whether all is well.
fn told(words: &[String]) -> Result<bool, String> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["readers", ref rest @ ..] => readers(rest),
        ["corpus"] => Ok(corpus::told()),
        ["seeds", folder] => seeds(Path::new(folder)).map(|()| true).map_err(|e| format!("{folder}: {e}")),
        ["read", name, file] => one(reader(name)?, Path::new(file)),
        ["child", name, seed, end, seconds, journal, finds] => {
            let number = |word: &str| word.parse::<f64>().map_err(|e| e.to_string());
            let task = Task {
                seed: seed.parse().map_err(|e| format!("{e}"))?,
                end: end.parse().map_err(|e| format!("{e}"))?,
                seconds: number(seconds)?,
                journal: PathBuf::from(journal),
                finds: PathBuf::from(finds),
            };
            let line = std::fs::read_to_string(journal).map_err(|e| e.to_string())?;
            let tally = Tally::from_line(&line).ok_or("no journal")?;
            run(reader(name)?, &task, tally).map(|_| true).map_err(|e| e.to_string())
        }
        _ => Err(USAGE.to_string()),
    }
}

fn reader(name: &str) -> Result<&'static Reader, String> {
    let names = || READERS.map(|reader| reader.name).join(", ");
    find(name).ok_or_else(|| format!("no reader is called {name}; there are {}", names()))
}

fn readers(words: &[&str]) -> Result<bool, String> {
    let (mut minutes, mut inputs, mut seed, mut only, mut file) = (None, None, 1, None, None);
    for pair in words.chunks(2) {
        let [key, value] = pair else { return Err(USAGE.to_string()) };
        let bad = |e: &dyn std::fmt::Display| format!("{key} {value}: {e}");
        match *key {
            "--minutes" => minutes = Some(value.parse::<f64>().map_err(|e| bad(&e))?),
            "--inputs" => inputs = Some(value.parse::<u64>().map_err(|e| bad(&e))?),
            "--seed" => seed = value.parse::<u64>().map_err(|e| bad(&e))?,
            "--reader" => only = Some(reader(value)?),
            "--json" => file = Some(*value),
            _ => return Err(USAGE.to_string()),
        }
    }
    let chosen: Vec<&Reader> = only.map_or_else(|| READERS.iter().collect(), |one| vec![one]);
    // Without either it is a look of a minute.
    let seconds = match (minutes, inputs) {
        (None, Some(_)) => 1e9,
        (minutes, _) => 60.0 * minutes.unwrap_or(1.0) / chosen.len() as f64,
    };
    let plan = Plan {
        program: std::env::current_exe().map_err(|e| e.to_string())?,
        seed,
        inputs: inputs.unwrap_or(u64::MAX),
        seconds,
        folder: PathBuf::from("target/reliability"),
        progress: true,
    };
    let mut lines = String::new();
    let mut found = 0;
    for reader in chosen {
        let tally = supervise(reader, &plan).map_err(|e| format!("{}: {e}", reader.name))?;
        let line = tally.to_json(reader.name, seed).to_string();
        println!("{line}");
        lines += &(line + "\n");
        found += tally.found();
    }
    if let Some(file) = file {
        std::fs::write(file, lines).map_err(|e| format!("{file}: {e}"))?;
    }
    if found > 0 {
        eprintln!("{found} faults; inputs and how to repeat them: {}", plan.folder.join("finds").display());
    }
    Ok(found == 0)
}

/// Writes the seeds; of a checkpoint what stands behind its sums, which the target sets right.
fn seeds(folder: &Path) -> std::io::Result<()> {
    for reader in &READERS {
        let folder = folder.join(reader.name);
        std::fs::create_dir_all(&folder)?;
        for (i, seed) in (reader.seeds)().iter().enumerate() {
            let content =
                if reader.format == Format::Checkpoint { &seed[HEAD.min(seed.len())..] } else { &seed[..] };
            std::fs::write(folder.join(format!("seed_{i}")), content)?;
        }
    }
    Ok(())
}

/// One file, and all that is known of its reading.
fn one(reader: &Reader, file: &Path) -> Result<bool, String> {
    let bytes = std::fs::read(file).map_err(|e| format!("{}: {e}", file.display()))?;
    panics::note();
    let reading = read(reader, &bytes);
    match &reading.outcome {
        Some(outcome) => match &outcome.result {
            Ok(()) => println!("accepted, {} numbers", outcome.numbers),
            Err(error) => println!("refused: {error}"),
        },
        None => println!("panicked"),
    }
    println!("{} bytes at the most, {:.3} s", reading.taken.peak, reading.time.as_secs_f64());
    let faults = reading.faults();
    faults.iter().for_each(|(_, what)| println!("fault: {what}"));
    Ok(faults.is_empty())
}
