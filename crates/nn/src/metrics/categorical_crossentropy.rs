//! Cross-entropy of one class among several, as a metric.

use super::mean_of::{Measure, OfLoss, SampleMetric};
use super::metric::{Direction, Metric};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::losses;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// Cross-entropy of one class among several: the mean over all samples.
///
/// ```text
/// −Σ t·ln p
/// ```
/// The formula is that of [`losses::CategoricalCrossentropy`](struct@crate::losses::CategoricalCrossentropy). A metric sees probabilities, which are clipped at 1e-7, where
/// the loss of a model that ends in a softmax or sigmoid is exact.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CategoricalCrossentropy {
    from_logits: bool,
    label_smoothing: f64,
    axis: i64,
}

/// With Keras' defaults.
#[allow(non_upper_case_globals)]
pub const CategoricalCrossentropy: CategoricalCrossentropy =
    CategoricalCrossentropy { from_logits: false, label_smoothing: 0.0, axis: -1 };

impl CategoricalCrossentropy {
    /// The predictions are logits.
    pub fn from_logits(mut self) -> CategoricalCrossentropy {
        self.from_logits = true;
        self
    }

    /// How far targets are moved towards an even distribution, from 0 to 1.
    pub fn label_smoothing(mut self, label_smoothing: f64) -> CategoricalCrossentropy {
        self.label_smoothing = label_smoothing;
        self
    }

    /// The axis; 0 is the batch, −1 the last.
    pub fn axis(mut self, axis: i64) -> CategoricalCrossentropy {
        self.axis = axis;
        self
    }
}

impl SampleMetric for CategoricalCrossentropy {
    const CLASS: &'static str = "CategoricalCrossentropy";
    const NAME: &'static str = "categorical_crossentropy";
    const DIRECTION: Direction = Direction::Down;

    fn config(&self) -> Config {
        Config::new()
            .with("from_logits", self.from_logits)
            .with("label_smoothing", self.label_smoothing)
            .with("axis", self.axis)
    }

    fn measure(&self) -> Box<dyn Measure> {
        let loss = losses::CategoricalCrossentropy.label_smoothing(self.label_smoothing).axis(self.axis);
        OfLoss::new(if self.from_logits { loss.from_logits() } else { loss })
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    args.named()?;
    Ok(Arc::new(CategoricalCrossentropy {
        from_logits: args.or("from_logits", false)?,
        label_smoothing: args.or("label_smoothing", 0.0)?,
        axis: args.or("axis", -1)?,
    }))
}

pub(crate) const ENTRY: Entry<dyn Metric> =
    Entry { class: "CategoricalCrossentropy", names: &["categorical_crossentropy"], build };
