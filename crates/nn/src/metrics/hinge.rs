//! Hinge loss, as a metric.

use super::mean_of::{Measure, OfLoss, SampleMetric};
use super::metric::{Direction, Metric};
use crate::args::Args;
use crate::catalog::Entry;
use crate::losses;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// Hinge loss: the mean over all samples.
///
/// ```text
/// max(1 − t·p, 0)
/// ```
/// The formula is that of [`losses::Hinge`](struct@crate::losses::Hinge).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hinge;

impl SampleMetric for Hinge {
    const CLASS: &'static str = "Hinge";
    const NAME: &'static str = "hinge";
    const DIRECTION: Direction = Direction::Down;

    fn measure(&self) -> Box<dyn Measure> {
        OfLoss::new(losses::Hinge)
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    args.named()?;
    Ok(Arc::new(Hinge))
}

pub(crate) const ENTRY: Entry<dyn Metric> = Entry { class: "Hinge", names: &["hinge"], build };
