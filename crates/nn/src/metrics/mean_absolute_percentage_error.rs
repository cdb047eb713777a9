//! Mean absolute percentage error, as a metric.

use super::mean_of::{Measure, OfLoss, SampleMetric};
use super::metric::{Direction, Metric};
use crate::args::Args;
use crate::catalog::Entry;
use crate::losses;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// Mean absolute percentage error: the mean over all samples.
///
/// ```text
/// 100 · |p − t| / max(|t|, 1e-7)
/// ```
/// The formula is that of [`losses::MeanAbsolutePercentageError`](struct@crate::losses::MeanAbsolutePercentageError).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeanAbsolutePercentageError;

impl SampleMetric for MeanAbsolutePercentageError {
    const CLASS: &'static str = "MeanAbsolutePercentageError";
    const NAME: &'static str = "mean_absolute_percentage_error";
    const DIRECTION: Direction = Direction::Down;

    fn measure(&self) -> Box<dyn Measure> {
        OfLoss::new(losses::MeanAbsolutePercentageError)
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    args.named()?;
    Ok(Arc::new(MeanAbsolutePercentageError))
}

pub(crate) const ENTRY: Entry<dyn Metric> = Entry {
    class: "MeanAbsolutePercentageError",
    names: &["mean_absolute_percentage_error", "mape", "MAPE"],
    build,
};
