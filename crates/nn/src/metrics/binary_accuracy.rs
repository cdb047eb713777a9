//! How often a yes or no is right.

use super::mean_of::{Measure, OfPairs, Pairs, SampleMetric};
use super::metric::{Direction, Metric};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// How often a prediction lies on the right side of a threshold.
///
/// ```text
/// mean [[p > threshold] = t]
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BinaryAccuracy {
    threshold: f64,
}

/// With Keras' defaults.
#[allow(non_upper_case_globals)]
pub const BinaryAccuracy: BinaryAccuracy = BinaryAccuracy { threshold: 0.5 };

impl BinaryAccuracy {
    /// Predictions above it are a yes.
    pub fn threshold(mut self, threshold: f64) -> BinaryAccuracy {
        self.threshold = threshold;
        self
    }
}

impl SampleMetric for BinaryAccuracy {
    const CLASS: &'static str = "BinaryAccuracy";
    const NAME: &'static str = "binary_accuracy";
    const DIRECTION: Direction = Direction::Up;

    fn config(&self) -> Config {
        Config::new().with("threshold", self.threshold)
    }

    fn measure(&self) -> Box<dyn Measure> {
        Box::new(OfPairs(*self))
    }
}

impl Pairs for BinaryAccuracy {
    fn pair(&self, target: f32, prediction: f32) -> f64 {
        let yes = prediction > self.threshold as f32;
        f64::from(u8::from(f32::from(u8::from(yes)) == target))
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    args.named()?;
    let threshold = args.or("threshold", 0.5)?;
    if !(threshold > 0.0 && threshold < 1.0) {
        return args.reject("threshold", "between 0 and 1", threshold);
    }
    Ok(Arc::new(BinaryAccuracy { threshold }))
}

pub(crate) const ENTRY: Entry<dyn Metric> =
    Entry { class: "BinaryAccuracy", names: &["binary_accuracy"], build };
