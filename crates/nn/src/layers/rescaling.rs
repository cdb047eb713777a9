//! Rescaling: the values times a number, plus a number.

use super::layer::{Layer, Role, one_input};
use super::merge::affine;
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::lowering::Lowering;
use crate::shape::Shape;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// y = x·scale + offset, such as pixels of 0 … 255 to 0 … 1, in training and in inference.
///
/// ```
/// use steadygrad_nn::{Sequential, layers::{Dense, Flatten, Rescaling}};
/// let model = Sequential::new([28, 28]).add(Rescaling::new(1.0 / 255.0)).add(Flatten).add(Dense::new(10));
/// let centred = Rescaling::new(2.0 / 255.0).offset(-1.0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rescaling {
    scale: f64,
    offset: f64,
}

impl Rescaling {
    /// x·scale
    pub fn new(scale: f64) -> Rescaling {
        Rescaling { scale, offset: 0.0 }
    }

    /// Added after the multiplication.
    pub fn offset(mut self, offset: f64) -> Rescaling {
        self.offset = offset;
        self
    }
}

impl Layer for Rescaling {
    fn class(&self) -> &'static str {
        "Rescaling"
    }

    fn config(&self) -> Config {
        Config::new().with("scale", self.scale).with("offset", self.offset)
    }

    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        Ok(vec![one_input(inputs, "Rescaling")?.clone()])
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        let x = at.input(0);
        let y = affine(at, x, self.scale, self.offset);
        at.output(y);
        Ok(())
    }

    fn role(&self) -> Role {
        Role::Affine { scale: self.scale, offset: self.offset }
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    Ok(Arc::new(Rescaling { scale: args.need("scale")?, offset: args.or("offset", 0.0)? }))
}

pub(crate) const ENTRY: Entry<dyn Layer> = Entry { class: "Rescaling", names: &["rescaling"], build };
