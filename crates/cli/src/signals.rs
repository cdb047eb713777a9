//! Ctrl-C, SIGTERM, and the terminal that is closed: asked once, a training is kept and left; asked again, the command ends at once.

#[cfg(unix)]
use signal_hook::consts::SIGHUP;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

/// Listens for both from when it is made.
#[derive(Debug)]
pub struct Signals {
    /// The number of the signal that came last; 0 for none.
    number: Arc<AtomicUsize>,
    /// The next one ends the command at once.
    last: Arc<AtomicBool>,
    /// What was asked for is done.
    done: Arc<AtomicBool>,
}

impl Signals {
    pub fn listen() -> io::Result<Signals> {
        let signals = Signals { number: Arc::default(), last: Arc::default(), done: Arc::default() };
        // One that is ignored stays so, as of a command that a script has put into the background.
        let asking = [SIGINT, SIGTERM].into_iter().filter(|signal| !is_ignored(*signal).unwrap_or(false));
        let asking: Vec<i32> = asking.collect();
        for &signal in &asking {
            // They are run in this order: the first signal finds that it is not the last one.
            flag::register_conditional_shutdown(signal, 128 + signal, signals.last.clone())?;
            flag::register(signal, signals.last.clone())?;
            flag::register_usize(signal, signals.number.clone(), signal as usize)?;
        }
        // A terminal that is closed says so more than once, by its shell and by the system, and means no more by it.
        #[cfg(unix)]
        if !is_ignored(SIGHUP).unwrap_or(true) {
            flag::register_usize(SIGHUP, signals.number.clone(), SIGHUP as usize)?;
        }
        #[cfg(unix)]
        answer(&asking, signals.done.clone())?;
        Ok(signals)
    }

    /// The signal that came, if one did.
    pub fn asked(&self) -> Option<Signal> {
        match self.number.load(SeqCst) {
            0 => None,
            number => Some(Signal { number: number as u8 }),
        }
    }

    /// From now on the first one ends the command at once, and needs no answer.
    pub fn over(&self) {
        self.done.store(true, SeqCst);
        self.last.store(true, SeqCst);
    }
}

/// Whether the command was told to take no notice of a signal, as by `nohup`, where the system says so.
fn is_ignored(signal: i32) -> Option<bool> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let set = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let set = set.and_then(|set| u64::from_str_radix(set.trim(), 16).ok());
    Some(set? >> (signal - 1) & 1 == 1)
}

/// Tells who asks and has to wait, as for a long batch or a validation, that he was heard.
#[cfg(unix)]
fn answer(asking: &[i32], done: Arc<AtomicBool>) -> io::Result<()> {
    let mut heard = signal_hook::iterator::Signals::new(asking)?;
    std::thread::Builder::new().spawn(move || {
        if heard.forever().next().is_some() {
            std::thread::sleep(SOON);
            if !done.load(SeqCst) {
                let told = "it stops after this batch, or this validation, and is kept; asked again, it ends at once";
                // Where nobody can be told, nobody waits.
                let _ = writeln!(crate::terminal::err(), "\n{told}");
            }
        }
    })?;
    Ok(())
}

/// Nobody calls this waiting.
#[cfg(unix)]
const SOON: Duration = Duration::from_millis(300);

/// A signal that asks to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signal {
    number: u8,
}

impl Signal {
    /// What it is called.
    pub fn name(self) -> &'static str {
        match i32::from(self.number) {
            SIGINT => "SIGINT",
            SIGTERM => "SIGTERM",
            _ => "SIGHUP",
        }
    }

    /// The exit code of a command that was ended by it, as shells count.
    pub fn exit_code(self) -> u8 {
        128 + self.number
    }
}
