//! Floor 2 of steadygrad: archives of arrays, images, and model files.
#![forbid(unsafe_code)]

pub mod hdf5;
pub mod images;
pub mod keras;
pub mod npz;
pub mod onnx;
