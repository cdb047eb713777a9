//! The best recall among the thresholds whose precision is high enough.

use super::at_best::AtBest;
use super::metric::{Accumulator, Direction, Metric};
use super::thresholds::Counts;
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// The best recall among the thresholds whose precision is high enough. 0 where there is no such threshold.
///
/// ```text
/// max tp/(tp + fn)  where tp/(tp + fp) ≥ precision
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RecallAtPrecision(AtBest);

impl RecallAtPrecision {
    /// At this precision, from 0 to 1, or more.
    pub fn new(precision: f64) -> RecallAtPrecision {
        RecallAtPrecision(AtBest::new(precision))
    }

    /// How many thresholds from 0 to 1 are tried.
    pub fn num_thresholds(mut self, num_thresholds: usize) -> RecallAtPrecision {
        self.0.num_thresholds = num_thresholds;
        self
    }

    /// The only class that counts.
    pub fn class_id(mut self, class_id: usize) -> RecallAtPrecision {
        self.0.class_id = Some(class_id);
        self
    }
}

impl Metric for RecallAtPrecision {
    fn class(&self) -> &'static str {
        "RecallAtPrecision"
    }

    fn name(&self) -> String {
        "recall_at_precision".into()
    }

    fn config(&self) -> Config {
        self.0.config("precision")
    }

    fn direction(&self) -> Direction {
        Direction::Up
    }

    fn start(&self) -> Box<dyn Accumulator> {
        self.0.start(Counts::precision, Counts::recall)
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    Ok(Arc::new(RecallAtPrecision(AtBest::read(args, "precision")?)))
}

pub(crate) const ENTRY: Entry<dyn Metric> =
    Entry { class: "RecallAtPrecision", names: &["recall_at_precision"], build };
