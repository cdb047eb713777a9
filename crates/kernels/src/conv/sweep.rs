//! A sweep over the places of the output, or back over those of the input: all sums of one place in a tile.

use super::line::{Line, Way};
use super::source::{Packing, Source};
use super::tile::{Target, Tile, lanes};
use super::{Conv, Finish, PARTS, shared};
use crate::Cpu;
use crate::vector::{Vector, Wide};

/// Numbers side by side in a block of packed weights: two of the widest registers. Weights are packed for these whatever the
/// instruction set, so that a plan need not know it.
const BLOCK: usize = 32;

/// A way through a convolution, worked out.
#[derive(Clone, Copy)]
struct Sweep {
    conv: Conv,
    way: Way,
    source: Source,
    packing: Packing,
}

impl Sweep {
    fn new(conv: &Conv, way: Way) -> Sweep {
        let axes = conv.window.axes.map(|a| way.padded(&a));
        let channels = if way == Way::Forward { conv.channels } else { conv.filters };
        let packing = Packing {
            taps: conv.window.taps(),
            channels: conv.channels / conv.groups,
            filters: conv.filters / conv.groups,
            groups: conv.groups,
            block: BLOCK,
            back: way == Way::Back,
        };
        Sweep { conv: *conv, way, source: Source::plain(axes, channels), packing }
    }

    /// Numbers of scratch that each part of a batch needs of its own.
    fn own(&self) -> usize {
        if self.source.as_it_lies() { 0 } else { self.source.len() }
    }

    /// Numbers at each position of the target, and in one sample of it.
    fn target(&self) -> (usize, usize) {
        match self.way {
            Way::Forward => (self.conv.filters, self.conv.output()),
            Way::Back => (self.conv.channels, self.conv.input()),
        }
    }
}

pub(super) fn scratch(conv: &Conv, way: Way, rows: usize) -> usize {
    let sweep = Sweep::new(conv, way);
    sweep.packing.len() + sweep.own() * rows.min(PARTS)
}

#[allow(clippy::too_many_arguments)] // those of a kernel, and the way
pub(super) fn sweep(
    conv: &Conv,
    way: Way,
    cpu: Cpu<'_>,
    x: &[f32],
    w: &[f32],
    y: &mut [f32],
    scratch: &mut [f32],
    finish: Finish<'_>,
) {
    let sweep = Sweep::new(conv, way);
    let (_, out) = sweep.target();
    if y.is_empty() {
        return;
    }
    let rows = y.len() / out;
    let (packed, own) = scratch.split_at_mut(sweep.packing.len());
    sweep.packing.pack(w, packed);
    let (packed, bare) = (&*packed, sweep.source.bare());
    let each = if shared(conv, cpu, rows) { rows.div_ceil(PARTS) } else { rows };
    cpu.two_pieces(y, each * out, own, sweep.own(), |i, y, own| {
        for (n, y) in y.chunks_exact_mut(out).enumerate() {
            let at = (i * each + n) * bare;
            let x = &x[at..at + bare];
            let x = if sweep.source.as_it_lies() {
                x
            } else {
                sweep.source.copy(x, own);
                &own[..sweep.source.len()]
            };
            cpu.isa.run_wide(Sample { sweep, x, packed, y });
            finish(y);
        }
    });
}

/// One sample of a sweep.
struct Sample<'a> {
    sweep: Sweep,
    /// The sample with zeros around it.
    x: &'a [f32],
    packed: &'a [f32],
    y: &'a mut [f32],
}

impl Wide for Sample<'_> {
    #[inline(always)]
    fn run<V: Vector>(self) {
        let Sample { sweep, x, packed, y } = self;
        let axes = sweep.conv.window.axes;
        let [d, h, w] = axes.map(|a| sweep.way.lines(&a));
        for group in 0..sweep.conv.groups {
            for block in 0..sweep.packing.blocks() {
                let at = (group * sweep.packing.blocks() + block) * sweep.packing.block_len();
                let weights = &packed[at..at + sweep.packing.block_len()];
                for r in 0..d * h * w {
                    let r = [r / (h * w), r / w % h, r % w];
                    let lines = [0, 1, 2].map(|i| sweep.way.line(&axes[i], r[i]));
                    // SAFETY: see `lines_of`.
                    unsafe { lines_of::<V>(&sweep, x, weights, y, lines, group, block) };
                }
            }
        }
    }
}

/// All places of these lines, for one block of one group.
///
/// # Safety
/// `x` is a copy of a sample as the sweep's source says, `weights` the block, `y` a sample of the target. Then the lines name only
/// places that there are, which a test of the lines holds them to, and a block is whole registers.
#[inline(always)]
unsafe fn lines_of<V: Vector>(
    sweep: &Sweep,
    x: &[f32],
    weights: &[f32],
    y: &mut [f32],
    lines: [Line; 3],
    group: usize,
    block: usize,
) {
    let (from, into) = sweep.packing.sides();
    let (width, _) = sweep.target();
    let [d, h, w] = lines;
    let hops = sweep.source.hops();
    assert_eq!((x.len(), weights.len()), (sweep.source.len(), sweep.packing.block_len()));
    let targets = sweep.conv.window.axes.map(|a| sweep.way.target(&a));
    assert_eq!(y.len(), targets.iter().product::<usize>() * width);
    if lines.iter().any(|l| l.places == 0) {
        return;
    }
    // How far a tap lies from the next in the packed weights.
    let sizes = sweep.conv.window.axes.map(|a| a.size);
    let row_of_taps = from * BLOCK;
    let steps = [sizes[1] * sizes[2] * row_of_taps, sizes[2] * row_of_taps, row_of_taps];
    let mut taps =
        [0, 1, 2].map(|i| (lines[i].taps, lines[i].tap_hop * hops[i], lines[i].tap_step * steps[i]));
    if lines.iter().any(|l| l.taps == 0) {
        taps = [(0, 0, 0); 3];
    }
    let mut run = from;
    // Where neighbouring taps lie side by side in both, they and their channels are one run.
    if w.tap_hop == 1 && w.tap_step == 1 && from == sweep.source.width {
        run *= taps[2].0;
        taps[2].0 = taps[2].0.min(1);
    }
    let first = [0, 1, 2].map(|i| lines[i].tap * steps[i]).iter().sum::<usize>();
    let start = [0, 1, 2].map(|i| lines[i].start * hops[i]).iter().sum::<usize>() + group * from;
    let width_of_block = (into - block * BLOCK).min(BLOCK);
    let column = group * into + block * BLOCK;
    for i in 0..d.places {
        for j in 0..h.places {
            let x_at = start + i * d.hop * hops[0] + j * h.hop * hops[1];
            let line = (d.first + i * d.step) * targets[1] + h.first + j * h.step;
            let y_at = (line * targets[2] + w.first) * width + column;
            let tile = Tile {
                single: x.as_ptr().wrapping_add(x_at),
                place: w.hop * hops[2],
                wide: weights.as_ptr().wrapping_add(first),
                loops: taps,
                run,
                run_single: 1,
                run_wide: BLOCK,
            };
            let target = Target {
                at: y.as_mut_ptr().wrapping_add(y_at),
                place: w.step * width,
                lanes: width_of_block,
                add: false,
            };
            // SAFETY: the caller's promise.
            unsafe { lanes::<V>(w.places, tile, target) };
        }
    }
}
