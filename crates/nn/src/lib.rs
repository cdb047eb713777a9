//! Floor 1 of steadygrad: what a network *is*. Plain data, formulas, and each layer's recipe of steps; no buffers.
#![forbid(unsafe_code)]

pub mod activations;
pub mod args;
pub mod assembly;
pub mod builder;
pub mod catalog;
mod checks;
pub mod config;
pub mod constraints;
pub mod foreign;
pub mod functional;
pub mod initializers;
pub mod layers;
pub mod losses;
pub mod lowering;
pub mod metrics;
pub mod model;
pub mod moments;
pub mod names;
pub mod noise;
pub mod optimizers;
pub mod recipe;
pub mod regularizers;
pub mod schedules;
mod sequential;
pub mod shape;
pub mod stage;
pub mod step;

pub use model::Model;
pub use sequential::Sequential;
pub use shape::{Extent, Layout, Shape};
pub use steadygrad_kernels::{Error, Kind, Place, Result};
