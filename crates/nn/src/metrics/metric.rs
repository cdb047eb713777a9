//! What a metric is: settings, and an accumulator that batches are shown to.

use crate::config::{Config, FromValue, Value};
use crate::shape::Shape;
use std::fmt::Debug;
use std::sync::Arc;
use steadygrad_kernels::{Error, Result};

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

impl<'a> Batch<'a> {
    /// The weight of a sample; 1 where there are none.
    pub fn weight(&self, sample: usize) -> f64 {
        self.weights.map_or(1.0, |weights| weights[sample].into())
    }

    /// Numbers per row of the last axis of predictions.
    pub fn classes(&self) -> usize {
        self.prediction_shape.last().copied().unwrap_or(1)
    }

    /// The shape of one sample's prediction.
    pub fn shape(&self) -> Shape {
        self.prediction_shape.into()
    }

    /// An error where the numbers of targets, predictions and weights do not fit to the shapes and rows.
    pub fn check(&self) -> Result<()> {
        let count = |shape: &[usize]| shape.iter().product::<usize>() * self.rows;
        let sizes = [
            ("targets", self.target.len(), count(self.target_shape)),
            ("predictions", self.prediction.len(), count(self.prediction_shape)),
            ("weights", self.weights.map_or(self.rows, <[f32]>::len), self.rows),
        ];
        match sizes.iter().find(|(_, found, expected)| found != expected) {
            None => Ok(()),
            Some((what, found, expected)) => Err(Error::shape(format!(
                "expected {expected} {what} for {} samples, found {found}",
                self.rows
            ))),
        }
    }

    /// The batch, if there is a target for every prediction.
    pub fn paired(self) -> Result<Batch<'a>> {
        self.check()?;
        if self.target.len() == self.prediction.len() {
            return Ok(self);
        }
        let shape: Shape = self.target_shape.into();
        let error = Error::shape(format!(
            "it needs a target for every prediction, but predictions have the shape {} and targets {shape}",
            self.shape()
        ));
        Err(if self.target.len() * self.classes() == self.prediction.len() {
            error.help("for numbers of classes, use a metric whose name begins with `sparse_categorical`")
        } else {
            error.help("give the last layer an output of the targets' shape")
        })
    }

    /// The batch, if there is a label for every row of predictions.
    pub fn labelled(self) -> Result<Batch<'a>> {
        self.check()?;
        if self.target.len() * self.classes() == self.prediction.len() {
            return Ok(self);
        }
        let shape: Shape = self.target_shape.into();
        Err(Error::shape(format!(
            "it needs the number of a class for every row, but predictions have the shape {} and targets {shape}",
            self.shape()
        ))
        .help("for one number per class, use a metric whose name begins with `categorical`"))
    }
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

    /// What it has seen, in numbers that [`Accumulator::restore`] goes on from; nothing where it has no such.
    fn state(&self) -> Option<Vec<f64>> {
        None
    }

    /// Goes on from what another one of the same metric had seen. Whether the numbers can be that; if not, nothing is changed.
    fn restore(&mut self, _state: &[f64]) -> bool {
        false
    }
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
