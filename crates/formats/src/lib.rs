//! Floor 2 of steadygrad: files that are archives of arrays, and model files.
#![forbid(unsafe_code)]

pub mod keras;
pub mod npz;
