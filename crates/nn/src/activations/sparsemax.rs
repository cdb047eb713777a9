//! Sparsemax: the nearest point whose numbers are 0 or more and sum to 1.

use super::rowwise::{LaneFunction, lane_activation, lane_shape, rowwise};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::{Config, Value};
use crate::layers::layer::Layer;
use crate::lowering::Lowering;
use crate::shape::Shape;
use std::sync::Arc;
use steadygrad_kernels::{Real, Result};

/// The projection on the simplex along an axis: like softmax, but small numbers become exactly 0.
///
/// ```text
/// yᵢ = max(xᵢ − τ, 0), with τ such that Σ y = 1
/// dxᵢ = dyᵢ − mean of dy over the support, where yᵢ > 0; else 0
/// ```
///
/// τ is found by Newton's method on the convex function Σ max(xᵢ − τ, 0) from the left: no sorting, no memory, and
/// exact after as many rounds as the support shrinks (Martins and Astudillo 2016; Michelot 1986).
///
/// ```
/// use steadygrad_nn::activations::{Rowwise, SparsemaxLanes};
/// let mut y = [0.0; 3];
/// SparsemaxLanes.map64(&[1.0, 0.5, -1.0], &mut y);
/// assert_eq!(y, [0.75, 0.25, 0.0]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sparsemax {
    axis: i64,
}

/// Along the last axis.
#[allow(non_upper_case_globals)]
pub const Sparsemax: Sparsemax = Sparsemax { axis: -1 };

impl Sparsemax {
    /// Along this axis; 0 is the batch, −1 the last.
    pub fn axis(self, axis: i64) -> Sparsemax {
        Sparsemax { axis }
    }
}

/// The function of one lane.
#[derive(Debug, Clone, Copy)]
pub struct SparsemaxLanes;

impl LaneFunction for SparsemaxLanes {
    const NAME: &'static str = "sparsemax";

    #[inline(always)]
    fn f<R: Real>(&self, x: &[R], y: &mut [R]) {
        let top = x.iter().fold(-R::INFINITY, |top, &x| top.max(x));
        // Counted from the top, τ is −1 or more.
        let (mut tau, mut before) = (-R::ONE, R::ZERO);
        for _ in 0..x.len() {
            let (mut sum, mut count) = (R::ZERO, R::ZERO);
            for &x in x {
                let above = (x - top) > tau;
                sum = sum + R::select(above, x - top, R::ZERO);
                count = count + R::select(above, R::ONE, R::ZERO);
            }
            if count == before || count == R::ZERO {
                break;
            }
            tau = (sum - R::ONE) / count;
            before = count;
        }
        for (y, &x) in y.iter_mut().zip(x) {
            *y = ((x - top) - tau).max(R::ZERO);
        }
    }

    #[inline(always)]
    fn df<R: Real>(&self, _x: &[R], y: &[R], dy: &[R], dx: &mut [R]) {
        let (mut sum, mut count) = (R::ZERO, R::ZERO);
        for (&y, &dy) in y.iter().zip(dy) {
            sum = sum + R::select(y > R::ZERO, dy, R::ZERO);
            count = count + R::select(y > R::ZERO, R::ONE, R::ZERO);
        }
        let mean = sum / count;
        for ((dx, &y), &dy) in dx.iter_mut().zip(y).zip(dy) {
            *dx = R::select(y > R::ZERO, dy - mean, R::ZERO);
        }
    }
}

impl Layer for Sparsemax {
    fn class(&self) -> &'static str {
        "Activation"
    }

    fn config(&self) -> Config {
        Config::new().with("activation", self.as_activation())
    }

    fn as_activation(&self) -> Value {
        lane_activation("sparsemax", self.axis)
    }

    fn plain_name(&self) -> &str {
        "sparsemax"
    }

    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        lane_shape(&SparsemaxLanes, inputs, self.axis).map(|shape| vec![shape])
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        let x = at.input(0);
        let y = rowwise(at, Arc::new(SparsemaxLanes), x, self.axis)?;
        at.output(y);
        Ok(())
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    Ok(Arc::new(Sparsemax { axis: args.or("axis", -1)? }))
}

/// Under the names of `activation=`.
pub(crate) const ENTRY: Entry<dyn Layer> = Entry { class: "sparsemax", names: &[], build };
