//! The best specificity among the thresholds whose sensitivity is high enough.

use super::at_best::AtBest;
use super::metric::{Accumulator, Direction, Metric};
use super::thresholds::Counts;
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// The best specificity among the thresholds whose sensitivity is high enough. 0 where there is no such threshold.
///
/// ```text
/// max tn/(tn + fp)  where tp/(tp + fn) ≥ sensitivity
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpecificityAtSensitivity(AtBest);

impl SpecificityAtSensitivity {
    /// At this sensitivity, from 0 to 1, or more.
    pub fn new(sensitivity: f64) -> SpecificityAtSensitivity {
        SpecificityAtSensitivity(AtBest::new(sensitivity))
    }

    /// How many thresholds from 0 to 1 are tried.
    pub fn num_thresholds(mut self, num_thresholds: usize) -> SpecificityAtSensitivity {
        self.0.num_thresholds = num_thresholds;
        self
    }

    /// The only class that counts.
    pub fn class_id(mut self, class_id: usize) -> SpecificityAtSensitivity {
        self.0.class_id = Some(class_id);
        self
    }
}

impl Metric for SpecificityAtSensitivity {
    fn class(&self) -> &'static str {
        "SpecificityAtSensitivity"
    }

    fn name(&self) -> String {
        "specificity_at_sensitivity".into()
    }

    fn config(&self) -> Config {
        self.0.config("sensitivity")
    }

    fn direction(&self) -> Direction {
        Direction::Up
    }

    fn start(&self) -> Box<dyn Accumulator> {
        self.0.start(Counts::recall, Counts::specificity)
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    Ok(Arc::new(SpecificityAtSensitivity(AtBest::read(args, "sensitivity")?)))
}

pub(crate) const ENTRY: Entry<dyn Metric> =
    Entry { class: "SpecificityAtSensitivity", names: &["specificity_at_sensitivity"], build };
