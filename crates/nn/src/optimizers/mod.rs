//! Optimizers: one file each, found by Keras' class names in any case.

mod optimizer;

mod adam;
mod sgd;

pub use adam::Adam;
pub use optimizer::{Clip, Ema, Initial, Memory, Mode, Optimizer, Rule, Tensor, Tick};
pub use sgd::Sgd;

use crate::catalog::Entry;

/// All optimizers, under their class names in small letters.
pub const CATALOG: &[Entry<dyn Rule>] = &[adam::ENTRY, sgd::ENTRY];
