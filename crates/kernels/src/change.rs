//! How far a step moved the weights of a parameter: a part of them is kept before it, and held against them after it.
//!
//! All weights of a small parameter are looked at; of a large one a part, a thousand or an eighth of them, in blocks of 64. To
//! read them all, which the update has driven out of the cache, would cost a watched step most of all. Which block of its
//! neighbours it is changes along the parameter, so that no row and no column of a kernel is left out, whatever its width.
//! The ratio of the two norms, which is read in powers of ten, is so good to some percent.

use crate::isa::{Isa, Task};
use crate::real::Lane;
use crate::size::{LANES, PIECE, SQUARES, WIDTH, gather};
use std::ops::Range;

/// Weights that are looked at side by side.
const BLOCK: usize = LANES;
/// Weights that are looked at, at the least, where there are so many.
const LEAST: usize = 1024;
/// One block out of so many is looked at, at the least.
const GROUP: usize = 8;

/// Of so many weights, one block out of how many is looked at.
#[inline(always)]
fn group(len: usize) -> usize {
    (len / LEAST).clamp(1, GROUP)
}

/// The blocks of so many weights that are looked at.
#[inline(always)]
fn blocks(len: usize) -> impl Iterator<Item = Range<usize>> {
    let group = group(len);
    (0..len).step_by(group * BLOCK).enumerate().map(move |(i, start)| {
        // Multiples of the golden ratio fall evenly everywhere, also those of every k-th group.
        let turn = ((i as u32).wrapping_mul(0x9E37_79B9) >> 16) as usize;
        // The last group may have fewer blocks.
        let there = (len - start).div_ceil(BLOCK).min(group);
        let start = start + turn * there / (1 << 16) * BLOCK;
        start..len.min(start + BLOCK)
    })
}

/// How many of so many weights are looked at.
///
/// ```
/// use steadygrad_kernels::change::kept;
/// assert_eq!([kept(0), kept(100), kept(2047), kept(4096), kept(1 << 20)], [0, 100, 2047, 1024, 1 << 17]);
/// ```
pub fn kept(len: usize) -> usize {
    blocks(len).map(|block| block.len()).sum()
}

/// Keeps the weights that are looked at, one behind the other.
///
/// # Panics
/// If `kept` has not as many places as [`kept`] says.
pub fn keep(weights: &[f32], kept: &mut [f32]) {
    let mut places = kept.chunks_mut(BLOCK);
    for block in blocks(weights.len()) {
        let place = places.next().expect("a place for each block, as the caller promised");
        place.copy_from_slice(&weights[block]);
    }
    assert!(places.next().is_none());
}

/// (Σ before², Σ (after − before)²) over the weights that are looked at: how large they were, and how far a step went;
/// good to six digits. `before` is what [`keep`] kept.
///
/// ```
/// use steadygrad_kernels::{Isa, change::{keep, squares}};
/// let mut before = [0.0; 2];
/// keep(&[3.0, 4.0], &mut before);
/// assert_eq!(squares(Isa::best(), &before, &[3.0, 4.5]), (25.0, 0.25));
/// assert_eq!(squares(Isa::best(), &[1e-30], &[3e-30]).1.log10().round(), -59.0);
/// ```
///
/// # Panics
/// If `before` was kept of a parameter of another length.
pub fn squares(isa: Isa, before: &[f32], after: &[f32]) -> (f64, f64) {
    let n = before.len().max(1) as f64;
    let (size, change) = isa.run(Change { before, after });
    let fits = |square: f64| SQUARES.contains(&(square / n).sqrt());
    if fits(size) && fits(change) {
        return (size, change);
    }
    let after = blocks(after.len()).flat_map(|block| &after[block]);
    let pairs = before.iter().zip(after).map(|(&b, &a)| (f64::from(b), f64::from(a)));
    pairs.fold((0.0, 0.0), |(size, change), (b, a)| (size + b * b, change + (a - b).powi(2)))
}

struct Change<'a> {
    before: &'a [f32],
    after: &'a [f32],
}

impl Task for Change<'_> {
    type Output = (f64, f64);
    #[inline(always)]
    fn run<R: Lane>(self) -> (f64, f64) {
        let (before, after) = (R::slice(self.before), R::slice(self.after));
        let (mut size, mut change) = ([0.0; WIDTH], [0.0; WIDTH]);
        let mut blocks = blocks(after.len());
        for piece in before.chunks(PIECE) {
            let (mut lanes, mut apart) = ([R::ZERO; LANES], [R::ZERO; LANES]);
            let add = |x: R, y: R, lane: &mut R, apart: &mut R| {
                let d = y - x;
                *lane = x.mul_add(x, *lane);
                *apart = d.mul_add(d, *apart);
            };
            for own in piece.chunks(BLOCK) {
                let other = &after[blocks.next().expect("a block for each, as the caller promised")];
                assert_eq!(own.len(), other.len());
                // A full block has a size that the compiler knows.
                match (<&[R; BLOCK]>::try_from(own), <&[R; BLOCK]>::try_from(other)) {
                    (Ok(own), Ok(other)) => {
                        for j in 0..BLOCK {
                            add(own[j], other[j], &mut lanes[j], &mut apart[j]);
                        }
                    }
                    _ => {
                        for (j, (&x, &y)) in own.iter().zip(other).enumerate() {
                            add(x, y, &mut lanes[j], &mut apart[j]);
                        }
                    }
                }
            }
            gather(&lanes, &mut size);
            gather(&apart, &mut change);
        }
        assert!(blocks.next().is_none());
        (size.iter().sum(), change.iter().sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTHS: [usize; 15] =
        [0, 1, 63, 64, 65, 100, 1023, 2047, 2048, 2049, 4096, 5121, 8193, 10_000, 70_001];

    fn change(isa: Isa, before: &[f32], after: &[f32]) -> (f64, f64) {
        let mut own = vec![0.0; kept(before.len())];
        keep(before, &mut own);
        squares(isa, &own, after)
    }

    #[test]
    fn it_agrees_with_its_oracle_at_every_length_and_size() {
        for isa in Isa::available() {
            for len in LENGTHS {
                for size in [1e-38, 1e-25, 1e-13, 1e-6, 1.0, 1e14, 1e25, 1e37] {
                    let values = |k: usize| {
                        let one = move |i| ((((i * k) % 23) as f64 - 11.5) / 10.0 * size) as f32;
                        (0..len).map(one).collect::<Vec<f32>>()
                    };
                    let (before, after) = (values(31), values(37));
                    let (mut squares, mut changes) = (0.0, 0.0);
                    for i in blocks(len).flatten() {
                        let (b, a) = (f64::from(before[i]), f64::from(after[i]));
                        (squares, changes) = (squares + b * b, changes + (a - b) * (a - b));
                    }
                    let got = change(isa, &before, &after);
                    assert!((got.0 - squares).abs() <= 4e-6 * squares, "{isa} {len} {size}: {got:?}");
                    assert!((got.1 - changes).abs() <= 4e-6 * changes, "{isa} {len} {size}: {got:?}");
                }
            }
        }
    }

    #[test]
    fn small_changes_of_large_weights_and_none_at_all() {
        for isa in Isa::available() {
            let before: Vec<f32> = (0..5000).map(|i| 1.0 + i as f32 / 5000.0).collect();
            assert_eq!(change(isa, &before, &before).1, 0.0);
            let after: Vec<f32> = before.iter().map(|w| w + f32::EPSILON * 2.0).collect();
            let per_weight = change(isa, &before, &after).1 / kept(5000) as f64;
            let one = f64::from(f32::EPSILON * 2.0).powi(2);
            assert!((per_weight / one - 1.0).abs() < 1e-5, "{isa}: {per_weight}");
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        for isa in Isa::available() {
            for at in [0, 70, 99] {
                let (before, mut after) = ([1.0; 100], [1.5; 100]);
                after[at] = f32::NAN;
                let (size, change_) = change(isa, &before, &after);
                assert!(size == 100.0 && change_.is_nan(), "{isa} {at}");
                after[at] = f32::INFINITY;
                assert_eq!(change(isa, &before, &after), (100.0, f64::INFINITY), "{isa} {at}");
            }
        }
    }

    #[test]
    fn of_a_large_parameter_a_part_is_looked_at_and_no_row_or_column_is_left_out() {
        for len in LENGTHS {
            let all: Vec<usize> = blocks(len).flatten().collect();
            assert!(all.windows(2).all(|w| w[0] < w[1]) && all.last().is_none_or(|last| *last < len));
            assert!(all.len().abs_diff(len / group(len)) <= BLOCK, "{len}: {}", all.len());
        }
        for (rows, columns) in [(100, 100), (512, 256), (256, 1000), (128, 1024), (64, 4096), (128, 16_384)] {
            let (mut in_row, mut in_column) = (vec![0; rows], vec![0; columns]);
            for i in blocks(rows * columns).flatten() {
                in_row[i / columns] += 1;
                in_column[i % columns] += 1;
            }
            assert!(in_column.iter().all(|n| *n > 0), "{rows} × {columns}");
            // A row shorter than what lies between two blocks may be jumped over.
            assert!(columns < 2 * GROUP * BLOCK || in_row.iter().all(|n| *n > 0), "{rows} × {columns}");
        }
    }
}
