//! Activations that look at a whole lane of numbers: softmax and its kin.

use crate::builder::Port;
use crate::config::{Config, Value};
use crate::layers::layer::one_input;
use crate::lowering::Lowering;
use crate::shape::{Layout, Shape};
use crate::step::Step;
use std::fmt::Debug;
use std::sync::Arc;
use steadygrad_kernels::{Error, Isa, Lane, Real, Result, Task};

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

/// The steps of a function of lanes along an axis (0 is the batch).
///
/// # Errors
/// Where there is no such axis, or the function changes the number of samples.
pub fn rowwise(at: &mut Lowering<'_>, f: Arc<dyn Rowwise>, x: Port, axis: i64) -> Result<Port> {
    let shape = at.shape(x).clone();
    let layout = Layout::along(&shape, axis).ok_or_else(|| no_axis(axis, &shape))?;
    let y = at.port(lane_shape(&*f, &[shape], axis)?);
    at.forward(Step::Rowwise { f: f.clone(), x: at.slot(x), out: at.slot(y), layout });
    if let Some(out) = at.gradient_into(x) {
        let (dy, x, y) = (at.gradient(y), at.slot(x), at.slot(y));
        at.backward([Step::RowwiseGrad { f, x, y, dy, out, layout }]);
    }
    Ok(y)
}

/// The shape that a function of lanes makes of its one input.
pub(crate) fn lane_shape(f: &dyn Rowwise, inputs: &[Shape], axis: i64) -> Result<Shape> {
    let shape = one_input(inputs, f.name())?;
    let from_batch = axis_from_batch(axis, shape)?;
    let mut dims = shape.dims().to_vec();
    match from_batch.checked_sub(1) {
        Some(at) => dims[at] = f.width(dims[at]),
        None if f.width(2) == 2 => {}
        None => {
            return Err(Error::shape(format!("{} cannot change the number of samples", f.name()))
                .help("choose another axis than 0, which is the batch"));
        }
    }
    Ok(dims.into())
}

/// The axis counted from the batch, which is 0.
pub(crate) fn axis_from_batch(axis: i64, shape: &Shape) -> Result<usize> {
    let rank = shape.rank() as i64 + 1;
    let from_batch = if axis < 0 { axis + rank } else { axis };
    if (0..rank).contains(&from_batch) { Ok(from_batch as usize) } else { Err(no_axis(axis, shape)) }
}

pub(crate) fn no_axis(axis: i64, shape: &Shape) -> Error {
    Error::argument(format!("there is no axis {axis} in values of shape {shape}"))
        .help("axis 0 is the batch, 1 the first axis of a sample, -1 the last")
}

/// A function of lanes as the value of `activation`: its name, with the axis unless that is the last one.
pub(crate) fn lane_activation(name: &str, axis: i64) -> Value {
    match axis {
        -1 => name.into(),
        _ => crate::catalog::spec(name, Config::new().with("axis", axis)),
    }
}
