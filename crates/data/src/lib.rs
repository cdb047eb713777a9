//! Floor 1 of steadygrad: data sets in. Built-in sets, files of many kinds, scaling, and the checks that data must pass.
//!
//! ```
//! use steadygrad_data::{Scale, Scaler, digits};
//!
//! let (train, mut test) = digits::load()?;
//! let (mut train, mut valid) = train.split(0.9)?;
//! let scaler = Scaler::fit(Scale::Standard, &train)?;
//! for part in [&mut train, &mut valid, &mut test] {
//!     scaler.apply(part)?;
//! }
//! assert_eq!(valid.to_string(), "digits: 144 samples of (8, 8), 10 classes");
//! # Ok::<(), steadygrad_kernels::Error>(())
//! ```
#![forbid(unsafe_code)]

mod array;
mod check;
mod checksum;
pub mod csv;
mod dataset;
pub mod file;
pub mod idx;
mod images;
pub mod json;
pub mod npy;
mod numbers;
pub mod safetensors;
mod scale;
pub mod sets;

pub use array::Array;
pub use dataset::Dataset;
pub use images::Published;
pub use numbers::MOST_DECODED;
pub use scale::{Factors, Scale, Scaler};
pub use sets::{Entry, Options, digits};
