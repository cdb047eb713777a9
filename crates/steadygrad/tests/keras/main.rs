//! The fixture suite: our numbers against those that real Keras computed, family by family.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // a test that cannot go on has failed; counts are printed

mod harness;
mod losses;
mod metrics;
mod npz;
