//! How many predictions say yes and wrong.

use super::curve::Curve;
use super::metric::{Accumulator, Direction, Metric};
use super::thresholds::{thresholds, thresholds_value};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// How many predictions say yes and wrong, weighted; one number for each threshold.
///
/// ```text
/// Σ weight · [p > threshold]·[not t],  threshold ½
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FalsePositives {
    thresholds: Option<Vec<f64>>,
}

/// With Keras' defaults.
#[allow(non_upper_case_globals)]
pub const FalsePositives: FalsePositives = FalsePositives { thresholds: None };

impl FalsePositives {
    /// Where predictions are cut; a result for each.
    pub fn thresholds(mut self, thresholds: impl Into<Vec<f64>>) -> FalsePositives {
        self.thresholds = Some(thresholds.into());
        self
    }
}

impl Metric for FalsePositives {
    fn class(&self) -> &'static str {
        "FalsePositives"
    }

    fn name(&self) -> String {
        "false_positives".into()
    }

    fn config(&self) -> Config {
        Config::new().with("thresholds", thresholds_value(&self.thresholds))
    }

    fn direction(&self) -> Direction {
        Direction::Down
    }

    fn start(&self) -> Box<dyn Accumulator> {
        Curve::count(&self.thresholds, |c| c.fp)
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    args.named()?;
    Ok(Arc::new(FalsePositives { thresholds: thresholds(args)? }))
}

pub(crate) const ENTRY: Entry<dyn Metric> =
    Entry { class: "FalsePositives", names: &["false_positives"], build };
