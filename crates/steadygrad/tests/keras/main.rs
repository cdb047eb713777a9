//! The fixture suite: our numbers against those that real Keras computed, family by family.
// A test that fails may panic, its helpers too.
#![allow(clippy::unwrap_used)]

mod activations;
mod aliases;
mod bn_sequence;
mod callbacks;
mod harness;
mod layers;
mod losses;
mod metrics;
mod models;
mod npz;
mod optimizers;
mod regularizers;
mod runner;
mod text;
mod training;
