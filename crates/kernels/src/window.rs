//! Windows that slide over up to three axes: the geometry that convolution and pooling share.

/// One axis that a window slides along: `output` places, each of which sees up to `size` of the `input` numbers.
///
/// ```text
/// tap k of place o is the input o·stride + k·dilation − before, where there is one
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Axis {
    /// Numbers along the axis.
    pub input: usize,
    /// Places of the window.
    pub output: usize,
    /// Taps of the window.
    pub size: usize,
    /// From one place to the next.
    pub stride: usize,
    /// From one tap to the next.
    pub dilation: usize,
    /// Numbers of padding in front.
    pub before: usize,
}

impl Axis {
    /// An axis of one number, which a window of one tap sees: what stands for the axes that there are not.
    pub const ONE: Axis = Axis { input: 1, output: 1, size: 1, stride: 1, dilation: 1, before: 0 };

    /// The numbers from the first tap to the last.
    pub fn reach(size: usize, dilation: usize) -> usize {
        size.saturating_sub(1).saturating_mul(dilation).saturating_add(1)
    }

    /// Only places at which all of the window lies inside; none where it is longer than the axis.
    pub fn valid(input: usize, size: usize, stride: usize, dilation: usize) -> Axis {
        let output = (input + 1).saturating_sub(Axis::reach(size, dilation)).div_ceil(stride);
        Axis { input, output, size, stride, dilation, before: 0 }
    }

    /// A place for every stride, padded as evenly as can be; what is left over is padded behind.
    ///
    /// ```
    /// use steadygrad_kernels::window::Axis;
    /// let axis = Axis::same(6, 3, 2, 1);
    /// assert_eq!((axis.output, axis.before), (3, 0));
    /// ```
    pub fn same(input: usize, size: usize, stride: usize, dilation: usize) -> Axis {
        let output = input.div_ceil(stride);
        let reach = (output.saturating_sub(1) * stride).saturating_add(Axis::reach(size, dilation));
        let padding = reach.saturating_sub(input);
        Axis { input, output, size, stride, dilation, before: padding / 2 }
    }

    /// A place for every stride, which sees only what lies at it and in front of it.
    pub fn causal(input: usize, size: usize, stride: usize, dilation: usize) -> Axis {
        let before = Axis::reach(size, dilation) - 1;
        Axis { input, output: input.div_ceil(stride), size, stride, dilation, before }
    }

    /// Where tap k of place o lies, if it is no padding.
    #[inline]
    pub fn at(&self, o: usize, k: usize) -> Option<usize> {
        (o * self.stride + k * self.dilation).checked_sub(self.before).filter(|&i| i < self.input)
    }
}

/// A window over three axes in row-major order; those that there are not are [`Axis::ONE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Window {
    /// Depth, height and width.
    pub axes: [Axis; 3],
}

impl Window {
    /// These axes, at most three; what is missing stands in front.
    pub fn new(axes: &[Axis]) -> Window {
        let mut all = [Axis::ONE; 3];
        for (to, from) in all.iter_mut().rev().zip(axes.iter().rev()) {
            *to = *from;
        }
        Window { axes: all }
    }

    /// Positions of the input.
    pub fn inputs(&self) -> usize {
        self.axes.iter().map(|a| a.input).product()
    }

    /// Places of the window.
    pub fn outputs(&self) -> usize {
        self.axes.iter().map(|a| a.output).product()
    }

    /// Taps of the window.
    pub fn taps(&self) -> usize {
        self.axes.iter().map(|a| a.size).product()
    }

    /// How many pairs of a place and a tap are no padding.
    ///
    /// ```
    /// use steadygrad_kernels::window::{Axis, Window};
    /// assert_eq!(Window::new(&[Axis::same(4, 3, 1, 1)]).pairs(), 10);
    /// ```
    pub fn pairs(&self) -> usize {
        let of = |a: &Axis| {
            (0..a.output).map(|o| (0..a.size).filter(|&k| a.at(o, k).is_some()).count()).sum::<usize>()
        };
        self.axes.iter().map(of).product()
    }

    /// Calls `f(place, tap, position of the input)` for all taps that are no padding: places in order, taps in order.
    pub fn walk(&self, mut f: impl FnMut(usize, usize, usize)) {
        let [d, h, w] = self.axes;
        for (place, [x, y, z]) in indices([d.output, h.output, w.output]).enumerate() {
            for (tap, [i, j, k]) in indices([d.size, h.size, w.size]).enumerate() {
                if let (Some(x), Some(y), Some(z)) = (d.at(x, i), h.at(y, j), w.at(z, k)) {
                    f(place, tap, (x * h.input + y) * w.input + z);
                }
            }
        }
    }
}

/// All indices of a block of three axes, in row-major order.
pub(crate) fn indices([a, b, c]: [usize; 3]) -> impl Iterator<Item = [usize; 3]> {
    (0..a).flat_map(move |x| (0..b).flat_map(move |y| (0..c).map(move |z| [x, y, z])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_padding_are_counted_as_by_keras() {
        let got = |a: Axis| (a.output, a.before);
        assert_eq!(got(Axis::valid(7, 3, 2, 1)), (3, 0));
        assert_eq!(got(Axis::valid(2, 3, 1, 1)), (0, 0));
        assert_eq!(got(Axis::valid(8, 3, 1, 2)), (4, 0));
        assert_eq!(got(Axis::same(7, 3, 2, 1)), (4, 1));
        assert_eq!(got(Axis::same(6, 2, 1, 1)), (6, 0));
        assert_eq!(got(Axis::same(5, 4, 1, 1)), (5, 1));
        assert_eq!(got(Axis::same(5, 1, 3, 1)), (2, 0));
        assert_eq!(got(Axis::causal(7, 3, 1, 2)), (7, 4));
        assert_eq!(got(Axis::same(0, 3, 1, 1)), (0, 1));
    }

    #[test]
    fn a_walk_sees_every_tap_that_is_no_padding_once() {
        let window = Window::new(&[Axis::same(3, 3, 2, 1), Axis::valid(4, 2, 1, 2)]);
        assert_eq!((window.inputs(), window.outputs(), window.taps()), (12, 4, 6));
        let mut seen = Vec::new();
        window.walk(|place, tap, position| seen.push((place, tap, position)));
        assert_eq!(seen.len(), 2 * 2 * 4);
        assert_eq!(&seen[..4], [(0, 2, 0), (0, 3, 2), (0, 4, 4), (0, 5, 6)]);
        assert_eq!(seen.last(), Some(&(3, 3, 11)));
    }
}
