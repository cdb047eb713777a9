//! How often predictions equal targets.

use super::mean_of::{Measure, OfPairs, Pairs, SampleMetric};
use super::metric::{Direction, Metric};
use crate::args::Args;
use crate::catalog::Entry;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// How often a prediction is exactly its target.
///
/// For probabilities of classes there are [`BinaryAccuracy`](struct@super::BinaryAccuracy), [`super::CategoricalAccuracy`] and
/// [`super::SparseCategoricalAccuracy`]; the string "accuracy" chooses among those.
///
/// ```text
/// mean [p = t]
/// ```
///
/// ```
/// use steadygrad_nn::metrics::{Accuracy, Batch, Metric};
/// let mut seen = Accuracy.start();
/// seen.update(Batch {
///     rows: 4,
///     target_shape: &[],
///     prediction_shape: &[],
///     target: &[0.0, 1.0, 2.0, 2.0],
///     prediction: &[0.0, 1.0, 1.0, 2.0],
///     weights: None,
/// })?;
/// assert_eq!(seen.result(), [0.75]);
/// # Ok::<(), steadygrad_nn::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Accuracy;

impl SampleMetric for Accuracy {
    const CLASS: &'static str = "Accuracy";
    const NAME: &'static str = "accuracy";
    const DIRECTION: Direction = Direction::Up;

    fn measure(&self) -> Box<dyn Measure> {
        Box::new(OfPairs(*self))
    }
}

impl Pairs for Accuracy {
    fn pair(&self, target: f32, prediction: f32) -> f64 {
        f64::from(u8::from(target == prediction))
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    args.named()?;
    Ok(Arc::new(Accuracy))
}

pub(crate) const ENTRY: Entry<dyn Metric> = Entry { class: "Accuracy", names: &["accuracy"], build };
