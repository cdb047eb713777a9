//! Log softmax: logarithms of positive numbers that sum to 1.

use super::rowwise::{LaneFunction, lane_activation, lane_shape, rowwise};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::{Config, Value};
use crate::layers::layer::Layer;
use crate::lowering::Lowering;
use crate::shape::Shape;
use std::sync::Arc;
use steadygrad_kernels::{Real, Result};

/// The logarithm of softmax along an axis.
///
/// ```text
/// yᵢ = xᵢ − max x − ln Σⱼ exp(xⱼ − max x)
/// dxᵢ = dyᵢ − exp(yᵢ)·Σⱼ dyⱼ
/// ```
///
/// Finite where softmax would be rounded to 0.
///
/// ```
/// use steadygrad_nn::activations::{LogSoftmaxLanes, Rowwise};
/// let mut y = [0.0; 2];
/// LogSoftmaxLanes.map64(&[0.0, -1000.0], &mut y);
/// assert_eq!(y, [0.0, -1000.0]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogSoftmax {
    axis: i64,
}

/// Along the last axis.
#[allow(non_upper_case_globals)]
pub const LogSoftmax: LogSoftmax = LogSoftmax { axis: -1 };

impl LogSoftmax {
    /// Along this axis; 0 is the batch, −1 the last.
    pub fn axis(self, axis: i64) -> LogSoftmax {
        LogSoftmax { axis }
    }
}

/// The function of one lane.
#[derive(Debug, Clone, Copy)]
pub struct LogSoftmaxLanes;

impl LaneFunction for LogSoftmaxLanes {
    const NAME: &'static str = "log_softmax";

    #[inline(always)]
    fn f<R: Real>(&self, x: &[R], y: &mut [R]) {
        let top = x.iter().fold(-R::INFINITY, |top, &x| top.max(x));
        let sum = x.iter().fold(R::ZERO, |sum, &x| sum + (x - top).exp());
        let ln = sum.ln();
        for (y, &x) in y.iter_mut().zip(x) {
            *y = (x - top) - ln;
        }
    }

    #[inline(always)]
    fn df<R: Real>(&self, _x: &[R], y: &[R], dy: &[R], dx: &mut [R]) {
        let sum = dy.iter().fold(R::ZERO, |sum, &dy| sum + dy);
        for ((dx, &y), &dy) in dx.iter_mut().zip(y).zip(dy) {
            *dx = dy - y.exp() * sum;
        }
    }
}

impl Layer for LogSoftmax {
    fn class(&self) -> &'static str {
        "Activation"
    }

    fn config(&self) -> Config {
        Config::new().with("activation", self.as_activation())
    }

    fn as_activation(&self) -> Value {
        lane_activation("log_softmax", self.axis)
    }

    fn plain_name(&self) -> &str {
        "log_softmax"
    }

    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        lane_shape(&LogSoftmaxLanes, inputs, self.axis).map(|shape| vec![shape])
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        let x = at.input(0);
        let y = rowwise(at, Arc::new(LogSoftmaxLanes), x, self.axis)?;
        at.output(y);
        Ok(())
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    Ok(Arc::new(LogSoftmax { axis: args.or("axis", -1)? }))
}

/// Under the names of `activation=`.
pub(crate) const ENTRY: Entry<dyn Layer> = Entry { class: "log_softmax", names: &[], build };
