//! How often the likeliest class is right, for class labels.

use super::mean_of::{Measure, Sample, SampleMetric, push_means};
use super::metric::Batch;
use super::metric::{Direction, Metric};
use super::ranks::argmax;
use crate::args::Args;
use crate::catalog::Entry;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// How often the largest prediction is that of the label; among equals the first counts.
///
/// ```text
/// mean [argmax p = t]
/// ```
///
/// ```
/// use steadygrad_nn::metrics::{Batch, Metric, SparseCategoricalAccuracy};
/// let mut seen = SparseCategoricalAccuracy.start();
/// seen.update(Batch {
///     rows: 2,
///     target_shape: &[],
///     prediction_shape: &[3],
///     target: &[2.0, 1.0],
///     prediction: &[0.1, 0.6, 0.3, 0.05, 0.9, 0.05],
///     weights: None,
/// })?;
/// assert_eq!(seen.result(), [0.5]);
/// # Ok::<(), steadygrad_nn::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SparseCategoricalAccuracy;

impl SampleMetric for SparseCategoricalAccuracy {
    const CLASS: &'static str = "SparseCategoricalAccuracy";
    const NAME: &'static str = "sparse_categorical_accuracy";
    const DIRECTION: Direction = Direction::Up;

    fn measure(&self) -> Box<dyn Measure> {
        Box::new(*self)
    }
}

impl Measure for SparseCategoricalAccuracy {
    fn samples(&mut self, batch: Batch<'_>, out: &mut Vec<Sample>) -> Result<()> {
        let batch = batch.labelled()?;
        let classes = batch.classes().max(1);
        let rows = batch.prediction.chunks_exact(classes).zip(batch.target);
        push_means(
            rows.map(|(row, target)| f64::from(u8::from(argmax(row) as f32 == *target))),
            batch.rows,
            out,
        );
        Ok(())
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    args.named()?;
    Ok(Arc::new(SparseCategoricalAccuracy))
}

pub(crate) const ENTRY: Entry<dyn Metric> =
    Entry { class: "SparseCategoricalAccuracy", names: &["sparse_categorical_accuracy"], build };
