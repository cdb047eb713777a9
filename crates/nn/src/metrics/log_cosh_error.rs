//! Logarithm of the hyperbolic cosine of the error, as a metric.

use super::mean_of::{Measure, OfLoss, SampleMetric};
use super::metric::{Direction, Metric};
use crate::args::Args;
use crate::catalog::Entry;
use crate::losses;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// Logarithm of the hyperbolic cosine of the error: the mean over all samples.
///
/// ```text
/// ln cosh(p − t)
/// ```
/// The formula is that of [`losses::LogCosh`](struct@crate::losses::LogCosh).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogCoshError;

impl SampleMetric for LogCoshError {
    const CLASS: &'static str = "LogCoshError";
    const NAME: &'static str = "logcosh";
    const DIRECTION: Direction = Direction::Down;

    fn measure(&self) -> Box<dyn Measure> {
        OfLoss::new(losses::LogCosh)
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    args.named()?;
    Ok(Arc::new(LogCoshError))
}

pub(crate) const ENTRY: Entry<dyn Metric> =
    Entry { class: "LogCoshError", names: &["log_cosh_error"], build };
