//! Metrics that are the weighted mean of a measure per sample.

use super::metric::{Accumulator, Batch, Direction, Metric};
use crate::config::Config;
use crate::losses::{Block, Loss};
use crate::shape::{Extent, Layout};
use std::fmt::Debug;
use std::sync::Arc;
use steadygrad_kernels::{Error, Isa, Place, Result};

/// A metric that is the weighted mean of a measure per sample. Every `SampleMetric` is a [`Metric`].
///
/// ```text
/// result = finish(Σ weight · value / Σ weight),  0 where there are no weights
/// ```
pub trait SampleMetric: Debug + Clone + Send + Sync + 'static {
    /// Keras' class name.
    const CLASS: &'static str;
    /// Keras' default name.
    const NAME: &'static str;
    /// Which way it improves.
    const DIRECTION: Direction;

    /// The settings under Keras' names, without `name` and `dtype`.
    fn config(&self) -> Config {
        Config::new()
    }

    /// What measures the samples.
    fn measure(&self) -> Box<dyn Measure>;

    /// From the mean to the result.
    fn finish(&self, mean: f64) -> f64 {
        mean
    }
}

/// What a sample is worth: a value, and how much of the sample counts (1, less where targets are ignored).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// The value, already multiplied by the part that counts.
    pub value: f64,
    /// The part that counts.
    pub part: f64,
}

/// Measures samples, with buffers of its own.
pub trait Measure: Debug + Send {
    /// Appends a [`Sample`] for every row of the batch.
    fn samples(&mut self, batch: Batch<'_>, out: &mut Vec<Sample>) -> Result<()>;
}

impl<M: SampleMetric> Metric for M {
    fn class(&self) -> &'static str {
        M::CLASS
    }
    fn config(&self) -> Config {
        SampleMetric::config(self)
    }
    fn name(&self) -> String {
        M::NAME.into()
    }
    fn direction(&self) -> Direction {
        M::DIRECTION
    }
    fn start(&self) -> Box<dyn Accumulator> {
        Box::new(MeanOf {
            metric: self.clone(),
            measure: self.measure(),
            samples: Vec::new(),
            total: 0.0,
            count: 0.0,
        })
    }
}

/// The accumulator of a [`SampleMetric`].
#[derive(Debug)]
struct MeanOf<M> {
    metric: M,
    measure: Box<dyn Measure>,
    samples: Vec<Sample>,
    total: f64,
    count: f64,
}

impl<M: SampleMetric> Accumulator for MeanOf<M> {
    fn update(&mut self, batch: Batch<'_>) -> Result<()> {
        self.samples.clear();
        self.measure.samples(batch, &mut self.samples).place(|| M::NAME)?;
        if batch.weights.is_some() && self.samples.len() != batch.rows {
            return Err(Error::argument("its values belong to no sample, so samples cannot be weighted")
                .at(M::NAME)
                .help("leave out the weights, or let `axis` be −1"));
        }
        for (i, sample) in self.samples.iter().enumerate() {
            let weight = if batch.weights.is_some() { batch.weight(i) } else { 1.0 };
            self.total += weight * sample.value;
            self.count += weight * sample.part;
        }
        Ok(())
    }

    fn result(&self) -> Vec<f64> {
        vec![self.metric.finish(ratio(self.total, self.count))]
    }

    fn reset(&mut self) {
        (self.total, self.count) = (0.0, 0.0);
    }

    fn state(&self) -> Option<Vec<f64>> {
        Some(vec![self.total, self.count])
    }

    fn restore(&mut self, state: &[f64]) -> bool {
        let &[total, count] = state else { return false };
        (self.total, self.count) = (total, count);
        true
    }
}

/// a / b, and 0 where b is 0.
pub(super) fn ratio(a: f64, b: f64) -> f64 {
    if b == 0.0 { 0.0 } else { a / b }
}

/// Appends the mean of every `n / rows` values.
pub(super) fn push_means(values: impl ExactSizeIterator<Item = f64>, rows: usize, out: &mut Vec<Sample>) {
    let per_row = values.len() / rows.max(1);
    let (mut sum, mut seen) = (0.0, 0);
    for value in values {
        sum += value;
        seen += 1;
        if seen == per_row {
            out.push(Sample { value: sum / per_row as f64, part: 1.0 });
            (sum, seen) = (0.0, 0);
        }
    }
}

/// The values of a loss, as a measure. They are computed in f32 with the portable instruction set, so that a metric has
/// the same bits on every machine.
#[derive(Debug)]
pub(super) struct OfLoss {
    loss: Arc<dyn Loss>,
    values: Vec<f32>,
    /// −1 for a similarity, whose loss has the sign of a distance.
    sign: f64,
}

impl OfLoss {
    /// The values of this loss.
    pub fn new(loss: impl Loss + 'static) -> Box<OfLoss> {
        OfLoss::of(Arc::new(loss))
    }

    /// The values of this loss.
    pub fn of(loss: Arc<dyn Loss>) -> Box<OfLoss> {
        Box::new(OfLoss { loss, values: Vec::new(), sign: 1.0 })
    }

    /// With the other sign.
    pub fn negated(mut self: Box<Self>) -> Box<OfLoss> {
        self.sign = -1.0;
        self
    }
}

impl Measure for OfLoss {
    fn samples(&mut self, batch: Batch<'_>, out: &mut Vec<Sample>) -> Result<()> {
        batch.check()?;
        let shape = batch.shape();
        self.loss.check_shape(&shape, &batch.target_shape.into())?;
        // Of its settings; what targets may be is the loss' matter.
        self.loss.check(&shape, &[])?;
        let extent = self.loss.extent(&shape);
        self.values.clear();
        self.values.resize(extent.at(batch.rows), 0.0);
        let block = Block { rows: batch.rows, shape: batch.prediction_shape };
        self.loss.values(Isa::portable(), block, batch.target, batch.prediction, &mut self.values);
        let values = self.values.iter().map(|&v| self.sign * f64::from(v));
        match (extent, self.loss.ignore()) {
            (Extent::Fixed(_), _) => out.extend(values.map(|value| Sample { value, part: 1.0 })),
            (Extent::Rows(_), None) => push_means(values, batch.rows, out),
            (Extent::Rows(k), Some(ignore)) => {
                // Values of ignored targets are 0 already.
                let rows = self.values.chunks_exact(k.max(1)).zip(batch.target.chunks_exact(k.max(1)));
                out.extend(rows.map(|(values, targets)| {
                    let counted = targets.iter().filter(|&&t| f64::from(t) != ignore).count();
                    let sum: f64 = values.iter().map(|&v| f64::from(v)).sum();
                    Sample { value: self.sign * sum / k as f64, part: counted as f64 / k as f64 }
                }));
            }
        }
        Ok(())
    }
}

/// A measure of one target and prediction at a time.
pub(super) trait Pairs: Debug + Send {
    /// The value of a pair.
    fn pair(&self, target: f32, prediction: f32) -> f64;
}

/// The mean of a measure of pairs.
#[derive(Debug)]
pub(super) struct OfPairs<P>(pub P);

impl<P: Pairs> Measure for OfPairs<P> {
    fn samples(&mut self, batch: Batch<'_>, out: &mut Vec<Sample>) -> Result<()> {
        let batch = batch.paired()?;
        let pairs = batch.target.iter().zip(batch.prediction);
        push_means(pairs.map(|(&t, &p)| self.0.pair(t, p)), batch.rows, out);
        Ok(())
    }
}

/// A measure of a lane of targets and predictions along an axis.
pub(super) trait Lanes: Debug + Send {
    /// The value of a lane.
    fn lane(&self, target: &[f64], prediction: &[f64]) -> f64;
}

/// The mean of a measure of lanes.
#[derive(Debug)]
pub(super) struct OfLanes<L> {
    measure: L,
    axis: i64,
    target: Vec<f64>,
    prediction: Vec<f64>,
    values: Vec<f64>,
}

impl<L: Lanes + 'static> OfLanes<L> {
    /// Along this axis.
    pub fn along(axis: i64, measure: L) -> Box<OfLanes<L>> {
        Box::new(OfLanes { measure, axis, target: Vec::new(), prediction: Vec::new(), values: Vec::new() })
    }
}

impl<L: Lanes> Measure for OfLanes<L> {
    fn samples(&mut self, batch: Batch<'_>, out: &mut Vec<Sample>) -> Result<()> {
        let batch = batch.paired()?;
        let shape = batch.shape();
        let layout = match Layout::along(&shape, self.axis) {
            Some(layout) if !batch.prediction_shape.is_empty() || self.axis == 0 => layout,
            _ => {
                return Err(Error::argument(format!(
                    "predictions of the shape {shape} have no axis {} beside the batch",
                    self.axis
                )));
            }
        };
        let (outer, n, inner) = layout.at(batch.rows);
        self.values.clear();
        for lane in 0..outer * inner {
            let at = |k: usize| (lane / inner * n + k) * inner + lane % inner;
            self.target.clear();
            self.target.extend((0..n).map(|k| f64::from(batch.target[at(k)])));
            self.prediction.clear();
            self.prediction.extend((0..n).map(|k| f64::from(batch.prediction[at(k)])));
            self.values.push(self.measure.lane(&self.target, &self.prediction));
        }
        let values = self.values.iter().copied();
        match layout.outer {
            Extent::Rows(_) => push_means(values, batch.rows, out),
            Extent::Fixed(_) => out.extend(values.map(|value| Sample { value, part: 1.0 })),
        }
        Ok(())
    }
}
