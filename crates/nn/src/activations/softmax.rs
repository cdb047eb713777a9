//! Softmax: positive numbers that sum to 1.

use super::rowwise::{LaneFunction, Rowwise};
use crate::catalog::Entry;
use crate::config::{Args, Config, Value};
use crate::layers::layer::Layer;
use crate::losses::Head;
use crate::lowering::{Lowering, Port};
use crate::recipe::Step;
use crate::shape::{Layout, Shape};
use std::sync::Arc;
use steadygrad_kernels::{Error, Real, Result};

/// Softmax along an axis.
///
/// ```text
/// yᵢ = exp(xᵢ − max x) / Σⱼ exp(xⱼ − max x)
/// dxᵢ = yᵢ·(dyᵢ − Σⱼ dyⱼ·yⱼ)
/// ```
///
/// As the last layer before a cross-entropy, the loss is computed from x itself: exact even where y is rounded to 0.
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
        Softmax { axes: vec![axis] }
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

/// The steps of a function of lanes along an axis (0 is the batch).
pub fn rowwise(at: &mut Lowering<'_>, f: Arc<dyn Rowwise>, x: Port, axis: i64) -> Result<Port> {
    let shape = at.shape(x).clone();
    let layout = Layout::along(&shape, axis).ok_or_else(|| no_axis(axis, &shape))?;
    let rank = shape.rank() as i64 + 1;
    let from_batch = if axis < 0 { axis + rank } else { axis };
    let mut dims = shape.dims().to_vec();
    if from_batch > 0 {
        let d = &mut dims[from_batch as usize - 1];
        *d = f.width(*d);
    }
    let y = at.port(dims.into());
    at.forward(Step::Rowwise { f: f.clone(), x: at.slot(x), out: at.slot(y), layout });
    if let Some(out) = at.gradient_into(x) {
        let (dy, x, y) = (at.gradient(y), at.slot(x), at.slot(y));
        at.backward([Step::RowwiseGrad { f, x, y, dy, out, layout }]);
    }
    Ok(y)
}

pub(crate) fn no_axis(axis: i64, shape: &Shape) -> Error {
    Error::argument(format!("there is no axis {axis} in values of shape {shape}"))
        .help("axis 0 is the batch, 1 the first axis of a sample, -1 the last")
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
        for &axis in &self.axes {
            Layout::along(&inputs[0], axis).ok_or_else(|| no_axis(axis, &inputs[0]))?;
        }
        Ok(inputs[..1].to_vec())
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        let x = at.input(0);
        let axis = self.axes.first().copied().unwrap_or(-1);
        let y = rowwise(at, Arc::new(SoftmaxLanes), x, axis)?;
        if axis == -1 || axis == at.shape(x).rank() as i64 {
            at.mark_head(y, x, Head::Softmax);
        }
        at.output(y);
        Ok(())
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    let axes: Vec<i64> = args.or("axis", vec![-1])?;
    Ok(Arc::new(Softmax { axes: if axes == [-1] { Vec::new() } else { axes } }))
}

/// Under the names of `activation=`.
pub(crate) const ENTRY: Entry<dyn Layer> = Entry { class: "softmax", names: &[], build };
/// Under the names of `layer=`.
pub(crate) const LAYER: Entry<dyn Layer> = Entry { class: "Softmax", names: &["softmax"], build };
