//! Regularizers: penalties on weights and activities.

mod regularizer;

mod l1;
mod l1l2;
mod l2;
mod orthogonal_regularizer;

pub use l1::L1;
pub use l1l2::L1L2;
pub use l2::L2;
pub use orthogonal_regularizer::{Along, OrthogonalRegularizer};
pub use regularizer::{PenaltyRule, Regularizer};

use crate::catalog::Entry;

/// All regularizers, under Keras' names.
pub const CATALOG: &[Entry<dyn Regularizer>] =
    &[l1::ENTRY, l1l2::ENTRY, l2::ENTRY, orthogonal_regularizer::ENTRY];
