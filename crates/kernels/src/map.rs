//! Loops over elements: one input, or up to three combined.

use crate::isa::{Isa, Task};
use crate::real::{Lane, Real};

/// A function of one number, in any precision.
pub trait Unary: Sync {
    /// Its value at x. Mark the implementation `#[inline(always)]`.
    fn at<R: Real>(&self, x: R) -> R;
}

/// y = f(x), element by element.
///
/// ```
/// use steadygrad_kernels::{Isa, Real, map::{map, Unary}};
/// struct Square;
/// impl Unary for Square {
///     #[inline(always)]
///     fn at<R: Real>(&self, x: R) -> R { x * x }
/// }
/// let mut y = [0.0; 3];
/// map(Isa::best(), &Square, &[1.0, -2.0, 3.0], &mut y);
/// assert_eq!(y, [1.0, 4.0, 9.0]);
/// ```
pub fn map<F: Unary>(isa: Isa, f: &F, x: &[f32], y: &mut [f32]) {
    isa.run(Map { f, x, y });
}

/// dx = dy · f(saved), element by element.
pub fn map_times<F: Unary>(isa: Isa, f: &F, saved: &[f32], dy: &[f32], dx: &mut [f32]) {
    isa.run(MapTimes { f, saved, dy, dx });
}

struct Map<'a, F> {
    f: &'a F,
    x: &'a [f32],
    y: &'a mut [f32],
}

impl<F: Unary> Task for Map<'_, F> {
    type Output = ();
    #[inline(always)]
    fn run<R: Lane>(self) {
        one::<R, F>(self.f, self.x, self.y);
    }
}

// The loops stand in functions of their own, whose arguments the compiler knows to lie apart; of the fields of a struct it does not.

#[inline(always)]
fn one<R: Lane, F: Unary>(f: &F, x: &[f32], y: &mut [f32]) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y = f.at(R::load(x)).store();
    }
}

#[inline(always)]
fn one_times<R: Lane, F: Unary>(f: &F, saved: &[f32], dy: &[f32], dx: &mut [f32]) {
    for ((dx, &s), &dy) in dx.iter_mut().zip(saved).zip(dy) {
        *dx = (R::load(dy) * f.at(R::load(s))).store();
    }
}

#[inline(always)]
fn two<R: Lane>(a: &[f32], b: &[f32], out: &mut [f32], f: impl Fn(R, R) -> R) {
    for ((o, &a), &b) in out.iter_mut().zip(a).zip(b) {
        *o = f(R::load(a), R::load(b)).store();
    }
}

#[inline(always)]
fn three<R: Lane>(a: &[f32], b: &[f32], c: &[f32], out: &mut [f32], f: impl Fn(R, R, R) -> R) {
    for (((o, &a), &b), &c) in out.iter_mut().zip(a).zip(b).zip(c) {
        *o = f(R::load(a), R::load(b), R::load(c)).store();
    }
}

#[inline(always)]
fn in_place<R: Lane, F: Unary>(f: &F, x: &mut [f32]) {
    for x in x {
        *x = f.at(R::load(*x)).store();
    }
}

struct MapTimes<'a, F> {
    f: &'a F,
    saved: &'a [f32],
    dy: &'a [f32],
    dx: &'a mut [f32],
}

impl<F: Unary> Task for MapTimes<'_, F> {
    type Output = ();
    #[inline(always)]
    fn run<R: Lane>(self) {
        one_times::<R, F>(self.f, self.saved, self.dy, self.dx);
    }
}

/// How elements of two or three arrays become one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Op {
    /// a + b
    Add,
    /// a − b
    Subtract,
    /// a · b
    Multiply,
    /// The larger of a and b
    Maximum,
    /// The smaller of a and b
    Minimum,
    /// c where a ≥ b, else 0: what the first operand of a maximum gets back
    WhereAtLeast,
    /// c where a < b, else 0
    WhereBelow,
    /// c where a ≤ b, else 0: what the first operand of a minimum gets back
    WhereAtMost,
    /// c where a > b, else 0
    WhereAbove,
    /// a where a > 0, else b · a: a parametric rectifier with slope b
    Rectify,
    /// c · (1 where a > 0, b where a < 0, 0 at 0): its gradient for a
    RectifySlope,
    /// b · a where a < 0, else 0: its gradient for the slope, b being the gradient of the output
    RectifyParameter,
}

impl Op {
    /// How many arrays it combines.
    pub fn inputs(self) -> usize {
        match self {
            Op::WhereAtLeast | Op::WhereBelow | Op::WhereAtMost | Op::WhereAbove | Op::RectifySlope => 3,
            _ => 2,
        }
    }

    /// The value for one element.
    #[inline(always)]
    pub fn at<R: Real>(self, a: R, b: R, c: R) -> R {
        let zero = R::ZERO;
        match self {
            Op::Add => a + b,
            Op::Subtract => a - b,
            Op::Multiply => a * b,
            // A NaN in either operand stays NaN.
            Op::Maximum => R::select(a >= b, a, R::select(b.is_nan() | (a < b), b, a)),
            Op::Minimum => R::select(a <= b, a, R::select(b.is_nan() | (a > b), b, a)),
            Op::WhereAtLeast => R::select(a >= b, c, zero),
            Op::WhereBelow => R::select(a < b, c, zero),
            Op::WhereAtMost => R::select(a <= b, c, zero),
            Op::WhereAbove => R::select(a > b, c, zero),
            Op::Rectify => R::select(a > zero, a, b * a),
            Op::RectifySlope => c * R::select(a > zero, R::ONE, R::select(a < zero, b, zero)),
            Op::RectifyParameter => R::select(a < zero, b * a, zero),
        }
    }
}

/// out = op(a, b, c), element by element; `c` may be empty where the operation takes two arrays.
pub fn combine(isa: Isa, op: Op, a: &[f32], b: &[f32], c: &[f32], out: &mut [f32]) {
    isa.run(Combine { op, a, b, c, out });
}

struct Combine<'a> {
    op: Op,
    a: &'a [f32],
    b: &'a [f32],
    c: &'a [f32],
    out: &'a mut [f32],
}

impl Combine<'_> {
    #[inline(always)]
    fn two<R: Lane>(self, f: impl Fn(R, R) -> R) {
        two(self.a, self.b, self.out, f);
    }
    #[inline(always)]
    fn three<R: Lane>(self, f: impl Fn(R, R, R) -> R) {
        three(self.a, self.b, self.c, self.out, f);
    }
}

impl Task for Combine<'_> {
    type Output = ();
    #[inline(always)]
    fn run<R: Lane>(self) {
        let zero = R::ZERO;
        // The operation is named outside of the loop, so that each becomes a loop of its own.
        match self.op {
            Op::Add => self.two::<R>(|a, b| Op::Add.at(a, b, zero)),
            Op::Subtract => self.two::<R>(|a, b| Op::Subtract.at(a, b, zero)),
            Op::Multiply => self.two::<R>(|a, b| Op::Multiply.at(a, b, zero)),
            Op::Maximum => self.two::<R>(|a, b| Op::Maximum.at(a, b, zero)),
            Op::Minimum => self.two::<R>(|a, b| Op::Minimum.at(a, b, zero)),
            Op::Rectify => self.two::<R>(|a, b| Op::Rectify.at(a, b, zero)),
            Op::RectifyParameter => self.two::<R>(|a, b| Op::RectifyParameter.at(a, b, zero)),
            Op::WhereAtLeast => self.three::<R>(|a, b, c| Op::WhereAtLeast.at(a, b, c)),
            Op::WhereBelow => self.three::<R>(|a, b, c| Op::WhereBelow.at(a, b, c)),
            Op::WhereAtMost => self.three::<R>(|a, b, c| Op::WhereAtMost.at(a, b, c)),
            Op::WhereAbove => self.three::<R>(|a, b, c| Op::WhereAbove.at(a, b, c)),
            Op::RectifySlope => self.three::<R>(|a, b, c| Op::RectifySlope.at(a, b, c)),
        }
    }
}

/// y = scale · x + offset
pub fn affine(isa: Isa, scale: f32, offset: f32, x: &[f32], y: &mut [f32]) {
    isa.run(Map { f: &Affine { scale, offset }, x, y });
}

struct Affine {
    scale: f32,
    offset: f32,
}

impl Unary for Affine {
    #[inline(always)]
    fn at<R: Real>(&self, x: R) -> R {
        x * R::of(f64::from(self.scale)) + R::of(f64::from(self.offset))
    }
}

/// x = f(x), element by element, in place.
pub fn apply<F: Unary>(isa: Isa, f: &F, x: &mut [f32]) {
    struct Apply<'a, F>(&'a F, &'a mut [f32]);
    impl<F: Unary> Task for Apply<'_, F> {
        type Output = ();
        #[inline(always)]
        fn run<R: Lane>(self) {
            in_place::<R, F>(self.0, self.1);
        }
    }
    isa.run(Apply(f, x));
}

/// Adds `row` to every row of `out`.
pub fn add_rows(isa: Isa, row: &[f32], out: &mut [f32]) {
    struct AddRows<'a>(&'a [f32], &'a mut [f32]);
    impl Task for AddRows<'_> {
        type Output = ();
        #[inline(always)]
        fn run<R: Lane>(self) {
            for out in self.1.chunks_exact_mut(self.0.len().max(1)) {
                for (o, &x) in out.iter_mut().zip(self.0) {
                    *o = (R::load(*o) + R::load(x)).store();
                }
            }
        }
    }
    isa.run(AddRows(row, out));
}

/// out += x
pub fn accumulate(isa: Isa, x: &[f32], out: &mut [f32]) {
    struct Accumulate<'a>(&'a [f32], &'a mut [f32]);
    impl Task for Accumulate<'_> {
        type Output = ();
        #[inline(always)]
        fn run<R: Lane>(self) {
            for (o, &x) in self.1.iter_mut().zip(self.0) {
                *o = (R::load(*o) + R::load(x)).store();
            }
        }
    }
    isa.run(Accumulate(x, out));
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Op; 12] = [
        Op::Add,
        Op::Subtract,
        Op::Multiply,
        Op::Maximum,
        Op::Minimum,
        Op::WhereAtLeast,
        Op::WhereBelow,
        Op::WhereAtMost,
        Op::WhereAbove,
        Op::Rectify,
        Op::RectifySlope,
        Op::RectifyParameter,
    ];

    #[test]
    fn every_operation_agrees_with_its_f64_oracle() {
        let special = &[0.0, -0.0, 1.0, -1.5, 1e30, -1e-30, f32::INFINITY, f32::NEG_INFINITY, f32::NAN];
        let triples: Vec<[f32; 3]> = special
            .iter()
            .flat_map(|&a| special.iter().flat_map(move |&b| special.iter().map(move |&c| [a, b, c])))
            .collect();
        let column = |i: usize| triples.iter().map(|t| t[i]).collect::<Vec<f32>>();
        let (a, b, c) = (column(0), column(1), column(2));
        for isa in Isa::available() {
            for op in ALL {
                let mut out = vec![0.0; a.len()];
                combine(isa, op, &a, &b, &c, &mut out);
                for i in 0..a.len() {
                    let want = op.at(f64::from(a[i]), f64::from(b[i]), f64::from(c[i])) as f32;
                    assert!(
                        out[i] == want || (out[i].is_nan() && want.is_nan()),
                        "{isa} {op:?} {:?}: {} {want}",
                        triples[i],
                        out[i]
                    );
                }
            }
        }
    }

    #[test]
    fn empty_arrays_are_fine() {
        combine(Isa::best(), Op::Add, &[], &[], &[], &mut []);
        affine(Isa::best(), 2.0, 1.0, &[], &mut []);
    }
}
