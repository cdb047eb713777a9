//! Schedules of the learning rate: one file each.

mod exponential_decay;
mod schedule;

pub use exponential_decay::ExponentialDecay;
pub use schedule::{Rate, Schedule};

use crate::catalog::Entry;

/// All schedules, under Keras' class names.
pub const CATALOG: &[Entry<dyn Schedule>] = &[exponential_decay::ENTRY];
