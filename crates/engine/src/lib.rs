//! Floor 3 of steadygrad: how a network *runs*. Fuse, plan memory, execute, fit.
//!
//! All memory of a step of training is planned before the first, and a step allocates nothing (`tests/allocations.rs` counts).
//! What remains:
//!
//! - every thread makes room for packed operands at its first part of a matrix product;
//! - a step that is looked at is filed in the chart;
//! - where a callback wants the logs of every batch, each metric makes a list of its numbers;
//! - a loss along an inner axis gathers lanes of more than 256 numbers into a list, and a custom step with more than 16
//!   inputs or outputs makes lists of them.
#![forbid(unsafe_code)]

pub mod apply;
mod batches;
pub mod callbacks;
pub mod checkpoint;
mod checks;
mod compile;
mod fit;
mod fit_settings;
pub mod fuse;
mod guard;
mod kept;
mod learner;
mod logs;
mod measure;
mod memory;
mod non_finite;
mod on_non_finite;
pub mod oracle;
mod passes;
pub mod plan;
mod profile;
mod program;
pub mod run;
mod sample_weights;
mod store;
mod summary;
pub mod system;
mod trainable;
mod watch;

pub use compile::{Asked, Compile, LossSpec, MetricSpec};
pub use fit::Evaluation;
pub use fit_settings::{Fit, FitSettings, Shuffle};
pub use learner::Learner;
pub use logs::{History, Logs, figure};
pub use memory::{Memory, data_size};
pub use on_non_finite::{Handled, NonFinite, OnNonFinite};
pub use profile::Profile;
pub use summary::Summary;
pub use trainable::Trainable;
