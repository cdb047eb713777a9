//! Poisson loss, as a metric.

use super::mean_of::{Measure, OfLoss, SampleMetric};
use super::metric::{Direction, Metric};
use crate::args::Args;
use crate::catalog::Entry;
use crate::losses;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// Poisson loss: the mean over all samples.
///
/// ```text
/// p − t·ln(p + 1e-7)
/// ```
/// The formula is that of [`losses::Poisson`](struct@crate::losses::Poisson).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Poisson;

impl SampleMetric for Poisson {
    const CLASS: &'static str = "Poisson";
    const NAME: &'static str = "poisson";
    const DIRECTION: Direction = Direction::Down;

    fn measure(&self) -> Box<dyn Measure> {
        OfLoss::new(losses::Poisson)
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    args.named()?;
    Ok(Arc::new(Poisson))
}

pub(crate) const ENTRY: Entry<dyn Metric> = Entry { class: "Poisson", names: &["poisson"], build };
