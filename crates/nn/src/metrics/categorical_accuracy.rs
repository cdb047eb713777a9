//! How often the likeliest class is right, for one-hot targets.

use super::mean_of::{Measure, Sample, SampleMetric, push_means};
use super::metric::Batch;
use super::metric::{Direction, Metric};
use super::ranks::argmax;
use crate::args::Args;
use crate::catalog::Entry;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// How often the largest prediction is at the place of the largest target; among equals the first counts.
///
/// ```text
/// mean [argmax p = argmax t]
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CategoricalAccuracy;

impl SampleMetric for CategoricalAccuracy {
    const CLASS: &'static str = "CategoricalAccuracy";
    const NAME: &'static str = "categorical_accuracy";
    const DIRECTION: Direction = Direction::Up;

    fn measure(&self) -> Box<dyn Measure> {
        Box::new(*self)
    }
}

impl Measure for CategoricalAccuracy {
    fn samples(&mut self, batch: Batch<'_>, out: &mut Vec<Sample>) -> Result<()> {
        let batch = batch.paired()?;
        let classes = batch.classes().max(1);
        let rows = batch.prediction.chunks_exact(classes).zip(batch.target.chunks_exact(classes));
        push_means(
            rows.map(|(row, target)| f64::from(u8::from(argmax(row) == argmax(target)))),
            batch.rows,
            out,
        );
        Ok(())
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    args.named()?;
    Ok(Arc::new(CategoricalAccuracy))
}

pub(crate) const ENTRY: Entry<dyn Metric> =
    Entry { class: "CategoricalAccuracy", names: &["categorical_accuracy"], build };
