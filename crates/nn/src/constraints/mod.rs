//! Constraints: bounds of weights, applied after every update.

mod axes;
mod constraint;

mod max_norm;
mod min_max_norm;
mod non_neg;
mod unit_norm;

pub use axes::Axes;
pub use constraint::{Constraint, Projection};
pub use max_norm::MaxNorm;
pub use min_max_norm::MinMaxNorm;
pub use non_neg::NonNeg;
pub use unit_norm::UnitNorm;

use crate::catalog::Entry;

/// All constraints, under Keras' names.
pub const CATALOG: &[Entry<dyn Constraint>] =
    &[max_norm::ENTRY, min_max_norm::ENTRY, non_neg::ENTRY, unit_norm::ENTRY];
