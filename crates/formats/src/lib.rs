//! Floor 2 of steadygrad: model files.
#![forbid(unsafe_code)]

pub mod keras;
pub mod weights;
