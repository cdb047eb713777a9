//! Pearson's correlation.

use super::mean_of::{Lanes, Measure, OfLanes, SampleMetric, ratio};
use super::metric::{Direction, Metric};
use super::moments::Moments;
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// How well predictions follow targets along an axis, up to scale and shift: 1 for perfectly, 0 for not at all.
///
/// ```text
/// cov(t, p) / (σ_t·σ_p),  0 where one of them does not vary
/// ```
/// The mean over the samples of the correlation within each. Pearson, 1895.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PearsonCorrelation {
    axis: i64,
}

/// With Keras' defaults.
#[allow(non_upper_case_globals)]
pub const PearsonCorrelation: PearsonCorrelation = PearsonCorrelation { axis: -1 };

impl PearsonCorrelation {
    /// The axis; 0 is the batch, −1 the last.
    pub fn axis(mut self, axis: i64) -> PearsonCorrelation {
        self.axis = axis;
        self
    }
}

impl SampleMetric for PearsonCorrelation {
    const CLASS: &'static str = "PearsonCorrelation";
    const NAME: &'static str = "pearson_correlation";
    const DIRECTION: Direction = Direction::Up;

    fn config(&self) -> Config {
        Config::new().with("axis", self.axis)
    }

    fn measure(&self) -> Box<dyn Measure> {
        OfLanes::along(self.axis, *self)
    }
}

impl Lanes for PearsonCorrelation {
    fn lane(&self, target: &[f64], prediction: &[f64]) -> f64 {
        let m = Moments::of(target, prediction);
        ratio(m.covariance, (m.target_variance * m.prediction_variance).sqrt())
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    args.named()?;
    Ok(Arc::new(PearsonCorrelation { axis: args.or("axis", -1)? }))
}

pub(crate) const ENTRY: Entry<dyn Metric> =
    Entry { class: "PearsonCorrelation", names: &["pearson_correlation"], build };
