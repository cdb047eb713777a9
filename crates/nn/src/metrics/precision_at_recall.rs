//! The best precision among the thresholds whose recall is high enough.

use super::at_best::AtBest;
use super::metric::{Accumulator, Direction, Metric};
use super::thresholds::Counts;
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// The best precision among the thresholds whose recall is high enough. 0 where there is no such threshold.
///
/// ```text
/// max tp/(tp + fp)  where tp/(tp + fn) ≥ recall
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PrecisionAtRecall(AtBest);

impl PrecisionAtRecall {
    /// At this recall, from 0 to 1, or more.
    pub fn new(recall: f64) -> PrecisionAtRecall {
        PrecisionAtRecall(AtBest::new(recall))
    }

    /// How many thresholds from 0 to 1 are tried.
    pub fn num_thresholds(mut self, num_thresholds: usize) -> PrecisionAtRecall {
        self.0.num_thresholds = num_thresholds;
        self
    }

    /// The only class that counts.
    pub fn class_id(mut self, class_id: usize) -> PrecisionAtRecall {
        self.0.class_id = Some(class_id);
        self
    }
}

impl Metric for PrecisionAtRecall {
    fn class(&self) -> &'static str {
        "PrecisionAtRecall"
    }

    fn name(&self) -> String {
        "precision_at_recall".into()
    }

    fn config(&self) -> Config {
        self.0.config("recall")
    }

    fn direction(&self) -> Direction {
        Direction::Up
    }

    fn start(&self) -> Box<dyn Accumulator> {
        self.0.start(Counts::recall, Counts::precision)
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    Ok(Arc::new(PrecisionAtRecall(AtBest::read(args, "recall")?)))
}

pub(crate) const ENTRY: Entry<dyn Metric> =
    Entry { class: "PrecisionAtRecall", names: &["precision_at_recall"], build };
