//! Activations: one file each, found by Keras' names.

mod pointwise;
mod rowwise;

mod elu;
mod linear;
mod relu;
mod sigmoid;
mod softmax;
mod tanh;

pub use elu::Elu;
pub use linear::Linear;
pub use pointwise::{Activation, Pointwise, Saved, pointwise};
pub use relu::Relu;
pub use rowwise::{LaneFunction, Rowwise};
pub use sigmoid::Sigmoid;
pub(crate) use softmax::no_axis;
pub use softmax::{Softmax, SoftmaxLanes, rowwise};
pub use tanh::Tanh;

use crate::catalog::{self, Entry};
use crate::config::{FromValue, Value};
use crate::layers::layer::Layer;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// All activations, under the names that `activation=` takes.
pub const CATALOG: &[Entry<dyn Layer>] =
    &[elu::ENTRY, linear::ENTRY, relu::ENTRY, sigmoid::ENTRY, softmax::ENTRY, tanh::ENTRY];

/// The activations that Keras has layers for, under the names that `layer=` takes.
pub(crate) mod layers {
    pub(crate) use super::elu::LAYER as ELU;
    pub(crate) use super::relu::LAYER as RELU;
    pub(crate) use super::softmax::LAYER as SOFTMAX;
}

/// What `activation=` says: a name of the catalog, nothing (linear), or `{class_name, config}` of an activation or layer.
impl FromValue for Arc<dyn Layer> {
    fn from_value(value: &Value) -> Result<Arc<dyn Layer>> {
        match value {
            Value::Null => Ok(Arc::new(Linear)),
            Value::Text(_) => catalog::build("activation", CATALOG, value),
            other => {
                let (class, config) = catalog::class_and_config("activation", other)?;
                if catalog::find("activation", CATALOG, &class).is_ok() {
                    catalog::build_named("activation", CATALOG, &class, &config)
                } else {
                    crate::layers::from_config(&class, &config).map(|made| made.layer)
                }
            }
        }
    }
}
