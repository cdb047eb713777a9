//! Images seen through an affine map: where each pixel of the result lies in the image, and what is there.

use crate::isa::{Isa, Task};
use crate::real::Lane;

/// Where the pixel in column x and row y comes from: column a·x + b·y + c and row d·x + e·y + f, as \[a, b, c, d, e, f\].
pub type Map = [f64; 6];

/// What lies beyond the edges of an image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Edge {
    /// c b a | a b c | c b a
    Reflect,
    /// a b c | a b c | a b c
    Wrap,
    /// a a a | a b c | c c c
    Nearest,
    /// This number.
    Constant(f64),
}

/// An image, and how it is seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct View {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Numbers of a pixel.
    pub channels: usize,
    /// What is beyond the edges.
    pub edge: Edge,
    /// Whether four pixels are mixed, or the nearest is taken.
    pub bilinear: bool,
}

impl Edge {
    /// A place on an axis of so many pixels for one that may lie beyond it; only a constant edge leaves it where it is.
    ///
    /// ```
    /// use steadygrad_kernels::warp::Edge;
    /// assert_eq!(Edge::Reflect.place(-1.0, 4), 0.0);
    /// assert_eq!(Edge::Wrap.place(-1.0, 4), 3.0);
    /// assert_eq!(Edge::Nearest.place(9.0, 4), 3.0);
    /// ```
    #[inline(always)]
    pub fn place(self, at: f64, len: usize) -> f64 {
        let last = len as f64 - 1.0;
        let inside = (0.0..=last).contains(&at);
        let moved = match self {
            Edge::Constant(_) => return at,
            Edge::Nearest => at,
            _ if inside => at,
            _ if len <= 1 => 0.0,
            Edge::Reflect => {
                // A period there and back, the edge twice; the middle of it is the first copy behind the image.
                let period = 2.0 * len as f64;
                let at = (at + 0.5).rem_euclid(period);
                if at >= len as f64 { period - at - 0.5 } else { at - 0.5 }
            }
            // Between the last pixel and the first there is nothing to mix: as TensorFlow has it.
            Edge::Wrap if at < 0.0 => at + len as f64 * (1.0 - at / last).trunc(),
            Edge::Wrap => at - len as f64 * (at / last).trunc(),
        };
        moved.clamp(0.0, last.max(0.0))
    }
}

impl View {
    /// (column, row) of all pixels, row by row.
    #[inline(always)]
    fn pixels(&self) -> impl Iterator<Item = (usize, usize)> {
        let width = self.width;
        (0..self.height).flat_map(move |row| (0..width).map(move |column| (column, row)))
    }

    /// The pixels that are seen at this place, with their weights; beyond a constant edge there is none.
    #[inline(always)]
    fn taps(&self, map: &Map, column: usize, row: usize) -> [(Option<usize>, f64); 4] {
        let (column, row) = (column as f64, row as f64);
        let [a, b, c, d, e, f] = map;
        let x = self.edge.place(a * column + b * row + c, self.width);
        let y = self.edge.place(d * column + e * row + f, self.height);
        // What is beyond every edge, or no number, is far outside as a whole number too.
        let at = |x: i32, y: i32| {
            let (x, y) = (x as u32 as usize, y as u32 as usize);
            (x < self.width && y < self.height).then_some(y * self.width + x)
        };
        let whole = |place: f64| if place.is_nan() { -1 } else { place as i32 };
        if !self.bilinear {
            let none = (None, 0.0);
            return [(at(whole(x.round()), whole(y.round())), 1.0), none, none, none];
        }
        let (left, top) = (x.floor(), y.floor());
        let (across, down) = (x - left, y - top);
        let (left, top) = (whole(left), whole(top));
        let (right, bottom) = (left.wrapping_add(1), top.wrapping_add(1));
        [
            (at(left, top), (1.0 - across) * (1.0 - down)),
            (at(right, top), across * (1.0 - down)),
            (at(left, bottom), (1.0 - across) * down),
            (at(right, bottom), across * down),
        ]
    }
}

/// The image `x` through the map, rows × columns × channels.
///
/// ```
/// use steadygrad_kernels::{Isa, warp::{Edge, View, warp}};
/// let view = View { height: 1, width: 3, channels: 1, edge: Edge::Constant(9.0), bilinear: true };
/// let mut out = [0.0; 3];
/// // Half a pixel to the right.
/// warp(Isa::best(), view, &[1.0, 0.0, -0.5, 0.0, 1.0, 0.0], &[1.0, 2.0, 3.0], &mut out);
/// assert_eq!(out, [5.0, 1.5, 2.5]);
/// ```
pub fn warp(isa: Isa, view: View, map: &Map, x: &[f32], out: &mut [f32]) {
    isa.run(Warp { view, map, x, out });
}

/// The gradient of [`warp`] for its image: every pixel of `dy` goes back to where it was seen.
pub fn warp_grad(isa: Isa, view: View, map: &Map, dy: &[f32], out: &mut [f32]) {
    isa.run(WarpGrad { view, map, dy, out });
}

struct Warp<'a> {
    view: View,
    map: &'a Map,
    x: &'a [f32],
    out: &'a mut [f32],
}

impl Task for Warp<'_> {
    type Output = ();
    #[inline(always)]
    fn run<R: Lane>(self) {
        let Warp { view, map, x, out } = self;
        let (x, out) = (R::slice(x), R::slice_mut(out));
        let fill = R::of(if let Edge::Constant(fill) = view.edge { fill } else { 0.0 });
        let c = view.channels;
        for (out, (column, row)) in out.chunks_exact_mut(c.max(1)).zip(view.pixels()) {
            let taps = view.taps(map, column, row);
            if !view.bilinear {
                match taps[0].0 {
                    Some(at) => out.copy_from_slice(&x[at * c..(at + 1) * c]),
                    None => out.fill(fill),
                }
                continue;
            }
            out.fill(R::ZERO);
            // What has no weight is not looked at, so that a NaN stays where it is.
            for (at, weight) in taps.into_iter().filter(|(_, weight)| *weight != 0.0) {
                let weight = R::of(weight);
                match at {
                    Some(at) => {
                        for (out, &x) in out.iter_mut().zip(&x[at * c..(at + 1) * c]) {
                            *out = x.mul_add(weight, *out);
                        }
                    }
                    None => out.iter_mut().for_each(|out| *out = fill.mul_add(weight, *out)),
                }
            }
        }
    }
}

struct WarpGrad<'a> {
    view: View,
    map: &'a Map,
    dy: &'a [f32],
    out: &'a mut [f32],
}

impl Task for WarpGrad<'_> {
    type Output = ();
    #[inline(always)]
    fn run<R: Lane>(self) {
        let WarpGrad { view, map, dy, out } = self;
        let (dy, out) = (R::slice(dy), R::slice_mut(out));
        out.fill(R::ZERO);
        let c = view.channels;
        for (dy, (column, row)) in dy.chunks_exact(c.max(1)).zip(view.pixels()) {
            for (at, weight) in view.taps(map, column, row) {
                let Some(at) = at.filter(|_| weight != 0.0) else { continue };
                let weight = R::of(weight);
                for (out, &dy) in out[at * c..(at + 1) * c].iter_mut().zip(dy) {
                    *out = dy.mul_add(weight, *out);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges() {
        let places = |edge: Edge| -> Vec<f64> { (-9..12).map(|i| edge.place(f64::from(i), 3)).collect() };
        let reflected = [0.0, 0.0, 1.0, 2.0, 2.0, 1.0];
        for (i, place) in places(Edge::Reflect).into_iter().enumerate() {
            assert_eq!(place, reflected[(i + 4) % 6], "place {}", i as i32 - 9);
        }
        assert_eq!(places(Edge::Nearest)[..10], [0.0; 10]);
        assert_eq!(Edge::Wrap.place(3.0, 3), 0.0);
        for edge in [Edge::Reflect, Edge::Wrap, Edge::Nearest] {
            assert_eq!(edge.place(-3.0, 1), 0.0);
            for at in [f64::NAN, f64::INFINITY, -1e300] {
                let place = edge.place(at, 3);
                assert!(place.is_nan() || (0.0..=2.0).contains(&place), "{edge:?} {at}: {place}");
            }
        }
    }

    #[test]
    fn nothing_to_see() {
        let view = View { height: 0, width: 0, channels: 2, edge: Edge::Reflect, bilinear: true };
        warp(Isa::best(), view, &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0], &[], &mut []);
        let view = View { height: 1, width: 1, channels: 1, ..view };
        let mut out = [0.0];
        warp(Isa::best(), view, &[f64::NAN; 6], &[3.0], &mut out);
        warp_grad(Isa::best(), view, &[f64::NAN; 6], &[3.0], &mut out);
    }
}
