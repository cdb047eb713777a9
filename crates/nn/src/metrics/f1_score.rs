//! The F₁-score: the harmonic mean of precision and recall.

use super::f_scores::{Average, Scores, threshold};
use super::metric::{Accumulator, Direction, Metric};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// The harmonic mean of precision and recall. One number per class, unless averaged.
///
/// ```text
/// F = 2·precision·recall / (precision + recall)
/// ```
/// A prediction says yes above the threshold or, without one, where it is the largest of its row.
///
/// ```
/// use steadygrad_nn::metrics::{Average, Batch, F1Score, Metric};
/// let mut seen = F1Score.average(Average::Micro).threshold(0.5).start();
/// seen.update(Batch {
///     rows: 2,
///     target_shape: &[2],
///     prediction_shape: &[2],
///     target: &[1.0, 0.0, 1.0, 1.0],
///     prediction: &[0.9, 0.2, 0.8, 0.1],
///     weights: None,
/// })?;
/// assert!((seen.result()[0] - 0.8).abs() < 1e-6);
/// # Ok::<(), steadygrad_nn::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct F1Score {
    average: Option<Average>,
    threshold: Option<f64>,
}

/// One number per class.
#[allow(non_upper_case_globals)]
pub const F1Score: F1Score = F1Score { average: None, threshold: None };

impl F1Score {
    /// How the scores of classes become one.
    pub fn average(mut self, average: Average) -> F1Score {
        self.average = Some(average);
        self
    }

    /// Predictions above it say yes.
    pub fn threshold(mut self, threshold: f64) -> F1Score {
        self.threshold = Some(threshold);
        self
    }
}

impl Metric for F1Score {
    fn class(&self) -> &'static str {
        "F1Score"
    }

    fn name(&self) -> String {
        "f1_score".into()
    }

    fn config(&self) -> Config {
        Config::new().with("average", self.average.map(Average::name)).with("threshold", self.threshold)
    }

    fn direction(&self) -> Direction {
        Direction::Up
    }

    fn start(&self) -> Box<dyn Accumulator> {
        Scores::start(self.average, 1.0, self.threshold)
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    args.named()?;
    Ok(Arc::new(F1Score { average: args.or("average", None)?, threshold: threshold(args)? }))
}

pub(crate) const ENTRY: Entry<dyn Metric> = Entry { class: "F1Score", names: &["f1_score"], build };
