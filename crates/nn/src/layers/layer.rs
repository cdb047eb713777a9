//! What a layer is: its settings, the shapes it makes, and its recipe of steps.

use crate::activations::Activation;
use crate::config::{Config, Value};
use crate::initializers::Initializer;
use crate::lowering::Lowering;
use crate::noise::Noise;
use crate::shape::Shape;
use std::fmt::Debug;
use std::sync::Arc;
use steadygrad_kernels::{Error, Result};

/// A layer: immutable, plain data. What it learns lives in a learner.
pub trait Layer: Debug + Send + Sync + 'static {
    /// Keras' class name: "Dense".
    fn class(&self) -> &'static str;

    /// The settings under the names of Keras' `get_config`, without `name`, `trainable` and `dtype`.
    fn config(&self) -> Config;

    /// The shapes of the outputs for inputs of these shapes, or what is wrong with the inputs.
    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>>;

    /// Writes the layer's steps.
    fn lower(&self, at: &mut Lowering<'_>) -> Result<()>;

    /// What it does to a signal: all that forecast and ledger read.
    fn role(&self) -> Role {
        Role::Unknown
    }

    /// Which axis of its output holds the channels, the batch being axis 0, where the layer is told and it need not be the last:
    /// what is counted unit by unit is counted along it. Layers behind it that keep the axes are taken to keep this one too.
    fn channel_axis(&self) -> Option<usize> {
        None
    }

    /// The layer as the value of another layer's `activation`: a name, or `{class_name, config}`.
    fn as_activation(&self) -> Value {
        crate::catalog::spec(self.class(), self.config())
    }

    /// The name in snake case without Keras' splitting of capitals: "relu" where Keras numbers "re_lu".
    fn plain_name(&self) -> &str {
        self.class()
    }

    /// A model, if that is what it is.
    fn as_model(&self) -> Option<&crate::model::Model> {
        None
    }
}

/// What a layer does to signal and gradient.
#[derive(Debug, Clone)]
pub enum Role {
    /// Feeds a value into the network.
    Input,
    /// Multiplies by weights, with the activation inside if it has one.
    Linear {
        /// How its weights are drawn.
        initializer: Arc<dyn Initializer>,
    },
    /// Acts on each number alone.
    Pointwise(Arc<dyn Activation>),
    /// Brings mean and size of the signal to a standard.
    Normalize(Standard),
    /// Brings several signals together.
    Merge(Merging),
    /// Only moves numbers.
    Shape,
    /// Takes one number of all that a window sees, channel by channel.
    Pool(Pooled),
    /// scale·x + offset.
    Affine {
        /// The factor.
        scale: f64,
        /// What is added.
        offset: f64,
    },
    /// Noise in training, nothing in inference.
    Noise(Noise),
    /// A model of its own.
    Model,
    /// Nothing is known: it can be measured, not forecast.
    Unknown,
}

/// What a normalization brings to a standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standard {
    /// Mean 0 and variance 1 over the batch, for each unit.
    OverBatch,
    /// Mean 0 and variance 1 over the units (or a group of them), for each sample.
    OverUnits,
    /// Mean square 1 over the units, for each sample.
    MeanSquare,
    /// Length 1 over the units, for each sample.
    Length,
}

/// How several signals become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merging {
    /// Their sum.
    Sum,
    /// The first minus the second.
    Difference,
    /// Their mean.
    Mean,
    /// Their product.
    Product,
    /// The largest or the smallest.
    Extreme,
    /// Side by side.
    Join,
}

/// What is taken of the numbers that a window sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pooled {
    /// Their mean.
    Mean,
    /// The largest of them.
    Largest,
}

impl Role {
    /// One word for it.
    pub fn name(&self) -> &'static str {
        match self {
            Role::Input => "input",
            Role::Linear { .. } => "linear",
            Role::Pointwise(_) => "activation",
            Role::Normalize(_) => "normalization",
            Role::Merge(_) => "merge",
            Role::Shape => "shape",
            Role::Pool(_) => "pooling",
            Role::Affine { .. } => "scaling",
            Role::Noise(_) => "noise",
            Role::Model => "model",
            Role::Unknown => "other",
        }
    }
}

/// The only input of a layer that takes one.
pub(crate) fn one_input<'a>(inputs: &'a [Shape], class: &str) -> Result<&'a Shape> {
    match inputs {
        [one] => Ok(one),
        other => Err(Error::shape(format!("{class} takes one input, got {}", other.len()))),
    }
}

impl Layer for Arc<dyn Layer> {
    fn class(&self) -> &'static str {
        (**self).class()
    }
    fn config(&self) -> Config {
        (**self).config()
    }
    fn output_shapes(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        (**self).output_shapes(inputs)
    }
    fn lower(&self, at: &mut Lowering<'_>) -> Result<()> {
        (**self).lower(at)
    }
    fn role(&self) -> Role {
        (**self).role()
    }
    fn channel_axis(&self) -> Option<usize> {
        (**self).channel_axis()
    }
    fn as_activation(&self) -> Value {
        (**self).as_activation()
    }
    fn plain_name(&self) -> &str {
        (**self).plain_name()
    }
    fn as_model(&self) -> Option<&crate::model::Model> {
        (**self).as_model()
    }
}
