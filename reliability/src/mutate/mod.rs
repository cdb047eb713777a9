//! Inputs from inputs: cut, flipped, spliced, and broken with knowledge of the format.

mod bytes;
pub mod packed;
mod text;

use crate::dice::Dice;

/// What is known of a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Nothing.
    Bytes,
    /// Numbers, words and brackets.
    Text,
    /// A ZIP archive: its members are changed, and packed again with the right sums.
    Zip,
    /// Bytes, or such in gzip.
    Gzip,
    /// A header of text in front, with its length before it: `NUMPY` and two bytes.
    Npy,
    /// The same with eight bytes.
    Safetensors,
    /// Chunks with checksums.
    Png,
    /// A checkpoint, whose checksum and length are set right again.
    Checkpoint,
}

/// Inputs are no longer than this, but for those that nest deeply.
pub const MOST: usize = 256 << 10;

/// An input made of these.
pub fn mutant(format: Format, seeds: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut input = dice.pick(seeds).cloned().unwrap_or_default();
    // One change finds the checks, many find what nobody thought of.
    let rounds = 1 + dice.below(3) + if dice.one_in(8) { dice.below(16) } else { 0 };
    for _ in 0..rounds {
        input = once(format, &input, seeds, dice);
        input.truncate(MOST.max(input.len().min(4 * MOST)));
    }
    input
}

fn once(format: Format, input: &[u8], seeds: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    // As it is from outside, whatever it is: headers, sums and lengths no longer agree.
    if dice.one_in(4) {
        return bytes::changed(input, seeds, dice);
    }
    let inside = match format {
        Format::Bytes => None,
        Format::Text => Some(either(input, seeds, dice)),
        Format::Zip => packed::zip(input, dice),
        Format::Gzip => packed::gzip(input, dice),
        Format::Npy => packed::headed(input, 8, 2, dice),
        Format::Safetensors => packed::headed(input, 0, 8, dice),
        Format::Png => packed::png(input, dice),
        Format::Checkpoint => packed::checkpoint(input, dice),
    };
    inside.unwrap_or_else(|| bytes::changed(input, seeds, dice))
}

/// Mostly as text.
fn either(input: &[u8], seeds: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    if dice.one_in(6) { bytes::changed(input, seeds, dice) } else { text::changed(input, dice) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_inputs_and_others_others() {
        let seeds = vec![b"{\"a\": [1, 2, {\"b\": \"x\"}], \"c\": 3}".to_vec(), b"x,y\n1,2\n".to_vec()];
        let all = |seed: u64| {
            (0..200).map(|i| mutant(Format::Text, &seeds, &mut Dice::new(seed, "t", i))).collect::<Vec<_>>()
        };
        assert_eq!(all(1), all(1));
        assert_ne!(all(1), all(2));
        let different: std::collections::BTreeSet<_> = all(1).into_iter().collect();
        assert!(different.len() > 150, "{}", different.len());
    }
}
