//! Cosine similarity.

use super::mean_of::{Measure, OfLoss, SampleMetric};
use super::metric::{Direction, Metric};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::losses;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// The cosine of the angle between target and prediction: 1 where they point the same way, −1 where they are opposed. The
/// loss of this name has the other sign.
///
/// ```text
/// Σ t·p / (‖t‖·‖p‖)
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CosineSimilarity {
    axis: i64,
}

/// With Keras' defaults.
#[allow(non_upper_case_globals)]
pub const CosineSimilarity: CosineSimilarity = CosineSimilarity { axis: -1 };

impl CosineSimilarity {
    /// The axis; 0 is the batch, −1 the last.
    pub fn axis(mut self, axis: i64) -> CosineSimilarity {
        self.axis = axis;
        self
    }
}

impl SampleMetric for CosineSimilarity {
    const CLASS: &'static str = "CosineSimilarity";
    const NAME: &'static str = "cosine_similarity";
    const DIRECTION: Direction = Direction::Up;

    fn config(&self) -> Config {
        Config::new().with("axis", self.axis)
    }

    fn measure(&self) -> Box<dyn Measure> {
        OfLoss::new(losses::CosineSimilarity.axis(self.axis)).negated()
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    args.named()?;
    Ok(Arc::new(CosineSimilarity { axis: args.or("axis", -1)? }))
}

pub(crate) const ENTRY: Entry<dyn Metric> =
    Entry { class: "CosineSimilarity", names: &["cosine_similarity"], build };
