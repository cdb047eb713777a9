//! Columns brought to mean 0 and variance 1, and the gradient of that.

use crate::arena::LINE;
use crate::columns::{BLOCK, Dims, MASK_EPSILON, PIECE, Plain, Sum, Term, each, rows_of_a_part};
use crate::cpu::Cpu;
use crate::isa::Task;
use crate::real::{Lane, Real};

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
        cpu.isa.run(Normalize { normal: normal.part(out.len()), beta, x, out });
    });
}

struct Normalize<'a> {
    normal: Normal<'a>,
    beta: Option<&'a [f32]>,
    x: &'a [f32],
    out: &'a mut [f32],
}

impl Task for Normalize<'_> {
    type Output = ();
    #[inline(always)]
    fn run<R: Lane>(self) {
        let Normalize { normal, beta, x, out } = self;
        let (mut mean, mut scale, mut shift) = ([R::ZERO; BLOCK], [R::ZERO; BLOCK], [R::ZERO; BLOCK]);
        let (_, axis, _) = normal.dims;
        for c0 in (0..axis).step_by(BLOCK) {
            let width = BLOCK.min(axis - c0);
            let inverses = normal.inverses(c0, width);
            for j in 0..width {
                let c = c0 + j;
                mean[j] = R::load(normal.mean[c]);
                scale[j] = R::of(inverses[j] * normal.gamma(c));
                shift[j] = beta.map_or(R::ZERO, |b| R::load(b[c]));
            }
            each(normal.dims, c0, width, x, x, out, |j, x: R, _| (x - mean[j]).mul_add(scale[j], shift[j]));
        }
    }
}

/// dy · (x − mean); the caller multiplies by the inverse deviation.
#[derive(Clone, Copy)]
struct Correlation<'a>(&'a [f32]);
impl Term for Correlation<'_> {
    #[inline(always)]
    fn at<R: Real>(self, c: usize, x: R, dy: R) -> R {
        dy * (x - R::of(f64::from(self.0[c])))
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
    cpu.isa.run(Scaled { normal, sums: sum_dy_x });
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
            let (c0, width) = (self.from + i * BLOCK, sum_dy.len());
            let mut totals = [[0.0; BLOCK]; 2];
            for row in (0..rows).step_by(PIECE) {
                let mut parts = [[R::ZERO; BLOCK]; 2];
                for r in row..rows.min(row + PIECE) {
                    let at = r * axis + c0;
                    let columns = (&x[at..at + width], &dy[at..at + width], &mean[c0..c0 + width]);
                    add_both(columns, &mut parts);
                }
                for (totals, parts) in totals.iter_mut().zip(&parts) {
                    for (total, part) in totals.iter_mut().zip(parts) {
                        *total += part.f64();
                    }
                }
            }
            for (out, total) in sum_dy.iter_mut().zip(&totals[0]) {
                *out = *total as f32;
            }
            for (out, total) in sum_dy_x.iter_mut().zip(&totals[1]) {
                *out = *total as f32;
            }
        }
    }
}

#[inline(always)]
fn add_both<R: Lane>((x, dy, mean): (&[R], &[R], &[R]), [plain, product]: &mut [[R; BLOCK]; 2]) {
    let sums = plain.iter_mut().zip(product);
    for (((plain, product), (&x, &dy)), &mean) in sums.zip(x.iter().zip(dy)).zip(mean) {
        *plain = *plain + dy;
        *product = *product + dy * (x - mean);
    }
}

/// Sums of every column times the inverse of its deviation.
struct Scaled<'a> {
    normal: Normal<'a>,
    sums: &'a mut [f32],
}

impl Task for Scaled<'_> {
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
        cpu.isa.run(NormalizeGrad { normal: normal.part(dx.len()), count, x, dy, sums, dx });
    });
}

struct NormalizeGrad<'a> {
    normal: Normal<'a>,
    /// What the statistics are over.
    count: f64,
    x: &'a [f32],
    dy: &'a [f32],
    sums: Option<(&'a [f32], &'a [f32])>,
    dx: &'a mut [f32],
}

impl Task for NormalizeGrad<'_> {
    type Output = ();
    #[inline(always)]
    fn run<R: Lane>(self) {
        let NormalizeGrad { normal, count, x, dy, sums, dx } = self;
        let (_, axis, _) = normal.dims;
        let (mut mean, mut scale) = ([R::ZERO; BLOCK], [R::ZERO; BLOCK]);
        let (mut shift, mut slope) = ([R::ZERO; BLOCK], [R::ZERO; BLOCK]);
        for c0 in (0..axis).step_by(BLOCK) {
            let width = BLOCK.min(axis - c0);
            let inverses = normal.inverses(c0, width);
            for j in 0..width {
                let (c, inverse) = (c0 + j, inverses[j]);
                mean[j] = R::load(normal.mean[c]);
                scale[j] = R::of(inverse * normal.gamma(c));
                if let Some((sum_dy, sum_dy_x)) = sums {
                    shift[j] = R::of(f64::from(sum_dy[c]) / count);
                    slope[j] = R::of(inverse * f64::from(sum_dy_x[c]) / count);
                }
            }
            match sums {
                Some(_) => each(normal.dims, c0, width, x, dy, dx, |j, x: R, dy| {
                    (dy - shift[j] - (x - mean[j]) * slope[j]) * scale[j]
                }),
                None => each(normal.dims, c0, width, x, dy, dx, |j, _: R, dy| dy * scale[j]),
            }
        }
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
