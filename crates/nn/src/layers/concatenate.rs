//! Concatenate: several values side by side.

use super::layer::{Layer, Merging, Role};
use crate::activations::no_axis;
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::lowering::Lowering;
use crate::shape::{Extent, Layout, Shape};
use crate::step::Step;
use std::sync::Arc;
use steadygrad_kernels::{Error, Result};

/// Side by side along an axis; all other axes must agree.
///
/// ```
/// use steadygrad_nn::{Model, functional::{concatenate, input}};
/// let (a, b) = (input([3]), input([4]));
/// let model = Model::new(&[&a, &b], &[&concatenate([&a, &b])]);
/// assert_eq!(model.output_shapes().unwrap()[0].dims(), [7]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Concatenate {
    axis: i64,
}

impl Concatenate {
    /// Along the last axis.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Concatenate {
        Concatenate { axis: -1 }
    }

    /// Along this axis: 1 is the first of a sample, −1 the last.
    pub fn axis(mut self, axis: i64) -> Concatenate {
        self.axis = axis;
        self
    }

    fn index(&self, shape: &Shape) -> Result<usize> {
        match Layout::along(shape, self.axis) {
            Some(layout) if layout.axis != Extent::Rows(1) => {
                let axis = if self.axis < 0 { self.axis + shape.rank() as i64 + 1 } else { self.axis };
                Ok(axis as usize - 1)
            }
            _ => Err(no_axis(self.axis, shape)),
        }
    }
}

impl Layer for Concatenate {
    fn class(&self) -> &'static str {
        "Concatenate"
    }

    fn config(&self) -> Config {
        Config::new().with("axis", self.axis)
    }

    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let Some(first) = inputs.first() else {
            return Err(Error::shape("Concatenate takes one input or more, got none"));
        };
        let axis = self.index(first)?;
        let mut dims = first.dims().to_vec();
        dims[axis] = 0;
        for shape in inputs {
            let agrees = shape.rank() == first.rank()
                && shape.dims().iter().zip(first.dims()).enumerate().all(|(i, (a, b))| i == axis || a == b);
            if !agrees {
                return Err(Error::shape(format!(
                    "Concatenate along axis {} needs shapes that agree elsewhere, got {first} and {shape}",
                    self.axis
                )));
            }
            dims[axis] += shape.dims()[axis];
        }
        Ok(vec![dims.into()])
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        let ports = at.inputs();
        let shapes: Vec<Shape> = ports.iter().map(|p| at.shape(*p).clone()).collect();
        let to = self.output_shapes(&shapes)?.remove(0);
        let axis = self.index(&to)?;
        let outer = Extent::Rows(to.dims()[..axis].iter().product());
        let inner: usize = to.dims()[axis + 1..].iter().product();
        let total = to.dims()[axis];
        let y = at.port(to);
        let inputs = ports.iter().zip(&shapes).map(|(p, s)| (at.slot(*p), s.dims()[axis])).collect();
        let out = at.slot(y);
        at.forward(Step::Concat { inputs, out, outer, inner });
        let dy = at.gradient(y);
        let mut start = 0;
        for (port, shape) in ports.iter().zip(&shapes) {
            let len = shape.dims()[axis];
            if let Some(out) = at.gradient_into(*port) {
                at.backward([Step::Slice { x: dy, out, outer, total, start, len, inner }]);
            }
            start += len;
        }
        at.output(y);
        Ok(())
    }

    fn role(&self) -> Role {
        Role::Merge(Merging::Join)
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    Ok(Arc::new(Concatenate { axis: args.or("axis", -1)? }))
}

pub(crate) const ENTRY: Entry<dyn Layer> = Entry { class: "Concatenate", names: &["concatenate"], build };
