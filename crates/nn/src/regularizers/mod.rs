//! Regularizers: penalties on weights and activities.

mod l1l2;
mod regularizer;

pub use l1l2::L2;
pub use regularizer::{PenaltyRule, Regularizer};

use crate::catalog::Entry;

/// All regularizers, under Keras' names.
pub const CATALOG: &[Entry<dyn Regularizer>] = &[l1l2::L2_ENTRY];
