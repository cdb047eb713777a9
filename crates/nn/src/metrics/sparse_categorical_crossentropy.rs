//! Cross-entropy against class labels, as a metric.

use super::mean_of::{Measure, OfLoss, SampleMetric};
use super::metric::{Direction, Metric};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use crate::losses;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// Cross-entropy against class labels: the mean over all samples. Labels that are ignored do not count.
///
/// ```text
/// −ln p_t
/// ```
/// The formula is that of [`losses::SparseCategoricalCrossentropy`](struct@crate::losses::SparseCategoricalCrossentropy). A metric sees
/// probabilities, which are clipped at 1e-7, where the loss of a model that ends in a softmax is exact.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SparseCategoricalCrossentropy {
    from_logits: bool,
    ignore_class: Option<i64>,
    axis: i64,
}

/// With Keras' defaults.
#[allow(non_upper_case_globals)]
pub const SparseCategoricalCrossentropy: SparseCategoricalCrossentropy =
    SparseCategoricalCrossentropy { from_logits: false, ignore_class: None, axis: -1 };

impl SparseCategoricalCrossentropy {
    /// The predictions are logits.
    pub fn from_logits(mut self) -> SparseCategoricalCrossentropy {
        self.from_logits = true;
        self
    }

    /// Samples with this label do not count.
    pub fn ignore_class(mut self, ignore_class: i64) -> SparseCategoricalCrossentropy {
        self.ignore_class = Some(ignore_class);
        self
    }

    /// The axis; 0 is the batch, −1 the last.
    pub fn axis(mut self, axis: i64) -> SparseCategoricalCrossentropy {
        self.axis = axis;
        self
    }
}

impl SampleMetric for SparseCategoricalCrossentropy {
    const CLASS: &'static str = "SparseCategoricalCrossentropy";
    const NAME: &'static str = "sparse_categorical_crossentropy";
    const DIRECTION: Direction = Direction::Down;

    fn config(&self) -> Config {
        Config::new()
            .with("from_logits", self.from_logits)
            .with("ignore_class", self.ignore_class)
            .with("axis", self.axis)
    }

    fn measure(&self) -> Box<dyn Measure> {
        let mut loss = losses::SparseCategoricalCrossentropy.axis(self.axis);
        if self.from_logits {
            loss = loss.from_logits();
        }
        if let Some(class) = self.ignore_class {
            loss = loss.ignore_class(class);
        }
        OfLoss::new(loss)
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    args.named()?;
    Ok(Arc::new(SparseCategoricalCrossentropy {
        from_logits: args.or("from_logits", false)?,
        ignore_class: args.or("ignore_class", None)?,
        axis: args.or("axis", -1)?,
    }))
}

pub(crate) const ENTRY: Entry<dyn Metric> =
    Entry { class: "SparseCategoricalCrossentropy", names: &["sparse_categorical_crossentropy"], build };
