//! The theory of signals and gradients at the start: known numbers against our formulas, initializers and activations.
//!
//! `facts.json` holds the expected numbers, each from the literature or a closed form; the tolerance of each is in its test.
#![allow(clippy::unwrap_used)]

mod facts;
mod formulas;
mod mean_field;
mod networks;
mod simulate;
