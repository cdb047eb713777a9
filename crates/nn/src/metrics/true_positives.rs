//! How many predictions say yes and right.

use super::curve::Curve;
use super::metric::{Accumulator, Direction, Metric};
use super::thresholds::{thresholds, thresholds_value};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// How many predictions say yes and right, weighted; one number for each threshold.
///
/// ```text
/// Σ weight · [p > threshold]·[t],  threshold ½
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct TruePositives {
    thresholds: Option<Vec<f64>>,
}

/// With Keras' defaults.
#[allow(non_upper_case_globals)]
pub const TruePositives: TruePositives = TruePositives { thresholds: None };

impl TruePositives {
    /// Where predictions are cut; a result for each.
    pub fn thresholds(mut self, thresholds: impl Into<Vec<f64>>) -> TruePositives {
        self.thresholds = Some(thresholds.into());
        self
    }
}

impl Metric for TruePositives {
    fn class(&self) -> &'static str {
        "TruePositives"
    }

    fn name(&self) -> String {
        "true_positives".into()
    }

    fn config(&self) -> Config {
        Config::new().with("thresholds", thresholds_value(&self.thresholds))
    }

    fn direction(&self) -> Direction {
        Direction::Up
    }

    fn start(&self) -> Box<dyn Accumulator> {
        Curve::count(&self.thresholds, |c| c.tp)
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    args.named()?;
    Ok(Arc::new(TruePositives { thresholds: thresholds(args)? }))
}

pub(crate) const ENTRY: Entry<dyn Metric> =
    Entry { class: "TruePositives", names: &["true_positives"], build };
