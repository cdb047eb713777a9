//! Changes that know what numbers, words, lines and brackets are: of TOML, JSON and CSV alike.

use crate::dice::Dice;
use std::ops::Range;

/// What stands in the place of a number, a word or a group.
const VALUES: [&str; 36] = [
    "0",
    "-1",
    "1",
    "2",
    "3",
    "1e999",
    "-1e308",
    "1e-400",
    "NaN",
    "nan",
    "inf",
    "-inf",
    "Infinity",
    "null",
    "true",
    "false",
    "\"nan\"",
    "\"\"",
    "[]",
    "{}",
    "[[]]",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "1000000000000",
    "4294967296",
    "2147483648",
    "100000",
    "1000000007",
    "0.5",
    "\"$depth\"",
    "\"\\u0000\"",
    "\"../../x\"",
    "[1, 2, 3]",
    "65536",
];

/// How often an opening bracket is written, now and then.
const DEPTHS: [usize; 4] = [10, 150, 3000, 100_000];

/// The text with one change.
pub fn changed(input: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut out = input.to_vec();
    match dice.below(12) {
        0..=3 => {
            if let Some(token) = some_token(input, dice) {
                let value = dice.pick(&VALUES).unwrap_or(&"0");
                out.splice(token, value.bytes());
            }
        }
        4 => {
            // A word or number of the text in the place of another.
            if let (Some(to), Some(from)) = (some_token(input, dice), some_token(input, dice)) {
                out.splice(to, input[from].iter().copied());
            }
        }
        5 => line(&mut out, input, dice),
        6 => {
            if let Some(group) = some_group(input, dice) {
                out.drain(group);
            }
        }
        7 | 8 => again(&mut out, input, dice),
        9 => {
            if let (Some(to), Some(from)) = (some_group(input, dice), some_group(input, dice)) {
                out.splice(to, input[from].iter().copied());
            }
        }
        10 => nest(&mut out, input, dice),
        _ => {
            // A long word.
            if let Some(token) = some_token(input, dice) {
                let long = format!("\"{}\"", "x".repeat(1 << dice.below(15)));
                out.splice(token, long.bytes());
            }
        }
    }
    out
}

/// A number or word, with its quotes.
fn some_token(text: &[u8], dice: &mut Dice) -> Option<Range<usize>> {
    let inside = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-+$\"".contains(byte);
    let start = dice.below(text.len());
    let start = start + text[start..].iter().position(inside)?;
    let begin = text[..start].iter().rposition(|byte| !inside(byte)).map_or(0, |i| i + 1);
    let end = start + text[start..].iter().position(|byte| !inside(byte)).unwrap_or(text.len() - start);
    Some(begin..end)
}

/// What stands between brackets, with them.
fn some_group(text: &[u8], dice: &mut Dice) -> Option<Range<usize>> {
    let start = dice.below(text.len());
    let start = start + text[start..].iter().position(|byte| b"[{".contains(byte))?;
    let mut depth = 0;
    for (i, byte) in text[start..].iter().enumerate() {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(start..start + i + 1);
        }
    }
    None
}

/// A line goes, comes twice, or comes elsewhere: a key that stands twice, a table that is not there.
fn line(out: &mut Vec<u8>, input: &[u8], dice: &mut Dice) {
    let mut lines: Vec<&[u8]> = input.split_inclusive(|byte| *byte == b'\n').collect();
    if lines.is_empty() {
        return;
    }
    let (i, to) = (dice.below(lines.len()), dice.below(lines.len()));
    match dice.below(3) {
        0 => drop(lines.remove(i)),
        1 => lines.insert(to, lines[i]),
        _ => lines.swap(i, to),
    }
    *out = lines.concat();
}

/// A group, or what stands between two commas, several times.
fn again(out: &mut Vec<u8>, input: &[u8], dice: &mut Dice) {
    let entry = |dice: &mut Dice| {
        let start = dice.below(input.len());
        let start = start + input[start..].iter().position(|byte| *byte == b',')?;
        let len = 1 + input[start + 1..].iter().position(|byte| b",]}\n".contains(byte))?;
        Some(start..start + len)
    };
    let part = if dice.one_in(2) { entry(dice) } else { some_group(input, dice) };
    let Some(part) = part else { return };
    let mut copy = input[part.clone()].to_vec();
    if !copy.starts_with(b",") {
        copy.insert(0, b',');
    }
    let most = (super::MOST / copy.len().max(1)).max(1);
    let times = if dice.one_in(6) { 1 + dice.below(most.min(2000)) } else { 1 + dice.below(3) };
    out.splice(part.end..part.end, copy.repeat(times));
}

/// Something becomes the innermost of many brackets.
fn nest(out: &mut Vec<u8>, input: &[u8], dice: &mut Dice) {
    let place = if dice.one_in(2) { some_token(input, dice) } else { some_group(input, dice) };
    let Some(place) = place else { return };
    let depth = if dice.one_in(8) { *dice.pick(&DEPTHS).unwrap_or(&10) } else { 1 + dice.below(12) };
    let (open, close) = *dice.pick(&[("[", "]"), ("{\"a\":", "}"), ("{a=", "}")]).unwrap_or(&("[", "]"));
    let mut new = open.repeat(depth).into_bytes();
    new.extend_from_slice(&input[place.clone()]);
    // Not all of them are closed.
    if !dice.one_in(4) {
        new.extend(close.repeat(depth).bytes());
    }
    out.splice(place, new);
}
