//! Permute: the axes of a sample in another order.

use super::layer::{Layer, Role, one_input};
use crate::args::Args;
use crate::builder::Port;
use crate::catalog::Entry;
use crate::config::Config;
use crate::lowering::Lowering;
use crate::shape::{Extent, Shape};
use crate::step::Step;
use std::sync::Arc;
use steadygrad_kernels::{Error, Result};

/// Axes in another order, counted from 1 as the batch is axis 0: `Permute::new([2, 1])` transposes.
///
/// ```
/// use steadygrad_nn::{Sequential, Model, layers::Permute};
/// let model: Model = Sequential::new([3, 4]).add(Permute::new([2, 1])).into();
/// assert_eq!(model.output_shapes().unwrap()[0].dims(), [4, 3]);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Permute {
    dims: Vec<usize>,
}

impl Permute {
    /// The i-th axis of the output is axis `dims[i]` of the input.
    pub fn new(dims: impl Into<Vec<usize>>) -> Permute {
        Permute { dims: dims.into() }
    }
}

impl Layer for Permute {
    fn class(&self) -> &'static str {
        "Permute"
    }

    fn config(&self) -> Config {
        Config::new().with("dims", self.dims.clone())
    }

    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let shape = one_input(inputs, "Permute")?;
        let mut sorted = self.dims.clone();
        sorted.sort_unstable();
        if sorted != (1..=shape.rank()).collect::<Vec<_>>() {
            return Err(Error::shape(format!(
                "`dims` must name every axis of {shape} once, from 1 to {}, got {:?}",
                shape.rank(),
                self.dims
            ))
            .help("axis 0 is the batch and stays in front: it does not stand in `dims`"));
        }
        let dims: Vec<usize> = self.dims.iter().map(|&d| shape.dims()[d - 1]).collect();
        Ok(vec![dims.into()])
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        let x = at.input(0);
        let y = permuted(at, x, &self.dims);
        at.output(y);
        Ok(())
    }

    fn role(&self) -> Role {
        Role::Shape
    }
}

/// The value with its axes in this order (1 is the first axis of a sample), and the gradient back in the old one.
pub(crate) fn permuted(at: &mut Lowering<'_>, x: Port, order: &[usize]) -> Port {
    let shape = at.shape(x).clone();
    let to: Vec<usize> = order.iter().map(|&d| shape.dims()[d - 1]).collect();
    let with_batch = |dims: &[usize]| -> Vec<Extent> {
        std::iter::once(Extent::Rows(1)).chain(dims.iter().map(|&d| Extent::Fixed(d))).collect()
    };
    let forth: Vec<usize> = std::iter::once(0).chain(order.iter().copied()).collect();
    let mut back = vec![0; forth.len()];
    for (i, &axis) in forth.iter().enumerate() {
        back[axis] = i;
    }
    let y = at.port(to.as_slice().into());
    let (from_slot, to_slot) = (at.slot(x), at.slot(y));
    at.forward(Step::Permute { x: from_slot, out: to_slot, dims: with_batch(shape.dims()), order: forth });
    if let Some(dx) = at.gradient_into(x) {
        at.backward([Step::Permute { x: at.gradient(y), out: dx, dims: with_batch(&to), order: back }]);
    }
    y
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    Ok(Arc::new(Permute { dims: args.need("dims")? }))
}

pub(crate) const ENTRY: Entry<dyn Layer> = Entry { class: "Permute", names: &["permute"], build };
