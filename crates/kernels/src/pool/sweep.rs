//! The way over all places: which of them, or which of their channels, are worked on side by side.
//!
//! All of this is inlined into the loop of each instruction set. Closures would not be, and stay baseline code.

use super::{Places, Pooling};
use crate::real::Lane;
use crate::window::Axis;
use std::ops::Range;

/// Numbers of a row that are looked at side by side where one window sees many.
pub(super) const SIDE: usize = 16;

/// What is done at the places of one sample.
pub(super) trait Work {
    /// Whether neighbouring places of one channel are worth code of their own.
    const NEIGHBOURS: bool;
    /// For `W` results from `to` on: channels of one place (`S` = 1), or places of one channel whose taps are `S` apart.
    /// `taps` are those of the first.
    fn block<const W: usize, const S: usize>(&mut self, to: usize, taps: &Taps);
    /// For one place of a single channel that sees many numbers in a row.
    fn row(&mut self, to: usize, taps: &Taps);
}

/// The taps of one place, for the channels from one of them on.
#[derive(Clone)]
pub(super) struct Taps {
    d: Range<usize>,
    h: Range<usize>,
    w: Range<usize>,
    height: usize,
    width: usize,
    /// Numbers from one tap to the next in a row.
    pub step: usize,
    channel: usize,
}

impl Taps {
    /// How many there are.
    #[inline(always)]
    pub fn count(&self) -> usize {
        self.d.len() * self.h.len() * self.w.len()
    }

    /// How many there are in a row.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.w.len()
    }

    /// Where each row of them starts in memory.
    #[inline(always)]
    pub fn rows(&self) -> Rows<'_> {
        Rows { of: self, d: if self.h.is_empty() { self.d.end } else { self.d.start }, h: self.h.start }
    }

    #[inline(always)]
    fn along(&self, w: Range<usize>) -> Taps {
        Taps { w, ..self.clone() }
    }
}

pub(super) struct Rows<'a> {
    of: &'a Taps,
    d: usize,
    h: usize,
}

impl Iterator for Rows<'_> {
    type Item = usize;
    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        if self.d >= self.of.d.end {
            return None;
        }
        let row = (self.d * self.of.height + self.h) * self.of.width + self.of.w.start;
        self.h += 1;
        if self.h == self.of.h.end {
            (self.d, self.h) = (self.d + 1, self.of.h.start);
        }
        Some(row * self.of.step + self.of.channel)
    }
}

/// Works on all places of a sample, in order.
#[inline(always)]
pub(super) fn sweep<W: Work>(of: &Pooling, work: &mut W) {
    let [depth, height, width] = &of.axes;
    let mut to = 0;
    for d in 0..depth.output() {
        for h in 0..height.output() {
            let taps = Taps {
                d: depth.seen(d),
                h: height.seen(h),
                w: 0..0,
                height: height.input(),
                width: width.input(),
                step: of.channels,
                channel: 0,
            };
            match (of.channels, width) {
                (1, Places::Sliding(axis)) if neighbours::<W>(axis, 1) => blocks::<1>(axis, taps, to, work),
                (1, Places::Sliding(axis)) if neighbours::<W>(axis, 2) => blocks::<2>(axis, taps, to, work),
                (1, _) => one_by_one(width, taps, to, work),
                (channels, _) => side_by_side(width, channels, taps, to, work),
            }
            to += width.output() * of.channels;
        }
    }
}

/// A row of places, and blocks of channels in each.
#[inline(always)]
fn side_by_side(width: &Places, channels: usize, taps: Taps, mut to: usize, work: &mut impl Work) {
    for w in 0..width.output() {
        let mut taps = taps.along(width.seen(w));
        while taps.channel + 16 <= channels {
            work.block::<16, 1>(to + taps.channel, &taps);
            taps.channel += 16;
        }
        while taps.channel + 8 <= channels {
            work.block::<8, 1>(to + taps.channel, &taps);
            taps.channel += 8;
        }
        if taps.channel + 4 <= channels {
            work.block::<4, 1>(to + taps.channel, &taps);
            taps.channel += 4;
        }
        if taps.channel + 2 <= channels {
            work.block::<2, 1>(to + taps.channel, &taps);
            taps.channel += 2;
        }
        if taps.channel < channels {
            work.block::<1, 1>(to + taps.channel, &taps);
        }
        to += channels;
    }
}

/// A row of places of one channel.
#[inline(always)]
fn one_by_one(width: &Places, taps: Taps, to: usize, work: &mut impl Work) {
    for w in 0..width.output() {
        let taps = taps.along(width.seen(w));
        if taps.len() >= SIDE {
            work.row(to + w, &taps);
        } else {
            work.block::<1, 1>(to + w, &taps);
        }
    }
}

/// Places of one channel that are worked on side by side.
const BLOCK: usize = 4;

/// Whether they are, for places so far apart.
fn neighbours<W: Work>(axis: &Axis, stride: usize) -> bool {
    W::NEIGHBOURS && axis.stride == stride && axis.size < SIDE
}

/// A row of places of one channel, `S` apart, in blocks where the window lies inside.
#[inline(always)]
fn blocks<const S: usize>(axis: &Axis, taps: Taps, to: usize, work: &mut impl Work) {
    let first = axis.before.div_ceil(S);
    // Behind the last place whose window ends before the axis does.
    let end = ((axis.input + axis.before + S).saturating_sub(axis.size) / S).min(axis.output);
    let places = Places::Sliding(*axis);
    let mut w = 0;
    while w < axis.output {
        let taps = taps.along(places.seen(w));
        if w >= first && w + BLOCK <= end {
            work.block::<BLOCK, S>(to + w, &taps);
            w += BLOCK;
        } else {
            work.block::<1, 1>(to + w, &taps);
            w += 1;
        }
    }
}

/// `W` numbers, `S` apart.
#[inline(always)]
pub(super) fn load<R: Lane, const W: usize, const S: usize>(x: &[R], at: usize) -> [R; W] {
    let x = &x[at..][..(W - 1) * S + 1];
    let mut block = [R::ZERO; W];
    for (j, number) in block.iter_mut().enumerate() {
        *number = x[j * S];
    }
    block
}

/// The larger; NaN if one of both is.
#[inline(always)]
pub(super) fn larger<R: Lane>(a: R, b: R) -> R {
    R::select((b > a) | b.is_nan(), b, a)
}
