//! The lines that show how far a training is, as Keras writes them. They are text; who writes it where is not decided here.

use crate::logs::Logs;
use std::fmt::Write;

const BOLD: &str = "\x1b[1m";
const GREEN: &str = "\x1b[32m";
const WHITE: &str = "\x1b[37m";
const END: &str = "\x1b[0m";

/// The line of an epoch in progress, without the `\r` that a terminal rewrites it with.
///
/// `seconds` have passed since the epoch began; after the last batch they are shown, before that the time still to go.
/// The bar is `width` characters wide (Keras: 20). With colours, what is to be done is grey; without, it is a thin line.
///
/// ```
/// use steadygrad_engine::{Logs, callbacks::progress::progress_line};
/// let mut logs = Logs::default();
/// logs.set("loss", 0.93281);
/// assert_eq!(progress_line(1, 2, 0.5, &logs, 8, false), "1/2 ━━━━──── 0s 500ms/step - loss: 0.9328");
/// assert_eq!(progress_line(2, 2, 1.0, &logs, 8, false), "2/2 ━━━━━━━━ 1s 500ms/step - loss: 0.9328");
/// ```
pub fn progress_line(
    batch: usize,
    steps: usize,
    seconds: f64,
    logs: &Logs,
    width: usize,
    colored: bool,
) -> String {
    let paint = |color: &str, text: &str| match colored {
        true => format!("{color}{text}{END}"),
        false => text.to_string(),
    };
    let steps = steps.max(1);
    let done = width * batch.min(steps) / steps;
    let mut line = paint(BOLD, &count(batch, steps)) + " ";
    if done > 0 {
        line += &paint(GREEN, &"━".repeat(done));
    }
    line += &paint(WHITE, &if colored { "━" } else { "─" }.repeat(width - done));
    let step = per_step(batch, seconds);
    let time =
        if batch < steps { remaining(step * (steps - batch) as f64) } else { format!("{seconds:.0}s") };
    line += &format!(" {}{}", paint(BOLD, &time), duration(step));
    numbers(&mut line, logs);
    line
}

/// The line of a finished epoch, as with `verbose=2`.
///
/// ```
/// use steadygrad_engine::{Logs, callbacks::progress::epoch_line};
/// let mut logs = Logs::default();
/// logs.set("mae", 1.25e-4);
/// assert_eq!(epoch_line(20, 3.2, &logs), "20/20 - 3s - 160ms/step - mae: 1.2500e-04");
/// ```
pub fn epoch_line(steps: usize, seconds: f64, logs: &Logs) -> String {
    let mut line = format!("{} - {seconds:.0}s -{}", count(steps, steps), duration(per_step(steps, seconds)));
    numbers(&mut line, logs);
    line
}

/// `batch` with as many places as `steps` has.
fn count(batch: usize, steps: usize) -> String {
    format!("{batch:width$}/{steps}", width = steps.to_string().len())
}

fn per_step(batch: usize, seconds: f64) -> f64 {
    if batch == 0 { 0.0 } else { seconds / batch as f64 }
}

/// The time to go: `3s`, `2:05`, `1:00:30`.
fn remaining(seconds: f64) -> String {
    let whole = seconds.max(0.0) as u64;
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60);
    if seconds > 3600.0 {
        format!("{hours}:{minutes:02}:{rest:02}")
    } else if seconds > 60.0 {
        format!("{}:{rest:02}", whole / 60)
    } else {
        format!("{whole}s")
    }
}

fn duration(step: f64) -> String {
    if step >= 1.0 || step == 0.0 {
        format!(" {step:.0}s/step")
    } else if step >= 1e-3 {
        format!(" {:.0}ms/step", step * 1e3)
    } else {
        format!(" {:.0}us/step", step * 1e6)
    }
}

fn numbers(line: &mut String, logs: &Logs) {
    for (name, value) in logs.iter() {
        // Writing to a text cannot fail.
        let _ = write!(line, " - {name}: {}", crate::logs::figure(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_keras_does() {
        for (seconds, text) in [(0.9, "0s"), (60.0, "60s"), (125.0, "2:05"), (3630.0, "1:00:30")] {
            assert_eq!(remaining(seconds), text);
        }
        for (step, text) in
            [(0.0, " 0s/step"), (2.4, " 2s/step"), (0.0123, " 12ms/step"), (4.2e-5, " 42us/step")]
        {
            assert_eq!(duration(step), text);
        }
    }

    #[test]
    fn odd_numbers_do_no_harm() {
        let logs = Logs::default();
        assert_eq!(progress_line(0, 0, 0.0, &logs, 2, false), "0/1 ── 0s 0s/step");
        assert_eq!(progress_line(9, 3, f64::NAN, &logs, 0, true).matches(END).count(), 3);
    }
}
