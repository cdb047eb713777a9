//! Why the gradients of deep networks vanish and explode, and what keeps them steady: told by measurements.
//!
//! ```text
//! cargo run --release -p steadygrad --example unstable_gradients [-- --quick]
//! ```
//!
//! Every number that it prints was measured in this run; the conclusions are drawn from them, whatever they are. It uses
//! 10,000 real digits of MNIST where they lie among the data beside the checkout (`data.rs` says where), and else the 1,797 small
//! digits that are built in.
#![allow(clippy::print_stdout)] // an example shows something

mod data;
mod dying;
mod means;
mod normalization;
mod signal;
mod table;

use steadygrad::prelude::*;

/// What all sections work with.
pub struct Story {
    /// To train with.
    pub train: Dataset,
    /// Never trained with.
    pub valid: Dataset,
    /// A short run, to see that all works: fewer samples, layers, epochs and settings.
    pub quick: bool,
}

impl Story {
    /// The first of two numbers, in a short run the second.
    pub fn pick(&self, full: usize, quick: usize) -> usize {
        if self.quick { quick } else { full }
    }

    /// An empty model for these samples.
    pub fn model(&self) -> Sequential {
        Sequential::new(self.train.x[0].row_shape()).add(Flatten)
    }

    /// The model with ten probabilities at its end, compiled.
    pub fn learner(&self, hidden: Sequential, optimizer: impl Into<Optimizer>) -> Result<Learner> {
        let model = hidden.add(Dense::new(10).activation(Softmax));
        model.compile(Compile::new(optimizer, SparseCategoricalCrossentropy).accuracy().seed(42))
    }
}

/// Tells all of it.
fn tell(quick: bool) -> Result<()> {
    let (train, valid) = data::load(quick)?;
    println!("Unstable gradients, measured on {train},");
    println!("and {} more to validate. One scale for all pixels: mean 0, variance 1.", valid.len());
    let story = Story { train, valid, quick };
    signal::tell(&story)?;
    means::tell(&story)?;
    dying::tell(&story)?;
    normalization::tell(&story)
}

fn main() -> Result<()> {
    tell(std::env::args().any(|argument| argument == "--quick"))
}
