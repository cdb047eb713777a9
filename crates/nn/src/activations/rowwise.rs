//! Activations that look at a whole lane of numbers: softmax and its kin.

use crate::config::Config;
use std::fmt::Debug;
use steadygrad_kernels::{Isa, Lane, Real, Task};

/// A function from a lane of numbers to a lane of numbers, with its gradient, in any precision.
pub trait LaneFunction: Debug + Send + Sync + 'static {
    /// The name.
    const NAME: &'static str;

    /// Numbers out for so many numbers in; the same unless said otherwise.
    fn width(&self, input: usize) -> usize {
        input
    }

    /// y = f(x). Mark it `#[inline(always)]`.
    fn f<R: Real>(&self, x: &[R], y: &mut [R]);

    /// dx = Jᵀ·dy at x, where y = f(x).
    fn df<R: Real>(&self, x: &[R], y: &[R], dy: &[R], dx: &mut [R]);

    /// The parameters.
    fn config(&self) -> Config {
        Config::new()
    }
}

/// Any [`LaneFunction`] as an object.
pub trait Rowwise: Debug + Send + Sync {
    /// The name.
    fn name(&self) -> &'static str;
    /// The parameters.
    fn config(&self) -> Config;
    /// Numbers out for so many numbers in.
    fn width(&self, input: usize) -> usize;
    /// y = f(x) for lanes of `n` numbers lying one after the other.
    fn map(&self, isa: Isa, n: usize, x: &[f32], y: &mut [f32]);
    /// The gradient for such lanes.
    fn map_grad(&self, isa: Isa, n: usize, x: &[f32], y: &[f32], dy: &[f32], dx: &mut [f32]);
    /// One lane in double precision.
    fn map64(&self, x: &[f64], y: &mut [f64]);
    /// Its gradient.
    fn map_grad64(&self, x: &[f64], y: &[f64], dy: &[f64], dx: &mut [f64]);
}

struct Forward<'a, F> {
    f: &'a F,
    n: usize,
    x: &'a [f32],
    y: &'a mut [f32],
}

impl<F: LaneFunction> Task for Forward<'_, F> {
    type Output = ();
    #[inline(always)]
    fn run<R: Lane>(self) {
        let width = self.f.width(self.n);
        let (x, y) = (R::slice(self.x), R::slice_mut(self.y));
        for (x, y) in x.chunks_exact(self.n.max(1)).zip(y.chunks_exact_mut(width.max(1))) {
            self.f.f(x, y);
        }
    }
}

struct Backward<'a, F> {
    f: &'a F,
    n: usize,
    x: &'a [f32],
    y: &'a [f32],
    dy: &'a [f32],
    dx: &'a mut [f32],
}

impl<F: LaneFunction> Task for Backward<'_, F> {
    type Output = ();
    #[inline(always)]
    fn run<R: Lane>(self) {
        let (n, width) = (self.n.max(1), self.f.width(self.n).max(1));
        let (x, y) = (R::slice(self.x).chunks_exact(n), R::slice(self.y).chunks_exact(width));
        let (dy, dx) = (R::slice(self.dy).chunks_exact(width), R::slice_mut(self.dx).chunks_exact_mut(n));
        for (((x, y), dy), dx) in x.zip(y).zip(dy).zip(dx) {
            self.f.df(x, y, dy, dx);
        }
    }
}

impl<F: LaneFunction> Rowwise for F {
    fn name(&self) -> &'static str {
        F::NAME
    }
    fn config(&self) -> Config {
        LaneFunction::config(self)
    }
    fn width(&self, input: usize) -> usize {
        LaneFunction::width(self, input)
    }
    fn map(&self, isa: Isa, n: usize, x: &[f32], y: &mut [f32]) {
        isa.run(Forward { f: self, n, x, y });
    }
    fn map_grad(&self, isa: Isa, n: usize, x: &[f32], y: &[f32], dy: &[f32], dx: &mut [f32]) {
        isa.run(Backward { f: self, n, x, y, dy, dx });
    }
    fn map64(&self, x: &[f64], y: &mut [f64]) {
        self.f(x, y);
    }
    fn map_grad64(&self, x: &[f64], y: &[f64], dy: &[f64], dx: &mut [f64]) {
        self.df(x, y, dy, dx);
    }
}
