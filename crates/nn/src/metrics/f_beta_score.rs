//! The F-score: precision and recall in one number.

use super::f_scores::{Average, Scores, threshold};
use super::metric::{Accumulator, Direction, Metric};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::Config;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// The harmonic mean of precision and recall, in which recall counts β times as much. One number per class, unless averaged.
///
/// ```text
/// F = (1 + β²)·precision·recall / (β²·precision + recall)
/// ```
/// A prediction says yes above the threshold or, without one, where it is the largest of its row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FBetaScore {
    average: Option<Average>,
    beta: f64,
    threshold: Option<f64>,
}

/// One number per class, β = 1.
#[allow(non_upper_case_globals)]
pub const FBetaScore: FBetaScore = FBetaScore { average: None, beta: 1.0, threshold: None };

impl FBetaScore {
    /// How the scores of classes become one.
    pub fn average(mut self, average: Average) -> FBetaScore {
        self.average = Some(average);
        self
    }

    /// How much more recall counts than precision.
    pub fn beta(mut self, beta: f64) -> FBetaScore {
        self.beta = beta;
        self
    }

    /// Predictions above it say yes.
    pub fn threshold(mut self, threshold: f64) -> FBetaScore {
        self.threshold = Some(threshold);
        self
    }
}

impl Metric for FBetaScore {
    fn class(&self) -> &'static str {
        "FBetaScore"
    }

    fn name(&self) -> String {
        "fbeta_score".into()
    }

    fn config(&self) -> Config {
        Config::new()
            .with("average", self.average.map(Average::name))
            .with("beta", self.beta)
            .with("threshold", self.threshold)
    }

    fn direction(&self) -> Direction {
        Direction::Up
    }

    fn start(&self) -> Box<dyn Accumulator> {
        Scores::start(self.average, self.beta, self.threshold)
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    args.named()?;
    let beta: f64 = args.or("beta", 1.0)?;
    if beta.is_nan() || beta <= 0.0 {
        return args.reject("beta", "above 0", beta);
    }
    Ok(Arc::new(FBetaScore { average: args.or("average", None)?, beta, threshold: threshold(args)? }))
}

pub(crate) const ENTRY: Entry<dyn Metric> = Entry { class: "FBetaScore", names: &["f_beta_score"], build };
