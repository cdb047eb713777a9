//! Input: where samples enter a model.

use super::layer::{Layer, Role};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::{Config, Value};
use crate::lowering::Lowering;
use crate::shape::Shape;
use std::sync::Arc;
use steadygrad_kernels::{Error, Result};

/// Samples of one shape.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    shape: Shape,
}

impl Input {
    /// Samples of this shape.
    pub fn new(shape: impl Into<Shape>) -> Input {
        Input { shape: shape.into() }
    }
}

impl Layer for Input {
    fn class(&self) -> &'static str {
        "InputLayer"
    }

    fn config(&self) -> Config {
        let mut batch_shape = vec![Value::Null];
        batch_shape.extend(self.shape.dims().iter().map(|&d| Value::from(d)));
        Config::new().with("batch_shape", Value::List(batch_shape))
    }

    fn output_shapes(&self, _: &[Shape]) -> Result<Vec<Shape>> {
        Ok(vec![self.shape.clone()])
    }

    fn lower(&self, _: &mut Lowering<'_>) -> Result<()> {
        Err(Error::unsupported("an input is fed, not computed"))
    }

    fn role(&self) -> Role {
        Role::Input
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    for name in ["sparse", "ragged", "optional"] {
        args.neutral(name, "false", |value| *value == Value::Bool(false))?;
    }
    // A batch may have any size here.
    args.given::<Option<usize>>("batch_size")?;
    let shape: Option<Vec<usize>> = args.or("shape", None)?;
    let batch_shape: Option<Vec<Option<usize>>> = args.or("batch_shape", None)?;
    let dims = match (shape, batch_shape) {
        (Some(shape), _) => shape,
        (None, Some(dims)) => {
            let sample: Option<Vec<usize>> = dims.iter().skip(1).copied().collect();
            match sample {
                Some(sample) => sample,
                None => return args.reject("batch_shape", "known but for the batch", "an open axis"),
            }
        }
        (None, None) => return args.reject("shape", "the shape of one sample", "nothing"),
    };
    Ok(Arc::new(Input::new(dims)))
}

pub(crate) const ENTRY: Entry<dyn Layer> =
    Entry { class: "InputLayer", names: &["input_layer", "input", "Input"], build };
