//! Identity: the values as they are.

use super::layer::{Layer, Role, one_input};
use crate::catalog::Entry;
use crate::config::Config;
use crate::lowering::Lowering;
use crate::shape::Shape;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// y = x, without a step: a place to put a name, or to leave empty what another model fills.
///
/// ```
/// use steadygrad_nn::{Sequential, Model, layers::Identity};
/// let model: Model = Sequential::new([3]).add_as("features", Identity).into();
/// assert_eq!(model.output_names(), ["features"]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Identity;

/// Hands the input on under a port of its own, so that the ledger sees the layer.
pub(crate) fn pass(at: &mut Lowering<'_>) {
    let x = at.input(0);
    let y = at.reshaped(x, at.shape(x).clone());
    at.output(y);
}

impl Layer for Identity {
    fn class(&self) -> &'static str {
        "Identity"
    }

    fn config(&self) -> Config {
        Config::new()
    }

    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        Ok(vec![one_input(inputs, "Identity")?.clone()])
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        pass(at);
        Ok(())
    }

    fn role(&self) -> Role {
        Role::Shape
    }
}

pub(crate) const ENTRY: Entry<dyn Layer> =
    Entry { class: "Identity", names: &["identity"], build: |_| Ok(Arc::new(Identity)) };
