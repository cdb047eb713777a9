//! How much of all classes overlaps, for one-hot targets.

use super::mean_io_u::{MeanIoU, read};
use super::metric::{Accumulator, Direction, Metric};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// How much of all classes overlaps, for one-hot targets.
///
/// ```text
/// IoU of class c = m_cc / (Σⱼ m_cj + Σᵢ m_ic − m_cc),  m: the confusion matrix, weighted
/// ```
/// Classes that appear neither in targets nor in predictions do not count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OneHotMeanIoU(MeanIoU);

impl OneHotMeanIoU {
    /// Of so many classes.
    pub fn new(num_classes: usize) -> OneHotMeanIoU {
        OneHotMeanIoU(MeanIoU::new(num_classes).sparse_y_true(false).sparse_y_pred(false))
    }

    /// Whether predictions are numbers of classes, not one number per class.
    pub fn sparse_y_pred(self, sparse_y_pred: bool) -> OneHotMeanIoU {
        OneHotMeanIoU(self.0.sparse_y_pred(sparse_y_pred))
    }

    /// Targets of this class do not count.
    pub fn ignore_class(self, ignore_class: i64) -> OneHotMeanIoU {
        OneHotMeanIoU(self.0.ignore_class(ignore_class))
    }

    /// The axis; 0 is the batch, −1 the last.
    pub fn axis(self, axis: i64) -> OneHotMeanIoU {
        OneHotMeanIoU(self.0.axis(axis))
    }
}

impl Metric for OneHotMeanIoU {
    fn class(&self) -> &'static str {
        "OneHotMeanIoU"
    }

    fn name(&self) -> String {
        "one_hot_mean_io_u".into()
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
    Ok(Arc::new(OneHotMeanIoU(read(args, false, false)?)))
}

pub(crate) const ENTRY: Entry<dyn Metric> =
    Entry { class: "OneHotMeanIoU", names: &["one_hot_mean_io_u"], build };
