//! The conversation with the driver: `ready`, then a line of numbers for every `go STEPS`.

#![allow(clippy::print_stdout, reason = "the driver reads what is printed")]

use crate::workload::Workload;
use std::io::{BufRead, Write};
use std::time::Instant;
use steadygrad_data::{Array, npy};
use steadygrad_kernels::Flush;

/// Whatever went wrong.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What a round came to.
#[derive(Debug, Default)]
pub struct Done {
    /// Samples trained on, or predicted.
    pub samples: usize,
    /// The mean loss of the round's steps; NaN in inference.
    pub loss: f64,
    /// The middle of the times of single calls, in microseconds, where each was timed.
    pub median_us: Option<f64>,
}

/// A prepared workload.
pub trait Runner {
    /// So many steps, or calls.
    ///
    /// # Errors
    /// If something cannot be computed.
    fn go(&mut self, steps: usize) -> Result<Done, Failure>;
}

/// Sets denormal numbers to zero in this thread and all that it starts from now on, for peers that do not do it themselves.
pub fn flush_denormals() {
    std::mem::forget(Flush::denormals());
}

/// Times every call; the median, in microseconds.
///
/// # Errors
/// Those of the calls.
pub fn timed_calls(
    calls: usize,
    mut call: impl FnMut(usize) -> Result<(), Failure>,
) -> Result<Option<f64>, Failure> {
    let mut times = Vec::with_capacity(calls);
    for i in 0..calls {
        let start = Instant::now();
        call(i)?;
        times.push(start.elapsed().as_secs_f64() * 1e6);
    }
    times.sort_by(f64::total_cmp);
    Ok(times.get(calls / 2).copied())
}

/// Reads `LINE THREADS FOLDER` from the arguments, prepares, and does what the driver says until its input ends.
///
/// # Errors
/// If the arguments are wrong, the data cannot be read, or something cannot be computed.
pub fn serve<R: Runner>(
    about: &[(&str, String)],
    prepare: impl FnOnce(&Workload, usize, Array, Array) -> Result<R, Failure>,
) -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [line, threads, folder] = &arguments[..] else {
        return Err("usage: RUNNER LINE THREADS FOLDER, where LINE is what bench/workloads.py prints".into());
    };
    let workload = Workload::read(line)?;
    let start = Instant::now();
    let x = npy::read(format!("{folder}/x.npy"))?;
    let y = npy::read(format!("{folder}/y.npy"))?;
    let read = start.elapsed().as_secs_f64();
    forget_peak();
    let mut runner = prepare(&workload, threads.parse()?, x, y)?;
    runner.go(1)?;
    println!("{{\"first\": true, \"read_seconds\": {read}}}");
    let about: Vec<String> = about.iter().map(|(key, value)| format!("\"{key}\": \"{value}\"")).collect();
    println!("{{\"ready\": true, \"about\": {{{}}}}}", about.join(", "));
    std::io::stdout().flush()?;
    for asked in std::io::stdin().lock().lines() {
        let asked = asked?;
        let Some(steps) = asked.strip_prefix("go ") else {
            return Err(format!("`{asked}` is not `go STEPS`").into());
        };
        let steps = steps.trim().parse()?;
        let start = Instant::now();
        let done = runner.go(steps)?;
        let seconds = start.elapsed().as_secs_f64();
        let loss = if done.loss.is_finite() { done.loss.to_string() } else { "null".into() };
        let median = done.median_us.map_or_else(String::new, |us| format!(", \"median_us\": {us}"));
        println!(
            "{{\"samples\": {}, \"seconds\": {seconds}, \"loss\": {loss}, \"peak_mib\": {}{median}}}",
            done.samples,
            peak_mib()
        );
        std::io::stdout().flush()?;
    }
    Ok(())
}

/// The peak is counted from here on: reading a file takes memory that training does not.
fn forget_peak() {
    // Where that is not allowed, the peak is that of the whole process, and the page says too much rather than too little.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// The most memory that the process held, in MiB.
fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok()).map_or(0.0, |kib| kib / 1024.0)
}
