//! The recipe: what to compute, as a list of steps over numbered slots. No buffers, no order of memory.

use crate::constraints::Constraint;
use crate::initializers::Initializer;
use crate::layers::layer::Role;
use crate::shape::{Extent, Shape};
use crate::step::{Slot, Step};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Where a slot lives, which decides how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Home {
    /// Trainable and frozen parameters: kept, saved.
    Parameter,
    /// What the optimizer reads.
    Gradient,
    /// Moving statistics and the like: kept, saved, never seen by an optimizer.
    State,
    /// Fed from outside before the forward pass: inputs, targets, weights.
    Feed,
    /// Anything in between: lives from the step that writes it to the last one that reads it.
    Value,
    /// Read by the caller after the step, so alive to its end: outputs, losses.
    Result,
}

/// A slot: home and size.
#[derive(Debug, Clone, PartialEq)]
pub struct SlotInfo {
    /// Where it lives.
    pub home: Home,
    /// How many numbers it holds.
    pub extent: Extent,
}

/// A parameter of the model.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// Layer path and name: `dense_1/kernel`.
    pub path: String,
    /// The key of its random stream: `dense#1/kernel`.
    pub key: String,
    /// The shape.
    pub shape: Shape,
    /// Where its values are.
    pub value: Slot,
    /// Where its gradient is; `None` if frozen.
    pub gradient: Option<Slot>,
    /// Its initial values.
    pub initializer: Arc<dyn Initializer>,
    /// What keeps it in bounds after every update.
    pub constraint: Option<Arc<dyn Constraint>>,
}

/// State of a layer: moving statistics.
#[derive(Debug, Clone)]
pub struct State {
    /// Layer path and name: `batch_normalization/moving_mean`.
    pub path: String,
    /// The key of its random stream.
    pub key: String,
    /// The shape.
    pub shape: Shape,
    /// Where its values are.
    pub value: Slot,
    /// Its initial values.
    pub initializer: Arc<dyn Initializer>,
}

/// A weight in the order of Keras' `get_weights`: layer by layer, in a layer parameters before state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// Index into [`Recipe::parameters`].
    Parameter(usize),
    /// Index into [`Recipe::states`].
    State(usize),
}

/// One layer as it was lowered: where its inputs, outputs and their gradients are.
#[derive(Debug, Clone)]
pub struct Trace {
    /// The layer's path: `dense_1`, `tower/dense`, and `dense_1/activation` for the activation inside.
    pub path: String,
    /// Its class.
    pub class: String,
    /// What it does to a signal.
    pub role: Role,
    /// How deep it is nested: 0 for a layer of the model itself.
    pub depth: usize,
    /// What it reads.
    pub inputs: Vec<Slot>,
    /// What it makes.
    pub outputs: Vec<Slot>,
    /// The gradients of the loss for its outputs, where there are any.
    pub deltas: Vec<Option<Slot>>,
    /// The gradients of the loss that it passes to each input, where it passes any.
    pub input_deltas: Vec<Option<Slot>>,
    /// The gradients of the loss for its inputs, all readers together.
    pub input_gradients: Vec<Option<Slot>>,
    /// The shapes of its outputs.
    pub shapes: Vec<Shape>,
    /// The axis of its output with the channels, where the layer is told which.
    pub channel_axis: Option<usize>,
    /// Its own parameters: indices into [`Recipe::parameters`].
    pub parameters: Vec<usize>,
    /// The forward steps that it wrote, those of layers inside it among them: a range of [`Recipe::forward`].
    pub steps: Range<usize>,
}

/// One loss of the model: total loss = Σ weight · value + Σ penalties.
#[derive(Debug, Clone)]
pub struct LossInfo {
    /// The output it belongs to.
    pub output: usize,
    /// Its value, not yet multiplied by the weight.
    pub value: Slot,
    /// The value of every sample.
    pub values: Slot,
    /// The weight among all losses.
    pub weight: f64,
}

/// What to compute, for training or for inference.
#[derive(Debug, Clone, Default)]
pub struct Recipe {
    /// All slots.
    pub slots: Vec<SlotInfo>,
    /// Forward steps, losses included.
    pub forward: Vec<Step>,
    /// Backward steps; empty for inference.
    pub backward: Vec<Step>,
    /// Parameters: the trainable ones first, so that their arena is one piece.
    pub parameters: Vec<Parameter>,
    /// State of layers.
    pub states: Vec<State>,
    /// All weights in Keras' order.
    pub weights: Vec<Weight>,
    /// Where inputs are fed.
    pub inputs: Vec<Slot>,
    /// Where targets are fed, per loss.
    pub targets: Vec<Slot>,
    /// Where weights of samples are fed, per loss.
    pub sample_weights: Vec<Slot>,
    /// The model's outputs.
    pub outputs: Vec<Slot>,
    /// Shapes of the model's outputs.
    pub output_shapes: Vec<Shape>,
    /// Gradients of the loss for the inputs, where asked for.
    pub input_gradients: Vec<Option<Slot>>,
    /// Losses.
    pub losses: Vec<LossInfo>,
    /// Penalties of regularizers: one number each.
    pub penalties: Vec<Slot>,
    /// Layers in the order of their forward pass.
    pub traces: Vec<Trace>,
}

impl Recipe {
    /// The info of a slot.
    pub fn slot(&self, slot: Slot) -> &SlotInfo {
        &self.slots[slot.0 as usize]
    }

    /// Steps in the order of their run.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.forward.iter().chain(&self.backward)
    }
}

impl fmt::Display for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, step) in self.steps().enumerate() {
            if i == self.forward.len() {
                writeln!(f, "---- backward")?;
            }
            writeln!(f, "{i:4}  {step}")?;
        }
        Ok(())
    }
}
