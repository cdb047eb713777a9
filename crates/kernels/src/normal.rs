//! Columns brought to mean 0 and variance 1, and the gradient of that.

use crate::across::{Across, Formula};
use crate::arena::LINE;
use crate::columns::{BLOCK, Dims, MASK_EPSILON, PIECE, Plain, Scale, Sum, Term, rows_of_a_part};
use crate::cpu::Cpu;
use crate::isa::Task;
use crate::real::{Lane, Real};
use crate::strips::{Strip, piece, piece_mut, strips};
use crate::vector::Vector;
use std::ops::Range;

/// The parameters of one normalization of columns.
#[derive(Debug, Clone, Copy)]
pub struct Normal<'a> {
    /// outer × axis × inner.
    pub dims: Dims,
    /// Mean of every element of the axis.
    pub mean: &'a [f32],
    /// Variance of every element of the axis.
    pub variance: &'a [f32],
    /// Factor, if any.
    pub gamma: Option<&'a [f32]>,
    /// Added to the variance.
    pub epsilon: f64,
}

impl Normal<'_> {
    /// The same for so many numbers.
    fn part(self, numbers: usize) -> Self {
        let (_, axis, inner) = self.dims;
        Normal { dims: (numbers / (axis * inner).max(1), axis, inner), ..self }
    }
    #[inline(always)]
    fn inverse(&self, c: usize) -> f64 {
        1.0 / (f64::from(self.variance[c]) + self.epsilon).sqrt()
    }
    /// 1/√(variance + ε) of the columns from `c0` on: roots side by side, as one after the other they take longer than all the rest.
    #[inline(always)]
    fn inverses(&self, c0: usize, width: usize) -> [f64; BLOCK] {
        let mut out = [0.0; BLOCK];
        for (out, &v) in out.iter_mut().zip(&self.variance[c0..c0 + width]) {
            *out = 1.0 / (f64::from(v) + self.epsilon).sqrt();
        }
        out
    }
    #[inline(always)]
    fn gamma(&self, c: usize) -> f64 {
        self.gamma.map_or(1.0, |g| f64::from(g[c]))
    }
}

/// out = (x − mean)/√(variance + ε)·γ + β
pub fn normalize(cpu: Cpu<'_>, normal: Normal<'_>, beta: Option<&[f32]>, x: &[f32], out: &mut [f32]) {
    let size = rows_of_a_part(cpu, normal.dims) * normal.dims.1 * normal.dims.2;
    cpu.pieces(out, size, |i, out| {
        let x = &x[i * size..i * size + out.len()];
        let normal = normal.part(out.len());
        for c0 in (0..normal.dims.1).step_by(BLOCK) {
            let width = BLOCK.min(normal.dims.1 - c0);
            let columns = cpu.isa.run(Scales { normal, beta, c0, width });
            let y = x;
            cpu.isa.run_wide(Across {
                formula: Scaled,
                dims: normal.dims,
                c0,
                width,
                columns,
                x,
                y,
                out: &mut *out,
            });
        }
    });
}

/// Mean, scale and shift of the columns from `c0` on.
struct Scales<'a> {
    normal: Normal<'a>,
    beta: Option<&'a [f32]>,
    c0: usize,
    width: usize,
}

impl Task for Scales<'_> {
    type Output = [[f32; BLOCK]; 3];
    #[inline(always)]
    fn run<R: Lane>(self) -> [[f32; BLOCK]; 3] {
        let Scales { normal, beta, c0, width } = self;
        let (mut mean, mut scale, mut shift) = ([0.0; BLOCK], [0.0; BLOCK], [0.0; BLOCK]);
        mean[..width].copy_from_slice(&normal.mean[c0..c0 + width]);
        if let Some(beta) = beta {
            shift[..width].copy_from_slice(&beta[c0..c0 + width]);
        }
        let inverses = normal.inverses(c0, width);
        for j in 0..width {
            scale[j] = (inverses[j] * normal.gamma(c0 + j)) as f32;
        }
        [mean, scale, shift]
    }
}

/// (x − mean) · scale + shift
#[derive(Clone, Copy)]
struct Scaled;
impl Formula<3> for Scaled {
    #[inline(always)]
    fn at<V: Vector>(self, [mean, scale, shift]: [V; 3], x: V, _: V) -> V {
        x.sub(mean).mul_add(scale, shift)
    }
}

/// dy · (x − mean); the caller multiplies by the inverse deviation.
#[derive(Clone, Copy)]
struct Correlation<'a>(&'a [f32]);
impl Term for Correlation<'_> {
    fn centre(&self) -> Option<&[f32]> {
        Some(self.0)
    }
    #[inline(always)]
    fn at<R: Real>(self, mean: R, x: R, dy: R) -> R {
        dy * (x - mean)
    }
}

/// Σ dy and Σ dy·x̂ of every element of the axis: the gradients of β and γ.
pub fn normalize_sums(
    cpu: Cpu<'_>,
    normal: Normal<'_>,
    x: &[f32],
    dy: &[f32],
    sum_dy: &mut [f32],
    sum_dy_x: &mut [f32],
) {
    if normal.dims.2 == 1 {
        let parts = cpu.parts(x.len()).min(sum_dy.len() / LINE).max(1);
        let size = sum_dy.len().div_ceil(parts).next_multiple_of(LINE);
        cpu.two_pieces(sum_dy, size, &mut *sum_dy_x, size, |i, sum_dy, sum_dy_x| {
            cpu.isa.run(BothSums { normal, x, dy, from: i * size, sum_dy, sum_dy_x });
        });
    } else {
        Sum { term: Plain, dims: normal.dims, x: dy, y: dy, scale: 1.0, from: 0, out: sum_dy }.shared(cpu);
        let term = Correlation(normal.mean);
        Sum { term, dims: normal.dims, x, y: dy, scale: 1.0, from: 0, out: &mut *sum_dy_x }.shared(cpu);
    }
    cpu.isa.run(ByInverse { normal, sums: sum_dy_x });
}

/// Σ dy and Σ dy·(x − mean) in one pass, where columns lie side by side: the same bits as one after the other.
struct BothSums<'a> {
    normal: Normal<'a>,
    x: &'a [f32],
    dy: &'a [f32],
    /// The first column.
    from: usize,
    sum_dy: &'a mut [f32],
    sum_dy_x: &'a mut [f32],
}

impl Task for BothSums<'_> {
    type Output = ();
    #[inline(always)]
    fn run<R: Lane>(self) {
        let (rows, axis, _) = self.normal.dims;
        let (x, dy, mean) = (R::slice(self.x), R::slice(self.dy), R::slice(self.normal.mean));
        let outs = self.sum_dy.chunks_mut(BLOCK).zip(self.sum_dy_x.chunks_mut(BLOCK));
        for (i, (sum_dy, sum_dy_x)) in outs.enumerate() {
            let (from, mut totals) = (self.from + i * BLOCK, [[0.0; BLOCK]; 2]);
            for row in (0..rows).step_by(PIECE) {
                let rows = row..rows.min(row + PIECE);
                strips(sum_dy.len(), &mut Both { rows, axis, from, x, dy, mean, totals: &mut totals });
            }
            for (out, totals) in [sum_dy, sum_dy_x].into_iter().zip(&totals) {
                for (out, total) in out.iter_mut().zip(totals) {
                    *out = *total as f32;
                }
            }
        }
    }
}

/// Both sums down a piece of the rows.
struct Both<'a, R> {
    rows: Range<usize>,
    axis: usize,
    from: usize,
    x: &'a [R],
    dy: &'a [R],
    mean: &'a [R],
    totals: &'a mut [[f64; BLOCK]; 2],
}

impl<R: Lane> Strip for Both<'_, R> {
    #[inline(always)]
    fn at<const W: usize>(&mut self, column: usize) {
        let mean: &[R; W] = piece(self.mean, self.from + column);
        let mut parts = [[R::ZERO; W]; 2];
        for r in self.rows.clone() {
            let at = r * self.axis + self.from + column;
            let (x, dy): (&[R; W], &[R; W]) = (piece(self.x, at), piece(self.dy, at));
            for j in 0..W {
                parts[0][j] = parts[0][j] + dy[j];
                parts[1][j] = parts[1][j] + dy[j] * (x[j] - mean[j]);
            }
        }
        for (totals, parts) in self.totals.iter_mut().zip(&parts) {
            let totals: &mut [f64; W] = piece_mut(totals, column);
            for j in 0..W {
                totals[j] += parts[j].f64();
            }
        }
    }
}

/// Sums of every column times the inverse of its deviation.
struct ByInverse<'a> {
    normal: Normal<'a>,
    sums: &'a mut [f32],
}

impl Task for ByInverse<'_> {
    type Output = ();
    #[inline(always)]
    fn run<R: Lane>(self) {
        for (i, sums) in self.sums.chunks_mut(BLOCK).enumerate() {
            let inverses = self.normal.inverses(i * BLOCK, sums.len());
            for (s, inverse) in sums.iter_mut().zip(&inverses) {
                *s = (f64::from(*s) * inverse) as f32;
            }
        }
    }
}

/// dx of [`normalize`]; with `sums` (Σ dy, Σ dy·x̂) through the statistics of the batch, else with constant statistics.
pub fn normalize_grad(
    cpu: Cpu<'_>,
    normal: Normal<'_>,
    x: &[f32],
    dy: &[f32],
    sums: Option<(&[f32], &[f32])>,
    dx: &mut [f32],
) {
    let (outer, axis, inner) = normal.dims;
    let count = (outer * inner).max(1) as f64;
    let size = rows_of_a_part(cpu, normal.dims) * axis * inner;
    cpu.pieces(dx, size, |i, dx| {
        let here = i * size..i * size + dx.len();
        let (x, dy) = (&x[here.clone()], &dy[here]);
        let normal = normal.part(dx.len());
        let dims = normal.dims;
        for c0 in (0..axis).step_by(BLOCK) {
            let width = BLOCK.min(axis - c0);
            let columns = cpu.isa.run(Slopes { normal, count, sums, c0, width });
            if sums.is_some() {
                let formula = Centred;
                cpu.isa.run_wide(Across { formula, dims, c0, width, columns, x, y: dy, out: &mut *dx });
            } else {
                let [scale, ..] = columns;
                let (formula, columns) = (Scale, [scale]);
                cpu.isa.run_wide(Across { formula, dims, c0, width, columns, x: dy, y: dy, out: &mut *dx });
            }
        }
    });
}

/// Scale, mean, and of the sums the mean of the gradient and its slope along x, of the columns from `c0` on.
struct Slopes<'a> {
    normal: Normal<'a>,
    /// What the statistics are over.
    count: f64,
    sums: Option<(&'a [f32], &'a [f32])>,
    c0: usize,
    width: usize,
}

impl Task for Slopes<'_> {
    type Output = [[f32; BLOCK]; 4];
    #[inline(always)]
    fn run<R: Lane>(self) -> [[f32; BLOCK]; 4] {
        let Slopes { normal, count, sums, c0, width } = self;
        let (mut scale, mut mean) = ([0.0; BLOCK], [0.0; BLOCK]);
        let (mut shift, mut slope) = ([0.0; BLOCK], [0.0; BLOCK]);
        mean[..width].copy_from_slice(&normal.mean[c0..c0 + width]);
        let inverses = normal.inverses(c0, width);
        for j in 0..width {
            scale[j] = (inverses[j] * normal.gamma(c0 + j)) as f32;
        }
        if let Some((sum_dy, sum_dy_x)) = sums {
            for j in 0..width {
                shift[j] = (f64::from(sum_dy[c0 + j]) / count) as f32;
                slope[j] = (inverses[j] * f64::from(sum_dy_x[c0 + j]) / count) as f32;
            }
        }
        [scale, mean, shift, slope]
    }
}

/// (dy − shift − (x − mean) · slope) · scale
#[derive(Clone, Copy)]
struct Centred;
impl Formula<4> for Centred {
    #[inline(always)]
    fn at<V: Vector>(self, [scale, mean, shift, slope]: [V; 4], x: V, dy: V) -> V {
        dy.sub(shift).sub(x.sub(mean).mul(slope)).mul(scale)
    }
}

/// [`normalize_grad`] where positions with mask 0 did not count in the statistics.
pub fn normalize_grad_masked(
    normal: Normal<'_>,
    mask: &[f32],
    x: &[f32],
    dy: &[f32],
    sum_dy: &[f32],
    sum_dy_x: &[f32],
    dx: &mut [f32],
) {
    let (outer, axis, inner) = normal.dims;
    let count: f64 = mask.iter().map(|&m| f64::from(m)).sum::<f64>() + MASK_EPSILON;
    for c in 0..axis {
        let (inverse, gamma, mean) = (normal.inverse(c), normal.gamma(c), f64::from(normal.mean[c]));
        for o in 0..outer {
            for i in 0..inner {
                let at = (o * axis + c) * inner + i;
                let m = f64::from(mask[o * inner + i]) / count;
                let centred = f64::from(x[at]) - mean;
                let through = m * (f64::from(sum_dy[c]) + centred * inverse * f64::from(sum_dy_x[c]));
                dx[at] = ((f64::from(dy[at]) - through) * inverse * gamma) as f32;
            }
        }
    }
}

#[cfg(test)]
mod tests;
