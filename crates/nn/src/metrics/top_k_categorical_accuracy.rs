//! How often the right class is among the likeliest, for one-hot targets.

use super::mean_of::{Measure, Sample, SampleMetric, push_means};
use super::metric::Batch;
use super::metric::{Direction, Metric};
use super::ranks::{argmax, in_top, top};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// How often the prediction of the right class is among the k largest; equals of the k-th count as well.
///
/// ```text
/// mean [number of predictions above p_t < k],  t = argmax of the target
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TopKCategoricalAccuracy {
    k: usize,
}

/// With Keras' defaults.
#[allow(non_upper_case_globals)]
pub const TopKCategoricalAccuracy: TopKCategoricalAccuracy = TopKCategoricalAccuracy { k: 5 };

impl TopKCategoricalAccuracy {
    /// How many of the largest count.
    pub fn k(mut self, k: usize) -> TopKCategoricalAccuracy {
        self.k = k;
        self
    }
}

impl SampleMetric for TopKCategoricalAccuracy {
    const CLASS: &'static str = "TopKCategoricalAccuracy";
    const NAME: &'static str = "top_k_categorical_accuracy";
    const DIRECTION: Direction = Direction::Up;

    fn config(&self) -> Config {
        Config::new().with("k", self.k)
    }

    fn measure(&self) -> Box<dyn Measure> {
        Box::new(*self)
    }
}

impl Measure for TopKCategoricalAccuracy {
    fn samples(&mut self, batch: Batch<'_>, out: &mut Vec<Sample>) -> Result<()> {
        let batch = batch.paired()?;
        let classes = batch.classes().max(1);
        let rows = batch.prediction.chunks_exact(classes).zip(batch.target.chunks_exact(classes));
        push_means(
            rows.map(|(row, target)| f64::from(u8::from(in_top(row, argmax(target), self.k)))),
            batch.rows,
            out,
        );
        Ok(())
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    args.named()?;
    Ok(Arc::new(TopKCategoricalAccuracy { k: top(args)? }))
}

pub(crate) const ENTRY: Entry<dyn Metric> =
    Entry { class: "TopKCategoricalAccuracy", names: &["top_k_categorical_accuracy"], build };
