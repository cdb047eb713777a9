//! The live line of a training: on a terminal it is written again and again, elsewhere once an epoch.

use std::io::{IsTerminal, Write};
use steadygrad::Result;
use steadygrad::engine::system::Clock;
use steadygrad::extend::{Callback, Training};
use steadygrad::prelude::Logs;

/// Shows how far a training is, on standard error.
#[derive(Debug)]
pub struct Progress {
    live: bool,
    clock: Clock,
    shown: f64,
    epoch: usize,
    width: usize,
    /// The loss became NaN or infinite, and the training was ended.
    pub not_finite: bool,
}

/// Seconds between two writings of the live line.
const BETWEEN: f64 = 0.1;

impl Progress {
    /// A live line where standard error is a terminal.
    pub fn new() -> Progress {
        let live = std::io::stderr().is_terminal();
        Progress {
            live,
            clock: Clock::start(),
            shown: f64::NEG_INFINITY,
            epoch: 0,
            width: 0,
            not_finite: false,
        }
    }

    fn line(&mut self, text: &str, last: bool) {
        let mut out = std::io::stderr().lock();
        let blank = self.width.saturating_sub(text.chars().count());
        self.width = if last { 0 } else { text.chars().count() };
        // Progress that nobody can see is no reason to end a training.
        let _ = write!(
            out,
            "{}{text}{:blank$}{}",
            if self.live { "\r" } else { "" },
            "",
            if last { "\n" } else { "" }
        );
        let _ = out.flush();
    }
}

/// ━━━━━━━━────────: how much of a whole is done.
fn bar(done: usize, all: usize) -> String {
    const WIDTH: usize = 16;
    let filled = (done * WIDTH).checked_div(all).unwrap_or(WIDTH).min(WIDTH);
    "━".repeat(filled) + &"─".repeat(WIDTH - filled)
}

impl Callback for Progress {
    fn wants_batches(&self) -> bool {
        self.live
    }

    fn on_epoch_begin(&mut self, _: &mut Training<'_>, epoch: usize) -> Result<()> {
        self.epoch = epoch;
        self.clock = Clock::start();
        self.shown = f64::NEG_INFINITY;
        Ok(())
    }

    fn on_train_batch_end(&mut self, training: &mut Training<'_>, batch: usize, logs: &Logs) -> Result<()> {
        let now = self.clock.seconds();
        if now - self.shown >= BETWEEN {
            self.shown = now;
            let (epochs, steps) = (training.epochs, training.steps);
            let text = format!(
                "epoch {}/{epochs} {} {}/{steps}  {logs}",
                self.epoch + 1,
                bar(batch + 1, steps),
                batch + 1
            );
            self.line(&text, false);
        }
        Ok(())
    }

    fn on_epoch_end(&mut self, training: &mut Training<'_>, epoch: usize, logs: &mut Logs) -> Result<()> {
        let text = format!("epoch {}/{} {:.1} s  {logs}", epoch + 1, training.epochs, self.clock.seconds());
        self.line(&text, true);
        Ok(())
    }
}

/// Ends a training at the first loss that is not a finite number.
#[derive(Debug, Default)]
pub struct Guard {
    /// It happened.
    pub not_finite: bool,
}

impl Callback for Guard {
    fn wants_batches(&self) -> bool {
        true
    }

    fn on_train_batch_end(&mut self, training: &mut Training<'_>, _: usize, logs: &Logs) -> Result<()> {
        if logs.get("loss").is_some_and(|loss| !loss.is_finite()) {
            self.not_finite = true;
            training.stop = true;
        }
        Ok(())
    }
}
