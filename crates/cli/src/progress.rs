//! The live line of a training: on a terminal it is written again and again, elsewhere once an epoch.

use crate::terminal::plain;
use std::io::{IsTerminal, Write};
use steadygrad::Result;
use steadygrad::engine::callbacks::progress::{epoch_line, progress_line};
use steadygrad::engine::checkpoint::{State, Under};
use steadygrad::engine::system::Clock;
use steadygrad::extend::{Callback, Training};
use steadygrad::prelude::{History, Logs};

/// Shows how far a training is, on standard error.
#[derive(Debug)]
pub struct Progress {
    live: bool,
    clock: Clock,
    /// Seconds of the epoch before a stop.
    before: f64,
    shown: f64,
    epoch: usize,
    batch: usize,
    width: usize,
    /// What is to be said before the first number.
    memory: Option<String>,
}

/// Seconds between two writings of the live line.
const BETWEEN: f64 = 0.1;
/// Characters of the bar.
const BAR: usize = 20;

impl Progress {
    /// A live line where standard error is a terminal.
    pub fn new() -> Progress {
        Progress {
            live: std::io::stderr().is_terminal(),
            clock: Clock::start(),
            before: 0.0,
            shown: 0.0,
            epoch: 0,
            batch: 0,
            width: 0,
            memory: None,
        }
    }

    fn tell_memory(&mut self) {
        if let Some(text) = self.memory.take() {
            self.line(&text, true);
        }
    }

    /// Ends a line that would be written again.
    pub fn close(&mut self) {
        if self.width > 0 {
            self.width = 0;
            // Progress that nobody can see is no reason to end a training.
            let _ = writeln!(std::io::stderr().lock());
        }
    }

    /// Since the epoch began.
    fn seconds(&self) -> f64 {
        self.before + self.clock.seconds()
    }

    fn line(&mut self, text: &str, last: bool) {
        let text = plain(text);
        // A line that is wrapped cannot be written again.
        let narrow = self.live && !last;
        let most = if narrow { terminal_size::terminal_size().map(|(w, _)| usize::from(w.0)) } else { None };
        let text: String = text.chars().take(most.map_or(usize::MAX, |w| w.saturating_sub(1))).collect();
        let blank = self.width.saturating_sub(text.chars().count());
        self.width = if last { 0 } else { text.chars().count() };
        let (start, end) = (if self.live { "\r" } else { "" }, if last { "\n" } else { "" });
        let mut out = std::io::stderr().lock();
        // Progress that nobody can see is no reason to end a training.
        let _ = write!(out, "{start}{text}{:blank$}{end}", "");
        let _ = out.flush();
    }

    fn head(&self, epochs: usize) -> String {
        format!("epoch {:width$}/{epochs}  ", self.epoch + 1, width = epochs.to_string().len())
    }
}

/// Shows how many of several trainings are done, on a terminal.
#[allow(clippy::print_stderr)] // the command speaks to its user
pub fn counted(done: usize, all: usize) {
    if std::io::stderr().is_terminal() {
        let end = if done == all { CLEAR } else { "" };
        eprint!("{CLEAR}training {done} of {all}{end}");
    }
}

/// Shows what is being done, on a terminal; nothing takes it away again.
#[allow(clippy::print_stderr)] // the command speaks to its user
pub fn doing(what: &str) {
    if std::io::stderr().is_terminal() {
        let most = terminal_size::terminal_size().map_or(80, |(w, _)| usize::from(w.0)).saturating_sub(2);
        let dots = if what.is_empty() { "" } else { " …" };
        eprint!("{CLEAR}{}{dots}", plain(what).chars().take(most.saturating_sub(2)).collect::<String>());
    }
}

/// Empties the line.
const CLEAR: &str = "\r\x1b[K";

impl Callback for Progress {
    fn wants_batches(&self) -> bool {
        self.live
    }

    fn save(&self, state: &mut Under<'_>) {
        state.put_count("epoch", self.epoch as u64);
        state.put_count("batch", self.batch as u64);
        state.put_maybe("seconds", Some(self.seconds()));
    }

    fn restore(&mut self, state: &State) -> Result<()> {
        (self.epoch, self.batch) = (state.size("epoch")?, state.size("batch")?);
        self.before = state.maybe("seconds")?.unwrap_or_default();
        self.clock = Clock::start();
        Ok(())
    }

    fn on_train_begin(&mut self, training: &mut Training<'_>) -> Result<()> {
        // All of it is there by now. It is said when everybody has begun.
        self.memory = Some(training.learner.memory().to_string());
        Ok(())
    }

    fn on_epoch_begin(&mut self, _: &mut Training<'_>, epoch: usize) -> Result<()> {
        self.tell_memory();
        (self.epoch, self.batch, self.shown, self.before) = (epoch, 0, 0.0, 0.0);
        self.clock = Clock::start();
        Ok(())
    }

    fn on_train_batch_end(&mut self, training: &mut Training<'_>, batch: usize, logs: &Logs) -> Result<()> {
        self.batch = batch + 1;
        let now = self.seconds();
        if now - self.shown >= BETWEEN {
            self.shown = now;
            let line = progress_line(batch + 1, training.steps, now, logs, BAR, false);
            self.line(&(self.head(training.epochs) + &line), false);
        }
        Ok(())
    }

    fn on_epoch_end(&mut self, training: &mut Training<'_>, _: usize, logs: &mut Logs) -> Result<()> {
        self.tell_memory();
        let seconds = self.seconds();
        let line = if self.live {
            progress_line(self.batch, training.steps, seconds, logs, BAR, false)
        } else {
            epoch_line(training.steps, seconds, logs)
        };
        self.line(&(self.head(training.epochs) + &line), true);
        Ok(())
    }
}

/// Says what and where a number was not finite that ended the training, and ends it where the loss of the validation is none.
#[derive(Debug, Default)]
pub struct Guard {
    /// The training ended with it: what, and where first.
    pub not_finite: Option<String>,
}

impl Guard {
    /// Looks whether the training ended with a number that is not finite. Then that is the error, and no warning any more.
    pub fn conclude(&mut self, history: &mut History) {
        let Some(stopped) = history.stopped() else { return };
        let (what, epoch, batch) = (stopped.first.sign(), stopped.epoch + 1, stopped.batch + 1);
        let (place, why) = (stopped.first.where_first(), history.why_stopped());
        self.not_finite = Some(format!(
            "epoch {epoch}: {what} is not a finite number in batch {batch}; first {place}{why}"
        ));
        history.warnings.retain(|warning| !warning.contains("is not a finite number in epoch"));
    }
}

impl Callback for Guard {
    fn save(&self, state: &mut Under<'_>) {
        if let Some(what) = &self.not_finite {
            state.put_text("not_finite", what.clone());
        }
    }

    fn restore(&mut self, state: &State) -> Result<()> {
        self.not_finite =
            if state.has("not_finite") { Some(state.text("not_finite")?.to_string()) } else { None };
        Ok(())
    }

    fn on_epoch_end(&mut self, training: &mut Training<'_>, epoch: usize, logs: &mut Logs) -> Result<()> {
        if logs.get("val_loss").is_some_and(|loss| !loss.is_finite()) {
            self.not_finite =
                Some(format!("epoch {}: the loss of the validation data is not a finite number", epoch + 1));
            training.stop = true;
        }
        Ok(())
    }
}
