//! Root mean squared error.

use super::mean_of::{Measure, OfLoss, SampleMetric};
use super::metric::{Direction, Metric};
use crate::args::Args;
use crate::catalog::Entry;
use crate::losses;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// The root of the mean squared error over all samples: an error in the targets' own unit.
///
/// ```text
/// √(Σ weight · mean (p − t)² / Σ weight)
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RootMeanSquaredError;

impl SampleMetric for RootMeanSquaredError {
    const CLASS: &'static str = "RootMeanSquaredError";
    const NAME: &'static str = "root_mean_squared_error";
    const DIRECTION: Direction = Direction::Down;

    fn measure(&self) -> Box<dyn Measure> {
        OfLoss::new(losses::MeanSquaredError)
    }

    fn finish(&self, mean: f64) -> f64 {
        mean.sqrt()
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    args.named()?;
    Ok(Arc::new(RootMeanSquaredError))
}

pub(crate) const ENTRY: Entry<dyn Metric> =
    Entry { class: "RootMeanSquaredError", names: &["root_mean_squared_error"], build };
