//! Metrics: one file each, found by Keras' names.

mod metric;

pub use metric::{Accumulator, Batch, Direction, Metric};

use crate::catalog::Entry;

/// All metrics, under Keras' names.
pub const CATALOG: &[Entry<dyn Metric>] = &[];
