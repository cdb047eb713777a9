//! Callbacks: one file each, found by Keras' class names and their snake case.
//!
//! Those that plain data can describe stand in [`CATALOG`]; [`LearningRateScheduler`] and [`LambdaCallback`] hold
//! functions, and are made in code.

mod callback;
mod csv_logger;
mod early_stopping;
mod lambda_callback;
mod learning_rate_scheduler;
mod model_checkpoint;
pub(crate) mod monitor;
mod pattern;
pub mod progress;
mod reduce_lr_on_plateau;
mod terminate_on_nan;
mod writer;

pub use callback::{Callback, Entry, Training};
pub use csv_logger::CsvLogger;
pub use early_stopping::EarlyStopping;
pub use lambda_callback::LambdaCallback;
pub use learning_rate_scheduler::LearningRateScheduler;
pub use model_checkpoint::ModelCheckpoint;
pub use monitor::Mode;
pub use reduce_lr_on_plateau::ReduceLrOnPlateau;
pub use terminate_on_nan::TerminateOnNan;
pub use writer::Writer;

use steadygrad_kernels::Result;
use steadygrad_nn::args::Args;
use steadygrad_nn::catalog::{class_and_config, position};
use steadygrad_nn::config::Value;

/// All callbacks that settings can describe.
pub const CATALOG: &[Entry] = &[
    csv_logger::ENTRY,
    early_stopping::ENTRY,
    model_checkpoint::ENTRY,
    reduce_lr_on_plateau::ENTRY,
    terminate_on_nan::ENTRY,
];

/// A callback from its name, or from `{class_name, config}`.
///
/// ```
/// use steadygrad_engine::callbacks;
/// use steadygrad_nn::config::{Config, Value};
/// let config = Config::new().with("patience", 3).with("restore_best_weights", true);
/// let spec = Config::new().with("class_name", "EarlyStopping").with("config", config);
/// let mut callback = callbacks::from_value(&spec.into())?;
/// let error = callbacks::from_value(&Value::from("early_stoping")).unwrap_err();
/// assert!(error.to_string().contains("did you mean `early_stopping`?"));
/// # Ok::<(), steadygrad_kernels::Error>(())
/// ```
///
/// # Errors
/// If the name or a setting is not known, or a setting has a value that cannot be.
pub fn from_value(value: &Value) -> Result<Box<dyn Callback>> {
    let (name, config) = class_and_config("callback", value)?;
    let names: Vec<_> = CATALOG.iter().map(|e| (e.class, e.names)).collect();
    let entry = &CATALOG[position("callback", &names, &name)?];
    let mut args = Args::new(entry.class, &config);
    // What Keras prints on the way is said in the history's warnings, or not at all.
    args.neutral("verbose", "0, 1 or 2", |value| matches!(value, Value::Bool(_) | Value::Int(0..=2)))?;
    let callback = (entry.build)(&mut args)?;
    args.finish()?;
    Ok(callback)
}

#[cfg(test)]
mod tests;
