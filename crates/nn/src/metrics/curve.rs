//! The accumulator of all metrics that are made from counts at thresholds.

use super::metric::{Accumulator, Batch};
use super::thresholds::{Counter, Counts, Cuts, Selection, cuts};
use steadygrad_kernels::Result;

/// Keras' ε in the denominators of rates.
pub(super) const EPSILON: f64 = 1e-7;

/// Makes a result from the counts of one label at every threshold.
type Finish = Box<dyn Fn(&[Counts]) -> Vec<f64> + Send>;

/// Counts, and what the result makes of them.
pub(super) struct Curve {
    counter: Counter,
    finish: Finish,
    label_weights: Option<Vec<f64>>,
}

impl std::fmt::Debug for Curve {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Curve({:?})", self.counter)
    }
}

impl Curve {
    /// Nothing counted; `finish` makes the result from the counts at every threshold.
    pub fn start(
        cuts: Cuts,
        selection: Selection,
        finish: impl Fn(&[Counts]) -> Vec<f64> + Send + 'static,
    ) -> Box<Curve> {
        Curve::of_labels(cuts, selection, None, finish)
    }

    /// One of the counts at every threshold, at ½ where none is given.
    pub fn count(thresholds: &Option<Vec<f64>>, which: fn(&Counts) -> f64) -> Box<dyn Accumulator> {
        let finish = move |label: &[Counts]| label.iter().map(which).collect();
        Curve::start(cuts(thresholds, 0.5), Selection::default(), finish)
    }

    /// The same where results of several labels are averaged with these weights.
    pub fn of_labels(
        cuts: Cuts,
        selection: Selection,
        label_weights: Option<Vec<f64>>,
        finish: impl Fn(&[Counts]) -> Vec<f64> + Send + 'static,
    ) -> Box<Curve> {
        Box::new(Curve { counter: Counter::new(cuts, selection), finish: Box::new(finish), label_weights })
    }
}

impl Accumulator for Curve {
    fn update(&mut self, batch: Batch<'_>) -> Result<()> {
        self.counter.update(batch)
    }

    fn result(&self) -> Vec<f64> {
        let labels = self.counter.labels().max(1);
        let mut mean = Vec::new();
        let weight = |label: usize| match &self.label_weights {
            Some(weights) => weights.get(label).copied().unwrap_or(0.0),
            None => 1.0,
        };
        let all: f64 = (0..labels).map(weight).sum();
        for label in 0..labels {
            let result = (self.finish)(&self.counter.counts(label));
            mean.resize(result.len(), 0.0);
            for (mean, x) in mean.iter_mut().zip(result) {
                *mean += if all == 0.0 { 0.0 } else { x * (weight(label) / all) };
            }
        }
        mean
    }

    fn reset(&mut self) {
        self.counter.reset();
    }

    fn state(&self) -> Option<Vec<f64>> {
        Some(self.counter.state())
    }

    fn restore(&mut self, state: &[f64]) -> bool {
        self.counter.restore(state)
    }
}
