//! Counts for F-scores, per class or in all.

use super::metric::{Accumulator, Batch};
use super::ranks::argmax;
use crate::args::Args;
use crate::config::{FromValue, Value};
use steadygrad_kernels::{Error, Result};

/// How the scores of classes become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Average {
    /// From the counts of all classes together.
    Micro,
    /// The mean of the classes' scores.
    Macro,
    /// Their mean, weighted by how often a class is true.
    Weighted,
}

impl Average {
    /// Keras' name for it.
    pub fn name(self) -> &'static str {
        match self {
            Average::Micro => "micro",
            Average::Macro => "macro",
            Average::Weighted => "weighted",
        }
    }
}

impl FromValue for Average {
    fn from_value(value: &Value) -> Result<Average> {
        let name = String::from_value(value)?;
        let all = [Average::Micro, Average::Macro, Average::Weighted];
        all.into_iter()
            .find(|a| a.name() == name)
            .ok_or_else(|| Error::name("average", &name, &all.map(Average::name)))
    }
}

/// Reads `threshold`: null, or above 0 and up to 1.
pub(super) fn threshold(args: &mut Args<'_>) -> Result<Option<f64>> {
    let threshold: Option<f64> = args.or("threshold", None)?;
    match threshold {
        Some(t) if !(t > 0.0 && t <= 1.0) => args.reject("threshold", "above 0 and at most 1", t),
        _ => Ok(threshold),
    }
}

/// The accumulator of F-scores.
#[derive(Debug)]
pub(super) struct Scores {
    average: Option<Average>,
    beta: f64,
    threshold: Option<f64>,
    /// True positives, false positives, false negatives and true ones, per class.
    counts: Vec<[f64; 4]>,
}

impl Scores {
    /// Nothing counted.
    pub fn start(average: Option<Average>, beta: f64, threshold: Option<f64>) -> Box<Scores> {
        Box::new(Scores { average, beta, threshold, counts: Vec::new() })
    }

    fn score(&self, [tp, fp, fn_, _]: [f64; 4]) -> f64 {
        const EPSILON: f64 = super::curve::EPSILON;
        let precision = tp / (tp + fp + EPSILON);
        let recall = tp / (tp + fn_ + EPSILON);
        let b = self.beta * self.beta;
        precision * recall / (b * precision + recall + EPSILON) * (1.0 + b)
    }
}

impl Accumulator for Scores {
    fn update(&mut self, batch: Batch<'_>) -> Result<()> {
        let batch = batch.paired()?;
        let classes = batch.classes();
        if self.counts.is_empty() {
            self.counts = vec![[0.0; 4]; classes];
        }
        if batch.prediction_shape.len() != 1 || self.counts.len() != classes {
            return Err(Error::shape(format!(
                "it needs one number per class and sample, but predictions have the shape {}",
                batch.shape()
            )));
        }
        let rows = batch.prediction.chunks_exact(classes.max(1));
        for (i, (row, target)) in rows.zip(batch.target.chunks_exact(classes.max(1))).enumerate() {
            let weight = batch.weight(i);
            // Without a threshold, the largest of a row says yes, with all its equals.
            let largest = row.get(argmax(row)).copied().unwrap_or(0.0);
            for ((counts, &p), &t) in self.counts.iter_mut().zip(row).zip(target) {
                let yes = match self.threshold {
                    Some(threshold) => p > threshold as f32,
                    None => p >= largest && p.abs() > 1e-9,
                };
                let (yes, t) = (f64::from(u8::from(yes)), f64::from(t));
                for (count, x) in counts.iter_mut().zip([yes * t, yes * (1.0 - t), (1.0 - yes) * t, t]) {
                    *count += weight * x;
                }
            }
        }
        Ok(())
    }

    fn result(&self) -> Vec<f64> {
        let scores = || self.counts.iter().map(|&c| self.score(c));
        let all = self.counts.iter().fold([0.0; 4], |mut all, counts| {
            all.iter_mut().zip(counts).for_each(|(a, c)| *a += c);
            all
        });
        match self.average {
            None => scores().collect(),
            Some(Average::Micro) => vec![self.score(all)],
            Some(Average::Macro) => vec![scores().sum::<f64>() / self.counts.len().max(1) as f64],
            Some(Average::Weighted) => {
                let true_ones = self.counts.iter().map(|c| c[3] / (all[3] + super::curve::EPSILON));
                vec![scores().zip(true_ones).map(|(score, part)| score * part).sum()]
            }
        }
    }

    fn reset(&mut self) {
        self.counts.fill([0.0; 4]);
    }

    fn state(&self) -> Option<Vec<f64>> {
        Some(self.counts.concat())
    }

    fn restore(&mut self, state: &[f64]) -> bool {
        let (counts, rest) = state.as_chunks::<4>();
        if !rest.is_empty() {
            return false;
        }
        self.counts = counts.to_vec();
        true
    }
}
