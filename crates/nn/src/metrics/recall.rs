//! How many of the true ones are found.

use super::curve::Curve;
use super::metric::{Accumulator, Direction, Metric};
use super::thresholds::{Counts, Selection, cuts, thresholds, thresholds_value};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// How many of the true ones are found. One number for each threshold; 0 where there are none to judge.
///
/// ```text
/// tp / (tp + fn),  yes: p > threshold
/// ```
/// With `top_k`, only the k largest predictions of a row can say yes, and without thresholds all of them do.
#[derive(Debug, Clone, PartialEq)]
pub struct Recall {
    thresholds: Option<Vec<f64>>,
    top_k: Option<usize>,
    class_id: Option<usize>,
}

/// With Keras' defaults.
#[allow(non_upper_case_globals)]
pub const Recall: Recall = Recall { thresholds: None, top_k: None, class_id: None };

impl Recall {
    /// Where predictions are cut; a result for each.
    pub fn thresholds(mut self, thresholds: impl Into<Vec<f64>>) -> Recall {
        self.thresholds = Some(thresholds.into());
        self
    }

    /// How many of a row's predictions can say yes.
    pub fn top_k(mut self, top_k: usize) -> Recall {
        self.top_k = Some(top_k);
        self
    }

    /// The only class that counts.
    pub fn class_id(mut self, class_id: usize) -> Recall {
        self.class_id = Some(class_id);
        self
    }
}

impl Metric for Recall {
    fn class(&self) -> &'static str {
        "Recall"
    }

    fn name(&self) -> String {
        "recall".into()
    }

    fn config(&self) -> Config {
        Config::new()
            .with("thresholds", thresholds_value(&self.thresholds))
            .with("top_k", self.top_k)
            .with("class_id", self.class_id)
    }

    fn direction(&self) -> Direction {
        Direction::Up
    }

    fn start(&self) -> Box<dyn Accumulator> {
        let otherwise = if self.top_k.is_some() { f32::NEG_INFINITY } else { 0.5 };
        let selection = Selection { top_k: self.top_k, class_id: self.class_id, ..Selection::default() };
        Curve::start(cuts(&self.thresholds, otherwise), selection, |label| {
            label.iter().map(Counts::recall).collect()
        })
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    args.named()?;
    Ok(Arc::new(Recall {
        thresholds: thresholds(args)?,
        top_k: args.or("top_k", None)?,
        class_id: args.or("class_id", None)?,
    }))
}

pub(crate) const ENTRY: Entry<dyn Metric> = Entry { class: "Recall", names: &["recall"], build };
