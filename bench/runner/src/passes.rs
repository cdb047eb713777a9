//! The order of the samples: every pass over the data sees each once, in an order of its own.

use steadygrad_kernels::random::{Purpose, Stream};

/// Batches of indices without end.
#[derive(Debug)]
pub struct Passes {
    order: Vec<u32>,
    at: usize,
    pass: u64,
    batch: usize,
}

impl Passes {
    /// Over so many samples.
    pub fn new(samples: usize, batch: usize) -> Passes {
        Passes { order: vec![0; samples], at: samples, pass: 0, batch }
    }

    /// The next batch. The rest of a pass that fills no batch is left out.
    pub fn batch(&mut self) -> &[u32] {
        if self.at + self.batch > self.order.len() {
            Stream::new(1, Purpose::Shuffle, "passes").shuffle(self.pass, &mut self.order);
            self.pass += 1;
            self.at = 0;
        }
        self.at += self.batch;
        &self.order[self.at - self.batch..self.at]
    }
}
