//! Any loss, as a metric.

use super::mean_of::{Measure, OfLoss, SampleMetric};
use super::metric::{Direction, Metric};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::losses::Loss;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// The mean of any loss over all samples.
///
/// ```text
/// Σ weight · L(t, p) / Σ weight
/// ```
///
/// ```
/// use steadygrad_nn::losses::Huber;
/// use steadygrad_nn::metrics::{MeanMetricWrapper, Metric};
/// assert_eq!(MeanMetricWrapper::new(Huber).start().result(), [0.0]);
/// ```
#[derive(Debug, Clone)]
pub struct MeanMetricWrapper {
    loss: Arc<dyn Loss>,
}

impl MeanMetricWrapper {
    /// The mean of this loss.
    pub fn new(loss: impl Loss + 'static) -> MeanMetricWrapper {
        MeanMetricWrapper { loss: Arc::new(loss) }
    }
}

impl SampleMetric for MeanMetricWrapper {
    const CLASS: &'static str = "MeanMetricWrapper";
    const NAME: &'static str = "mean_metric_wrapper";
    const DIRECTION: Direction = Direction::Down;

    fn config(&self) -> Config {
        Config::new().with("fn", &self.loss)
    }

    fn measure(&self) -> Box<dyn Measure> {
        OfLoss::of(self.loss.clone())
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    args.named()?;
    Ok(Arc::new(MeanMetricWrapper { loss: args.need("fn")? }))
}

pub(crate) const ENTRY: Entry<dyn Metric> =
    Entry { class: "MeanMetricWrapper", names: &["mean_metric_wrapper"], build };
