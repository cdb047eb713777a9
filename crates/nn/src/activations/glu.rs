//! GLU: one half of the numbers opens and shuts the other.

use super::rowwise::{LaneFunction, lane_activation, lane_shape, rowwise};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::{Config, Value};
use crate::layers::layer::Layer;
use crate::lowering::Lowering;
use crate::shape::{Extent, Layout, Shape};
use std::sync::Arc;
use steadygrad_kernels::{Error, Real, Result};

/// The gated linear unit: the second half along an axis gates the first.
///
/// ```text
/// x = (a, b),  y = a·σ(b)
/// da = dy·σ(b),  db = dy·a·σ(b)·σ(−b)
/// ```
///
/// The axis becomes half as long; an odd one is an error (Dauphin, Fan, Auli, Grangier 2017).
///
/// ```
/// use steadygrad_nn::{Model, Sequential, activations::Glu};
/// let model: Model = Sequential::new([6]).add(Glu).into();
/// assert_eq!(model.output_shapes().unwrap()[0].dims(), [3]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Glu {
    axis: i64,
}

/// Along the last axis.
#[allow(non_upper_case_globals)]
pub const Glu: Glu = Glu { axis: -1 };

impl Glu {
    /// Along this axis; 0 is the batch, −1 the last.
    pub fn axis(self, axis: i64) -> Glu {
        Glu { axis }
    }
}

/// The function of one lane.
#[derive(Debug, Clone, Copy)]
pub struct GluLanes;

impl LaneFunction for GluLanes {
    const NAME: &'static str = "glu";

    fn width(&self, input: usize) -> usize {
        input / 2
    }

    #[inline(always)]
    fn f<R: Real>(&self, x: &[R], y: &mut [R]) {
        let (a, b) = x.split_at(x.len() / 2);
        for ((y, &a), &b) in y.iter_mut().zip(a).zip(b) {
            *y = a * b.sigmoid();
        }
    }

    #[inline(always)]
    fn df<R: Real>(&self, x: &[R], _y: &[R], dy: &[R], dx: &mut [R]) {
        let half = x.len() / 2;
        let ((a, b), (da, db)) = (x.split_at(half), dx.split_at_mut(half));
        for ((((da, db), &a), &b), &dy) in da.iter_mut().zip(db).zip(a).zip(b).zip(dy) {
            let open = b.sigmoid();
            *da = dy * open;
            *db = dy * a * open * (-b).sigmoid();
        }
    }
}

impl Layer for Glu {
    fn class(&self) -> &'static str {
        "Activation"
    }

    fn config(&self) -> Config {
        Config::new().with("activation", self.as_activation())
    }

    fn as_activation(&self) -> Value {
        lane_activation("glu", self.axis)
    }

    fn plain_name(&self) -> &str {
        "glu"
    }

    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let shape = lane_shape(&GluLanes, inputs, self.axis)?;
        match Layout::along(&inputs[0], self.axis).map(|layout| layout.axis) {
            Some(Extent::Fixed(size)) if size % 2 == 1 => {
                Err(Error::shape(format!("glu halves axis {}, which has the odd size {size}", self.axis))
                    .help("give the layer before it an even number of units"))
            }
            _ => Ok(vec![shape]),
        }
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        let x = at.input(0);
        let y = rowwise(at, Arc::new(GluLanes), x, self.axis)?;
        at.output(y);
        Ok(())
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    Ok(Arc::new(Glu { axis: args.or("axis", -1)? }))
}

/// Under the names of `activation=`.
pub(crate) const ENTRY: Entry<dyn Layer> = Entry { class: "glu", names: &[], build };
