//! What a window takes.

use super::sweep::{SIDE, Taps, Work, larger, load, sweep};
use super::{Kind, Pooling};
use crate::isa::Task;
use crate::real::Lane;
use std::hint::select_unpredictable;

/// Numbers whose sum is kept in f32 before it is added in f64.
const PIECE: usize = 32;

pub(super) struct Forward<'a> {
    pub of: &'a Pooling,
    pub x: &'a [f32],
    pub out: &'a mut [f32],
}

impl Task for Forward<'_> {
    type Output = ();
    #[inline(always)]
    fn run<R: Lane>(self) {
        let (x, out) = (R::slice(self.x), R::slice_mut(self.out));
        for (x, out) in x.chunks_exact(self.of.input()).zip(out.chunks_exact_mut(self.of.output())) {
            match self.of.kind {
                Kind::Average => sweep(self.of, &mut Mean { x, out }),
                Kind::Max | Kind::SharedMax => sweep(self.of, &mut Max { x, out }),
            }
        }
    }
}

struct Max<'a, R> {
    x: &'a [R],
    out: &'a mut [R],
}

impl<R: Lane> Work for Max<'_, R> {
    const NEIGHBOURS: bool = true;

    #[inline(always)]
    fn block<const W: usize, const S: usize>(&mut self, to: usize, taps: &Taps) {
        if W == 1 {
            self.out[to] = self.x[largest::<R, 1, 1>(taps, self.x)[0]];
        } else {
            self.out[to..to + W].copy_from_slice(&max::<R, W, S>(taps, self.x));
        }
    }

    #[inline(always)]
    fn row(&mut self, to: usize, taps: &Taps) {
        self.out[to] = row_max(taps, self.x);
    }
}

/// Where the first of the largest numbers lies for a few places of one channel; the first NaN if there is one.
///
/// Only the place is chosen, which takes no jump: to choose the number itself would take one that nothing can foresee.
#[inline(always)]
pub(super) fn largest<R: Lane, const W: usize, const S: usize>(taps: &Taps, x: &[R]) -> [usize; W] {
    let mut first = [usize::MAX; W];
    for row in taps.rows() {
        for tap in 0..taps.len() {
            let at = row + tap * taps.step;
            let new = load::<R, W, S>(x, at);
            for (j, (first, new)) in first.iter_mut().zip(new).enumerate() {
                let at = at + j * S;
                let before = (*first).min(at);
                let most = x[before];
                let larger = (new > most) | (new.is_nan() & !most.is_nan());
                *first = select_unpredictable(larger, at, before);
            }
        }
    }
    first
}

/// The largest of a few channels, or places of one.
#[inline(always)]
pub(super) fn max<R: Lane, const W: usize, const S: usize>(taps: &Taps, x: &[R]) -> [R; W] {
    let mut most = [-R::INFINITY; W];
    for row in taps.rows() {
        for tap in 0..taps.len() {
            let x = load::<R, W, S>(x, row + tap * taps.step);
            for (most, x) in most.iter_mut().zip(x) {
                *most = larger(*most, x);
            }
        }
    }
    most
}

/// The largest of one channel.
#[inline(always)]
pub(super) fn row_max<R: Lane>(taps: &Taps, x: &[R]) -> R {
    let mut side = [-R::INFINITY; SIDE];
    let mut most = -R::INFINITY;
    for row in taps.rows() {
        let (blocks, rest) = x[row..row + taps.len()].as_chunks::<SIDE>();
        for block in blocks {
            for (side, &x) in side.iter_mut().zip(block) {
                *side = larger(*side, x);
            }
        }
        for &x in rest {
            most = larger(most, x);
        }
    }
    for x in side {
        most = larger(most, x);
    }
    most
}

struct Mean<'a, R> {
    x: &'a [R],
    out: &'a mut [R],
}

impl<R: Lane> Work for Mean<'_, R> {
    const NEIGHBOURS: bool = true;

    #[inline(always)]
    fn block<const W: usize, const S: usize>(&mut self, to: usize, taps: &Taps) {
        let count = taps.count();
        let mut part = [R::ZERO; W];
        let mut total = [0.0; W];
        let mut parts = 0;
        for row in taps.rows() {
            for tap in 0..taps.len() {
                let x = load::<R, W, S>(self.x, row + tap * taps.step);
                for (part, x) in part.iter_mut().zip(x) {
                    *part = *part + x;
                }
                parts += 1;
                // Small windows never come here.
                if parts == PIECE {
                    for (total, part) in total.iter_mut().zip(&mut part) {
                        *total += part.f64();
                        *part = R::ZERO;
                    }
                    parts = 0;
                }
            }
        }
        let out = &mut self.out[to..to + W];
        if count < PIECE {
            let count = R::of(count as f64);
            for (out, sum) in out.iter_mut().zip(part) {
                *out = sum / count;
            }
        } else {
            for ((out, total), part) in out.iter_mut().zip(total).zip(part) {
                *out = R::of((total + part.f64()) / count as f64);
            }
        }
    }

    #[inline(always)]
    fn row(&mut self, to: usize, taps: &Taps) {
        let mut total = 0.0;
        for row in taps.rows() {
            for piece in self.x[row..row + taps.len()].chunks(SIDE * PIECE) {
                let (blocks, rest) = piece.as_chunks::<SIDE>();
                let mut side = [R::ZERO; SIDE];
                for block in blocks {
                    for (side, &x) in side.iter_mut().zip(block) {
                        *side = *side + x;
                    }
                }
                for x in side.iter().chain(rest) {
                    total += x.f64();
                }
            }
        }
        self.out[to] = R::of(total / taps.count() as f64);
    }
}
