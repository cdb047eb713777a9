//! How much of some classes overlaps, for one-hot targets.

use super::io_u::{IoU, read};
use super::metric::{Accumulator, Direction, Metric};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// How much of some classes overlaps, for one-hot targets.
///
/// ```text
/// IoU of class c = m_cc / (Σⱼ m_cj + Σᵢ m_ic − m_cc),  m: the confusion matrix, weighted
/// ```
/// Classes that appear neither in targets nor in predictions do not count.
#[derive(Debug, Clone, PartialEq)]
pub struct OneHotIoU(IoU);

impl OneHotIoU {
    /// Of these classes among so many.
    pub fn new(num_classes: usize, target_class_ids: impl Into<Vec<usize>>) -> OneHotIoU {
        OneHotIoU(IoU::new(num_classes, target_class_ids).sparse_y_true(false).sparse_y_pred(false))
    }

    /// Whether predictions are numbers of classes, not one number per class.
    pub fn sparse_y_pred(self, sparse_y_pred: bool) -> OneHotIoU {
        OneHotIoU(self.0.sparse_y_pred(sparse_y_pred))
    }

    /// Targets of this class do not count.
    pub fn ignore_class(self, ignore_class: i64) -> OneHotIoU {
        OneHotIoU(self.0.ignore_class(ignore_class))
    }

    /// The axis; 0 is the batch, −1 the last.
    pub fn axis(self, axis: i64) -> OneHotIoU {
        OneHotIoU(self.0.axis(axis))
    }
}

impl Metric for OneHotIoU {
    fn class(&self) -> &'static str {
        "OneHotIoU"
    }

    fn name(&self) -> String {
        "one_hot_io_u".into()
    }

    fn config(&self) -> Config {
        let mut config = self.0.config();
        config.remove("sparse_y_true");
        config
    }

    fn direction(&self) -> Direction {
        Direction::Up
    }

    fn start(&self) -> Box<dyn Accumulator> {
        self.0.start()
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    Ok(Arc::new(OneHotIoU(read(args, false, false)?)))
}

pub(crate) const ENTRY: Entry<dyn Metric> = Entry { class: "OneHotIoU", names: &["one_hot_io_u"], build };
