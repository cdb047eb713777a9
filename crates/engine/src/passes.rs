//! In which order samples come: pass after pass over the data.

use crate::fit_settings::Shuffle;
use steadygrad_kernels::random::{Purpose, Stream};

/// Batches of samples, without end. Every pass over the data has each sample once, and an order of its own.
///
/// The order depends on the seed and on the step at which the pass began, and on nothing else: a training that goes on in
/// the middle of a pass finds the same one.
#[derive(Debug)]
pub(crate) struct Passes {
    shuffle: Shuffle,
    stream: Stream,
    order: Vec<u32>,
    /// Room for the order within a batch.
    places: Vec<u32>,
    batch_size: usize,
    /// The next batch of the pass.
    next: usize,
}

impl Passes {
    /// Of `n` samples, after `seen` batches, the next of which is the step `step`.
    pub fn new(n: usize, batch_size: usize, shuffle: Shuffle, seed: u64, seen: usize, step: u64) -> Passes {
        let mut passes = Passes {
            shuffle,
            stream: Stream::new(seed, Purpose::Shuffle, "fit"),
            order: (0..n as u32).collect(),
            places: vec![0; if shuffle == Shuffle::Batch { batch_size } else { 0 }],
            batch_size,
            next: 0,
        };
        passes.next = seen % passes.batches().max(1);
        if passes.next > 0 {
            passes.begin(step.wrapping_sub(passes.next as u64));
        }
        passes
    }

    /// Batches of a pass.
    pub fn batches(&self) -> usize {
        self.order.len().div_ceil(self.batch_size)
    }

    /// The samples of the next batch, which is for the step `step`, and those that follow in this pass.
    pub fn next(&mut self, step: u64) -> (&[u32], &[u32]) {
        if self.next == 0 {
            self.begin(step);
        }
        let start = self.next * self.batch_size;
        self.next = (self.next + 1) % self.batches().max(1);
        let (batch, rest) = self.order[start..].split_at(self.batch_size.min(self.order.len() - start));
        (batch, &rest[..rest.len().min(self.batch_size)])
    }

    fn begin(&mut self, step: u64) {
        match self.shuffle {
            Shuffle::No => {}
            Shuffle::All => self.stream.shuffle(step, &mut self.order),
            Shuffle::Batch => {
                for (b, batch) in self.order.chunks_mut(self.batch_size).enumerate() {
                    let places = &mut self.places[..batch.len()];
                    self.stream.shuffle(step.wrapping_add(b as u64), places);
                    let start = (b * self.batch_size) as u32;
                    for (slot, place) in batch.iter_mut().zip(places) {
                        *slot = start + *place;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_has_every_sample_once_and_a_pass_has_its_own_order() {
        for shuffle in [Shuffle::All, Shuffle::Batch, Shuffle::No] {
            let mut passes = Passes::new(23, 5, shuffle, 7, 0, 100);
            let mut orders = Vec::new();
            for pass in 0..3 {
                let mut order = Vec::new();
                for batch in 0..passes.batches() {
                    order.extend_from_slice(passes.next(100 + (pass * 5 + batch) as u64).0);
                }
                let mut sorted = order.clone();
                sorted.sort_unstable();
                assert_eq!(sorted, (0..23).collect::<Vec<u32>>(), "{shuffle:?}");
                orders.push(order);
            }
            assert_eq!(orders[0] == orders[1], shuffle == Shuffle::No);
            assert_eq!(orders[1] == orders[2], shuffle == Shuffle::No);
        }
    }

    #[test]
    fn a_pass_is_gone_on_with_where_it_was_left() {
        for shuffle in [Shuffle::All, Shuffle::Batch, Shuffle::No] {
            let mut straight = Passes::new(23, 5, shuffle, 7, 0, 100);
            let all: Vec<Vec<u32>> = (0..20).map(|i| straight.next(100 + i).0.to_vec()).collect();
            for (seen, batch) in all.iter().enumerate() {
                let mut resumed = Passes::new(23, 5, shuffle, 7, seen, 100 + seen as u64);
                assert_eq!(resumed.next(100 + seen as u64).0, batch, "{shuffle:?} {seen}");
            }
        }
    }
}
