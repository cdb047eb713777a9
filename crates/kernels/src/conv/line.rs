//! One axis of a sweep: at which numbers of the source the taps of each place lie.

use crate::window::Axis;

/// Which way a sweep goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// From the input to the places of the window.
    Forward,
    /// From the places back to the input: the gradient, and the transposed convolution.
    Back,
}

/// An axis of the source with zeros around it, so that no tap lies outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Padded {
    /// Numbers without the zeros.
    pub len: usize,
    /// Zeros in front.
    pub before: usize,
    /// Zeros behind.
    pub after: usize,
}

impl Padded {
    pub fn total(&self) -> usize {
        self.before + self.len + self.after
    }
}

/// Places at equal distances, each with taps at equal distances.
///
/// ```text
/// tap t of place p reads source[start + p·hop + t·tap_hop], and weighs it with tap (tap + t·tap_step)
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line {
    /// How many places.
    pub places: usize,
    /// The first place in the target, and the distance to the next.
    pub first: usize,
    pub step: usize,
    /// Where the first tap of the first place lies in the padded source, and how far on that of the next place.
    pub start: usize,
    pub hop: usize,
    /// How many taps, how far apart they lie in the source, and in the order of the weights.
    pub taps: usize,
    pub tap_hop: usize,
    pub tap: usize,
    pub tap_step: usize,
}

impl Way {
    /// The source along this axis.
    pub fn padded(self, axis: &Axis) -> Padded {
        let reach = Axis::reach(axis.size, axis.dilation) - 1;
        match self {
            Way::Forward => {
                let last = (axis.output.max(1) - 1) * axis.stride + reach;
                let after = (last + 1).saturating_sub(axis.before + axis.input);
                Padded { len: axis.input, before: axis.before, after }
            }
            Way::Back => {
                let before = reach.saturating_sub(axis.before).div_ceil(axis.stride);
                let last = (axis.input.max(1) - 1 + axis.before) / axis.stride;
                let after = (last + 1).saturating_sub(axis.output);
                Padded { len: axis.output, before, after }
            }
        }
    }

    /// Numbers of the target along this axis.
    pub fn target(self, axis: &Axis) -> usize {
        match self {
            Way::Forward => axis.output,
            Way::Back => axis.input,
        }
    }

    /// How many lines an axis takes: the places of one line see the same taps.
    pub fn lines(self, axis: &Axis) -> usize {
        match self {
            Way::Forward => 1,
            Way::Back => axis.stride.min(axis.input),
        }
    }

    /// The r-th of them. Going back, taps stand in the opposite order.
    pub fn line(self, axis: &Axis, r: usize) -> Line {
        match self {
            Way::Forward => Line {
                places: axis.output,
                first: 0,
                step: 1,
                start: 0,
                hop: axis.stride,
                taps: axis.size,
                tap_hop: axis.dilation,
                tap: 0,
                tap_step: 1,
            },
            // The input i = o·stride + k·dilation − before gets back from the place o = (i + before − k·dilation)/stride,
            // for all k where that is a whole number: from the last such k down, o goes up by equal steps.
            Way::Back => {
                let (stride, at) = (axis.stride, r + axis.before);
                let tap_step = stride / gcd(axis.dilation, stride);
                let tap_hop = tap_step * axis.dilation / stride;
                // (at − k·dilation) ≡ 0, without negative numbers.
                let fits = |k: usize| (k * axis.dilation) % stride == at % stride;
                let last = (axis.size.saturating_sub(tap_step)..axis.size).rev().find(|&k| fits(k));
                let place = Line {
                    places: (axis.input - r).div_ceil(stride),
                    first: r,
                    step: stride,
                    start: 0,
                    hop: 1,
                    taps: 0,
                    tap_hop,
                    tap: 0,
                    tap_step,
                };
                let Some(last) = last else { return place };
                let offset = self.padded(axis).before as isize;
                let place_of_last = (at as isize - (last * axis.dilation) as isize) / stride as isize;
                Line {
                    start: (offset + place_of_last) as usize,
                    taps: last / tap_step + 1,
                    tap: axis.size - 1 - last,
                    ..place
                }
            }
        }
    }
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every pair of place and tap that the axis names is met once, and lies where it should.
    #[test]
    fn lines_meet_every_tap_once() {
        for input in 1..8 {
            for (size, stride, dilation) in
                [(1, 1, 1), (3, 1, 1), (3, 2, 1), (2, 3, 1), (3, 2, 2), (4, 3, 2), (5, 2, 3), (2, 4, 6)]
            {
                for axis in [
                    Axis::valid(input, size, stride, dilation),
                    Axis::same(input, size, stride, dilation),
                    Axis::causal(input, size, stride, dilation),
                ] {
                    let mut want = Vec::new();
                    for o in 0..axis.output {
                        want.extend((0..size).filter_map(|k| Some((o, k, axis.at(o, k)?))));
                    }
                    for way in [Way::Forward, Way::Back] {
                        let padded = way.padded(&axis);
                        let mut got = Vec::new();
                        for r in 0..way.lines(&axis) {
                            let line = way.line(&axis, r);
                            for p in 0..line.places {
                                for t in 0..line.taps {
                                    let source = line.start + p * line.hop + t * line.tap_hop;
                                    assert!(source < padded.total(), "{way:?} {axis:?} {line:?}");
                                    let target = line.first + p * line.step;
                                    assert!(target < way.target(&axis));
                                    let k = line.tap + t * line.tap_step;
                                    let inside =
                                        source.checked_sub(padded.before).filter(|s| *s < padded.len);
                                    let Some(source) = inside else { continue };
                                    got.push(match way {
                                        Way::Forward => (target, k, source),
                                        Way::Back => (source, size - 1 - k, target),
                                    });
                                }
                            }
                        }
                        got.sort_unstable();
                        assert_eq!(got, want, "{way:?} {axis:?}");
                    }
                }
            }
        }
    }
}
