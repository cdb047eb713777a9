//! Softmax: positive numbers that sum to 1.

use super::rowwise::{LaneFunction, axis_from_batch, rowwise};
use crate::args::Args;
use crate::builder::Port;
use crate::catalog::Entry;
use crate::config::{Config, Value};
use crate::layers::expanded;
use crate::layers::layer::Layer;
use crate::layers::permuted;
use crate::losses::Head;
use crate::lowering::Lowering;
use crate::shape::{Extent, Shape};
use crate::step::Step;
use std::sync::Arc;
use steadygrad_kernels::map::Op;
use steadygrad_kernels::{Error, Real, Result};

/// Softmax along an axis, or over several axes together.
///
/// ```text
/// yᵢ = exp(xᵢ − max x) / Σⱼ exp(xⱼ − max x)
/// dxᵢ = yᵢ·(dyᵢ − Σⱼ dyⱼ·yⱼ)
/// ```
///
/// As the last layer before a cross-entropy, the loss is computed from x itself: exact even where y is rounded to 0.
///
/// A second input is a mask: where it is 0, x counts as −10⁹, and y is 0. Its axes are those of x, or 1.
///
/// (Bridle 1990.)
///
/// ```
/// use steadygrad_nn::{Sequential, layers::Dense, activations::Softmax};
/// let model = Sequential::new([4]).add(Dense::new(3).activation(Softmax));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Softmax {
    axes: Vec<i64>,
}

/// Along the last axis.
#[allow(non_upper_case_globals)]
pub const Softmax: Softmax = Softmax { axes: Vec::new() };

impl Softmax {
    /// Along this axis; 0 is the batch, −1 the last.
    pub fn axis(self, axis: i64) -> Softmax {
        self.axes([axis])
    }

    /// Over these axes together: all numbers of them sum to 1. The batch can only stand alone.
    pub fn axes(self, axes: impl Into<Vec<i64>>) -> Softmax {
        let axes = axes.into();
        Softmax { axes: if axes == [-1] { Vec::new() } else { axes } }
    }
}

/// The function of one lane.
#[derive(Debug, Clone, Copy)]
pub struct SoftmaxLanes;

impl LaneFunction for SoftmaxLanes {
    const NAME: &'static str = "softmax";

    #[inline(always)]
    fn f<R: Real>(&self, x: &[R], y: &mut [R]) {
        let top = x.iter().fold(-R::INFINITY, |top, &x| top.max(x));
        let mut sum = R::ZERO;
        for (y, &x) in y.iter_mut().zip(x) {
            *y = (x - top).exp();
            sum = sum + *y;
        }
        for y in y {
            *y = *y / sum;
        }
    }

    #[inline(always)]
    fn df<R: Real>(&self, _x: &[R], y: &[R], dy: &[R], dx: &mut [R]) {
        let dot = y.iter().zip(dy).fold(R::ZERO, |sum, (&y, &dy)| y.mul_add(dy, sum));
        for ((dx, &y), &dy) in dx.iter_mut().zip(y).zip(dy) {
            *dx = y * (dy - dot);
        }
    }
}

/// The axes counted from the batch, each once.
fn axes_from_batch(axes: &[i64], shape: &Shape) -> Result<Vec<usize>> {
    let mut all = Vec::with_capacity(axes.len());
    for &axis in axes {
        let axis = axis_from_batch(axis, shape)?;
        if all.contains(&axis) {
            return Err(Error::argument(format!("`axis` names axis {axis} twice")));
        }
        all.push(axis);
    }
    if all.len() > 1 && all.contains(&0) {
        return Err(Error::unsupported("softmax over the batch and another axis together"));
    }
    Ok(all)
}

/// Softmax over one or several axes; several are moved last and made one.
fn over_axes(at: &mut Lowering<'_>, x: Port, axes: &[i64]) -> Result<Port> {
    if let [] | [_] = axes {
        return rowwise(at, Arc::new(SoftmaxLanes), x, axes.first().copied().unwrap_or(-1));
    }
    let shape = at.shape(x).clone();
    let axes = axes_from_batch(axes, &shape)?;
    let mut order: Vec<usize> = (1..=shape.rank()).filter(|axis| !axes.contains(axis)).collect();
    let kept = order.len();
    order.extend(axes);
    let moved = permuted(at, x, &order);
    let apart = at.shape(moved).clone();
    let (outer, inner) = apart.dims().split_at(kept);
    let joined: Vec<usize> = outer.iter().copied().chain([inner.iter().product()]).collect();
    let lanes = at.reshaped(moved, joined.into());
    let y = rowwise(at, Arc::new(SoftmaxLanes), lanes, -1)?;
    let y = at.reshaped(y, apart);
    let mut back = vec![0; order.len()];
    for (i, &axis) in order.iter().enumerate() {
        back[axis - 1] = i + 1;
    }
    Ok(permuted(at, y, &back))
}

/// The value where the mask is not 0, else 0; with its gradient.
fn kept(at: &mut Lowering<'_>, x: Port, mask: Port, zeros: crate::step::Slot) -> Port {
    let y = at.port(at.shape(x).clone());
    let mask = at.slot(mask);
    let where_not_0 = |x, out| Step::Combine { op: Op::WhereAbove, inputs: vec![mask, zeros, x], out };
    at.forward(where_not_0(at.slot(x), at.slot(y)));
    if let Some(out) = at.gradient_into(x) {
        at.backward([where_not_0(at.gradient(y), out)]);
    }
    y
}

/// What a masked number counts as.
const MASKED: f64 = -1e9;

/// Softmax of what the mask lets through, and 0 elsewhere.
fn masked(at: &mut Lowering<'_>, x: Port, mask: Port, axes: &[i64]) -> Result<Port> {
    let shape = at.shape(x).clone();
    let mask = expanded(at, mask, &shape);
    let extent = Extent::Rows(shape.size());
    let (zeros, low, penalty) = (at.scratch(extent), at.scratch(extent), at.scratch(extent));
    at.forward(Step::Fill { out: zeros, value: 0.0 });
    at.forward(Step::Fill { out: low, value: MASKED });
    let inputs = vec![at.slot(mask), zeros, low];
    at.forward(Step::Combine { op: Op::WhereAtMost, inputs, out: penalty });
    let open = kept(at, x, mask, zeros);
    let logits = at.port(shape);
    at.forward(Step::Sum { inputs: vec![at.slot(open), penalty], out: at.slot(logits) });
    at.same_gradient(open, logits);
    let y = over_axes(at, logits, axes)?;
    Ok(kept(at, y, mask, zeros))
}

impl Layer for Softmax {
    fn class(&self) -> &'static str {
        "Softmax"
    }

    fn config(&self) -> Config {
        match self.axes.as_slice() {
            [] => Config::new().with("axis", -1),
            [axis] => Config::new().with("axis", *axis),
            axes => Config::new().with("axis", axes),
        }
    }

    fn as_activation(&self) -> Value {
        if self.axes.is_empty() { "softmax".into() } else { crate::catalog::spec("Softmax", self.config()) }
    }

    fn plain_name(&self) -> &str {
        "softmax"
    }

    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let (x, mask) = match inputs {
            [x] => (x, None),
            [x, mask] => (x, Some(mask)),
            _ => {
                return Err(Error::shape(format!(
                    "Softmax takes one input, or a mask as a second, got {}",
                    inputs.len()
                )));
            }
        };
        axes_from_batch(&self.axes, x)?;
        if let Some(mask) = mask {
            let fits =
                mask.rank() == x.rank() && mask.dims().iter().zip(x.dims()).all(|(&m, &d)| m == d || m == 1);
            if !fits {
                return Err(Error::shape(format!("the mask has shape {mask}, which does not fit {x}"))
                    .help("every axis of the mask is that of the values, or 1"));
            }
        }
        Ok(vec![x.clone()])
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        let x = at.input(0);
        if let Some(&mask) = at.inputs().get(1) {
            let y = masked(at, x, mask, &self.axes)?;
            at.output(y);
            return Ok(());
        }
        let y = over_axes(at, x, &self.axes)?;
        let last = match self.axes.as_slice() {
            [] => true,
            [axis] => axis_from_batch(*axis, at.shape(x))? == at.shape(x).rank(),
            _ => false,
        };
        if last {
            at.mark_head(y, x, Head::Softmax);
        }
        at.output(y);
        Ok(())
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    let axes: Vec<i64> = args.or("axis", vec![-1])?;
    if axes.is_empty() {
        return args.reject("axis", "one axis or more", "an empty list");
    }
    Ok(Arc::new(Softmax.axes(axes)))
}

/// Under the names of `activation=`.
pub(crate) const ENTRY: Entry<dyn Layer> = Entry { class: "softmax", names: &[], build };
/// Under the names of `layer=`.
pub(crate) const LAYER: Entry<dyn Layer> = Entry { class: "Softmax", names: &["softmax"], build };
