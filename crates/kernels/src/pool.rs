//! Pooling: the mean or the largest of what a window sees, channel by channel, and its gradient.
//!
//! A sample is positions × channels in memory. Where its channels come first, every channel is a sample of one channel.

mod backward;
mod forward;
mod sweep;
#[cfg(test)]
mod tests;

use crate::isa::Isa;
use crate::window::Axis;
use std::fmt;
use std::ops::Range;

/// What is taken of all that a window sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The mean; what lies beyond the edges does not count.
    Average,
    /// The largest. Of equal ones the first, in row-major order, gets the gradient; NaN is larger than anything.
    Max,
    /// The largest. Equal ones share the gradient; if one is NaN, so is the gradient of all.
    SharedMax,
}

impl Kind {
    /// Whether the gradient depends on the input.
    pub fn reads_input(self) -> bool {
        self != Kind::Average
    }
}

/// How the places of a pooling see an axis: each a range of its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Places {
    /// A window slides along. Pooling knows no dilation: that of the axis must be 1.
    Sliding(Axis),
    /// So many bins of (nearly) the same size, which share a number where they do not fit.
    ///
    /// ```text
    /// place o sees ⌊o·input/output⌋ … ⌈(o + 1)·input/output⌉ − 1
    /// ```
    Bins {
        /// Numbers along the axis.
        input: usize,
        /// Places.
        output: usize,
    },
}

impl Places {
    /// An axis of one number: what stands for the axes that there are not.
    pub const ONE: Places = Places::Sliding(Axis::ONE);

    /// Numbers along the axis.
    pub fn input(&self) -> usize {
        match self {
            Places::Sliding(axis) => axis.input,
            Places::Bins { input, .. } => *input,
        }
    }

    /// Places along the axis.
    pub fn output(&self) -> usize {
        match self {
            Places::Sliding(axis) => axis.output,
            Places::Bins { output, .. } => *output,
        }
    }

    /// The numbers that place o sees.
    ///
    /// ```
    /// use steadygrad_kernels::{pool::Places, window::Axis};
    /// let bins = Places::Bins { input: 5, output: 3 };
    /// assert_eq!([bins.seen(0), bins.seen(1), bins.seen(2)], [0..2, 1..4, 3..5]);
    /// assert_eq!(Places::Sliding(Axis::same(5, 3, 2, 1)).seen(0), 0..2);
    /// ```
    #[inline(always)]
    pub fn seen(&self, o: usize) -> Range<usize> {
        match *self {
            Places::Sliding(Axis { input, size, stride, before, .. }) => {
                let start = o * stride;
                start.saturating_sub(before)..start.saturating_add(size).saturating_sub(before).min(input)
            }
            Places::Bins { input, output } => o * input / output..((o + 1) * input).div_ceil(output),
        }
    }

    /// Whether every number is seen by exactly one place.
    fn tiles(&self) -> bool {
        let next = (0..self.output()).try_fold(0, |next, o| {
            let seen = self.seen(o);
            (seen.start == next).then_some(seen.end)
        });
        next == Some(self.input())
    }
}

/// A pooling of one sample: over up to three axes, in row-major order, and channels behind them.
///
/// ```
/// use steadygrad_kernels::{Isa, pool::{Kind, Places, Pooling, pool}, window::Axis};
/// let pooling = Pooling::new(Kind::Max, &[Places::Sliding(Axis::valid(4, 2, 2, 1))], 1);
/// let mut y = [0.0; 2];
/// pool(Isa::best(), &pooling, &[1.0, 3.0, 2.0, -1.0], &mut y);
/// assert_eq!(y, [3.0, 2.0]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pooling {
    /// What is taken.
    pub kind: Kind,
    /// Depth, height and width.
    pub axes: [Places; 3],
    /// Numbers at every position.
    pub channels: usize,
}

impl Pooling {
    /// Over these axes, at most three; what is missing stands in front.
    pub fn new(kind: Kind, axes: &[Places], channels: usize) -> Pooling {
        let mut all = [Places::ONE; 3];
        for (to, from) in all.iter_mut().rev().zip(axes.iter().rev()) {
            *to = *from;
        }
        Pooling { kind, axes: all, channels }
    }

    /// Numbers of a sample.
    pub fn input(&self) -> usize {
        self.axes.iter().map(Places::input).product::<usize>() * self.channels
    }

    /// Numbers of what comes out for a sample.
    pub fn output(&self) -> usize {
        self.axes.iter().map(Places::output).product::<usize>() * self.channels
    }

    fn tiles(&self) -> bool {
        self.axes.iter().all(Places::tiles)
    }
}

/// `[28, 28] → [14, 14] · 32`
impl fmt::Display for Pooling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.axes.iter().position(|axis| *axis != Places::ONE).unwrap_or(2);
        let sizes = |of: fn(&Places) -> usize| self.axes[first..].iter().map(of).collect::<Vec<_>>();
        write!(f, "{:?} → {:?} · {}", sizes(Places::input), sizes(Places::output), self.channels)
    }
}

/// out = what the pooling takes of each sample of x. Where there is nothing to take it of, it is NaN.
pub fn pool(isa: Isa, of: &Pooling, x: &[f32], out: &mut [f32]) {
    if of.input() == 0 || of.output() == 0 {
        out.fill(f32::NAN);
        return;
    }
    isa.run(forward::Forward { of, x, out });
}

/// dx = the gradient of the pooling for each sample, from x and the gradient dy of what came out. A mean does not look
/// at x, which may be empty then.
///
/// ```
/// use steadygrad_kernels::{Isa, pool::{Kind, Places, Pooling, pool_grad}, window::Axis};
/// let pooling = Pooling::new(Kind::Max, &[Places::Sliding(Axis::valid(4, 2, 2, 1))], 1);
/// let mut dx = [0.0; 4];
/// pool_grad(Isa::best(), &pooling, &[1.0, 3.0, 2.0, 2.0], &[0.5, 0.25], &mut dx);
/// assert_eq!(dx, [0.0, 0.5, 0.25, 0.0]);
/// ```
pub fn pool_grad(isa: Isa, of: &Pooling, x: &[f32], dy: &[f32], dx: &mut [f32]) {
    if of.input() == 0 || of.output() == 0 {
        dx.fill(0.0);
        return;
    }
    isa.run(backward::Backward { of, x, dy, dx });
}
