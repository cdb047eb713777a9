//! Losses: one file each, found by Keras' names.

mod loss;

mod mean_squared_error;
mod sparse_categorical_crossentropy;

pub use loss::{Block, Head, Loss, LossRule, Reduction, RowLoss, row_gradients, row_values};
pub use mean_squared_error::MeanSquaredError;
pub use sparse_categorical_crossentropy::SparseCategoricalCrossentropy;

use crate::catalog::Entry;

/// All losses, under Keras' names.
pub const CATALOG: &[Entry<dyn Loss>] = &[mean_squared_error::ENTRY, sparse_categorical_crossentropy::ENTRY];
