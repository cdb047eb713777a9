//! What a metric is: settings, and an accumulator that batches are shown to.

use crate::config::{Config, FromValue, Value};
use std::fmt::Debug;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// A batch as a metric sees it.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// Samples.
    pub rows: usize,
    /// The shape of one sample's target.
    pub target_shape: &'a [usize],
    /// The shape of one sample's prediction.
    pub prediction_shape: &'a [usize],
    /// Targets, row-major.
    pub target: &'a [f32],
    /// Predictions, row-major.
    pub prediction: &'a [f32],
    /// A weight for every sample.
    pub weights: Option<&'a [f32]>,
}

/// A measure of predictions: plain data, like a loss.
pub trait Metric: Debug + Send + Sync {
    /// Keras' class name: "SparseCategoricalAccuracy".
    fn class(&self) -> &'static str;

    /// The settings under Keras' names, without `name` and `dtype`.
    fn config(&self) -> Config;

    /// Keras' default name, the key in a history.
    fn name(&self) -> String;

    /// Whether more is better, less is better, or neither can be said.
    fn direction(&self) -> Direction;

    /// An empty accumulator.
    fn start(&self) -> Box<dyn Accumulator>;
}

/// Which way a metric improves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// More is better.
    Up,
    /// Less is better.
    Down,
    /// Unknown.
    None,
}

/// What a metric has seen so far.
pub trait Accumulator: Debug + Send {
    /// Adds a batch. After the first batch of a size, it allocates nothing.
    fn update(&mut self, batch: Batch<'_>) -> Result<()>;

    /// The measure of all batches seen; more than one number where the metric gives one per class or threshold.
    fn result(&self) -> Vec<f64>;

    /// Forgets all batches.
    fn reset(&mut self);
}

impl FromValue for Arc<dyn Metric> {
    fn from_value(value: &Value) -> Result<Arc<dyn Metric>> {
        crate::catalog::build("metric", super::CATALOG, value)
    }
}

impl From<&Arc<dyn Metric>> for Value {
    fn from(metric: &Arc<dyn Metric>) -> Value {
        crate::catalog::spec(metric.class(), metric.config())
    }
}
