//! What each number that a window saw gets of the gradient. Where windows share numbers, what they give is added in a
//! fixed order.

use super::forward::{largest, max, row_max};
use super::sweep::{Taps, Work, load, sweep};
use super::{Kind, Pooling};
use crate::isa::Task;
use crate::real::Lane;

pub(super) struct Backward<'a> {
    pub of: &'a Pooling,
    pub x: &'a [f32],
    pub dy: &'a [f32],
    pub dx: &'a mut [f32],
}

impl Task for Backward<'_> {
    type Output = ();
    #[inline(always)]
    fn run<R: Lane>(self) {
        let (of, x) = (self.of, R::slice(self.x));
        let (input, output) = (of.input(), of.output());
        let once = of.kind != Kind::SharedMax && of.tiles();
        let (dy, dx) = (R::slice(self.dy), R::slice_mut(self.dx));
        for (sample, (dy, dx)) in dy.chunks_exact(output).zip(dx.chunks_exact_mut(input)).enumerate() {
            // Where every number is seen once, all of dx is written, and nothing need be added.
            if !once {
                dx.fill(R::ZERO);
            }
            let x = if of.kind.reads_input() { &x[sample * input..][..input] } else { &[] };
            match (of.kind, once) {
                (Kind::Average, true) => sweep(of, &mut Average::<R, true> { dy, dx }),
                (Kind::Average, false) => sweep(of, &mut Average::<R, false> { dy, dx }),
                (Kind::Max, true) => sweep(of, &mut First::<R, true> { x, dy, dx }),
                (Kind::Max, false) => sweep(of, &mut First::<R, false> { x, dy, dx }),
                (Kind::SharedMax, _) => sweep(of, &mut Shared { x, dy, dx }),
            }
        }
    }
}

/// Adds a block of `W` numbers, `S` apart, or writes it where there is but one.
#[inline(always)]
fn give<R: Lane, const W: usize, const S: usize, const ONCE: bool>(dx: &mut [R], at: usize, parts: [R; W]) {
    let dx = &mut dx[at..][..(W - 1) * S + 1];
    for (j, part) in parts.into_iter().enumerate() {
        dx[j * S] = if ONCE { part } else { dx[j * S] + part };
    }
}

/// The same to all.
struct Average<'a, R, const ONCE: bool> {
    dy: &'a [R],
    dx: &'a mut [R],
}

impl<R: Lane, const ONCE: bool> Work for Average<'_, R, ONCE> {
    const NEIGHBOURS: bool = true;

    #[inline(always)]
    fn block<const W: usize, const S: usize>(&mut self, to: usize, taps: &Taps) {
        let count = R::of(taps.count() as f64);
        let mut share = load::<R, W, 1>(self.dy, to);
        for share in &mut share {
            *share = *share / count;
        }
        for row in taps.rows() {
            for tap in 0..taps.len() {
                give::<R, W, S, ONCE>(self.dx, row + tap * taps.step, share);
            }
        }
    }

    #[inline(always)]
    fn row(&mut self, to: usize, taps: &Taps) {
        let share = self.dy[to] / R::of(taps.count() as f64);
        for row in taps.rows() {
            for dx in &mut self.dx[row..row + taps.len()] {
                *dx = if ONCE { share } else { *dx + share };
            }
        }
    }
}

/// All to the first of the largest. A NaN is the largest: there is one if the largest is NaN, and only then.
struct First<'a, R, const ONCE: bool> {
    x: &'a [R],
    dy: &'a [R],
    dx: &'a mut [R],
}

impl<R: Lane, const ONCE: bool> Work for First<'_, R, ONCE> {
    const NEIGHBOURS: bool = true;

    #[inline(always)]
    fn block<const W: usize, const S: usize>(&mut self, to: usize, taps: &Taps) {
        if W == 1 || S > 1 {
            let first = largest::<R, W, S>(taps, self.x);
            if ONCE {
                for row in taps.rows() {
                    for tap in 0..taps.len() {
                        give::<R, W, S, true>(self.dx, row + tap * taps.step, [R::ZERO; W]);
                    }
                }
            }
            for (first, &dy) in first.into_iter().zip(&self.dy[to..to + W]) {
                self.dx[first] = self.dx[first] + dy;
            }
            return;
        }
        let most = max::<R, W, S>(taps, self.x);
        // What is still to be given away: dy, and 0 as soon as it was.
        let mut left = load::<R, W, 1>(self.dy, to);
        for row in taps.rows() {
            for tap in 0..taps.len() {
                let at = row + tap * taps.step;
                let mut parts = load::<R, W, S>(self.x, at);
                for ((part, most), left) in parts.iter_mut().zip(most).zip(&mut left) {
                    let hit = (*part == most) | part.is_nan();
                    *part = R::select(hit, *left, R::ZERO);
                    *left = R::select(hit, R::ZERO, *left);
                }
                give::<R, W, S, ONCE>(self.dx, at, parts);
            }
        }
    }

    #[inline(always)]
    fn row(&mut self, to: usize, taps: &Taps) {
        let most = row_max(taps, self.x);
        let mut left = self.dy[to];
        for row in taps.rows() {
            let numbers = row..row + taps.len();
            for (dx, &x) in self.dx[numbers.clone()].iter_mut().zip(&self.x[numbers]) {
                let hit = (x == most) | x.is_nan();
                let part = R::select(hit, left, R::ZERO);
                left = R::select(hit, R::ZERO, left);
                *dx = if ONCE { part } else { *dx + part };
            }
        }
    }
}

/// The same to each of the largest. Nothing equals NaN: 0/0, which is NaN, for all that its window sees.
struct Shared<'a, R> {
    x: &'a [R],
    dy: &'a [R],
    dx: &'a mut [R],
}

/// What each of so many largest numbers gets of dy, and what all others get.
#[inline(always)]
fn shares<R: Lane>(dy: R, count: R) -> (R, R) {
    (dy / count, R::select(count > R::ZERO, R::ZERO, R::ZERO / count))
}

impl<R: Lane> Work for Shared<'_, R> {
    // Such windows are as large as the sample.
    const NEIGHBOURS: bool = false;

    #[inline(always)]
    fn block<const W: usize, const S: usize>(&mut self, to: usize, taps: &Taps) {
        let most = max::<R, W, S>(taps, self.x);
        let mut count = [R::ZERO; W];
        for row in taps.rows() {
            for tap in 0..taps.len() {
                let x = load::<R, W, S>(self.x, row + tap * taps.step);
                for ((count, x), most) in count.iter_mut().zip(x).zip(most) {
                    *count = *count + R::select(x == most, R::ONE, R::ZERO);
                }
            }
        }
        let (mut share, mut none) = (load::<R, W, 1>(self.dy, to), [R::ZERO; W]);
        for ((share, none), count) in share.iter_mut().zip(&mut none).zip(count) {
            (*share, *none) = shares(*share, count);
        }
        for row in taps.rows() {
            for tap in 0..taps.len() {
                let at = row + tap * taps.step;
                let mut parts = load::<R, W, S>(self.x, at);
                for (part, ((most, share), none)) in
                    parts.iter_mut().zip(most.into_iter().zip(share).zip(none))
                {
                    *part = R::select(*part == most, share, none);
                }
                give::<R, W, S, false>(self.dx, at, parts);
            }
        }
    }

    #[inline(always)]
    fn row(&mut self, to: usize, taps: &Taps) {
        let most = row_max(taps, self.x);
        let mut count = R::ZERO;
        for row in taps.rows() {
            for &x in &self.x[row..row + taps.len()] {
                count = count + R::select(x == most, R::ONE, R::ZERO);
            }
        }
        let (share, none) = shares(self.dy[to], count);
        for row in taps.rows() {
            let numbers = row..row + taps.len();
            for (dx, &x) in self.dx[numbers.clone()].iter_mut().zip(&self.x[numbers]) {
                let part = R::select(x == most, share, none);
                *dx = *dx + part;
            }
        }
    }
}
