//! Statistics of every element of an axis over all the rest: outer × axis × inner in memory.

use crate::arena::LINE;
use crate::cpu::Cpu;
use crate::isa::{Isa, Task};
use crate::real::{Lane, Real};

/// Columns that are summed side by side, so that their sums stay in registers and cache.
pub(crate) const BLOCK: usize = 64;
/// Rows whose sum is kept in f32 before it is added in f64.
pub(crate) const PIECE: usize = 32;

/// outer × axis × inner.
pub type Dims = (usize, usize, usize);

/// What is summed for each element, given x and a second array.
pub(crate) trait Term: Copy + Sync {
    fn at<R: Real>(self, c: usize, x: R, y: R) -> R;
}

/// Σ term over outer and inner for columns c0 … c0 + sums.len() − 1.
#[inline(always)]
fn sums<R: Lane, T: Term>(term: T, dims: Dims, c0: usize, x: &[f32], y: &[f32], sums: &mut [f64]) {
    let (outer, axis, inner) = dims;
    let (x, y) = (R::slice(x), R::slice(y));
    sums.fill(0.0);
    let width = sums.len();
    if inner == 1 {
        let mut row = 0;
        while row < outer {
            let rows = PIECE.min(outer - row);
            let mut part = [R::ZERO; BLOCK];
            for r in row..row + rows {
                let at = r * axis + c0;
                let (x, y) = (&x[at..at + width], &y[at..at + width]);
                for (j, ((p, &x), &y)) in part[..width].iter_mut().zip(x).zip(y).enumerate() {
                    *p = *p + term.at(c0 + j, x, y);
                }
            }
            for (s, p) in sums.iter_mut().zip(&part) {
                *s += p.f64();
            }
            row += rows;
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
                    for ((p, &x), &y) in part.iter_mut().zip(x).zip(y) {
                        *p = *p + term.at(c0 + j, x, y);
                    }
                }
                *s += part.iter().map(|p| p.f64()).sum::<f64>();
            }
        }
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Plain;
impl Term for Plain {
    #[inline(always)]
    fn at<R: Real>(self, _: usize, x: R, _: R) -> R {
        x
    }
}

#[derive(Clone, Copy)]
struct Product;
impl Term for Product {
    #[inline(always)]
    fn at<R: Real>(self, _: usize, x: R, y: R) -> R {
        x * y
    }
}

/// (x − mean)²
#[derive(Clone, Copy)]
struct Spread<'a>(&'a [f32]);
impl Term for Spread<'_> {
    #[inline(always)]
    fn at<R: Real>(self, c: usize, x: R, _: R) -> R {
        let d = x - R::of(f64::from(self.0[c]));
        d * d
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

/// out = f(column, x, y) for the columns c0 … c0 + width − 1.
#[inline(always)]
pub(crate) fn each<R: Lane>(
    (outer, axis, inner): Dims,
    c0: usize,
    width: usize,
    x: &[f32],
    y: &[f32],
    out: &mut [f32],
    f: impl Fn(usize, R, R) -> R,
) {
    let (x, y, out) = (R::slice(x), R::slice(y), R::slice_mut(out));
    for o in 0..outer {
        if inner == 1 {
            let row = o * axis + c0..o * axis + c0 + width;
            let (x, y) = (&x[row.clone()], &y[row.clone()]);
            for (j, ((out, &x), &y)) in out[row].iter_mut().zip(x).zip(y).enumerate() {
                *out = f(j, x, y);
            }
        } else {
            for j in 0..width {
                let run = (o * axis + c0 + j) * inner..(o * axis + c0 + j + 1) * inner;
                let (x, y) = (&x[run.clone()], &y[run.clone()]);
                for ((out, &x), &y) in out[run].iter_mut().zip(x).zip(y) {
                    *out = f(j, x, y);
                }
            }
        }
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
    isa.run(ScaleShift { dims, x, scale, shift, out });
}

struct ScaleShift<'a> {
    dims: Dims,
    x: &'a [f32],
    scale: Option<&'a [f32]>,
    shift: Option<&'a [f32]>,
    out: &'a mut [f32],
}

impl Task for ScaleShift<'_> {
    type Output = ();
    #[inline(always)]
    fn run<R: Lane>(self) {
        let ScaleShift { dims, x, scale, shift, out } = self;
        let (mut factor, mut offset) = ([R::ONE; BLOCK], [R::ZERO; BLOCK]);
        for c0 in (0..dims.1).step_by(BLOCK) {
            let width = BLOCK.min(dims.1 - c0);
            for j in 0..width {
                factor[j] = scale.map_or(R::ONE, |s| R::load(s[c0 + j]));
                offset[j] = shift.map_or(R::ZERO, |s| R::load(s[c0 + j]));
            }
            match (scale, shift) {
                (None, _) => each(dims, c0, width, x, x, out, |j, x: R, _| x + offset[j]),
                (Some(_), None) => each(dims, c0, width, x, x, out, |j, x: R, _| x * factor[j]),
                _ => each(dims, c0, width, x, x, out, |j, x: R, _| x.mul_add(factor[j], offset[j])),
            }
        }
    }
}
