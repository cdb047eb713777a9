//! The doctor beside a training: one warning when something turns sick.

use std::io::Write;
use steadygrad::Result;
use steadygrad::engine::checkpoint::{State, Under};
use steadygrad::extend::{Callback, Training};
use steadygrad::lab::Watcher;
use steadygrad::prelude::Logs;

/// Warns once, on standard error.
#[derive(Debug)]
pub struct Watching<'a> {
    watcher: &'a Watcher<'a>,
    losses: Vec<f64>,
    warned: bool,
}

impl<'a> Watching<'a> {
    pub fn new(watcher: &'a Watcher<'a>) -> Watching<'a> {
        Watching { watcher, losses: Vec::new(), warned: false }
    }
}

impl Callback for Watching<'_> {
    fn save(&self, state: &mut Under<'_>) {
        // A doctor who comes after the stop has nothing to remember, and nobody misses it.
        if !self.losses.is_empty() {
            state.put_doubles("losses", self.losses.clone());
            state.put_count("warned", self.warned.into());
        }
    }

    fn restore(&mut self, state: &State) -> Result<()> {
        self.losses = state.doubles("losses")?.to_vec();
        self.warned = state.count("warned")? != 0;
        Ok(())
    }

    fn on_epoch_end(&mut self, training: &mut Training<'_>, _: usize, logs: &mut Logs) -> Result<()> {
        self.losses.extend(logs.get("loss"));
        if self.warned {
            return Ok(());
        }
        if let Some(finding) = self.watcher.alarm(training.learner, &self.losses) {
            self.warned = true;
            // A warning that nobody can see is no reason to end a training.
            let _ = writeln!(
                crate::terminal::err(),
                "doctor: {} ({}): {}",
                finding.condition.replace('_', " "),
                finding.code,
                finding.summary
            );
        }
        Ok(())
    }
}
