//! Mean squared error, as a metric.

use super::mean_of::{Measure, OfLoss, SampleMetric};
use super::metric::{Direction, Metric};
use crate::args::Args;
use crate::catalog::Entry;
use crate::losses;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// Mean squared error: the mean over all samples.
///
/// ```text
/// (p − t)²
/// ```
/// The formula is that of [`losses::MeanSquaredError`](struct@crate::losses::MeanSquaredError).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeanSquaredError;

impl SampleMetric for MeanSquaredError {
    const CLASS: &'static str = "MeanSquaredError";
    const NAME: &'static str = "mean_squared_error";
    const DIRECTION: Direction = Direction::Down;

    fn measure(&self) -> Box<dyn Measure> {
        OfLoss::new(losses::MeanSquaredError)
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    args.named()?;
    Ok(Arc::new(MeanSquaredError))
}

pub(crate) const ENTRY: Entry<dyn Metric> =
    Entry { class: "MeanSquaredError", names: &["mean_squared_error", "mse", "MSE"], build };
