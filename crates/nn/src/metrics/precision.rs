//! How many of the predictions that say yes are right.

use super::curve::Curve;
use super::metric::{Accumulator, Direction, Metric};
use super::thresholds::{Counts, Selection, cuts, thresholds, thresholds_value};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// How many of the predictions that say yes are right. One number for each threshold; 0 where there are none to judge.
///
/// ```text
/// tp / (tp + fp),  yes: p > threshold
/// ```
/// With `top_k`, only the k largest predictions of a row can say yes, and without thresholds all of them do.
#[derive(Debug, Clone, PartialEq)]
pub struct Precision {
    thresholds: Option<Vec<f64>>,
    top_k: Option<usize>,
    class_id: Option<usize>,
}

/// With Keras' defaults.
#[allow(non_upper_case_globals)]
pub const Precision: Precision = Precision { thresholds: None, top_k: None, class_id: None };

impl Precision {
    /// Where predictions are cut; a result for each.
    pub fn thresholds(mut self, thresholds: impl Into<Vec<f64>>) -> Precision {
        self.thresholds = Some(thresholds.into());
        self
    }

    /// How many of a row's predictions can say yes.
    pub fn top_k(mut self, top_k: usize) -> Precision {
        self.top_k = Some(top_k);
        self
    }

    /// The only class that counts.
    pub fn class_id(mut self, class_id: usize) -> Precision {
        self.class_id = Some(class_id);
        self
    }
}

impl Metric for Precision {
    fn class(&self) -> &'static str {
        "Precision"
    }

    fn name(&self) -> String {
        "precision".into()
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
            label.iter().map(Counts::precision).collect()
        })
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    args.named()?;
    Ok(Arc::new(Precision {
        thresholds: thresholds(args)?,
        top_k: args.or("top_k", None)?,
        class_id: args.or("class_id", None)?,
    }))
}

pub(crate) const ENTRY: Entry<dyn Metric> = Entry { class: "Precision", names: &["precision"], build };
