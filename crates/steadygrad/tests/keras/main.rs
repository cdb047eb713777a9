//! The fixture suite: our numbers against those that real Keras computed, family by family.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // a test that cannot go on has failed; counts are printed

mod activations;
mod aliases;
mod bn_sequence;
mod callbacks;
mod files;
mod harness;
mod initializers;
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
