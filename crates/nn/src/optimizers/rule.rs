//! What a rule of update is: how gradients become new weights, and what it remembers.

use crate::args::Args;
use crate::config::Config;
use crate::schedules::Rate;
use std::fmt::Debug;
use steadygrad_kernels::{Isa, Result};

pub use steadygrad_kernels::update::Tensor;

/// What a rule keeps for every parameter: velocities, second moments.
#[derive(Debug, Clone, PartialEq)]
pub struct Memory {
    /// Keras' name: "momentum", "velocity". Empty where Keras gives it the parameter's own name.
    pub name: &'static str,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its numbers at the start.
    pub initial: Initial,
    /// When it is listed: all memories of group 0, parameter by parameter, then all of group 1, and so on.
    pub group: usize,
}

impl Memory {
    /// Zeros of this shape, in the first group.
    pub fn zeros(name: &'static str, shape: &[usize]) -> Memory {
        Memory { name, shape: shape.to_vec(), initial: Initial::Value(0.0), group: 0 }
    }
}

/// What a memory starts as.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Initial {
    /// This value everywhere.
    Value(f64),
    /// The parameter itself, as it is before the first update.
    Weights,
}

/// The moment of an update.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tick {
    /// Which update this is, from 1.
    pub step: u64,
    /// The learning rate now.
    pub learning_rate: f64,
}

/// A rule of update.
pub trait Rule: Debug + Send + Sync + 'static {
    /// Keras' class name: "Adam".
    fn class(&self) -> &'static str;

    /// The rule's own settings under Keras' names, without the learning rate and what all rules share.
    fn config(&self) -> Config;

    /// The learning rate.
    fn learning_rate(&self) -> &Rate;

    /// The weight decay that comes with the rule, if the optimizer is given no other.
    fn weight_decay(&self) -> Option<f64> {
        None
    }

    /// The weight decay of this parameter, where the optimizer's is `decay`.
    fn decay_of(&self, path: &str, shape: &[usize], decay: Option<f64>) -> Option<f64> {
        let _ = (path, shape);
        decay
    }

    /// What is kept for this parameter. Elementwise rules keep the same for all, each of the parameter's shape.
    fn memories(&self, path: &str, shape: &[usize]) -> Vec<Memory>;

    /// Every weight is changed by itself alone, so that one loop runs over all parameters.
    fn elementwise(&self) -> bool {
        true
    }

    /// How many numbers of working space an update of this shape needs. Elementwise rules need none.
    fn scratch(&self, shape: &[usize]) -> usize {
        let _ = shape;
        0
    }

    /// Numbers kept for the optimizer as a whole: how many, and their values at the start.
    fn scalars(&self) -> Vec<f64> {
        Vec::new()
    }

    /// Brings the scalars to this step; called once, before the parameters are updated.
    fn advance(&self, tick: &Tick, scalars: &mut [f64]) {
        let _ = (tick, scalars);
    }

    /// Changes the weights.
    fn update(&self, isa: Isa, tick: &Tick, scalars: &[f64], tensor: Tensor<'_, '_, f32>);

    /// The same in double precision.
    fn update64(&self, tick: &Tick, scalars: &[f64], tensor: Tensor<'_, '_, f64>);

    /// For rules that train at one point and are judged at another: moves the weights from one to the other. The
    /// gradient is not read.
    fn swap(&self, isa: Isa, to: Mode, tensor: Tensor<'_, '_, f32>) {
        let _ = (isa, to, tensor);
    }
}

/// What weights are used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Gradients are taken here.
    Train,
    /// The model is judged, saved and used here.
    Evaluate,
}

/// βᵗ for the correction of a mean's start, with β as the f32 that Keras keeps.
///
/// 1 − 0.999 and 1 − 0.999f32 differ by one part in 10⁵, which shows in the weights after ten steps.
pub(super) fn power(beta: f64, step: u64) -> f64 {
    f64::from(beta as f32).powf(step as f64)
}

/// A setting that is a share: 0 or more, and below 1.
pub(super) fn share(args: &mut Args<'_>, name: &str, default: f64) -> Result<f64> {
    match args.or(name, default)? {
        value if (0.0..1.0).contains(&value) => Ok(value),
        value => args.reject(name, "0 or more, and below 1", value),
    }
}

/// A setting that is a finite number of 0 or more.
pub(super) fn not_negative(args: &mut Args<'_>, name: &str, default: f64) -> Result<f64> {
    match args.or(name, default)? {
        value if value >= 0.0 && value.is_finite() => Ok(value),
        value => args.reject(name, "a finite number of 0 or more", value),
    }
}
