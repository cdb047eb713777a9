//! ActivityRegularization: the values as they are, with a penalty on them in the loss.

use super::identity::pass;
use super::layer::{Layer, Role, one_input};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::lowering::Lowering;
use crate::regularizers::{L1L2, Regularizer};
use crate::shape::Shape;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// y = x, and (l1·Σ|x| + l2·Σ x²)/rows is added to the loss.
///
/// Any other layer takes an activity regularizer as a setting; this one stands where there is none.
///
/// ```
/// use steadygrad_nn::{Sequential, layers::{ActivityRegularization, Dense}, activations::Relu};
/// let model = Sequential::new([64])
///     .add(Dense::new(100).activation(Relu))
///     .add(ActivityRegularization::new(1e-4, 0.0))
///     .add(Dense::new(10));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ActivityRegularization {
    l1: f64,
    l2: f64,
}

impl ActivityRegularization {
    /// The factors of Σ|x| and of Σ x².
    pub fn new(l1: f64, l2: f64) -> ActivityRegularization {
        ActivityRegularization { l1, l2 }
    }
}

impl Layer for ActivityRegularization {
    fn class(&self) -> &'static str {
        "ActivityRegularization"
    }

    fn config(&self) -> Config {
        Config::new().with("l1", self.l1).with("l2", self.l2)
    }

    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        Ok(vec![one_input(inputs, "ActivityRegularization")?.clone()])
    }

    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        pass(at);
        let penalty: Arc<dyn Regularizer> = Arc::new(L1L2::new(self.l1, self.l2));
        for y in at.outputs() {
            at.activity_penalty(y, &penalty);
        }
        Ok(())
    }

    fn role(&self) -> Role {
        Role::Shape
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Layer>> {
    let layer = ActivityRegularization { l1: args.or("l1", 0.0)?, l2: args.or("l2", 0.0)? };
    for (name, value) in [("l1", layer.l1), ("l2", layer.l2)] {
        if !(value >= 0.0 && value.is_finite()) {
            return args.reject(name, "0 or more", value);
        }
    }
    Ok(Arc::new(layer))
}

pub(crate) const ENTRY: Entry<dyn Layer> =
    Entry { class: "ActivityRegularization", names: &["activity_regularization"], build };
