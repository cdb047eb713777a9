//! The best precision among the thresholds whose recall is high enough.

use super::curve::Curve;
use super::mean_of::ratio;
use super::metric::{Accumulator, Direction, Metric};
use super::thresholds::{Cuts, Selection};
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
pub struct PrecisionAtRecall {
    recall: f64,
    num_thresholds: usize,
    class_id: Option<usize>,
}

impl PrecisionAtRecall {
    /// At this recall, from 0 to 1, or more.
    pub fn new(recall: f64) -> PrecisionAtRecall {
        PrecisionAtRecall { recall, num_thresholds: 200, class_id: None }
    }
}

impl PrecisionAtRecall {
    /// How many thresholds from 0 to 1 are tried.
    pub fn num_thresholds(mut self, num_thresholds: usize) -> PrecisionAtRecall {
        self.num_thresholds = num_thresholds;
        self
    }

    /// The only class that counts.
    pub fn class_id(mut self, class_id: usize) -> PrecisionAtRecall {
        self.class_id = Some(class_id);
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
        Config::new()
            .with("recall", self.recall)
            .with("num_thresholds", self.num_thresholds)
            .with("class_id", self.class_id)
    }

    fn direction(&self) -> Direction {
        Direction::Up
    }

    fn start(&self) -> Box<dyn Accumulator> {
        let selection = Selection { class_id: self.class_id, ..Selection::default() };
        let recall = self.recall;
        Curve::start(Cuts::even(self.num_thresholds), selection, move |label| {
            let fits = label.iter().filter(|c| ratio(c.tp, c.tp + c.fn_) >= recall);
            vec![fits.map(|c| ratio(c.tp, c.tp + c.fp)).fold(0.0, f64::max)]
        })
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    args.ignore(&["name", "dtype"]);
    let recall: f64 = args.need("recall")?;
    let num_thresholds = args.or("num_thresholds", 200)?;
    if !(0.0..=1.0).contains(&recall) {
        return args.reject("recall", "from 0 to 1", recall);
    }
    if num_thresholds == 0 {
        return args.reject("num_thresholds", "1 or more", num_thresholds);
    }
    Ok(Arc::new(PrecisionAtRecall { recall, num_thresholds, class_id: args.or("class_id", None)? }))
}

pub(crate) const ENTRY: Entry<dyn Metric> =
    Entry { class: "PrecisionAtRecall", names: &["precision_at_recall"], build };
