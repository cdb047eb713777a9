//! Categorical hinge, as a metric.

use super::mean_of::{Measure, OfLoss, SampleMetric};
use super::metric::{Direction, Metric};
use crate::args::Args;
use crate::catalog::Entry;
use crate::losses;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// Categorical hinge: the mean over all samples.
///
/// ```text
/// max(max (1 − t)·p − Σ t·p + 1, 0)
/// ```
/// The formula is that of [`losses::CategoricalHinge`](struct@crate::losses::CategoricalHinge).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CategoricalHinge;

impl SampleMetric for CategoricalHinge {
    const CLASS: &'static str = "CategoricalHinge";
    const NAME: &'static str = "categorical_hinge";
    const DIRECTION: Direction = Direction::Down;

    fn measure(&self) -> Box<dyn Measure> {
        OfLoss::new(losses::CategoricalHinge)
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    args.named()?;
    Ok(Arc::new(CategoricalHinge))
}

pub(crate) const ENTRY: Entry<dyn Metric> =
    Entry { class: "CategoricalHinge", names: &["categorical_hinge"], build };
