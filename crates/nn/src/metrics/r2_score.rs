//! The coefficient of determination.

use super::metric::{Accumulator, Batch, Direction, Metric};
use crate::args::Args;
use crate::catalog::Entry;
use crate::config::{Config, FromValue, Value};
use std::sync::Arc;
use steadygrad_kernels::{Error, Result};

/// How the scores of outputs become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClassAggregation {
    /// One score per output.
    None,
    /// Their mean.
    Uniform,
    /// Their mean, weighted by the variance of the targets.
    VarianceWeighted,
}

impl ClassAggregation {
    fn value(self) -> Value {
        match self {
            ClassAggregation::None => Value::Null,
            ClassAggregation::Uniform => "uniform_average".into(),
            ClassAggregation::VarianceWeighted => "variance_weighted_average".into(),
        }
    }
}

impl FromValue for ClassAggregation {
    fn from_value(value: &Value) -> Result<ClassAggregation> {
        let all = [ClassAggregation::None, ClassAggregation::Uniform, ClassAggregation::VarianceWeighted];
        if let Some(found) = all.into_iter().find(|a| a.value() == *value) {
            return Ok(found);
        }
        let name = String::from_value(value)?;
        Err(Error::name("class_aggregation", &name, &["uniform_average", "variance_weighted_average"]))
    }
}

/// How much of the targets' variance the predictions explain: 1 for all, 0 for as much as their mean does.
///
/// ```text
/// R² = 1 − Σ w·(t − p)² / Σ w·(t − t̄)²
/// ```
/// With `num_regressors` = k it is adjusted: 1 − (1 − R²)·(n − 1)/(n − k − 1). Sums are f64.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct R2Score {
    class_aggregation: ClassAggregation,
    num_regressors: usize,
}

/// The mean over the outputs, not adjusted.
#[allow(non_upper_case_globals)]
pub const R2Score: R2Score = R2Score { class_aggregation: ClassAggregation::Uniform, num_regressors: 0 };

impl R2Score {
    /// How the scores of outputs become one.
    pub fn class_aggregation(mut self, class_aggregation: ClassAggregation) -> R2Score {
        self.class_aggregation = class_aggregation;
        self
    }

    /// How many independent inputs the model has, to adjust the score by; 0 for not at all.
    pub fn num_regressors(mut self, num_regressors: usize) -> R2Score {
        self.num_regressors = num_regressors;
        self
    }
}

impl Metric for R2Score {
    fn class(&self) -> &'static str {
        "R2Score"
    }

    fn name(&self) -> String {
        "r2_score".into()
    }

    fn config(&self) -> Config {
        Config::new()
            .with("class_aggregation", self.class_aggregation.value())
            .with("num_regressors", self.num_regressors)
    }

    fn direction(&self) -> Direction {
        Direction::Up
    }

    fn start(&self) -> Box<dyn Accumulator> {
        Box::new(Sums { metric: *self, outputs: Vec::new(), weight: 0.0, numbers: 0 })
    }
}

/// Sums of one output; targets are counted from the first of them, so that nothing is lost where they are far from 0.
#[derive(Debug, Clone, Copy, Default)]
struct Output {
    origin: f64,
    sum: f64,
    squares: f64,
    residual: f64,
}

#[derive(Debug)]
struct Sums {
    metric: R2Score,
    outputs: Vec<Output>,
    weight: f64,
    numbers: usize,
}

impl Accumulator for Sums {
    fn update(&mut self, batch: Batch<'_>) -> Result<()> {
        let batch = batch.paired()?;
        let outputs = batch.classes();
        if batch.prediction_shape.len() > 1 || (!self.outputs.is_empty() && self.outputs.len() != outputs) {
            return Err(Error::shape(format!(
                "it needs one row of numbers per sample, but predictions have the shape {}",
                batch.shape()
            ))
            .help("put a Flatten layer at the end"));
        }
        if self.outputs.is_empty() {
            self.outputs = vec![Output::default(); outputs];
        }
        if self.numbers == 0 {
            for (output, &first) in self.outputs.iter_mut().zip(batch.target) {
                output.origin = first.into();
            }
        }
        let rows =
            batch.target.chunks_exact(outputs.max(1)).zip(batch.prediction.chunks_exact(outputs.max(1)));
        for (i, (target, prediction)) in rows.enumerate() {
            let weight = batch.weight(i);
            self.weight += weight;
            for ((output, &t), &p) in self.outputs.iter_mut().zip(target).zip(prediction) {
                let (from_origin, error) = (f64::from(t) - output.origin, f64::from(t) - f64::from(p));
                output.sum += weight * from_origin;
                output.squares += weight * from_origin * from_origin;
                output.residual += weight * error * error;
            }
        }
        self.numbers += batch.target.len();
        Ok(())
    }

    fn result(&self) -> Vec<f64> {
        let total = |o: &Output| o.squares - o.sum * o.sum / self.weight;
        let score = |o: &Output| {
            let score = 1.0 - o.residual / total(o);
            if score.is_infinite() { 0.0 } else { score }
        };
        let n = self.outputs.len() as f64;
        let mut scores: Vec<f64> = match self.metric.class_aggregation {
            ClassAggregation::None => self.outputs.iter().map(score).collect(),
            ClassAggregation::Uniform => vec![self.outputs.iter().map(score).sum::<f64>() / n],
            ClassAggregation::VarianceWeighted => {
                let all: f64 = self.outputs.iter().map(total).sum();
                vec![self.outputs.iter().map(|o| total(o) * score(o)).sum::<f64>() / all]
            }
        };
        let (n, k) = (self.numbers as f64, self.metric.num_regressors as f64);
        if k > 0.0 && k < n - 1.0 {
            for score in &mut scores {
                *score = 1.0 - (1.0 - *score) * (n - 1.0) / (n - k - 1.0);
            }
        }
        scores
    }

    fn reset(&mut self) {
        self.outputs.clear();
        (self.weight, self.numbers) = (0.0, 0);
    }

    fn state(&self) -> Option<Vec<f64>> {
        let of = |o: &Output| [o.origin, o.sum, o.squares, o.residual];
        Some([self.weight, self.numbers as f64].into_iter().chain(self.outputs.iter().flat_map(of)).collect())
    }

    fn restore(&mut self, state: &[f64]) -> bool {
        let &[weight, numbers, ref outputs @ ..] = state else { return false };
        let (outputs, rest) = outputs.as_chunks::<4>();
        if !rest.is_empty() {
            return false;
        }
        let of = |&[origin, sum, squares, residual]: &[f64; 4]| Output { origin, sum, squares, residual };
        (self.weight, self.numbers, self.outputs) =
            (weight, numbers as usize, outputs.iter().map(of).collect());
        true
    }
}

fn build(args: &mut Args<'_>) -> Result<Arc<dyn Metric>> {
    args.named()?;
    Ok(Arc::new(R2Score {
        class_aggregation: args.or("class_aggregation", ClassAggregation::Uniform)?,
        num_regressors: args.or("num_regressors", 0)?,
    }))
}

pub(crate) const ENTRY: Entry<dyn Metric> = Entry { class: "R2Score", names: &["r2_score"], build };
