//! RepeatVector: the same features several times, one after the other.

use super::layer::{Layer, Role, one_input};
use super::merge::expanded;
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::lowering::Lowering;
use crate::shape::Shape;
use std::sync::Arc;
use steadygrad_kernels::{Error, Result};

/// (batch, features) → (batch, n, features). The gradient is the sum over the n copies.
///
/// ```
/// use steadygrad_nn::{Sequential, Model, layers::RepeatVector};
/// let model: Model = Sequential::new([4]).add(RepeatVector::new(3)).into();
/// assert_eq!(model.output_shapes().unwrap()[0].dims(), [3, 4]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RepeatVector {
    n: usize,
}

impl RepeatVector {
    /// So many copies.
    pub fn new(n: usize) -> RepeatVector {
        RepeatVector { n }
    }
}

impl Layer for RepeatVector {
    fn class(&self) -> &'static str {
        "RepeatVector"
    }

    fn config(&self) -> Config {
        Config::new().with("n", self.n)
    }

    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let shape = one_input(inputs, "RepeatVector")?;
        if self.n == 0 {
            return Err(Error::argument("`n` must be 1 or more, got 0"));
        }
        if shape.rank() != 1 {
            return Err(Error::shape(format!(
                "RepeatVector expects values of shape (batch, features), got {shape}"
            ))
            .help("put Flatten before it"));
        }
        Ok(vec![[self.n, shape.last()].into()])
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        let x = at.input(0);
        let features = at.shape(x).last();
        let one = at.reshaped(x, [1, features].into());
        let y = expanded(at, one, &[self.n, features].into());
        at.output(y);
        Ok(())
    }

    fn role(&self) -> Role {
        Role::Shape
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    let n: usize = args.need("n")?;
    if n == 0 {
        return args.reject("n", "1 or more", 0);
    }
    Ok(Arc::new(RepeatVector { n }))
}

pub(crate) const ENTRY: Entry<dyn Layer> = Entry { class: "RepeatVector", names: &["repeat_vector"], build };
