//! Changes that know nothing of what they change.

use crate::dice::Dice;

/// Numbers at which readers err.
const NUMBERS: [u64; 16] = [
    0,
    1,
    2,
    u64::MAX,
    u64::MAX - 1,
    0x7f,
    0x80,
    0x7fff,
    0x8000,
    0x7fff_ffff,
    0x8000_0000,
    1 << 32,
    1 << 60,
    0x7fff_ffff_ffff_ffff,
    0x8000_0000_0000_0000,
    64,
];

/// The bytes with one change.
pub fn changed(input: &[u8], seeds: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut out = input.to_vec();
    let at = dice.below(out.len());
    match dice.below(10) {
        0 | 1 => flip(&mut out, at, dice),
        2 => {
            if let Some(byte) = out.get_mut(at) {
                *byte = *dice.pick(&[0, 1, 0x7f, 0x80, 0xff, b'0', b'"', b'\n']).unwrap_or(&0);
            }
        }
        3 => out.truncate(at),
        4 => {
            let part = dice.part(out.len());
            out.drain(part);
        }
        5 => {
            let part = dice.part(out.len());
            let copy = out[part].to_vec();
            let times = 1 + dice.below(3);
            for _ in 0..times {
                out.splice(at..at, copy.iter().copied());
            }
        }
        6 => splice(&mut out, at, seeds, dice),
        7 | 8 => number(&mut out, at, dice),
        _ => digits(&mut out, at, dice),
    }
    out
}

fn flip(out: &mut [u8], at: usize, dice: &mut Dice) {
    if let Some(byte) = out.get_mut(at) {
        *byte ^= 1 << dice.below(8);
    }
}

/// The beginning of this and the end of another.
fn splice(out: &mut Vec<u8>, at: usize, seeds: &[Vec<u8>], dice: &mut Dice) {
    let Some(other) = dice.pick(seeds) else { return };
    // Where formats have fixed places, the same place is the likelier one.
    let from = if dice.one_in(2) { at.min(other.len()) } else { dice.below(other.len()) };
    out.truncate(at);
    out.extend_from_slice(&other[from..]);
}

/// An interesting number of 1, 2, 4 or 8 bytes in the place of what is there.
fn number(out: &mut [u8], at: usize, dice: &mut Dice) {
    let width = 1 << dice.below(4);
    // Numbers lie at multiples of their width more often than not.
    let at = if dice.one_in(2) { at / width * width } else { at };
    let number = match dice.pick(&NUMBERS) {
        Some(number) if !dice.one_in(6) => *number,
        _ => u64::from(dice.bits()),
    };
    let mut bytes = number.to_le_bytes();
    if dice.one_in(2) {
        bytes[..width].reverse();
    }
    if let Some(place) = out.get_mut(at..at + width) {
        place.copy_from_slice(&bytes[..width]);
    }
}

/// Other digits in the place of digits: texts within bytes stay as long as they were.
fn digits(out: &mut [u8], at: usize, dice: &mut Dice) {
    let (before, rest) = out.split_at(at);
    let near = rest.iter().position(u8::is_ascii_digit).map(|i| before.len() + i);
    let Some(start) = near else { return };
    let all = *dice.pick(b"90123").unwrap_or(&b'9');
    for digit in out[start..].iter_mut().take_while(|byte| byte.is_ascii_digit()) {
        *digit = if dice.one_in(2) { all } else { b'0' + dice.below(10) as u8 };
    }
}
