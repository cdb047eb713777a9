//! The gradient for the weights: for each tap and channel a sum over all places of all samples.

use super::line::Way;
use super::source::Source;
use super::tile::{Target, Tile, lanes};
use super::{Conv, PARTS, shared};
use crate::Cpu;
use crate::map::accumulate;
use crate::vector::{Vector, Wide};

/// Sums of one tap and channel begin at multiples of this: whole registers of every instruction set.
const BLOCK: usize = 32;
/// Numbers that the sums of all parts of a batch may take, where two parts do not take more.
const MOST: usize = 1 << 22;

/// What a part of a batch works with.
#[derive(Clone, Copy)]
struct Sums {
    conv: Conv,
    source: Source,
    /// Filters of a group, and the same rounded up to whole blocks.
    filters: usize,
    width: usize,
}

impl Sums {
    fn new(conv: &Conv) -> Sums {
        let axes = conv.window.axes.map(|a| Way::Forward.padded(&a));
        let filters = conv.filters / conv.groups;
        Sums {
            conv: *conv,
            source: Source::plain(axes, conv.channels),
            filters,
            width: filters.next_multiple_of(BLOCK),
        }
    }

    /// Numbers of all sums: \[group, tap, channel of the group, width\].
    fn len(&self) -> usize {
        self.conv.window.taps() * self.conv.channels * self.width
    }

    fn parts(&self, rows: usize) -> usize {
        rows.min(PARTS).min((MOST / self.len().max(1)).max(2))
    }

    /// Numbers of the copies of x and dy.
    fn copies(&self) -> (usize, usize) {
        let x = if self.source.as_it_lies() { 0 } else { self.source.len() };
        (x, self.conv.output() + BLOCK)
    }

    /// Numbers of scratch of one part.
    fn own(&self) -> usize {
        let (x, dy) = self.copies();
        self.len() + x + dy
    }
}

pub(super) fn scratch(conv: &Conv, rows: usize) -> usize {
    let sums = Sums::new(conv);
    sums.own() * sums.parts(rows)
}

pub(super) fn gradient(
    conv: &Conv,
    cpu: Cpu<'_>,
    x: &[f32],
    dy: &[f32],
    dw: &mut [f32],
    scratch: &mut [f32],
) {
    let sums = Sums::new(conv);
    let rows = if conv.input() == 0 { 0 } else { x.len() / conv.input() };
    if rows == 0 || dy.is_empty() || dw.is_empty() {
        dw.fill(0.0);
        return;
    }
    let parts = sums.parts(rows);
    let each = rows.div_ceil(parts);
    let parts = rows.div_ceil(each);
    let one = |i: usize, own: &mut [f32]| {
        let (total, copies) = own.split_at_mut(sums.len());
        let (of_x, of_dy) = copies.split_at_mut(sums.copies().0);
        total.fill(0.0);
        for n in i * each..rows.min((i + 1) * each) {
            let sample = &x[n * conv.input()..(n + 1) * conv.input()];
            let sample = if sums.source.as_it_lies() {
                sample
            } else {
                sums.source.copy(sample, of_x);
                &of_x[..]
            };
            let start = n * conv.output();
            // A register may reach behind the last number of a sample.
            let dy = match dy.get(start..start + conv.output() + BLOCK) {
                Some(dy) => dy,
                None => {
                    of_dy[..conv.output()].copy_from_slice(&dy[start..start + conv.output()]);
                    of_dy[conv.output()..].fill(0.0);
                    &*of_dy
                }
            };
            cpu.isa.run_wide(Sample { sums, x: sample, dy, total });
        }
    };
    let all = &mut scratch[..parts * sums.own()];
    let cpu = if shared(conv, cpu, rows) { cpu } else { Cpu::alone(cpu.isa) };
    cpu.pieces(all, sums.own(), one);
    let (first, others) = all.split_at_mut(sums.own());
    for other in others.chunks(sums.own()) {
        accumulate(cpu.isa, &other[..sums.len()], &mut first[..sums.len()]);
    }
    // [group, tap, channel, filter] becomes [tap, channel, all filters].
    let taps = conv.window.taps() * (conv.channels / conv.groups);
    for (i, row) in first[..sums.len()].chunks_exact(sums.width).enumerate() {
        let (group, tap) = (i / taps, i % taps);
        let at = tap * conv.filters + group * sums.filters;
        dw[at..at + sums.filters].copy_from_slice(&row[..sums.filters]);
    }
}

/// One sample, added to the sums.
struct Sample<'a> {
    sums: Sums,
    /// The sample with zeros around it.
    x: &'a [f32],
    dy: &'a [f32],
    total: &'a mut [f32],
}

impl Wide for Sample<'_> {
    #[inline(always)]
    fn run<V: Vector>(self) {
        let Sample { sums, x, dy, total } = self;
        let Conv { window, channels, filters, groups } = sums.conv;
        let hops = sums.source.hops();
        assert_eq!((x.len(), total.len()), (sums.source.len(), sums.len()));
        assert!(dy.len() >= sums.conv.output() + BLOCK);
        let [d, h, w] = window.axes;
        let of_group = channels / groups;
        // Neighbouring taps and their channels lie side by side.
        let merged = groups == 1 && w.dilation == 1;
        let (taps, run) = if merged { (1, w.size * of_group) } else { (w.size, of_group) };
        for group in 0..groups {
            for first in (0..sums.filters).step_by(BLOCK) {
                for tap in 0..d.size * h.size * taps {
                    let [i, j, k] = [tap / (h.size * taps), tap / taps % h.size, tap % taps];
                    let tap = [i * d.dilation, j * h.dilation, k * w.dilation];
                    let start: usize = tap.iter().zip(hops).map(|(t, hop)| t * hop).sum();
                    let row = ((group * d.size + i) * h.size + j) * w.size + k;
                    let loops = [
                        (d.output, d.stride * hops[0], h.output * w.output * filters),
                        (h.output, h.stride * hops[1], w.output * filters),
                        (1, 0, 0),
                    ];
                    let tile = Tile {
                        single: x.as_ptr().wrapping_add(start + group * of_group),
                        place: 1,
                        wide: dy.as_ptr().wrapping_add(group * sums.filters + first),
                        loops,
                        run: w.output,
                        run_single: w.stride * hops[2],
                        run_wide: filters,
                    };
                    let target = Target {
                        at: total.as_mut_ptr().wrapping_add(row * of_group * sums.width + first),
                        place: sums.width,
                        lanes: (sums.filters - first).min(BLOCK),
                        add: true,
                    };
                    // SAFETY: `Way::Forward` pads the source so that every tap of every place lies in it, `run` numbers from
                    // the first channel of a group are those of its taps, `dy` reaches a block further than it is named
                    // here, and rows of the sums are whole blocks.
                    unsafe { lanes::<V>(run, tile, target) };
                }
            }
        }
    }
}
