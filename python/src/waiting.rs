//! Long work: it runs beside Python, tells how far it is, and an interrupt is heard.

use pyo3::prelude::*;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What is being done, as the last of all who work has said.
static SAID: Mutex<Option<String>> = Mutex::new(None);

fn say(text: String) {
    *SAID.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
}

/// Progress as the doctor tells it.
pub fn doing(text: &str) {
    say(text.to_string());
}

/// Progress as trials tell it.
pub fn counted(done: usize, all: usize) {
    say(format!("{done} of {all} trainings"));
}

/// Does the work on a thread of its own. After a second, what it says is written to `sys.stderr` where that is a terminal or a notebook.
/// An interrupt is raised at once; what was begun then ends by itself, unheard.
pub fn wait<T: Send + 'static>(
    py: Python<'_>,
    quiet: bool,
    work: impl FnOnce() -> steadygrad::Result<T> + Send + 'static,
) -> PyResult<T> {
    let (sender, receiver) = channel();
    // Behind a lock, as Python may be left with it only if no two threads can see it at once.
    let receiver = Mutex::new(receiver);
    std::thread::spawn(move || {
        // Nobody may be waiting any more.
        let _ = sender.send(work());
    });
    let sys = py.import("sys")?;
    let out = sys.getattr("stderr")?;
    let terminal = out.call_method0("isatty").and_then(|t| t.is_truthy()).unwrap_or(false);
    let live = !quiet && (terminal || sys.getattr("modules")?.contains("ipykernel")?);
    let (began, mut length) = (Instant::now(), 0);
    let result = loop {
        match py.detach(|| {
            receiver.lock().unwrap_or_else(PoisonError::into_inner).recv_timeout(Duration::from_millis(50))
        }) {
            Ok(done) => break done.map_err(crate::errors::python),
            Err(RecvTimeoutError::Disconnected) => {
                break Err(pyo3::exceptions::PyRuntimeError::new_err("the work ended without a result"));
            }
            Err(RecvTimeoutError::Timeout) => py.check_signals()?,
        }
        let said = SAID.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(text) = said.filter(|_| live && began.elapsed() > Duration::from_secs(1)) {
            let width = text.chars().count();
            out.call_method1("write", (format!("\r{text}{:1$}", "", length.max(width) - width),))?;
            out.call_method0("flush")?;
            length = width;
        }
    };
    if length > 0 {
        out.call_method1("write", (format!("\r{:length$}\r", ""),))?;
        out.call_method0("flush")?;
    }
    result
}
