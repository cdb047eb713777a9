//! Progress in the user's window, and the ear for an interrupt.

use crate::custom;
use crate::outcome::Outcome;
use pyo3::prelude::*;
use std::time::{Duration, Instant};
use steadygrad::Result;
use steadygrad::engine::Logs;
use steadygrad::engine::callbacks::progress::{epoch_line, progress_line};
use steadygrad::engine::callbacks::{Callback, Training};

/// How often the line of progress is written anew, and how often it is asked whether the user wants it to end.
const EVERY: Duration = Duration::from_millis(60);

/// The width of Keras' bar.
const WIDTH: usize = 20;

/// Whether a line of `sys.stdout` can be written over: in a terminal or a notebook.
fn live(py: Python<'_>) -> PyResult<bool> {
    let sys = py.import("sys")?;
    let terminal = sys.getattr("stdout")?.call_method0("isatty").and_then(|t| t.is_truthy());
    Ok(terminal.unwrap_or(false) || sys.getattr("modules")?.contains("ipykernel")?)
}

/// The line of something that is done: so many steps in so many seconds.
#[pyfunction]
pub fn done_line(py: Python<'_>, steps: usize, seconds: f64, verbose: u8) -> PyResult<String> {
    let logs = Logs::default();
    Ok(match verbose {
        2 => epoch_line(steps, seconds, &logs),
        _ => progress_line(steps, steps, seconds, &logs, WIDTH, live(py)?),
    })
}

/// The lines of progress, and the ear for an interrupt.
#[derive(Debug)]
pub struct Progress {
    verbose: u8,
    evaluating: bool,
    /// The line can be written over.
    live: bool,
    /// How wide the window is.
    columns: usize,
    outcome: Outcome,
    began: Instant,
    wrote: Instant,
    steps: usize,
    tested: usize,
    length: usize,
}

impl Progress {
    pub fn new(py: Python<'_>, verbose: u8, evaluating: bool, outcome: Outcome) -> PyResult<Progress> {
        let live = live(py)?;
        let size = py.import("shutil")?.call_method0("get_terminal_size")?;
        let columns = size.getattr("columns")?.extract()?;
        let now = Instant::now();
        Ok(Progress {
            verbose,
            evaluating,
            live,
            columns,
            outcome,
            began: now,
            wrote: now,
            steps: 0,
            tested: 0,
            length: 0,
        })
    }

    fn write(&self, text: &str) -> Result<()> {
        let done = Python::attach(|py| {
            let out = py.import("sys")?.getattr("stdout")?;
            out.call_method1("write", (text,))?;
            out.call_method0("flush").map(|_| ())
        });
        done.map_err(|e| self.outcome.raise(e))
    }

    /// The line over the one before it; until the last, no longer than the window is wide: what is wrapped cannot be written over.
    fn rewrite(&mut self, batch: usize, steps: usize, logs: &Logs) -> Result<()> {
        let seconds = self.began.elapsed().as_secs_f64();
        let line = |colored| progress_line(batch, steps, seconds, logs, WIDTH, colored);
        let plain = line(false);
        let (shown, room) = (plain.chars().count(), self.columns.saturating_sub(1));
        let (text, length) = if shown > room && batch < steps {
            (plain.chars().take(room).collect(), room)
        } else {
            (line(true), shown)
        };
        let rubbed = " ".repeat(self.length.saturating_sub(length));
        self.length = length;
        self.write(&format!("\r{text}{rubbed}"))
    }

    /// Whether it is time to write, or to listen.
    fn due(&mut self) -> bool {
        let due = self.wrote.elapsed() >= EVERY;
        if due {
            self.wrote = Instant::now();
        }
        due
    }

    fn listen(&mut self, training: &mut Training<'_>) {
        training.stop |= custom::failed();
        if let Err(error) = Python::attach(|py| py.check_signals()) {
            // What else the ears of the user's own raise ends it, too, and is raised when it has ended.
            let heard = self.outcome.heed(error, &mut training.stop);
            training.stop |= heard.is_err();
        }
    }

    fn last(&mut self, steps: usize, logs: &Logs) -> Result<()> {
        let seconds = self.began.elapsed().as_secs_f64();
        match (self.verbose, self.live) {
            (1, true) => {
                self.rewrite(steps, steps, logs)?;
                self.write("\n")
            }
            (1, false) => self.write(&(progress_line(steps, steps, seconds, logs, WIDTH, false) + "\n")),
            (2, _) => self.write(&(epoch_line(steps, seconds, logs) + "\n")),
            _ => Ok(()),
        }
    }
}

impl Callback for Progress {
    fn wants_batches(&self) -> bool {
        true
    }

    fn on_train_begin(&mut self, training: &mut Training<'_>) -> Result<()> {
        // An epoch that is gone on with in its midst has no beginning.
        self.began = Instant::now();
        if self.verbose > 0 && training.resumed {
            self.write("Going on from the backup\n")?;
        }
        Ok(())
    }

    fn on_epoch_begin(&mut self, training: &mut Training<'_>, epoch: usize) -> Result<()> {
        (self.began, self.length, self.steps) = (Instant::now(), 0, 0);
        if self.verbose > 0 && training.epochs > 1 {
            self.write(&format!("Epoch {}/{}\n", epoch + 1, training.epochs))?;
        }
        Ok(())
    }

    fn on_train_batch_end(&mut self, training: &mut Training<'_>, batch: usize, logs: &Logs) -> Result<()> {
        self.steps = batch + 1;
        if self.due() {
            self.listen(training);
            if self.verbose == 1 && self.live && batch + 1 < training.steps {
                return self.rewrite(batch + 1, training.steps, logs);
            }
        }
        Ok(())
    }

    fn on_test_batch_end(&mut self, training: &mut Training<'_>, batch: usize, _: &Logs) -> Result<()> {
        self.tested = batch + 1;
        if self.due() {
            self.listen(training);
        }
        if training.stop {
            self.outcome.cut();
        }
        Ok(())
    }

    fn on_test_end(&mut self, _: &mut Training<'_>, logs: &Logs) -> Result<()> {
        if self.evaluating { self.last(self.tested, logs) } else { Ok(()) }
    }

    fn on_epoch_end(&mut self, training: &mut Training<'_>, _: usize, logs: &mut Logs) -> Result<()> {
        self.listen(training);
        let steps = if training.stop { self.steps.max(1) } else { training.steps };
        self.last(steps, logs)
    }
}
