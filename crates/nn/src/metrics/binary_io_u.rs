//! How much of a yes and a no overlaps: the mean of intersection over union of one class or both.

use super::metric::{Accumulator, Direction, Metric};
use super::overlap::{Ids, Overlap, View};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// How much of a yes and a no overlaps: the mean of intersection over union of one class or both.
///
/// ```text
/// IoU of class c = m_cc / (Σⱼ m_cj + Σᵢ m_ic − m_cc),  m: the confusion matrix, weighted
/// ```
/// Classes that appear neither in targets nor in predictions do not count.
#[derive(Debug, Clone, PartialEq)]
pub struct BinaryIoU {
    target_class_ids: Vec<usize>,
    threshold: f64,
}

impl BinaryIoU {
    /// Of class 0, class 1 or both.
    pub fn new(target_class_ids: impl Into<Vec<usize>>) -> BinaryIoU {
        BinaryIoU { target_class_ids: target_class_ids.into(), threshold: 0.5 }
    }
}

impl BinaryIoU {
    /// Predictions at it or above are a yes.
    pub fn threshold(mut self, threshold: f64) -> BinaryIoU {
        self.threshold = threshold;
        self
    }
}

impl Metric for BinaryIoU {
    fn class(&self) -> &'static str {
        "BinaryIoU"
    }

    fn name(&self) -> String {
        "binary_io_u".into()
    }

    fn config(&self) -> Config {
        Config::new()
            .with("target_class_ids", self.target_class_ids.clone())
            .with("threshold", self.threshold)
    }

    fn direction(&self) -> Direction {
        Direction::Up
    }

    fn start(&self) -> Box<dyn Accumulator> {
        Overlap::start(
            2,
            self.target_class_ids.clone(),
            View { target: Ids::Given, prediction: Ids::FromThreshold(self.threshold as f32), ignore: None },
        )
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    args.named()?;
    let target_class_ids = super::overlap::class_ids_or(args, 2, vec![0, 1])?;
    Ok(Arc::new(BinaryIoU { target_class_ids, threshold: args.or("threshold", 0.5)? }))
}

pub(crate) const ENTRY: Entry<dyn Metric> = Entry { class: "BinaryIoU", names: &["binary_io_u"], build };
