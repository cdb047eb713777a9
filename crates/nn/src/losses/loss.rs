//! What a loss is: values per sample and their gradients, in both precisions.

use crate::config::{Config, FromValue, Value};
use crate::shape::{Extent, Shape};
use std::fmt::Debug;
use std::sync::Arc;
use steadygrad_kernels::{Isa, Lane, Real, Result, Task};

/// What a model's last layer did, where a loss can do better from its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Head {
    /// A softmax over the last axis.
    Softmax,
    /// A sigmoid of each number.
    Sigmoid,
}

/// How values of samples become one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reduction {
    /// Σ value · weight / number of values: Keras' "sum_over_batch_size" and "mean".
    #[default]
    Mean,
    /// Σ value · weight
    Sum,
    /// Σ value · weight / Σ weight: "mean_with_sample_weight".
    WeightedMean,
}

impl Reduction {
    /// Keras' name for it.
    pub fn name(self) -> &'static str {
        match self {
            Reduction::Mean => "sum_over_batch_size",
            Reduction::Sum => "sum",
            Reduction::WeightedMean => "mean_with_sample_weight",
        }
    }
}

impl FromValue for Reduction {
    fn from_value(value: &Value) -> Result<Reduction> {
        let name = String::from_value(value)?;
        match name.as_str() {
            "sum_over_batch_size" | "mean" => Ok(Reduction::Mean),
            "sum" => Ok(Reduction::Sum),
            "mean_with_sample_weight" => Ok(Reduction::WeightedMean),
            _ => Err(steadygrad_kernels::Error::name(
                "reduction",
                &name,
                &["sum_over_batch_size", "mean", "sum", "mean_with_sample_weight"],
            )),
        }
    }
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

/// A loss as formulas, in any precision. Most losses only need [`RowLoss`].
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
}

/// A loss that looks at one row (the last axis) at a time.
pub trait RowLoss: Debug + Send + Sync + 'static {
    /// The value of a row. Mark it `#[inline(always)]`.
    fn value<R: Real>(&self, target: &[R], prediction: &[R]) -> R;

    /// cotangent · ∂value/∂prediction, written to `out`.
    fn gradient<R: Real>(&self, target: &[R], prediction: &[R], cotangent: R, out: &mut [R]);
}

/// [`LossRule::values`] of a [`RowLoss`].
#[inline(always)]
pub fn row_values<L: RowLoss, R: Real>(
    loss: &L,
    block: Block<'_>,
    target: &[R],
    prediction: &[R],
    out: &mut [R],
) {
    let n = block.last().max(1);
    let t = target.len() / out.len().max(1);
    for (i, out) in out.iter_mut().enumerate() {
        *out = loss.value(&target[i * t..(i + 1) * t], &prediction[i * n..(i + 1) * n]);
    }
}

/// [`LossRule::gradients`] of a [`RowLoss`].
#[inline(always)]
pub fn row_gradients<L: RowLoss, R: Real>(
    loss: &L,
    block: Block<'_>,
    target: &[R],
    prediction: &[R],
    cotangent: &[R],
    out: &mut [R],
) {
    let n = block.last().max(1);
    let t = target.len() / cotangent.len().max(1);
    for (i, &c) in cotangent.iter().enumerate() {
        let row = i * n..(i + 1) * n;
        loss.gradient(&target[i * t..(i + 1) * t], &prediction[row.clone()], c, &mut out[row]);
    }
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
        LossRule::config(self).with("reduction", LossRule::reduction(self).name())
    }
    fn target_shape(&self, prediction: &Shape) -> Shape {
        LossRule::target_shape(self, prediction)
    }
    fn extent(&self, prediction: &Shape) -> Extent {
        LossRule::extent(self, prediction)
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
