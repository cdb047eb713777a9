//! Convolution: windows that slide over samples whose channels lie side by side, with both gradients.
//!
//! ```text
//! y[o, f] = Σ_{k, c} x[o·stride + k·dilation − before, c] · w[k, c, f]
//! dx[i, c] = Σ_{o, k meeting i} Σ_f dy[o, f] · w[k, c, f]
//! dw[k, c, f] = Σ_samples Σ_o x[o·stride + k·dilation − before, c] · dy[o, f]
//! ```
//!
//! In groups, filter f sees only the channels of its group. A depthwise convolution has a group for every channel: its weights
//! \[taps, channels, multiplier\] lie in memory as those of \[taps, 1, channels·multiplier\].
//!
//! Nothing is spread out into a matrix of windows: the loops read a copy of one sample with zeros around it (or the sample
//! itself), and keep a tile of sums in registers. Going back to the input is the same loop over the places, with the taps in
//! the opposite order, once for every remainder of the stride.

mod depthwise;
mod line;
mod source;
mod sweep;
#[cfg(test)]
mod tests;
mod tile;
mod weights;

use crate::Cpu;
use crate::window::Window;
use line::Way;

/// The geometry of a convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Conv {
    /// How the window slides.
    pub window: Window,
    /// Channels at each position of the input.
    pub channels: usize,
    /// Filters at each place of the output.
    pub filters: usize,
    /// How many groups channels and filters are parted into; both are multiples of it.
    pub groups: usize,
}

/// What is computed of a convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pass {
    /// The output.
    Forward,
    /// The gradient for the input; and the output of a transposed convolution.
    Input,
    /// The gradient for the weights.
    Weights,
}

/// Done to the output of each sample while it is in the cache.
pub type Finish<'a> = &'a (dyn Fn(&mut [f32]) + Sync);

/// Parts that a batch is cut into, whatever the number of threads.
const PARTS: usize = 16;
/// Multiply-adds from which on threads share the work.
const WORTH_SHARING: usize = 1 << 20;

impl Conv {
    /// Numbers of the weights.
    pub fn weights(&self) -> usize {
        self.window.taps() * (self.channels / self.groups.max(1)) * self.filters
    }

    /// Numbers of one sample of the input.
    pub fn input(&self) -> usize {
        self.window.inputs() * self.channels
    }

    /// Numbers of one sample of the output.
    pub fn output(&self) -> usize {
        self.window.outputs() * self.filters
    }

    /// Multiply-adds for one sample.
    pub fn work(&self) -> usize {
        self.window.outputs().saturating_mul(self.weights())
    }

    /// Each filter sees one channel.
    pub fn depthwise(&self) -> bool {
        self.groups == self.channels && self.groups > 1
    }

    /// Numbers of scratch that a pass over so many samples takes.
    pub fn scratch(&self, pass: Pass, rows: usize) -> usize {
        match (pass, self.depthwise()) {
            (Pass::Forward, false) => sweep::scratch(self, Way::Forward, rows),
            (Pass::Input, false) => sweep::scratch(self, Way::Back, rows),
            (Pass::Weights, false) => weights::scratch(self, rows),
            (_, true) => depthwise::scratch(self, pass, rows),
        }
    }

    fn check(&self, x: usize, weights: usize, y: usize) {
        assert!(
            self.groups > 0
                && self.channels.is_multiple_of(self.groups)
                && self.filters.is_multiple_of(self.groups)
        );
        assert_eq!(weights, self.weights(), "weights");
        let rows = if self.input() > 0 { x / self.input() } else { y / self.output().max(1) };
        assert_eq!((x, y), (rows * self.input(), rows * self.output()), "samples");
    }

    /// y from x; `finish` is called for each sample of it. Weights are \[taps, channels of a group, filters\].
    ///
    /// ```
    /// use steadygrad_kernels::{Cpu, conv::{Conv, Pass}, window::{Axis, Window}};
    /// let window = Window::new(&[Axis::valid(4, 2, 1, 1)]);
    /// let conv = Conv { window, channels: 1, filters: 1, groups: 1 };
    /// let (mut y, mut scratch) = ([0.0; 3], vec![0.0; conv.scratch(Pass::Forward, 1)]);
    /// conv.forward(Cpu::best(), &[1.0, 2.0, 4.0, 8.0], &[-1.0, 1.0], &mut y, &mut scratch, &|_| ());
    /// assert_eq!(y, [1.0, 2.0, 4.0]);
    /// ```
    ///
    /// # Panics
    /// If a length does not fit, or the scratch is too small.
    pub fn forward(
        &self,
        cpu: Cpu<'_>,
        x: &[f32],
        w: &[f32],
        y: &mut [f32],
        scratch: &mut [f32],
        finish: Finish<'_>,
    ) {
        self.check(x.len(), w.len(), y.len());
        if self.depthwise() {
            depthwise::sweep(self, Way::Forward, cpu, x, w, y, scratch, finish);
        } else {
            sweep::sweep(self, Way::Forward, cpu, x, w, y, scratch, finish);
        }
    }

    /// dx from dy.
    ///
    /// # Panics
    /// As for [`Conv::forward`].
    pub fn input_gradient(
        &self,
        cpu: Cpu<'_>,
        dy: &[f32],
        w: &[f32],
        dx: &mut [f32],
        scratch: &mut [f32],
        finish: Finish<'_>,
    ) {
        self.check(dx.len(), w.len(), dy.len());
        if self.depthwise() {
            depthwise::sweep(self, Way::Back, cpu, dy, w, dx, scratch, finish);
        } else {
            sweep::sweep(self, Way::Back, cpu, dy, w, dx, scratch, finish);
        }
    }

    /// dw from x and dy.
    ///
    /// # Panics
    /// As for [`Conv::forward`].
    pub fn weight_gradient(&self, cpu: Cpu<'_>, x: &[f32], dy: &[f32], dw: &mut [f32], scratch: &mut [f32]) {
        self.check(x.len(), dw.len(), dy.len());
        if self.depthwise() {
            depthwise::weight_gradient(self, cpu, x, dy, dw, scratch);
        } else {
            weights::gradient(self, cpu, x, dy, dw, scratch);
        }
    }
}

/// Whether threads share the work on so many samples.
fn shared(conv: &Conv, cpu: Cpu<'_>, rows: usize) -> bool {
    cpu.threads() > 1 && rows > 1 && conv.work().saturating_mul(rows) >= WORTH_SHARING
}
