//! Kullback–Leibler divergence, as a metric.

use super::mean_of::{Measure, OfLoss, SampleMetric};
use super::metric::{Direction, Metric};
use crate::args::Args;
use crate::catalog::Entry;
use crate::losses;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// Kullback–Leibler divergence: the mean over all samples.
///
/// ```text
/// Σ t·ln(t / p)
/// ```
/// The formula is that of [`losses::KLDivergence`](struct@crate::losses::KLDivergence).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KLDivergence;

impl SampleMetric for KLDivergence {
    const CLASS: &'static str = "KLDivergence";
    const NAME: &'static str = "kl_divergence";
    const DIRECTION: Direction = Direction::Down;

    fn measure(&self) -> Box<dyn Measure> {
        OfLoss::new(losses::KLDivergence)
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    args.named()?;
    Ok(Arc::new(KLDivergence))
}

pub(crate) const ENTRY: Entry<dyn Metric> = Entry { class: "KLDivergence", names: &["kl_divergence"], build };
