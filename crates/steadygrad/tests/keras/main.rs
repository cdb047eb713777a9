//! The fixture suite: our numbers against those that real Keras computed, family by family.

mod activations;
mod bn_sequence;
mod harness;
mod layers;
mod losses;
mod metrics;
mod npz;
mod optimizers;
mod regularizers;
mod runner;
