//! Lin's concordance correlation.

use super::mean_of::{Lanes, Measure, OfLanes, SampleMetric, ratio};
use super::metric::{Direction, Metric};
use super::moments::Moments;
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// How well predictions agree with targets along an axis: as Pearson's correlation, but scale and shift count.
///
/// ```text
/// 2·cov(t, p) / (σ_t² + σ_p² + (mean t − mean p)²),  0 where that is 0 / 0
/// ```
/// The mean over the samples of the correlation within each. Lin, "A concordance correlation coefficient to evaluate
/// reproducibility", 1989.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConcordanceCorrelation {
    axis: i64,
}

/// With Keras' defaults.
#[allow(non_upper_case_globals)]
pub const ConcordanceCorrelation: ConcordanceCorrelation = ConcordanceCorrelation { axis: -1 };

impl ConcordanceCorrelation {
    /// The axis; 0 is the batch, −1 the last.
    pub fn axis(mut self, axis: i64) -> ConcordanceCorrelation {
        self.axis = axis;
        self
    }
}

impl SampleMetric for ConcordanceCorrelation {
    const CLASS: &'static str = "ConcordanceCorrelation";
    const NAME: &'static str = "concordance_correlation";
    const DIRECTION: Direction = Direction::Up;

    fn config(&self) -> Config {
        Config::new().with("axis", self.axis)
    }

    fn measure(&self) -> Box<dyn Measure> {
        OfLanes::along(self.axis, *self)
    }
}

impl Lanes for ConcordanceCorrelation {
    fn lane(&self, target: &[f64], prediction: &[f64]) -> f64 {
        let m = Moments::of(target, prediction);
        let shift = m.target_mean - m.prediction_mean;
        ratio(2.0 * m.covariance, m.target_variance + m.prediction_variance + shift * shift)
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    args.named()?;
    Ok(Arc::new(ConcordanceCorrelation { axis: args.or("axis", -1)? }))
}

pub(crate) const ENTRY: Entry<dyn Metric> =
    Entry { class: "ConcordanceCorrelation", names: &["concordance_correlation"], build };
