//! A layer whose output is penalized: Keras' `activity_regularizer`, for any layer.

use super::layer::{Layer, Role};
use crate::config::Config;
use crate::lowering::Lowering;
use crate::regularizers::Regularizer;
use crate::shape::Shape;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// A layer with a penalty on its output: penalty(output) / rows is added to the loss.
#[derive(Debug, Clone)]
pub struct Regularized {
    layer: Arc<dyn Layer>,
    regularizer: Arc<dyn Regularizer>,
}

impl Regularized {
    /// The layer, penalized.
    pub fn new(layer: Arc<dyn Layer>, regularizer: Arc<dyn Regularizer>) -> Regularized {
        Regularized { layer, regularizer }
    }
}

impl Layer for Regularized {
    fn class(&self) -> &'static str {
        self.layer.class()
    }

    fn config(&self) -> Config {
        self.layer.config().with("activity_regularizer", &self.regularizer)
    }

    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        self.layer.output_shapes(inputs)
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        let before = at.outputs().len();
        self.layer.lower(at)?;
        for port in at.outputs().split_off(before) {
            at.activity_penalty(port, &self.regularizer);
        }
        Ok(())
    }

    fn role(&self) -> Role {
        self.layer.role()
    }

    fn plain_name(&self) -> &str {
        self.layer.plain_name()
    }
}
