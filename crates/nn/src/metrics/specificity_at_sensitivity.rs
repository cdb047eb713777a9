//! The best specificity among the thresholds whose sensitivity is high enough.

use super::curve::Curve;
use super::mean_of::ratio;
use super::metric::{Accumulator, Direction, Metric};
use super::thresholds::{Cuts, Selection};
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
pub struct SpecificityAtSensitivity {
    sensitivity: f64,
    num_thresholds: usize,
    class_id: Option<usize>,
}

impl SpecificityAtSensitivity {
    /// At this sensitivity, from 0 to 1, or more.
    pub fn new(sensitivity: f64) -> SpecificityAtSensitivity {
        SpecificityAtSensitivity { sensitivity, num_thresholds: 200, class_id: None }
    }
}

impl SpecificityAtSensitivity {
    /// How many thresholds from 0 to 1 are tried.
    pub fn num_thresholds(mut self, num_thresholds: usize) -> SpecificityAtSensitivity {
        self.num_thresholds = num_thresholds;
        self
    }

    /// The only class that counts.
    pub fn class_id(mut self, class_id: usize) -> SpecificityAtSensitivity {
        self.class_id = Some(class_id);
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
        Config::new()
            .with("sensitivity", self.sensitivity)
            .with("num_thresholds", self.num_thresholds)
            .with("class_id", self.class_id)
    }

    fn direction(&self) -> Direction {
        Direction::Up
    }

    fn start(&self) -> Box<dyn Accumulator> {
        let selection = Selection { class_id: self.class_id, ..Selection::default() };
        let sensitivity = self.sensitivity;
        Curve::start(Cuts::even(self.num_thresholds), selection, move |label| {
            let fits = label.iter().filter(|c| ratio(c.tp, c.tp + c.fn_) >= sensitivity);
            vec![fits.map(|c| ratio(c.tn, c.tn + c.fp)).fold(0.0, f64::max)]
        })
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    args.ignore(&["name", "dtype"]);
    let sensitivity: f64 = args.need("sensitivity")?;
    let num_thresholds = args.or("num_thresholds", 200)?;
    if !(0.0..=1.0).contains(&sensitivity) {
        return args.reject("sensitivity", "from 0 to 1", sensitivity);
    }
    if num_thresholds == 0 {
        return args.reject("num_thresholds", "1 or more", num_thresholds);
    }
    Ok(Arc::new(SpecificityAtSensitivity {
        sensitivity,
        num_thresholds,
        class_id: args.or("class_id", None)?,
    }))
}

pub(crate) const ENTRY: Entry<dyn Metric> =
    Entry { class: "SpecificityAtSensitivity", names: &["specificity_at_sensitivity"], build };
