//! Activation: any activation as a layer of its own.

use super::layer::{Layer, Role};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::lowering::Lowering;
use crate::shape::Shape;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// Keras' `Activation("relu")`. In Rust an activation is a layer already: `.add(Relu)`.
#[derive(Debug, Clone)]
pub struct ActivationLayer {
    activation: Arc<dyn Layer>,
}

impl ActivationLayer {
    /// This activation.
    pub fn new(activation: impl Layer) -> ActivationLayer {
        ActivationLayer { activation: Arc::new(activation) }
    }
}

impl Layer for ActivationLayer {
    fn class(&self) -> &'static str {
        "Activation"
    }

    fn config(&self) -> Config {
        Config::new().with("activation", self.activation.as_activation())
    }

    fn as_activation(&self) -> crate::config::Value {
        self.activation.as_activation()
    }

    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        self.activation.output_shapes(inputs)
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        self.activation.lower(at)
    }

    fn role(&self) -> Role {
        self.activation.role()
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    Ok(Arc::new(ActivationLayer { activation: args.need("activation")? }))
}

pub(crate) const ENTRY: Entry<dyn Layer> = Entry { class: "Activation", names: &["activation"], build };
