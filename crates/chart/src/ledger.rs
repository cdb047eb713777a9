//! The ledger: what every layer multiplies the gradient and the signal by, in decibels that add up.
//!
//! ```text
//! 20·log₁₀(‖δ below‖ / ‖δ above‖) = Σ over the layers between of 20·log₁₀(factor of the layer)
//! ```
//!
//! A layer's factor is the norm of what it passes on against the norm of what came to it. Where a value has several readers
//! their contributions are added: how that sum compares with a contribution is an entry of its own, so that every way from the
//! loss down adds up to the same.

use crate::chart::{Chart, Sample};
use std::cmp::Ordering;

/// What an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// What a layer does to a gradient on its way to one of its inputs.
    Layer,
    /// What adding the contributions of several readers makes of the one that came this way.
    Branch,
}

/// One factor of the backward pass.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entry {
    /// The layer of the chart: the one that acts, or the one whose readers are added.
    pub layer: usize,
    /// Which of the acting layer's inputs; 0 for a sum.
    pub input: usize,
    /// A layer, or a sum.
    pub kind: Kind,
    /// 20·log₁₀ of the factor: negative where the gradient shrinks, −∞ where it becomes 0.
    pub decibels: f64,
}

/// The ledger of one sample: all factors, and one way through them.
///
/// ```
/// use steadygrad_chart::{Chart, Layer, Ledger, Observation, Sample};
/// let layer = |path: &str, inputs| Layer { path: path.into(), inputs, size: 4, ..Layer::default() };
/// let layers = vec![layer("a", vec![None]), layer("b", vec![Some(0)]), layer("c", vec![Some(1)])];
/// let seen = |delta, passed| Observation { delta: Some(delta), passed: vec![passed], ..Observation::default() };
/// let layers_seen = vec![seen(0.01, None), seen(0.1, Some(0.01)), seen(1.0, Some(0.1))];
/// let sample = Sample { layers: layers_seen, ..Sample::default() };
/// let ledger = Ledger::of(&Chart::new(layers), &sample);
/// let decibels: Vec<f64> = ledger.way.iter().map(|e| e.decibels.round()).collect();
/// assert_eq!(decibels, [-20.0, -20.0]);
/// assert_eq!(ledger.total().round(), -40.0);
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ledger {
    /// All entries, from the loss down.
    pub entries: Vec<Entry>,
    /// The entries of one way from the loss to the first layer: along the largest contributions.
    pub way: Vec<Entry>,
    /// The layer at which the way begins, nearest to the loss.
    pub begin: Option<usize>,
    /// The layer at which it ends.
    pub end: Option<usize>,
    /// The layer below which there is no gradient at all, though it is wanted there.
    pub nothing_below: Option<usize>,
}

/// 20·log₁₀(below/above).
fn decibels(below: f64, above: f64) -> f64 {
    20.0 * (below / above).log10()
}

impl Ledger {
    /// The ledger of what was seen at one step.
    pub fn of(chart: &Chart, sample: &Sample) -> Ledger {
        let size = |i: usize| (chart.layers[i].size.max(1) as f64).sqrt();
        let delta = |i: usize| sample.layers.get(i)?.delta.map(|d| d * size(i));
        let passed = |i: usize, k: usize| {
            let (from, rms) = ((*chart.layers[i].inputs.get(k)?)?, (*sample.layers.get(i)?.passed.get(k)?)?);
            Some((from, rms * size(from)))
        };
        let mut ledger = Ledger::default();
        let stage = |i: usize, k: usize| {
            let (above, (from, below)) = (delta(i)?, passed(i, k)?);
            // Below what is nothing there is nothing to be said.
            (above != 0.0).then(|| {
                let entry = Entry { layer: i, input: k, kind: Kind::Layer, decibels: decibels(below, above) };
                let all = delta(from).filter(|&all| all != below && below != 0.0);
                let sum =
                    |all| Entry { layer: from, input: 0, kind: Kind::Branch, decibels: decibels(all, below) };
                (from, below, entry, all.map(sum))
            })
        };
        for i in (0..chart.layers.len()).rev() {
            for (_, _, entry, sum) in (0..chart.layers[i].inputs.len()).filter_map(|k| stage(i, k)) {
                ledger.entries.extend([Some(entry), sum].into_iter().flatten());
            }
        }
        // Of several ends the one that most of the gradient comes from.
        let read = |i: usize| chart.layers.iter().any(|l| l.inputs.contains(&Some(i)));
        let ends = (0..chart.layers.len()).filter(|&i| delta(i).is_some_and(f64::is_finite) && !read(i));
        let largest = ends.max_by(|&a, &b| delta(a).partial_cmp(&delta(b)).unwrap_or(Ordering::Equal));
        let mut at = largest.or_else(|| (0..chart.layers.len()).rfind(|&i| delta(i).is_some()));
        (ledger.begin, ledger.end) = (at, at);
        while let Some(i) = at {
            ledger.end = Some(i);
            let ways = (0..chart.layers[i].inputs.len()).filter_map(|k| stage(i, k));
            let widest = ways.max_by(|a, b| a.1.total_cmp(&b.1));
            at = widest.map(|(from, below, entry, sum)| {
                if below == 0.0 && ledger.nothing_below.is_none() {
                    ledger.nothing_below = Some(i);
                }
                ledger.way.extend([Some(entry), sum].into_iter().flatten());
                from
            });
        }
        ledger
    }

    /// The sum of the entries of the way: from its beginning to its end.
    pub fn total(&self) -> f64 {
        self.way.iter().map(|e| e.decibels).sum()
    }
}

/// What every layer does to the signal: 20·log₁₀ of its deviation behind the layer against that before it; nothing where one of
/// them is not known. Along the first input of a layer that has several.
pub fn forward(chart: &Chart, sample: &Sample) -> Vec<Option<f64>> {
    let deviation = |i: usize| sample.layers.get(i)?.signal.as_ref().map(|s| s.deviation);
    let one = |(i, layer): (usize, &crate::chart::Layer)| {
        let before = deviation((*layer.inputs.first()?)?)?;
        Some(decibels(deviation(i)?, before)).filter(|_| before > 0.0)
    };
    chart.layers.iter().enumerate().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::{Layer, Observation};

    #[test]
    fn of_two_ends_the_way_begins_at_the_one_with_most_of_the_gradient() {
        let layer = |path: &str, inputs| Layer { path: path.into(), inputs, size: 1, ..Layer::default() };
        let layers = vec![layer("trunk", vec![None]), layer("a", vec![Some(0)]), layer("b", vec![Some(0)])];
        let seen = |delta: f64, passed| Observation {
            delta: Some(delta),
            passed: vec![passed],
            ..Observation::default()
        };
        for (a, b, begin) in [(1.0, 0.001, 1), (0.001, 1.0, 2), (f64::NAN, 1.0, 2), (f64::NAN, f64::NAN, 2)] {
            let layers_seen = vec![seen(0.5, None), seen(a, Some(0.5 * a)), seen(b, Some(0.5 * b))];
            let sample = Sample { layers: layers_seen, ..Sample::default() };
            let ledger = Ledger::of(&Chart::new(layers.clone()), &sample);
            assert_eq!(ledger.begin, Some(begin), "{a} {b}");
            assert!(ledger.way.first().is_none_or(|e| e.layer == begin), "{a} {b}");
        }
    }
}
