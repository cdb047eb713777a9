//! How much of all classes overlaps: the mean of intersection over union.

use super::metric::{Accumulator, Direction, Metric};
use super::overlap::{Overlap, View};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// How much of all classes overlaps: the mean of intersection over union.
///
/// ```text
/// IoU of class c = m_cc / (Σⱼ m_cj + Σᵢ m_ic − m_cc),  m: the confusion matrix, weighted
/// ```
/// Classes that appear neither in targets nor in predictions do not count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeanIoU {
    num_classes: usize,
    ignore_class: Option<i64>,
    sparse_y_true: bool,
    sparse_y_pred: bool,
    axis: i64,
}

impl MeanIoU {
    /// Of so many classes; targets and predictions are numbers of classes.
    pub fn new(num_classes: usize) -> MeanIoU {
        MeanIoU { num_classes, ignore_class: None, sparse_y_true: true, sparse_y_pred: true, axis: -1 }
    }

    /// Whether targets are numbers of classes, not one number per class.
    pub fn sparse_y_true(mut self, sparse_y_true: bool) -> MeanIoU {
        self.sparse_y_true = sparse_y_true;
        self
    }

    /// Whether predictions are numbers of classes, not one number per class.
    pub fn sparse_y_pred(mut self, sparse_y_pred: bool) -> MeanIoU {
        self.sparse_y_pred = sparse_y_pred;
        self
    }

    /// Targets of this class do not count.
    pub fn ignore_class(mut self, ignore_class: i64) -> MeanIoU {
        self.ignore_class = Some(ignore_class);
        self
    }

    /// The axis; 0 is the batch, −1 the last.
    pub fn axis(mut self, axis: i64) -> MeanIoU {
        self.axis = axis;
        self
    }
}

impl Metric for MeanIoU {
    fn class(&self) -> &'static str {
        "MeanIoU"
    }

    fn name(&self) -> String {
        "mean_io_u".into()
    }

    fn config(&self) -> Config {
        Config::new()
            .with("num_classes", self.num_classes)
            .with("ignore_class", self.ignore_class)
            .with("sparse_y_true", self.sparse_y_true)
            .with("sparse_y_pred", self.sparse_y_pred)
            .with("axis", self.axis)
    }

    fn direction(&self) -> Direction {
        Direction::Up
    }

    fn start(&self) -> Box<dyn Accumulator> {
        Overlap::start(
            self.num_classes,
            (0..self.num_classes).collect(),
            View::of(self.sparse_y_true, self.sparse_y_pred, self.axis, self.ignore_class),
        )
    }
}

/// Reads the settings, `sparse_y_true` excepted.
pub(super) fn read(args: &mut Args<'_>, sparse_y_true: bool, sparse_y_pred: bool) -> Result<MeanIoU> {
    args.named()?;
    let num_classes = args.need("num_classes")?;
    Ok(MeanIoU {
        num_classes,
        ignore_class: args.or("ignore_class", None)?,
        sparse_y_true,
        sparse_y_pred: args.or("sparse_y_pred", sparse_y_pred)?,
        axis: args.or("axis", -1)?,
    })
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    let sparse_y_true = args.or("sparse_y_true", true)?;
    Ok(Arc::new(read(args, sparse_y_true, true)?))
}

pub(crate) const ENTRY: Entry<dyn Metric> = Entry { class: "MeanIoU", names: &["mean_io_u"], build };
