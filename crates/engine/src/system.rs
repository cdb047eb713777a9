//! What is asked of the system: time, threads and memory. Only weights, callbacks and checkpoints ask for more, their files.

use std::time::Instant;
use steadygrad_kernels::{Crew, Error, Result};

/// Seconds since it was started.
#[derive(Debug, Clone, Copy)]
pub struct Clock(Instant);

impl Clock {
    /// From now.
    pub fn start() -> Clock {
        Clock(Instant::now())
    }

    /// Until now.
    pub fn seconds(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}

/// So many threads, which share large steps.
///
/// # Errors
/// If the system gives none.
pub fn crew(threads: usize) -> Result<Crew> {
    Crew::new(threads).map_err(|e| {
        Error::argument(format!("{threads} threads cannot be started: {e}")).help("ask for fewer threads")
    })
}

/// Bytes of memory that can be had, where the system says so: of the machine, and of the container it may be.
pub fn available_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find(|l| l.starts_with("MemAvailable:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    let number = |file: &str| -> Option<u64> {
        std::fs::read_to_string(format!("/sys/fs/cgroup/{file}")).ok()?.trim().parse().ok()
    };
    // What the container holds as a cache of files can be given back, so its limit counts whole.
    let container = number("memory.max").or_else(|| number("memory/memory.limit_in_bytes"));
    Some((kib * 1024).min(container.unwrap_or(u64::MAX)))
}

/// Refuses what does not fit into memory, before any of it is allocated.
///
/// # Errors
/// If more bytes are needed than there are.
pub fn check_memory(what: &str, bytes: u128) -> Result<()> {
    let room = available_memory().map_or(u128::from(u64::MAX >> 1), u128::from);
    if bytes <= room {
        return Ok(());
    }
    let gib = |b: u128| b as f64 / f64::from(1 << 30);
    Err(Error::new(
        steadygrad_kernels::Kind::Memory,
        format!("{what} needs {:.1} GiB of memory, and {:.1} GiB can be had", gib(bytes), gib(room)),
    )
    .help("make the layers or the batch smaller"))
}
