//! The fixture suite: our numbers against those that real Keras computed, family by family.

mod harness;
mod losses;
mod metrics;
mod npz;
mod optimizers;
mod regularizers;
