//! A reader in a process of its own, begun anew where it dies: what killed it is a find.

use crate::readers::Reader;
use crate::run::{HUNG, Task, input, keep};
use crate::tally::Tally;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The program that reads, as `PROGRAM child READER SEED END SECONDS JOURNAL FINDS`.
    pub program: PathBuf,
    /// The seed of all inputs.
    pub seed: u64,
    /// So many inputs at the most.
    pub inputs: u64,
    /// So long at the most.
    pub seconds: f64,
    /// Where journals and finds go.
    pub folder: PathBuf,
    /// Whether to say on standard error how far it is.
    pub progress: bool,
}

/// Deaths after which a reader is given up.
const MOST_DEATHS: u64 = 50;

/// Reads with this reader as planned.
///
/// # Errors
/// If no process can be started, or its journal cannot be read.
pub fn supervise(reader: &Reader, plan: &Plan) -> std::io::Result<Tally> {
    std::fs::create_dir_all(&plan.folder)?;
    let begun = Instant::now();
    let journal = plan.folder.join(format!("{}-{}.journal", reader.name, std::process::id()));
    let finds = plan.folder.join("finds");
    let mut tally = Tally::default();
    std::fs::write(&journal, tally.to_line())?;
    let ended = loop {
        let left = plan.seconds - begun.elapsed().as_secs_f64();
        let task = Task {
            seed: plan.seed,
            end: plan.inputs,
            seconds: left,
            journal: journal.clone(),
            finds: finds.clone(),
        };
        if left <= 0.0 || tally.number >= plan.inputs || tally.faults[1] + tally.faults[2] >= MOST_DEATHS {
            break Ok(());
        }
        let code = child(reader, &task, plan, begun)?;
        tally = Tally::from_line(&std::fs::read_to_string(&journal)?)
            .ok_or_else(|| std::io::Error::other("the journal is damaged"))?;
        if code == Some(0) {
            break Ok(());
        }
        let seeds = (reader.seeds)();
        let bytes = input(reader, &seeds, plan.seed, tally.number);
        let (kind, what) = match code {
            Some(HUNG) => (1, "it hangs".to_string()),
            code => (2, format!("the process died of it ({code:?}): an abort, or the stack is full")),
        };
        keep(&finds, reader, plan.seed, tally.number, &bytes, &what);
        tally.faults[kind] += 1;
        tally.inputs += 1;
        tally.number += 1;
        std::fs::write(&journal, tally.to_line())?;
    };
    // It has said what it had to say.
    let _ = std::fs::remove_file(&journal);
    ended.map(|()| tally)
}

/// One process, to its end.
#[allow(clippy::print_stderr)] // who waits is told how far it is
fn child(reader: &Reader, task: &Task, plan: &Plan, begun: Instant) -> std::io::Result<Option<i32>> {
    let path = |path: &Path| path.display().to_string();
    let words = [
        "child".to_string(),
        reader.name.to_string(),
        task.seed.to_string(),
        task.end.to_string(),
        format!("{:.3}", task.seconds),
        path(&task.journal),
        path(&task.finds),
    ];
    let mut process = Command::new(&plan.program).args(words).stdin(Stdio::null()).spawn()?;
    let mut told = Instant::now();
    loop {
        if let Some(status) = process.try_wait()? {
            return Ok(status.code());
        }
        std::thread::sleep(Duration::from_millis(20));
        if plan.progress && told.elapsed() > Duration::from_secs(2) {
            told = Instant::now();
            let text = std::fs::read_to_string(&task.journal).unwrap_or_default();
            let tally = Tally::from_line(&text).unwrap_or_default();
            let seconds = begun.elapsed().as_secs_f64();
            let mut out = std::io::stderr().lock();
            // Nobody may be listening.
            let _ = writeln!(
                out,
                "{}: {} inputs in {seconds:.0} s, {} faults",
                reader.name,
                tally.inputs,
                tally.found()
            );
        }
    }
}
