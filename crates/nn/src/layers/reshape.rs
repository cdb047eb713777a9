//! Reshape: the same numbers of a sample under other axes.

use super::layer::{Layer, Role, one_input};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::lowering::Lowering;
use crate::shape::Shape;
use std::sync::Arc;
use steadygrad_kernels::{Error, Result};

/// (batch, …) → (batch, target shape), in row-major order; one axis may be −1, which is then worked out.
///
/// ```
/// use steadygrad_nn::{Sequential, Model, layers::Reshape};
/// let model: Model = Sequential::new([12]).add(Reshape::new([3, -1])).into();
/// assert_eq!(model.output_shapes().unwrap()[0].dims(), [3, 4]);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Reshape {
    target_shape: Vec<i64>,
}

impl Reshape {
    /// The axes of a sample, without the batch.
    pub fn new(target_shape: impl Into<Vec<i64>>) -> Reshape {
        Reshape { target_shape: target_shape.into() }
    }

    fn check(&self) -> Result<()> {
        if let Some(bad) = self.target_shape.iter().find(|&&d| d < 1 && d != -1) {
            return Err(Error::argument(format!(
                "`target_shape` must hold sizes of 1 or more, or -1 once, got {bad} in {:?}",
                self.target_shape
            )));
        }
        match self.target_shape.iter().filter(|&&d| d == -1).count() {
            0 | 1 => Ok(()),
            n => Err(Error::argument(format!(
                "`target_shape` may leave one axis open with -1, got {n} in {:?}",
                self.target_shape
            ))),
        }
    }

    fn target(&self, shape: &Shape) -> Result<Shape> {
        self.check()?;
        let size = shape.size();
        let mut known = self.target_shape.iter().filter(|&&d| d != -1).map(|&d| d as usize);
        // Sizes from a file may be of any size: a product that does not fit is certainly not the right one.
        let known = known.try_fold(1_usize, usize::checked_mul);
        let open = self.target_shape.contains(&-1);
        let fits = known.is_some_and(|known| if open { size.is_multiple_of(known) } else { size == known });
        let (Some(known), true) = (known, fits) else {
            return Err(Error::shape(format!(
                "the {size} numbers of a sample of shape {shape} do not fit `target_shape` {:?}",
                self.target_shape
            ))
            .help(format!(
                "the sizes of `target_shape`, without the batch, must multiply to {size}; one may be -1"
            )));
        };
        let dims = self.target_shape.iter().map(|&d| if d == -1 { size / known } else { d as usize });
        Ok(dims.collect::<Vec<_>>().into())
    }
}

impl Layer for Reshape {
    fn class(&self) -> &'static str {
        "Reshape"
    }

    fn config(&self) -> Config {
        Config::new().with("target_shape", self.target_shape.clone())
    }

    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        Ok(vec![self.target(one_input(inputs, "Reshape")?)?])
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        let x = at.input(0);
        let target = self.target(at.shape(x))?;
        let y = at.reshaped(x, target);
        at.output(y);
        Ok(())
    }

    fn role(&self) -> Role {
        Role::Shape
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    let layer = Reshape { target_shape: args.need("target_shape")? };
    layer.check().map_err(|e| e.at(args.owner().to_string()))?;
    Ok(Arc::new(layer))
}

pub(crate) const ENTRY: Entry<dyn Layer> = Entry { class: "Reshape", names: &["reshape"], build };
