//! The best sensitivity among the thresholds whose specificity is high enough.

use super::at_best::AtBest;
use super::metric::{Accumulator, Direction, Metric};
use super::thresholds::Counts;
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// The best sensitivity among the thresholds whose specificity is high enough. 0 where there is no such threshold.
///
/// ```text
/// max tp/(tp + fn)  where tn/(tn + fp) ≥ specificity
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SensitivityAtSpecificity(AtBest);

impl SensitivityAtSpecificity {
    /// At this specificity, from 0 to 1, or more.
    pub fn new(specificity: f64) -> SensitivityAtSpecificity {
        SensitivityAtSpecificity(AtBest::new(specificity))
    }

    /// How many thresholds from 0 to 1 are tried.
    pub fn num_thresholds(mut self, num_thresholds: usize) -> SensitivityAtSpecificity {
        self.0.num_thresholds = num_thresholds;
        self
    }

    /// The only class that counts.
    pub fn class_id(mut self, class_id: usize) -> SensitivityAtSpecificity {
        self.0.class_id = Some(class_id);
        self
    }
}

impl Metric for SensitivityAtSpecificity {
    fn class(&self) -> &'static str {
        "SensitivityAtSpecificity"
    }

    fn name(&self) -> String {
        "sensitivity_at_specificity".into()
    }

    fn config(&self) -> Config {
        self.0.config("specificity")
    }

    fn direction(&self) -> Direction {
        Direction::Up
    }

    fn start(&self) -> Box<dyn Accumulator> {
        self.0.start(Counts::specificity, Counts::recall)
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    Ok(Arc::new(SensitivityAtSpecificity(AtBest::read(args, "specificity")?)))
}

pub(crate) const ENTRY: Entry<dyn Metric> =
    Entry { class: "SensitivityAtSpecificity", names: &["sensitivity_at_specificity"], build };
