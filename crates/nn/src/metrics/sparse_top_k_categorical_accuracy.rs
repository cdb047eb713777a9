//! How often the right class is among the likeliest, for class labels.

use super::mean_of::{Measure, Sample, SampleMetric, push_means};
use super::metric::Batch;
use super::metric::{Direction, Metric};
use super::ranks::{in_top, top};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// How often the prediction of the label is among the k largest; equals of the k-th count as well. With `from_sorted_ids`,
/// predictions are numbers of classes, likeliest first.
///
/// ```text
/// mean [number of predictions above p_t < k]
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SparseTopKCategoricalAccuracy {
    k: usize,
    from_sorted_ids: bool,
}

/// With Keras' defaults.
#[allow(non_upper_case_globals)]
pub const SparseTopKCategoricalAccuracy: SparseTopKCategoricalAccuracy =
    SparseTopKCategoricalAccuracy { k: 5, from_sorted_ids: false };

impl SparseTopKCategoricalAccuracy {
    fn hit(&self, row: &[f32], label: f32) -> bool {
        if self.from_sorted_ids {
            row.iter().take(self.k).any(|&id| id == label)
        } else {
            in_top(row, label as usize, self.k)
        }
    }
}

impl SparseTopKCategoricalAccuracy {
    /// How many of the largest count.
    pub fn k(mut self, k: usize) -> SparseTopKCategoricalAccuracy {
        self.k = k;
        self
    }

    /// Predictions are numbers of classes, likeliest first.
    pub fn from_sorted_ids(mut self) -> SparseTopKCategoricalAccuracy {
        self.from_sorted_ids = true;
        self
    }
}

impl SampleMetric for SparseTopKCategoricalAccuracy {
    const CLASS: &'static str = "SparseTopKCategoricalAccuracy";
    const NAME: &'static str = "sparse_top_k_categorical_accuracy";
    const DIRECTION: Direction = Direction::Up;

    fn config(&self) -> Config {
        Config::new().with("k", self.k).with("from_sorted_ids", self.from_sorted_ids)
    }

    fn measure(&self) -> Box<dyn Measure> {
        Box::new(*self)
    }
}

impl Measure for SparseTopKCategoricalAccuracy {
    fn samples(&mut self, batch: Batch<'_>, out: &mut Vec<Sample>) -> Result<()> {
        let batch = batch.labelled()?;
        let classes = batch.classes().max(1);
        let rows = batch.prediction.chunks_exact(classes).zip(batch.target);
        push_means(rows.map(|(row, target)| f64::from(u8::from(self.hit(row, *target)))), batch.rows, out);
        Ok(())
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    args.named()?;
    Ok(Arc::new(SparseTopKCategoricalAccuracy {
        k: top(args)?,
        from_sorted_ids: args.or("from_sorted_ids", false)?,
    }))
}

pub(crate) const ENTRY: Entry<dyn Metric> =
    Entry { class: "SparseTopKCategoricalAccuracy", names: &["sparse_top_k_categorical_accuracy"], build };
