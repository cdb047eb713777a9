//! The mean of predictions.

use super::mean_of::{Measure, Sample, SampleMetric, push_means};
use super::metric::Batch;
use super::metric::{Direction, Metric};
use crate::args::Args;
use crate::catalog::Entry;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// The weighted mean of the predictions; targets are not looked at.
///
/// ```text
/// Σ weight · mean p / Σ weight
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mean;

impl SampleMetric for Mean {
    const CLASS: &'static str = "Mean";
    const NAME: &'static str = "mean";
    const DIRECTION: Direction = Direction::None;

    fn measure(&self) -> Box<dyn Measure> {
        Box::new(*self)
    }
}

impl Measure for Mean {
    fn samples(&mut self, batch: Batch<'_>, out: &mut Vec<Sample>) -> Result<()> {
        batch.check()?;
        push_means(batch.prediction.iter().map(|&p| f64::from(p)), batch.rows, out);
        Ok(())
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    args.named()?;
    Ok(Arc::new(Mean))
}

pub(crate) const ENTRY: Entry<dyn Metric> = Entry { class: "Mean", names: &["mean"], build };
