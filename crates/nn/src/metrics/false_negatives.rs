//! How many predictions say no and wrong.

use super::curve::Curve;
use super::metric::{Accumulator, Direction, Metric};
use super::thresholds::{thresholds, thresholds_value};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// How many predictions say no and wrong, weighted; one number for each threshold.
///
/// ```text
/// Σ weight · [p ≤ threshold]·[t],  threshold ½
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FalseNegatives {
    thresholds: Option<Vec<f64>>,
}

/// With Keras' defaults.
#[allow(non_upper_case_globals)]
pub const FalseNegatives: FalseNegatives = FalseNegatives { thresholds: None };

impl FalseNegatives {
    /// Where predictions are cut; a result for each.
    pub fn thresholds(mut self, thresholds: impl Into<Vec<f64>>) -> FalseNegatives {
        self.thresholds = Some(thresholds.into());
        self
    }
}

impl Metric for FalseNegatives {
    fn class(&self) -> &'static str {
        "FalseNegatives"
    }

    fn name(&self) -> String {
        "false_negatives".into()
    }

    fn config(&self) -> Config {
        Config::new().with("thresholds", thresholds_value(&self.thresholds))
    }

    fn direction(&self) -> Direction {
        Direction::Down
    }

    fn start(&self) -> Box<dyn Accumulator> {
        Curve::count(&self.thresholds, |c| c.fn_)
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    args.named()?;
    Ok(Arc::new(FalseNegatives { thresholds: thresholds(args)? }))
}

pub(crate) const ENTRY: Entry<dyn Metric> =
    Entry { class: "FalseNegatives", names: &["false_negatives"], build };
