//! Schedules of the learning rate: one file each.

mod schedule;

mod cosine_decay;
mod cosine_decay_restarts;
mod exponential_decay;
mod inverse_time_decay;
mod piecewise_constant_decay;
mod polynomial_decay;

pub use cosine_decay::CosineDecay;
pub use cosine_decay_restarts::CosineDecayRestarts;
pub use exponential_decay::ExponentialDecay;
pub use inverse_time_decay::InverseTimeDecay;
pub use piecewise_constant_decay::PiecewiseConstantDecay;
pub use polynomial_decay::PolynomialDecay;
pub use schedule::{Rate, Schedule};

use crate::catalog::Entry;

/// All schedules, under Keras' class names.
pub const CATALOG: &[Entry<dyn Schedule>] = &[
    cosine_decay::ENTRY,
    cosine_decay_restarts::ENTRY,
    exponential_decay::ENTRY,
    inverse_time_decay::ENTRY,
    piecewise_constant_decay::ENTRY,
    polynomial_decay::ENTRY,
];
