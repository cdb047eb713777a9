//! The best recall among the thresholds whose precision is high enough.

use super::curve::Curve;
use super::mean_of::ratio;
use super::metric::{Accumulator, Direction, Metric};
use super::thresholds::{Cuts, Selection};
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
pub struct RecallAtPrecision {
    precision: f64,
    num_thresholds: usize,
    class_id: Option<usize>,
}

impl RecallAtPrecision {
    /// At this precision, from 0 to 1, or more.
    pub fn new(precision: f64) -> RecallAtPrecision {
        RecallAtPrecision { precision, num_thresholds: 200, class_id: None }
    }
}

impl RecallAtPrecision {
    /// How many thresholds from 0 to 1 are tried.
    pub fn num_thresholds(mut self, num_thresholds: usize) -> RecallAtPrecision {
        self.num_thresholds = num_thresholds;
        self
    }

    /// The only class that counts.
    pub fn class_id(mut self, class_id: usize) -> RecallAtPrecision {
        self.class_id = Some(class_id);
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
        Config::new()
            .with("precision", self.precision)
            .with("num_thresholds", self.num_thresholds)
            .with("class_id", self.class_id)
    }

    fn direction(&self) -> Direction {
        Direction::Up
    }

    fn start(&self) -> Box<dyn Accumulator> {
        let selection = Selection { class_id: self.class_id, ..Selection::default() };
        let precision = self.precision;
        Curve::start(Cuts::even(self.num_thresholds), selection, move |label| {
            let fits = label.iter().filter(|c| ratio(c.tp, c.tp + c.fp) >= precision);
            vec![fits.map(|c| ratio(c.tp, c.tp + c.fn_)).fold(0.0, f64::max)]
        })
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    args.ignore(&["name", "dtype"]);
    let precision: f64 = args.need("precision")?;
    let num_thresholds = args.or("num_thresholds", 200)?;
    if !(0.0..=1.0).contains(&precision) {
        return args.reject("precision", "from 0 to 1", precision);
    }
    if num_thresholds == 0 {
        return args.reject("num_thresholds", "1 or more", num_thresholds);
    }
    Ok(Arc::new(RecallAtPrecision { precision, num_thresholds, class_id: args.or("class_id", None)? }))
}

pub(crate) const ENTRY: Entry<dyn Metric> =
    Entry { class: "RecallAtPrecision", names: &["recall_at_precision"], build };
