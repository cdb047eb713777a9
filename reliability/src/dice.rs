//! Random choices that follow from a seed, the name of a reader and the number of an input.

use steadygrad_kernels::random::{Purpose, Stream};

/// A row of choices.
#[derive(Debug, Clone)]
pub struct Dice {
    stream: Stream,
    number: u64,
    next: u64,
}

impl Dice {
    /// Those of one input.
    pub fn new(seed: u64, reader: &str, number: u64) -> Dice {
        Dice { stream: Stream::new(seed, Purpose::Other, reader), number, next: 0 }
    }

    /// 32 bits.
    pub fn bits(&mut self) -> u32 {
        self.next += 1;
        self.stream.bits(self.number, self.next)
    }

    /// A number below `n`; 0 where that is 0.
    pub fn below(&mut self, n: usize) -> usize {
        ((u64::from(self.bits()) * n as u64) >> 32) as usize
    }

    /// Once in `n` times.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// One of these, if there is one.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }

    /// A part of `0..len`, mostly a short one.
    pub fn part(&mut self, len: usize) -> std::ops::Range<usize> {
        let start = self.below(len);
        let most = if self.one_in(4) { len - start } else { (len - start).min(64) };
        start..start + self.below(most + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_throws_the_same() {
        let thrown = |seed, number| {
            let mut dice = Dice::new(seed, "npy", number);
            (0..8).map(|_| dice.bits()).collect::<Vec<_>>()
        };
        assert_eq!(thrown(1, 2), thrown(1, 2));
        assert_ne!(thrown(1, 2), thrown(1, 3));
        let mut dice = Dice::new(0, "", 0);
        assert!((0..100).all(|_| dice.part(10).end <= 10 && dice.below(3) < 3));
        assert_eq!((dice.below(0), dice.part(0)), (0, 0..0));
    }
}
