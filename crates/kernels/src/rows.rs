//! Rows to mean 0 and mean square 1.

use crate::isa::{Isa, Task};
use crate::real::{Lane, Real};

/// Lanes that are summed side by side.
const LANES: usize = 16;

/// Σ f(x, y), in fixed order: 16 sums in this precision for every 512 elements, added in f64.
#[inline(always)]
pub(crate) fn sum<R: Real>(x: &[R], y: &[R], f: impl Fn(R, R) -> R) -> f64 {
    let mut total = 0.0;
    for (x, y) in x.chunks(LANES * 32).zip(y.chunks(LANES * 32)) {
        let mut part = [R::ZERO; LANES];
        for (x, y) in x.chunks(LANES).zip(y.chunks(LANES)) {
            for ((p, &x), &y) in part.iter_mut().zip(x).zip(y) {
                *p = *p + f(x, y);
            }
        }
        total += part.iter().map(|p| p.f64()).sum::<f64>();
    }
    total
}

/// How rows are standardized.
#[derive(Debug, Clone, Copy)]
pub struct Standard {
    /// Numbers in a row.
    pub len: usize,
    /// Added to the mean square.
    pub epsilon: f64,
    /// Whether the mean is taken off.
    pub center: bool,
}

/// out = (x − mean)/√(mean (x − mean)² + ε) for every row; mean = 0 where not centred. `inverse` gets 1/√… of each row.
pub fn standardize(isa: Isa, standard: Standard, x: &[f32], out: &mut [f32], inverse: &mut [f32]) {
    isa.run(Forward { standard, x, out, inverse });
}

struct Forward<'a> {
    standard: Standard,
    x: &'a [f32],
    out: &'a mut [f32],
    inverse: &'a mut [f32],
}

impl Task for Forward<'_> {
    type Output = ();
    #[inline(always)]
    fn run<R: Lane>(self) {
        let Standard { len, epsilon, center } = self.standard;
        let n = len.max(1);
        let rows = R::slice(self.x).chunks_exact(n).zip(R::slice_mut(self.out).chunks_exact_mut(n));
        for ((x, out), inverse) in rows.zip(self.inverse) {
            let mean = R::of(if center { sum(x, x, |x, _| x) / n as f64 } else { 0.0 });
            let square = sum(x, x, |x, _| (x - mean) * (x - mean)) / n as f64;
            let scale = 1.0 / (square + epsilon).sqrt();
            *inverse = scale as f32;
            for (out, &x) in out.iter_mut().zip(x) {
                *out = (x - mean) * R::of(scale);
            }
        }
    }
}

/// dx = inverse·(dy − mean(dy) − y·mean(dy·y)), the first mean only where centred; y is the output.
pub fn standardize_grad(
    isa: Isa,
    standard: Standard,
    y: &[f32],
    inverse: &[f32],
    dy: &[f32],
    dx: &mut [f32],
) {
    isa.run(Backward { standard, y, inverse, dy, dx });
}

struct Backward<'a> {
    standard: Standard,
    y: &'a [f32],
    inverse: &'a [f32],
    dy: &'a [f32],
    dx: &'a mut [f32],
}

impl Task for Backward<'_> {
    type Output = ();
    #[inline(always)]
    fn run<R: Lane>(self) {
        let n = self.standard.len.max(1);
        let y = R::slice(self.y).chunks_exact(n);
        let rows = y.zip(R::slice(self.dy).chunks_exact(n)).zip(R::slice_mut(self.dx).chunks_exact_mut(n));
        for (((y, dy), dx), &inverse) in rows.zip(self.inverse) {
            let mean = if self.standard.center { sum(dy, dy, |dy, _| dy) / n as f64 } else { 0.0 };
            let dot = sum(y, dy, |y, dy| y * dy) / n as f64;
            let (mean, dot, inverse) = (R::of(mean), R::of(dot), R::load(inverse));
            for ((dx, &y), &dy) in dx.iter_mut().zip(y).zip(dy) {
                *dx = (dy - mean - y * dot) * inverse;
            }
        }
    }
}
