//! Constraints: bounds of weights, applied after every update.

mod constraint;
mod non_neg;

pub use constraint::{Constraint, Projection};
pub use non_neg::NonNeg;

use crate::catalog::Entry;

/// All constraints, under Keras' names.
pub const CATALOG: &[Entry<dyn Constraint>] = &[non_neg::ENTRY];
