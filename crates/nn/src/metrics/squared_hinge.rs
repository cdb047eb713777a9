//! Squared hinge loss, as a metric.

use super::mean_of::{Measure, OfLoss, SampleMetric};
use super::metric::{Direction, Metric};
use crate::args::Args;
use crate::catalog::Entry;
use crate::losses;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// Squared hinge loss: the mean over all samples.
///
/// ```text
/// max(1 − t·p, 0)²
/// ```
/// The formula is that of [`losses::SquaredHinge`](struct@crate::losses::SquaredHinge).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SquaredHinge;

impl SampleMetric for SquaredHinge {
    const CLASS: &'static str = "SquaredHinge";
    const NAME: &'static str = "squared_hinge";
    const DIRECTION: Direction = Direction::Down;

    fn measure(&self) -> Box<dyn Measure> {
        OfLoss::new(losses::SquaredHinge)
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    args.named()?;
    Ok(Arc::new(SquaredHinge))
}

pub(crate) const ENTRY: Entry<dyn Metric> = Entry { class: "SquaredHinge", names: &["squared_hinge"], build };
