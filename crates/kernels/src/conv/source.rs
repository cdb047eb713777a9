//! Copies that make the loops simple: a sample with zeros around it, weights in the order in which they are read.

use super::line::Padded;

/// A sample: three axes, and numbers at each position.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source {
    pub axes: [Padded; 3],
    pub channels: usize,
    /// Numbers at each position of the copy: the channels, and zeros behind them.
    pub width: usize,
    /// How often each channel is repeated, side by side.
    pub repeat: usize,
}

impl Source {
    /// Without wider positions.
    pub fn plain(axes: [Padded; 3], channels: usize) -> Source {
        Source { axes, channels, width: channels, repeat: 1 }
    }

    /// Numbers of the copy.
    pub fn len(&self) -> usize {
        self.axes.iter().map(Padded::total).product::<usize>() * self.width
    }

    /// Numbers of the sample itself.
    pub fn bare(&self) -> usize {
        self.axes.iter().map(|a| a.len).product::<usize>() * self.channels
    }

    /// Whether the sample can be read as it lies.
    pub fn as_it_lies(&self) -> bool {
        self.width == self.channels && self.axes.iter().all(|a| a.before + a.after == 0)
    }

    /// The distance to the next position along each axis of the copy.
    pub fn hops(&self) -> [usize; 3] {
        let [_, h, w] = self.axes;
        [h.total() * w.total() * self.width, w.total() * self.width, self.width]
    }

    /// The copy; where the zeros are, `to` is written too.
    pub fn copy(&self, x: &[f32], to: &mut [f32]) {
        let [d, h, w] = self.axes;
        let [plane, line, _] = self.hops();
        let mut rows = x.chunks_exact((w.len * self.channels).max(1));
        for (i, to) in to[..self.len()].chunks_exact_mut(plane.max(1)).enumerate() {
            let inside = i.checked_sub(d.before).is_some_and(|i| i < d.len);
            for (j, to) in to.chunks_exact_mut(line.max(1)).enumerate() {
                let row = if inside && j.checked_sub(h.before).is_some_and(|j| j < h.len) {
                    rows.next()
                } else {
                    None
                };
                let Some(row) = row else {
                    to.fill(0.0);
                    continue;
                };
                let (front, rest) = to.split_at_mut(w.before * self.width);
                let (middle, behind) = rest.split_at_mut(w.len * self.width);
                front.fill(0.0);
                behind.fill(0.0);
                if self.width == self.channels {
                    middle.copy_from_slice(row);
                    continue;
                }
                for (to, x) in middle.chunks_exact_mut(self.width).zip(row.chunks_exact(self.channels)) {
                    let (to, rest) = to.split_at_mut(self.channels * self.repeat);
                    for (to, &x) in to.chunks_exact_mut(self.repeat).zip(x) {
                        to.fill(x);
                    }
                    rest.fill(0.0);
                }
            }
        }
    }
}

/// How weights of a convolution, \[tap, channel of the group, filter\], are read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Packing {
    pub taps: usize,
    /// Channels and filters of one group.
    pub channels: usize,
    pub filters: usize,
    pub groups: usize,
    /// Numbers side by side in a block.
    pub block: usize,
    /// The roles of channels and filters are exchanged, and taps stand in the opposite order.
    pub back: bool,
}

impl Packing {
    /// Numbers that are summed over, and numbers that come of it, of one group and tap.
    pub fn sides(&self) -> (usize, usize) {
        if self.back { (self.filters, self.channels) } else { (self.channels, self.filters) }
    }

    /// Blocks of one group.
    pub fn blocks(&self) -> usize {
        self.sides().1.div_ceil(self.block)
    }

    /// Numbers of one block: \[tap, summed over, block\].
    pub fn block_len(&self) -> usize {
        self.taps * self.sides().0 * self.block
    }

    /// Numbers of all.
    pub fn len(&self) -> usize {
        self.groups * self.blocks() * self.block_len()
    }

    /// Blocks of all groups one after the other; what a last block lacks is zero.
    pub fn pack(&self, weights: &[f32], to: &mut [f32]) {
        let (from, into) = self.sides();
        let all = self.groups * self.filters;
        let mut blocks = to[..self.len()].chunks_exact_mut(self.block_len().max(1));
        for group in 0..self.groups {
            for first in (0..into).step_by(self.block) {
                let Some(block) = blocks.next() else { return };
                let mut rows = block.chunks_exact_mut(self.block);
                for tap in 0..self.taps {
                    let tap = if self.back { self.taps - 1 - tap } else { tap };
                    for i in 0..from {
                        let Some(row) = rows.next() else { return };
                        let many = (into - first).min(self.block);
                        let (row, rest) = row.split_at_mut(many);
                        rest.fill(0.0);
                        let start = group * self.filters;
                        if self.back {
                            for (n, to) in row.iter_mut().enumerate() {
                                *to = weights[(tap * self.channels + first + n) * all + start + i];
                            }
                        } else {
                            let at = (tap * self.channels + i) * all + start + first;
                            row.copy_from_slice(&weights[at..at + many]);
                        }
                    }
                }
            }
        }
    }
}
