//! The best sensitivity among the thresholds whose specificity is high enough.

use super::curve::Curve;
use super::mean_of::ratio;
use super::metric::{Accumulator, Direction, Metric};
use super::thresholds::{Cuts, Selection};
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
pub struct SensitivityAtSpecificity {
    specificity: f64,
    num_thresholds: usize,
    class_id: Option<usize>,
}

impl SensitivityAtSpecificity {
    /// At this specificity, from 0 to 1, or more.
    pub fn new(specificity: f64) -> SensitivityAtSpecificity {
        SensitivityAtSpecificity { specificity, num_thresholds: 200, class_id: None }
    }
}

impl SensitivityAtSpecificity {
    /// How many thresholds from 0 to 1 are tried.
    pub fn num_thresholds(mut self, num_thresholds: usize) -> SensitivityAtSpecificity {
        self.num_thresholds = num_thresholds;
        self
    }

    /// The only class that counts.
    pub fn class_id(mut self, class_id: usize) -> SensitivityAtSpecificity {
        self.class_id = Some(class_id);
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
        Config::new()
            .with("specificity", self.specificity)
            .with("num_thresholds", self.num_thresholds)
            .with("class_id", self.class_id)
    }

    fn direction(&self) -> Direction {
        Direction::Up
    }

    fn start(&self) -> Box<dyn Accumulator> {
        let selection = Selection { class_id: self.class_id, ..Selection::default() };
        let specificity = self.specificity;
        Curve::start(Cuts::even(self.num_thresholds), selection, move |label| {
            let fits = label.iter().filter(|c| ratio(c.tn, c.tn + c.fp) >= specificity);
            vec![fits.map(|c| ratio(c.tp, c.tp + c.fn_)).fold(0.0, f64::max)]
        })
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    args.ignore(&["name", "dtype"]);
    let specificity: f64 = args.need("specificity")?;
    let num_thresholds = args.or("num_thresholds", 200)?;
    if !(0.0..=1.0).contains(&specificity) {
        return args.reject("specificity", "from 0 to 1", specificity);
    }
    if num_thresholds == 0 {
        return args.reject("num_thresholds", "1 or more", num_thresholds);
    }
    Ok(Arc::new(SensitivityAtSpecificity {
        specificity,
        num_thresholds,
        class_id: args.or("class_id", None)?,
    }))
}

pub(crate) const ENTRY: Entry<dyn Metric> =
    Entry { class: "SensitivityAtSpecificity", names: &["sensitivity_at_specificity"], build };
