//! Layers: one file each, found by Keras' class name, its snake case, and the plain one.

pub mod layer;

mod activation;
mod activity;
mod batch_normalization;
mod concatenate;
mod dense;
mod flatten;
mod input;
mod merge;
mod permute;

pub use activation::ActivationLayer;
pub use activity::Regularized;
pub use batch_normalization::BatchNormalization;
pub use concatenate::Concatenate;
pub use dense::Dense;
pub use flatten::Flatten;
pub use input::Input;
pub use layer::{Layer, Role};
pub use merge::{Add, Average, Maximum, Minimum, Multiply, Subtract};
pub use permute::Permute;
pub(crate) use {merge::expanded, permute::permuted};

use crate::activations;
use crate::catalog::{self, Entry};
use crate::config::{Args, Config};
use crate::regularizers::Regularizer;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// All layers.
pub const CATALOG: &[Entry<dyn Layer>] = &[
    activation::ENTRY,
    batch_normalization::ENTRY,
    concatenate::ENTRY,
    dense::ENTRY,
    flatten::ENTRY,
    input::ENTRY,
    merge::ADD,
    merge::SUBTRACT,
    merge::MULTIPLY,
    merge::AVERAGE,
    merge::MAXIMUM,
    merge::MINIMUM,
    permute::ENTRY,
    activations::layers::ELU,
    activations::layers::LEAKY_RELU,
    activations::layers::PRELU,
    activations::layers::RELU,
    activations::layers::SOFTMAX,
];

/// A layer from settings, with what Keras lets every layer have.
#[derive(Debug, Clone)]
pub struct Made {
    /// The layer.
    pub layer: Arc<dyn Layer>,
    /// Its name, if one was given.
    pub name: Option<String>,
    /// Whether it learns.
    pub trainable: bool,
}

/// A layer by class or snake name, from its own settings and those that every layer has: `name`, `trainable`,
/// `dtype` (float32 only), `activity_regularizer`.
pub fn from_config(class: &str, config: &Config) -> Result<Made> {
    let entry = catalog::find("layer", CATALOG, class)?;
    let mut args = Args::new(class, config);
    let mut layer = (entry.build)(&mut args)?;
    let name: Option<String> = args.or("name", None)?;
    let trainable = args.or("trainable", true)?;
    args.ignore(&["dtype", "autocast"]);
    let activity: Option<Arc<dyn Regularizer>> = args.or("activity_regularizer", None)?;
    args.finish().map_err(|e| match &name {
        Some(name) => e.at(name.clone()),
        None => e,
    })?;
    if let Some(regularizer) = activity {
        layer = Arc::new(Regularized::new(layer, regularizer));
    }
    Ok(Made { layer, name, trainable })
}

/// The only input of a layer that takes one.
pub(crate) fn one_input<'a>(inputs: &'a [crate::Shape], class: &str) -> Result<&'a crate::Shape> {
    match inputs {
        [one] => Ok(one),
        other => {
            Err(steadygrad_kernels::Error::shape(format!("{class} takes one input, got {}", other.len())))
        }
    }
}
