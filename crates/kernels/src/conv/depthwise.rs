//! Depthwise convolution: every channel by itself, so that a register holds channels and not filters.
//!
//! With a multiplier m, each channel is laid m times side by side in the copy of the sample; then it is a convolution of m times
//! the channels with one filter each.

use super::line::Way;
use super::source::Source;
use super::tile::{Target, Tile, row};
use super::{Conv, Finish, PARTS, Pass, shared};
use crate::Cpu;
use crate::map::accumulate;
use crate::vector::{Vector, Wide};

/// Positions of copies are whole registers of every instruction set.
const BLOCK: usize = 16;

/// Numbers at each position of a copy.
fn width(conv: &Conv) -> usize {
    conv.filters.next_multiple_of(BLOCK)
}

fn multiplier(conv: &Conv) -> usize {
    conv.filters / conv.channels
}

/// The input, each channel as often as it has filters, in whole registers.
fn input(conv: &Conv) -> Source {
    let axes = conv.window.axes.map(|a| Way::Forward.padded(&a));
    Source { axes, channels: conv.channels, width: width(conv), repeat: multiplier(conv) }
}

/// The output, in whole registers, with the zeros that the way back needs.
fn output(conv: &Conv) -> Source {
    let axes = conv.window.axes.map(|a| Way::Back.padded(&a));
    Source { axes, channels: conv.filters, width: width(conv), repeat: 1 }
}

/// The output without zeros around it.
fn places(conv: &Conv) -> Source {
    let source = output(conv);
    let axes = source.axes.map(|a| super::line::Padded { before: 0, after: 0, ..a });
    Source { axes, ..source }
}

/// Numbers of the weights, in whole registers.
fn packed(conv: &Conv) -> usize {
    conv.window.taps() * width(conv)
}

/// Numbers of scratch of one part of a batch.
fn own(conv: &Conv, pass: Pass) -> usize {
    match pass {
        Pass::Forward => input(conv).len(),
        // The gradient of each filter, before those of a channel are added.
        Pass::Input => output(conv).len() + conv.window.inputs() * conv.filters,
        Pass::Weights => input(conv).len() + places(conv).len() + packed(conv),
    }
}

pub(super) fn scratch(conv: &Conv, pass: Pass, rows: usize) -> usize {
    packed(conv) + own(conv, pass) * rows.min(PARTS)
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
    let (source, pass, out) = match way {
        Way::Forward => (input(conv), Pass::Forward, conv.output()),
        Way::Back => (output(conv), Pass::Input, conv.input()),
    };
    if y.is_empty() {
        return;
    }
    let rows = y.len() / out;
    let (weights, own_of_parts) = scratch.split_at_mut(packed(conv));
    for (i, to) in weights.chunks_exact_mut(width(conv)).enumerate() {
        let tap = if way == Way::Back { conv.window.taps() - 1 - i } else { i };
        let (to, rest) = to.split_at_mut(conv.filters);
        to.copy_from_slice(&w[tap * conv.filters..(tap + 1) * conv.filters]);
        rest.fill(0.0);
    }
    let (weights, bare, size) = (&*weights, source.bare(), own(conv, pass));
    let each = if shared(conv, cpu, rows) { rows.div_ceil(PARTS) } else { rows };
    cpu.two_pieces(y, each * out, own_of_parts, size, |i, y, own| {
        let (copy, all) = own.split_at_mut(source.len());
        for (n, y) in y.chunks_exact_mut(out).enumerate() {
            let at = (i * each + n) * bare;
            source.copy(&x[at..at + bare], copy);
            let m = multiplier(conv);
            if way == Way::Back && m > 1 {
                cpu.isa.run_wide(Sample { conv: *conv, way, source, x: copy, weights, y: &mut *all });
                for (y, all) in y.iter_mut().zip(all.chunks_exact(m)) {
                    *y = all.iter().sum();
                }
            } else {
                cpu.isa.run_wide(Sample { conv: *conv, way, source, x: copy, weights, y: &mut *y });
            }
            finish(y);
        }
    });
}

/// One sample of a sweep.
struct Sample<'a> {
    conv: Conv,
    way: Way,
    source: Source,
    x: &'a [f32],
    weights: &'a [f32],
    y: &'a mut [f32],
}

impl Wide for Sample<'_> {
    #[inline(always)]
    fn run<V: Vector>(self) {
        let Sample { conv, way, source, x, weights, y } = self;
        let (axes, hops, width) = (conv.window.axes, source.hops(), source.width);
        let targets = axes.map(|a| way.target(&a));
        assert_eq!((x.len(), weights.len()), (source.len(), packed(&conv)));
        assert_eq!(y.len(), targets.iter().product::<usize>() * conv.filters);
        let counts = axes.map(|a| way.lines(&a));
        for r in 0..counts.iter().product() {
            let r = [r / (counts[1] * counts[2]), r / counts[2] % counts[1], r % counts[2]];
            let lines = [0, 1, 2].map(|i| way.line(&axes[i], r[i]));
            let [d, h, w] = lines;
            let steps = [axes[1].size * axes[2].size * width, axes[2].size * width, width];
            let mut loops =
                [0, 1].map(|i| (lines[i].taps, lines[i].tap_hop * hops[i], lines[i].tap_step * steps[i]));
            if lines.iter().any(|l| l.taps == 0) {
                loops = [(0, 0, 0); 2];
            }
            let first: usize = (0..3).map(|i| lines[i].tap * steps[i]).sum();
            let start: usize = (0..3).map(|i| lines[i].start * hops[i]).sum();
            for place in 0..d.places * h.places {
                let (i, j) = (place / h.places, place % h.places);
                let x_at = start + i * d.hop * hops[0] + j * h.hop * hops[1];
                let line = (d.first + i * d.step) * targets[1] + h.first + j * h.step;
                let y_at = (line * targets[2] + w.first) * conv.filters;
                for channel in (0..conv.filters).step_by(V::LANES) {
                    let tile = Tile {
                        single: x.as_ptr().wrapping_add(x_at + channel),
                        place: w.hop * hops[2],
                        wide: weights.as_ptr().wrapping_add(first + channel),
                        loops: [loops[0], loops[1], (1, 0, 0)],
                        run: w.taps,
                        run_single: w.tap_hop * hops[2],
                        run_wide: w.tap_step * steps[2],
                    };
                    let target = Target {
                        at: y.as_mut_ptr().wrapping_add(y_at + channel),
                        place: w.step * conv.filters,
                        lanes: (conv.filters - channel).min(V::LANES),
                        add: false,
                    };
                    // SAFETY: `x` is the copy that the way asks for, in which every tap of the lines lies (their test holds
                    // them to it), and positions of copies and weights are whole registers.
                    unsafe { row::<V, 1, true>(w.places, tile, target) };
                }
            }
        }
    }
}

pub(super) fn weight_gradient(
    conv: &Conv,
    cpu: Cpu<'_>,
    x: &[f32],
    dy: &[f32],
    dw: &mut [f32],
    scratch: &mut [f32],
) {
    let rows = if conv.input() == 0 { 0 } else { x.len() / conv.input() };
    if rows == 0 || dy.is_empty() || dw.is_empty() {
        dw.fill(0.0);
        return;
    }
    let (input, places, size) = (input(conv), places(conv), own(conv, Pass::Weights));
    let each = rows.div_ceil(PARTS);
    let part = |i: usize, own: &mut [f32]| {
        let (total, copies) = own.split_at_mut(packed(conv));
        let (of_x, of_dy) = copies.split_at_mut(input.len());
        total.fill(0.0);
        for n in i * each..rows.min((i + 1) * each) {
            input.copy(&x[n * conv.input()..(n + 1) * conv.input()], of_x);
            let dy = &dy[n * conv.output()..(n + 1) * conv.output()];
            let dy = if places.as_it_lies() {
                dy
            } else {
                places.copy(dy, of_dy);
                &of_dy[..places.len()]
            };
            cpu.isa.run_wide(Sums { conv: *conv, source: input, x: of_x, dy, total: &mut *total });
        }
    };
    let all = &mut scratch[..rows.div_ceil(each) * size];
    let cpu = if shared(conv, cpu, rows) { cpu } else { Cpu::alone(cpu.isa) };
    cpu.pieces(all, size, part);
    let (first, others) = all.split_at_mut(size);
    for other in others.chunks(size) {
        accumulate(cpu.isa, &other[..packed(conv)], &mut first[..packed(conv)]);
    }
    for (dw, sums) in dw.chunks_exact_mut(conv.filters).zip(first.chunks_exact(width(conv))) {
        dw.copy_from_slice(&sums[..conv.filters]);
    }
}

/// One sample, added to the sums for the weights.
struct Sums<'a> {
    conv: Conv,
    source: Source,
    x: &'a [f32],
    dy: &'a [f32],
    total: &'a mut [f32],
}

impl Wide for Sums<'_> {
    #[inline(always)]
    fn run<V: Vector>(self) {
        let Sums { conv, source, x, dy, total } = self;
        let (hops, width) = (source.hops(), source.width);
        let [d, h, w] = conv.window.axes;
        assert_eq!((x.len(), total.len()), (source.len(), packed(&conv)));
        assert_eq!(dy.len(), conv.window.outputs() * width);
        for tap in 0..d.size * h.size {
            let (i, j) = (tap / h.size, tap % h.size);
            let start = i * d.dilation * hops[0] + j * h.dilation * hops[1];
            for channel in (0..conv.filters).step_by(V::LANES) {
                let tile = Tile {
                    single: x.as_ptr().wrapping_add(start + channel),
                    place: w.dilation * hops[2],
                    wide: dy.as_ptr().wrapping_add(channel),
                    loops: [
                        (d.output, d.stride * hops[0], h.output * w.output * width),
                        (h.output, h.stride * hops[1], w.output * width),
                        (1, 0, 0),
                    ],
                    run: w.output,
                    run_single: w.stride * hops[2],
                    run_wide: width,
                };
                let target = Target {
                    at: total.as_mut_ptr().wrapping_add(tap * w.size * width + channel),
                    place: width,
                    lanes: V::LANES,
                    add: true,
                };
                // SAFETY: the copy of x is padded so that every tap of every place lies in it, and positions of all three
                // are whole registers.
                unsafe { row::<V, 1, true>(w.size, tile, target) };
            }
        }
    }
}
