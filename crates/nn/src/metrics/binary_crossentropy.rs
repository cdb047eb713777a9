//! Cross-entropy of yes and no, as a metric.

use super::mean_of::{Measure, OfLoss, SampleMetric};
use super::metric::{Direction, Metric};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::losses;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// Cross-entropy of yes and no: the mean over all samples.
///
/// ```text
/// −t·ln p − (1 − t)·ln(1 − p)
/// ```
/// The formula is that of [`losses::BinaryCrossentropy`](struct@crate::losses::BinaryCrossentropy). A metric sees probabilities, which are clipped at 1e-7, where
/// the loss of a model that ends in a softmax or sigmoid is exact.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BinaryCrossentropy {
    from_logits: bool,
    label_smoothing: f64,
}

/// With Keras' defaults.
#[allow(non_upper_case_globals)]
pub const BinaryCrossentropy: BinaryCrossentropy =
    BinaryCrossentropy { from_logits: false, label_smoothing: 0.0 };

impl BinaryCrossentropy {
    /// The predictions are logits.
    pub fn from_logits(mut self) -> BinaryCrossentropy {
        self.from_logits = true;
        self
    }

    /// How far targets are moved towards an even distribution, from 0 to 1.
    pub fn label_smoothing(mut self, label_smoothing: f64) -> BinaryCrossentropy {
        self.label_smoothing = label_smoothing;
        self
    }
}

impl SampleMetric for BinaryCrossentropy {
    const CLASS: &'static str = "BinaryCrossentropy";
    const NAME: &'static str = "binary_crossentropy";
    const DIRECTION: Direction = Direction::Down;

    fn config(&self) -> Config {
        Config::new().with("from_logits", self.from_logits).with("label_smoothing", self.label_smoothing)
    }

    fn measure(&self) -> Box<dyn Measure> {
        let loss = losses::BinaryCrossentropy.label_smoothing(self.label_smoothing);
        OfLoss::new(if self.from_logits { loss.from_logits() } else { loss })
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    args.named()?;
    Ok(Arc::new(BinaryCrossentropy {
        from_logits: args.or("from_logits", false)?,
        label_smoothing: args.or("label_smoothing", 0.0)?,
    }))
}

pub(crate) const ENTRY: Entry<dyn Metric> =
    Entry { class: "BinaryCrossentropy", names: &["binary_crossentropy", "bce", "BCE"], build };
