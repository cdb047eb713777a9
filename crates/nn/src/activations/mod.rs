//! Activations: one file each, found by Keras' names.

mod pointwise;
mod rowwise;

mod celu;
mod elu;
mod exponential;
mod gelu;
mod glu;
mod hard_shrink;
mod hard_sigmoid;
mod hard_silu;
mod hard_tanh;
mod leaky_relu;
mod linear;
mod log_sigmoid;
mod log_softmax;
mod mish;
mod prelu;
mod relu;
mod relu6;
mod selu;
mod sigmoid;
mod silu;
mod soft_shrink;
mod softmax;
mod softplus;
mod softsign;
mod sparse_plus;
mod sparse_sigmoid;
mod sparsemax;
mod squareplus;
mod tanh;
mod tanh_shrink;
mod threshold;

pub use celu::Celu;
pub use elu::Elu;
pub use exponential::Exponential;
pub use gelu::Gelu;
pub use glu::{Glu, GluLanes};
pub use hard_shrink::HardShrink;
pub use hard_sigmoid::HardSigmoid;
pub use hard_silu::HardSilu;
pub use hard_tanh::HardTanh;
pub use leaky_relu::LeakyRelu;
pub use linear::Linear;
pub use log_sigmoid::LogSigmoid;
pub use log_softmax::{LogSoftmax, LogSoftmaxLanes};
pub use mish::Mish;
pub use pointwise::{Activation, Pointwise, Saved, pointwise};
pub use prelu::PRelu;
pub use relu::Relu;
pub use relu6::Relu6;
pub(crate) use rowwise::no_axis;
pub use rowwise::{LaneFunction, Rowwise, rowwise};
pub use selu::Selu;
pub use sigmoid::Sigmoid;
pub use silu::{Silu, Swish};
pub use soft_shrink::SoftShrink;
pub use softmax::{Softmax, SoftmaxLanes};
pub use softplus::Softplus;
pub use softsign::Softsign;
pub use sparse_plus::SparsePlus;
pub use sparse_sigmoid::SparseSigmoid;
pub use sparsemax::{Sparsemax, SparsemaxLanes};
pub use squareplus::Squareplus;
pub use tanh::Tanh;
pub use tanh_shrink::TanhShrink;
pub use threshold::Threshold;

use crate::catalog::{self, Entry};
use crate::config::{FromValue, Value};
use crate::layers::layer::Layer;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// All activations, under the names that `activation=` takes.
pub const CATALOG: &[Entry<dyn Layer>] = &[
    celu::ENTRY,
    elu::ENTRY,
    exponential::ENTRY,
    gelu::ENTRY,
    glu::ENTRY,
    hard_shrink::ENTRY,
    hard_sigmoid::ENTRY,
    hard_silu::ENTRY,
    hard_tanh::ENTRY,
    leaky_relu::ENTRY,
    linear::ENTRY,
    log_sigmoid::ENTRY,
    log_softmax::ENTRY,
    mish::ENTRY,
    relu::ENTRY,
    relu6::ENTRY,
    selu::ENTRY,
    sigmoid::ENTRY,
    silu::ENTRY,
    soft_shrink::ENTRY,
    softmax::ENTRY,
    softplus::ENTRY,
    softsign::ENTRY,
    sparse_plus::ENTRY,
    sparse_sigmoid::ENTRY,
    sparsemax::ENTRY,
    squareplus::ENTRY,
    tanh::ENTRY,
    tanh_shrink::ENTRY,
    threshold::ENTRY,
];

/// The activations that Keras has layers for, under the names that `layer=` takes.
pub(crate) mod layers {
    pub(crate) use super::elu::LAYER as ELU;
    pub(crate) use super::leaky_relu::LAYER as LEAKY_RELU;
    pub(crate) use super::prelu::LAYER as PRELU;
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

#[cfg(test)]
mod tests;
