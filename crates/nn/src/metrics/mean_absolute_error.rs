//! Mean absolute error, as a metric.

use super::mean_of::{Measure, OfLoss, SampleMetric};
use super::metric::{Direction, Metric};
use crate::args::Args;
use crate::catalog::Entry;
use crate::losses;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// Mean absolute error: the mean over all samples.
///
/// ```text
/// |p − t|
/// ```
/// The formula is that of [`losses::MeanAbsoluteError`](struct@crate::losses::MeanAbsoluteError).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeanAbsoluteError;

impl SampleMetric for MeanAbsoluteError {
    const CLASS: &'static str = "MeanAbsoluteError";
    const NAME: &'static str = "mean_absolute_error";
    const DIRECTION: Direction = Direction::Down;

    fn measure(&self) -> Box<dyn Measure> {
        OfLoss::new(losses::MeanAbsoluteError)
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    args.named()?;
    Ok(Arc::new(MeanAbsoluteError))
}

pub(crate) const ENTRY: Entry<dyn Metric> =
    Entry { class: "MeanAbsoluteError", names: &["mean_absolute_error", "mae", "MAE"], build };
