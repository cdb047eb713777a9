//! What a loss is: values per sample and their gradients, in both precisions.

use super::reduction::Reduction;
use crate::config::{Config, FromValue, Value};
use crate::shape::{Extent, Shape};
use std::fmt::Debug;
use std::sync::Arc;
use steadygrad_kernels::{Error, Isa, Lane, Real, Result, Task};

/// What a model's last layer did, where a loss can do better from its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Head {
    /// A softmax over the last axis.
    Softmax,
    /// A sigmoid of each number.
    Sigmoid,
}

/// A batch that a loss looks at: how many rows, and the shape of one prediction.
#[derive(Debug, Clone, Copy)]
pub struct Block<'a> {
    /// Samples.
    pub rows: usize,
    /// The shape of one sample's prediction.
    pub shape: &'a [usize],
}

impl Block<'_> {
    /// The last axis of the prediction.
    pub fn last(&self) -> usize {
        self.shape.last().copied().unwrap_or(1)
    }
}

/// A loss as formulas, in any precision. Most losses only need [`RowLoss`](super::RowLoss).
pub trait LossRule: Debug + Send + Sync + 'static {
    /// Keras' class name: "MeanSquaredError".
    const CLASS: &'static str;
    /// Keras' name, which is its key in a history: "mean_squared_error".
    const NAME: &'static str;

    /// The settings under Keras' names, without `name` and `reduction`.
    fn config(&self) -> Config {
        Config::new()
    }

    /// The shape of one sample's target for a prediction of this shape.
    fn target_shape(&self, prediction: &Shape) -> Shape {
        prediction.clone()
    }

    /// How many values there are for a batch of predictions of this shape.
    fn extent(&self, prediction: &Shape) -> Extent {
        Extent::Rows(prediction.leading())
    }

    /// Whether a sample's values depend on that sample alone, so that a batch may be cut into pieces.
    fn row_by_row(&self, prediction: &Shape) -> bool {
        let _ = prediction;
        true
    }

    /// The value of every sample (or position).
    fn values<R: Real>(&self, block: Block<'_>, target: &[R], prediction: &[R], out: &mut [R]);

    /// d Σᵢ cotangentᵢ · valueᵢ / d prediction, written to `out`.
    fn gradients<R: Real>(
        &self,
        block: Block<'_>,
        target: &[R],
        prediction: &[R],
        cotangent: &[R],
        out: &mut [R],
    );

    /// The same loss computed from what went into the head: exact where the head's output is rounded to 0 or 1.
    fn on_logits(&self, head: Head) -> Option<Arc<dyn Loss>> {
        let _ = head;
        None
    }

    /// Targets of this value do not count.
    fn ignore(&self) -> Option<f64> {
        None
    }

    /// How values become one number.
    fn reduction(&self) -> Reduction {
        Reduction::Mean
    }

    /// What is wrong with these targets, if anything: labels out of range and the like.
    fn check(&self, prediction: &Shape, target: &[f32]) -> Result<()> {
        let _ = (prediction, target);
        Ok(())
    }

    /// What is wrong with a target of this shape, if anything. An axis of 1 at the end may be there or not.
    fn check_shape(&self, prediction: &Shape, target: &Shape) -> Result<()> {
        let expected = self.target_shape(prediction);
        if same_but_for_ones(&expected, target) {
            return Ok(());
        }
        let error = Error::shape(format!(
            "the predictions have the shape {prediction} and {} needs targets of the shape {expected}, but they have \
             {target}",
            Self::NAME
        ));
        let classes = prediction.last();
        let help = if same_but_for_ones(prediction, target) && classes > 1 {
            "these targets have one number per class: use categorical_crossentropy, or give the number of the class"
                .to_string()
        } else if same_but_for_ones(&without_last(prediction), target) && classes > 1 {
            "these targets have one number per sample: if it is the number of the class, use \
             sparse_categorical_crossentropy"
                .to_string()
        } else if prediction.rank() > 1 && target.size() == 1 && expected.size() > 1 {
            "a sample has one target, and several rows of predictions: put a Flatten layer before the last layer"
                .to_string()
        } else {
            format!("give the last layer an output of the shape {target}, or reshape the targets")
        };
        Err(error.help(help))
    }
}

/// All axes but the last.
pub(super) fn without_last(shape: &Shape) -> Shape {
    let dims = shape.dims();
    dims[..dims.len().saturating_sub(1)].into()
}

/// Equal where an axis of 1 at the end may be missing, as Keras squeezes and expands.
fn same_but_for_ones(a: &Shape, b: &Shape) -> bool {
    let (long, short) = if a.rank() >= b.rank() { (a.dims(), b.dims()) } else { (b.dims(), a.dims()) };
    long == short || (long.len() == short.len() + 1 && long.split_last() == Some((&1, short)))
}

/// Any [`LossRule`] as an object.
pub trait Loss: Debug + Send + Sync {
    /// Keras' class name.
    fn class(&self) -> &'static str;
    /// Keras' name.
    fn name(&self) -> &'static str;
    /// The settings, `reduction` included.
    fn config(&self) -> Config;
    /// The shape of one sample's target.
    fn target_shape(&self, prediction: &Shape) -> Shape;
    /// How many values there are.
    fn extent(&self, prediction: &Shape) -> Extent;
    /// Whether a batch may be cut into pieces.
    fn row_by_row(&self, prediction: &Shape) -> bool;
    /// The values.
    fn values(&self, isa: Isa, block: Block<'_>, target: &[f32], prediction: &[f32], out: &mut [f32]);
    /// The gradients.
    fn gradients(
        &self,
        isa: Isa,
        block: Block<'_>,
        target: &[f32],
        prediction: &[f32],
        cotangent: &[f32],
        out: &mut [f32],
    );
    /// The values in double precision.
    fn values64(&self, block: Block<'_>, target: &[f64], prediction: &[f64], out: &mut [f64]);
    /// The gradients in double precision.
    fn gradients64(
        &self,
        block: Block<'_>,
        target: &[f64],
        prediction: &[f64],
        cotangent: &[f64],
        out: &mut [f64],
    );
    /// The loss from logits.
    fn on_logits(&self, head: Head) -> Option<Arc<dyn Loss>>;
    /// Targets that do not count.
    fn ignore(&self) -> Option<f64>;
    /// How values become one number.
    fn reduction(&self) -> Reduction;
    /// What is wrong with these targets.
    fn check(&self, prediction: &Shape, target: &[f32]) -> Result<()>;
    /// What is wrong with a target of this shape.
    fn check_shape(&self, prediction: &Shape, target: &Shape) -> Result<()>;
}

struct Values<'a, L> {
    loss: &'a L,
    block: Block<'a>,
    target: &'a [f32],
    prediction: &'a [f32],
    out: &'a mut [f32],
}

impl<L: LossRule> Task for Values<'_, L> {
    type Output = ();
    #[inline(always)]
    fn run<R: Lane>(self) {
        let (target, prediction) = (R::slice(self.target), R::slice(self.prediction));
        self.loss.values(self.block, target, prediction, R::slice_mut(self.out));
    }
}

struct Gradients<'a, L> {
    loss: &'a L,
    block: Block<'a>,
    target: &'a [f32],
    prediction: &'a [f32],
    cotangent: &'a [f32],
    out: &'a mut [f32],
}

impl<L: LossRule> Task for Gradients<'_, L> {
    type Output = ();
    #[inline(always)]
    fn run<R: Lane>(self) {
        let (target, prediction) = (R::slice(self.target), R::slice(self.prediction));
        let (cotangent, out) = (R::slice(self.cotangent), R::slice_mut(self.out));
        self.loss.gradients(self.block, target, prediction, cotangent, out);
    }
}

impl<L: LossRule> Loss for L {
    fn class(&self) -> &'static str {
        L::CLASS
    }
    fn name(&self) -> &'static str {
        L::NAME
    }
    fn config(&self) -> Config {
        let mut config = Config::new().with("reduction", LossRule::reduction(self).name());
        for (name, value) in LossRule::config(self).iter() {
            config.set(name, value.clone());
        }
        config
    }
    fn target_shape(&self, prediction: &Shape) -> Shape {
        LossRule::target_shape(self, prediction)
    }
    fn extent(&self, prediction: &Shape) -> Extent {
        LossRule::extent(self, prediction)
    }
    fn row_by_row(&self, prediction: &Shape) -> bool {
        LossRule::row_by_row(self, prediction)
    }
    fn values(&self, isa: Isa, block: Block<'_>, target: &[f32], prediction: &[f32], out: &mut [f32]) {
        isa.run(Values { loss: self, block, target, prediction, out });
    }
    fn gradients(
        &self,
        isa: Isa,
        block: Block<'_>,
        target: &[f32],
        prediction: &[f32],
        cotangent: &[f32],
        out: &mut [f32],
    ) {
        isa.run(Gradients { loss: self, block, target, prediction, cotangent, out });
    }
    fn values64(&self, block: Block<'_>, target: &[f64], prediction: &[f64], out: &mut [f64]) {
        LossRule::values(self, block, target, prediction, out);
    }
    fn gradients64(
        &self,
        block: Block<'_>,
        target: &[f64],
        prediction: &[f64],
        cotangent: &[f64],
        out: &mut [f64],
    ) {
        LossRule::gradients(self, block, target, prediction, cotangent, out);
    }
    fn on_logits(&self, head: Head) -> Option<Arc<dyn Loss>> {
        LossRule::on_logits(self, head)
    }
    fn ignore(&self) -> Option<f64> {
        LossRule::ignore(self)
    }
    fn reduction(&self) -> Reduction {
        LossRule::reduction(self)
    }
    fn check(&self, prediction: &Shape, target: &[f32]) -> Result<()> {
        LossRule::check(self, prediction, target)
    }
    fn check_shape(&self, prediction: &Shape, target: &Shape) -> Result<()> {
        LossRule::check_shape(self, prediction, target)
    }
}

impl FromValue for Arc<dyn Loss> {
    fn from_value(value: &Value) -> Result<Arc<dyn Loss>> {
        crate::catalog::build("loss", super::CATALOG, value)
    }
}

impl From<&Arc<dyn Loss>> for Value {
    fn from(loss: &Arc<dyn Loss>) -> Value {
        crate::catalog::spec(loss.class(), loss.config())
    }
}
