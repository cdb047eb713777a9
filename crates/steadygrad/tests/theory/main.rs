//! The theory of signals and gradients at the start: known numbers against our formulas, initializers and activations.
//!
//! `facts.json` holds the expected numbers, each from the literature or a closed form; the tolerance of each is in its test.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // a test that cannot go on has failed; figures are printed

mod convolutions;
mod coverage;
mod digits;
mod facts;
mod forecasts;
mod formulas;
mod matrices;
mod mean_field;
mod models;
mod networks;
mod simulate;
