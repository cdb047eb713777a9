//! Mean squared logarithmic error, as a metric.

use super::mean_of::{Measure, OfLoss, SampleMetric};
use super::metric::{Direction, Metric};
use crate::args::Args;
use crate::catalog::Entry;
use crate::losses;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// Mean squared logarithmic error: the mean over all samples.
///
/// ```text
/// (ln(1 + p) − ln(1 + t))²
/// ```
/// The formula is that of [`losses::MeanSquaredLogarithmicError`](struct@crate::losses::MeanSquaredLogarithmicError).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeanSquaredLogarithmicError;

impl SampleMetric for MeanSquaredLogarithmicError {
    const CLASS: &'static str = "MeanSquaredLogarithmicError";
    const NAME: &'static str = "mean_squared_logarithmic_error";
    const DIRECTION: Direction = Direction::Down;

    fn measure(&self) -> Box<dyn Measure> {
        OfLoss::new(losses::MeanSquaredLogarithmicError)
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    args.named()?;
    Ok(Arc::new(MeanSquaredLogarithmicError))
}

pub(crate) const ENTRY: Entry<dyn Metric> = Entry {
    class: "MeanSquaredLogarithmicError",
    names: &["mean_squared_logarithmic_error", "msle", "MSLE"],
    build,
};
