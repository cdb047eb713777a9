//! Statistics of every element of an axis over all the rest: outer × axis × inner in memory.

use crate::across::{Across, Formula};
use crate::arena::LINE;
use crate::cpu::Cpu;
use crate::isa::{Isa, Task};
use crate::real::{Lane, Real};
use crate::strips::{Strip, piece, piece_mut, strips};
use crate::vector::Vector;
use std::ops::Range;

/// Columns that are summed side by side, so that their sums stay in registers and cache.
pub(crate) const BLOCK: usize = 64;
/// Rows whose sum is kept in f32 before it is added in f64.
pub(crate) const PIECE: usize = 32;

/// outer × axis × inner.
pub type Dims = (usize, usize, usize);

/// What is summed for each element, given a number of its own, x, and a second array.
pub(crate) trait Term: Copy + Sync {
    /// The numbers of the elements; 0 for all where there are none.
    fn centre(&self) -> Option<&[f32]> {
        None
    }
    fn at<R: Real>(self, centre: R, x: R, y: R) -> R;
}

/// Σ term over outer and inner for columns c0 … c0 + sums.len() − 1.
#[inline(always)]
fn sums<R: Lane, T: Term>(term: T, dims: Dims, c0: usize, x: &[f32], y: &[f32], sums: &mut [f64]) {
    let (outer, axis, inner) = dims;
    let (x, y) = (R::slice(x), R::slice(y));
    sums.fill(0.0);
    let width = sums.len();
    let mut centre = [R::ZERO; BLOCK];
    if let Some(of) = term.centre() {
        centre[..width].copy_from_slice(&R::slice(of)[c0..c0 + width]);
    }
    if inner == 1 {
        for row in (0..outer).step_by(PIECE) {
            let rows = row..outer.min(row + PIECE);
            strips(width, &mut Down { term, centre: &centre, rows, axis, c0, x, y, sums });
        }
        return;
    }
    for o in 0..outer {
        for (j, s) in sums.iter_mut().enumerate() {
            let at = (o * axis + c0 + j) * inner;
            let (x, y) = (&x[at..at + inner], &y[at..at + inner]);
            for (x, y) in x.chunks(BLOCK * PIECE).zip(y.chunks(BLOCK * PIECE)) {
                let mut part = [R::ZERO; BLOCK];
                for (x, y) in x.chunks(BLOCK).zip(y.chunks(BLOCK)) {
                    add_row(term, &[centre[j]; BLOCK], x, y, &mut part);
                }
                *s += part.iter().map(|p| p.f64()).sum::<f64>();
            }
        }
    }
}

/// Adds a term to sums that lie side by side.
#[inline(always)]
fn add_row<R: Lane, T: Term>(term: T, centre: &[R; BLOCK], x: &[R], y: &[R], sums: &mut [R; BLOCK]) {
    for (((sum, &centre), &x), &y) in sums.iter_mut().zip(centre).zip(x).zip(y) {
        *sum = *sum + term.at(centre, x, y);
    }
}

/// Sums down a piece of the rows.
struct Down<'a, R, T> {
    term: T,
    centre: &'a [R; BLOCK],
    rows: Range<usize>,
    axis: usize,
    c0: usize,
    x: &'a [R],
    y: &'a [R],
    sums: &'a mut [f64],
}

impl<R: Lane, T: Term> Strip for Down<'_, R, T> {
    #[inline(always)]
    fn at<const W: usize>(&mut self, column: usize) {
        let (term, x, y) = (self.term, self.x, self.y);
        let centre: &[R; W] = piece(self.centre, column);
        let mut part = [R::ZERO; W];
        for r in self.rows.clone() {
            let at = r * self.axis + self.c0 + column;
            let (x, y): (&[R; W], &[R; W]) = (piece(x, at), piece(y, at));
            for j in 0..W {
                part[j] = part[j] + term.at(centre[j], x[j], y[j]);
            }
        }
        let sums: &mut [f64; W] = piece_mut(self.sums, column);
        for j in 0..W {
            sums[j] += part[j].f64();
        }
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Plain;
impl Term for Plain {
    #[inline(always)]
    fn at<R: Real>(self, _: R, x: R, _: R) -> R {
        x
    }
}

#[derive(Clone, Copy)]
struct Product;
impl Term for Product {
    #[inline(always)]
    fn at<R: Real>(self, _: R, x: R, y: R) -> R {
        x * y
    }
}

/// (x − mean)²
#[derive(Clone, Copy)]
struct Spread<'a>(&'a [f32]);
impl Term for Spread<'_> {
    fn centre(&self) -> Option<&[f32]> {
        Some(self.0)
    }
    #[inline(always)]
    fn at<R: Real>(self, mean: R, x: R, _: R) -> R {
        (x - mean) * (x - mean)
    }
}

/// The sum of a term for every element, times a number.
pub(crate) struct Sum<'a, T> {
    pub term: T,
    pub dims: Dims,
    pub x: &'a [f32],
    pub y: &'a [f32],
    pub scale: f64,
    /// The first column.
    pub from: usize,
    pub out: &'a mut [f32],
}

impl<T: Term> Sum<'_, T> {
    /// Shared among threads by columns, which changes no sum: whole cache lines of them, where there are enough numbers.
    pub fn shared(self, cpu: Cpu<'_>) {
        let Sum { term, dims, x, y, scale, from, out } = self;
        let parts = cpu.parts(x.len()).min(out.len() / LINE).max(1);
        let size = out.len().div_ceil(parts).next_multiple_of(LINE);
        cpu.pieces(out, size, |i, out| {
            cpu.isa.run(Sum { term, dims, x, y, scale, from: from + i * size, out });
        });
    }
}

/// Rows (outer) of a part.
pub(crate) fn rows_of_a_part(cpu: Cpu<'_>, dims: Dims) -> usize {
    let (outer, axis, inner) = dims;
    outer.div_ceil(cpu.parts(outer * axis * inner))
}

impl<T: Term> Task for Sum<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<R: Lane>(self) {
        let mut total = [0.0; BLOCK];
        for (i, out) in self.out.chunks_mut(BLOCK).enumerate() {
            let total = &mut total[..out.len()];
            sums::<R, T>(self.term, self.dims, self.from + i * BLOCK, self.x, self.y, total);
            for (out, total) in out.iter_mut().zip(total) {
                *out = (*total * self.scale) as f32;
            }
        }
    }
}

/// out\[c\] = Σ x\[·,c,·\], or Σ x·times.
pub fn channel_sum(cpu: Cpu<'_>, dims: Dims, x: &[f32], times: Option<&[f32]>, out: &mut [f32]) {
    match times {
        None => Sum { term: Plain, dims, x, y: x, scale: 1.0, from: 0, out }.shared(cpu),
        Some(y) => Sum { term: Product, dims, x, y, scale: 1.0, from: 0, out }.shared(cpu),
    }
}

/// Mean and biased variance of every element of the axis: in two passes, so that a large mean costs no digits.
///
/// Where `mask` is given (one number for each outer × inner position), positions where it is 0 do not count.
pub fn column_stats(
    cpu: Cpu<'_>,
    dims: Dims,
    x: &[f32],
    mask: Option<&[f32]>,
    mean: &mut [f32],
    variance: &mut [f32],
) {
    if let Some(mask) = mask {
        masked_stats(dims, x, mask, mean, variance);
        return;
    }
    let scale = 1.0 / (dims.0 * dims.2).max(1) as f64;
    Sum { term: Plain, dims, x, y: x, scale, from: 0, out: &mut *mean }.shared(cpu);
    Sum { term: Spread(mean), dims, x, y: x, scale, from: 0, out: variance }.shared(cpu);
}

/// Keras' ε in the count of a mask.
pub(crate) const MASK_EPSILON: f64 = 1e-7;

fn masked_stats((outer, axis, inner): Dims, x: &[f32], mask: &[f32], mean: &mut [f32], variance: &mut [f32]) {
    let count: f64 = mask.iter().map(|&m| f64::from(m)).sum::<f64>() + MASK_EPSILON;
    for c in 0..axis {
        let over = |f: &dyn Fn(f64) -> f64| -> f64 {
            let mut sum = 0.0;
            for o in 0..outer {
                for i in 0..inner {
                    let m = f64::from(mask[o * inner + i]);
                    sum += m * f(f64::from(x[(o * axis + c) * inner + i]));
                }
            }
            sum / count
        };
        let mu = over(&|x| x);
        mean[c] = mu as f32;
        variance[c] = over(&|x| (x - mu) * (x - mu)) as f32;
    }
}

/// out = x·scale + shift, with one value of each for every element of the axis.
pub fn scale_shift(
    isa: Isa,
    dims: Dims,
    x: &[f32],
    scale: Option<&[f32]>,
    shift: Option<&[f32]>,
    out: &mut [f32],
) {
    for c0 in (0..dims.1).step_by(BLOCK) {
        let width = BLOCK.min(dims.1 - c0);
        let (mut factor, mut offset) = ([1.0; BLOCK], [0.0; BLOCK]);
        for (to, from) in [(&mut factor, scale), (&mut offset, shift)] {
            if let Some(from) = from {
                to[..width].copy_from_slice(&from[c0..c0 + width]);
            }
        }
        let y = x;
        match (scale, shift) {
            (None, _) => {
                let columns = [offset];
                isa.run_wide(Across { formula: Shift, dims, c0, width, columns, x, y, out: &mut *out });
            }
            (Some(_), None) => {
                let columns = [factor];
                isa.run_wide(Across { formula: Scale, dims, c0, width, columns, x, y, out: &mut *out });
            }
            _ => {
                let columns = [factor, offset];
                isa.run_wide(Across { formula: Both, dims, c0, width, columns, x, y, out: &mut *out });
            }
        }
    }
}

/// x + offset
#[derive(Clone, Copy)]
struct Shift;
impl Formula<1> for Shift {
    #[inline(always)]
    fn at<V: Vector>(self, [offset]: [V; 1], x: V, _: V) -> V {
        x.add(offset)
    }
}

/// x · factor
#[derive(Clone, Copy)]
pub(crate) struct Scale;
impl Formula<1> for Scale {
    #[inline(always)]
    fn at<V: Vector>(self, [factor]: [V; 1], x: V, _: V) -> V {
        x.mul(factor)
    }
}

/// x · factor + offset
#[derive(Clone, Copy)]
struct Both;
impl Formula<2> for Both {
    #[inline(always)]
    fn at<V: Vector>(self, [factor, offset]: [V; 2], x: V, _: V) -> V {
        x.mul_add(factor, offset)
    }
}
