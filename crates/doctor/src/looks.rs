//! What several checks read off a case: losses, steps, the signal along the layers, kernels and their places.

use crate::case::{Case, Part};
use crate::flow::{Flow, hidden, linear};
use steadygrad_chart::{Chart, Sample};

/// Looks that make a training.
pub(crate) const LOOKS: usize = 5;

/// The middle one of these; none of none. What is not a number does not count.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut all: Vec<f64> = values.into_iter().filter(|v| !v.is_nan()).collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied()
}

/// The mean of these; none of none.
pub(crate) fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// 10·log₁₀ of a ratio of squares, or twice that of sizes: none where there is nothing to compare with.
pub(crate) fn decibels(to: f64, from: f64) -> Option<f64> {
    (from > 0.0 && to >= 0.0).then(|| 20.0 * (to / from).log10()).filter(|d| !d.is_nan())
}

/// The network was seen while it trained.
pub(crate) fn trained(case: &Case<'_>) -> bool {
    case.chart.samples.len() >= LOOKS
}

/// The steps that were watched.
pub(crate) fn steps(case: &Case<'_>) -> u64 {
    case.chart.samples.last().map_or(0, |s| s.step + 1)
}

/// The loss before the first step.
pub(crate) fn start_loss(case: &Case<'_>) -> Option<f64> {
    let first = |chart: &Chart| chart.samples.first().map(|s| s.loss).filter(|l| l.is_finite());
    case.draws.first().and_then(first).or_else(|| first(case.chart))
}

/// The loss at the end of what was watched; it may be NaN.
pub(crate) fn last_loss(case: &Case<'_>) -> Option<f64> {
    case.curves.loss.last().copied().or_else(|| {
        let losses: Vec<f64> = case.chart.samples.iter().map(|s| s.loss).collect();
        mean(&losses[losses.len() - losses.len().div_ceil(4)..])
    })
}

/// The training ended in numbers that are none, and the data had none.
pub(crate) fn blew_up(case: &Case<'_>) -> bool {
    use steadygrad_chart::Phase;
    let sick = case.chart.first_non_finite.as_ref();
    sick.is_some_and(|s| s.phase != Phase::Input) || last_loss(case).is_some_and(|l| !l.is_finite())
}

/// The loss is higher than it was at the start, by more than a fifth.
pub(crate) fn rises(case: &Case<'_>) -> bool {
    match (start_loss(case), last_loss(case)) {
        (Some(start), Some(last)) => last > start + 0.2 * start.abs(),
        _ => false,
    }
}

/// The loss has come down by less than a fiftieth.
pub(crate) fn stuck(case: &Case<'_>) -> bool {
    match (start_loss(case), last_loss(case)) {
        (Some(start), Some(last)) => last > start - 0.02 * start.abs(),
        _ => false,
    }
}

/// What the optimizer changes of a kernel in a step, against its size: the median over kernels that move, look by look. A kernel
/// that starts at 0 has no size yet.
pub(crate) fn update_ratios(case: &Case<'_>) -> Vec<f64> {
    let chart = case.chart;
    let empty = |path: &str| case.setup.parts.iter().any(|p| p.path == path && p.variance == Some(0.0));
    let kernels: Vec<usize> = linear(chart).filter(|&i| !empty(&chart.layers[i].path)).collect();
    let ratio = |sample: &Sample| {
        let moved = |&i: &usize| sample.layers.get(i)?.updates.first().copied();
        median(kernels.iter().filter_map(moved).filter(|r| r.is_finite() && *r > 0.0))
    };
    chart.samples.iter().filter_map(ratio).collect()
}

/// The bound for clipping by the global norm: twice the median of the norms that were measured; nothing where none were.
/// (Pascanu, Mikolov and Bengio 2013 take half to ten times the average.)
pub(crate) fn clip_bound(chart: &Chart) -> Option<(f64, f64)> {
    let norms = chart.samples.iter().filter_map(|s| s.gradient_norm);
    let usual = median(norms.filter(|n| n.is_finite() && *n > 0.0))?;
    Some((usual, format!("{:.2e}", 2.0 * usual).parse().unwrap_or(2.0 * usual)))
}

/// Some normalization reads what this layer puts out.
pub(crate) fn normalized_after(chart: &Chart, layer: usize) -> bool {
    chart.layers.iter().any(|l| l.role == "normalization" && l.inputs.contains(&Some(layer)))
}

/// What the signal's deviation over the batch does between two normalizations: in dB from the first hidden activation to the last,
/// and that last one. The stretches of a look; none where a value is not finite.
pub(crate) fn stretches(chart: &Chart, sample: &Sample) -> Vec<(f64, usize)> {
    let deviation = |i: usize| sample.layers.get(i)?.signal.as_ref().map(|s| s.deviation);
    let mut all = Vec::new();
    let mut first: Option<usize> = None;
    let mut last: Option<usize> = None;
    for i in hidden(chart) {
        // A normalization between two activations makes a new beginning.
        let reset = last.is_some_and(|l| chart.layers[l..i].iter().any(|l| l.role == "normalization"));
        if reset {
            first = None;
        }
        last = Some(i);
        let from = *first.get_or_insert(i);
        let change = deviation(i).zip(deviation(from)).and_then(|(to, from)| decibels(to, from));
        all.extend(change.filter(|_| from != i).map(|d| (d, i)));
    }
    all
}

/// The layers with weights that have others behind them.
pub(crate) fn hidden_parts<'a>(case: &Case<'a>) -> Vec<&'a Part> {
    let chart = case.looked_at();
    let parts = &case.setup.parts;
    let place = |part: &Part| chart.layers.iter().position(|l| l.path == part.path);
    let last = parts.len().saturating_sub(1);
    let is_hidden = |(i, part): (usize, &Part)| match place(part) {
        Some(at) => leads_to_weights(chart, at),
        None => i < last,
    };
    parts.iter().enumerate().filter(|&(i, part)| is_hidden((i, part))).map(|(_, part)| part).collect()
}

/// Weights read what this layer makes, directly or not.
fn leads_to_weights(chart: &Chart, from: usize) -> bool {
    let mut reached = vec![false; chart.layers.len()];
    reached[from] = true;
    for i in from + 1..chart.layers.len() {
        let layer = &chart.layers[i];
        reached[i] = layer.inputs.iter().flatten().any(|&k| reached.get(k) == Some(&true));
        if reached[i] && layer.role == "linear" {
            return true;
        }
    }
    false
}

/// What this layer makes is added to something, before any other weights.
pub(crate) fn is_added(chart: &Chart, path: &str) -> bool {
    let mut at = chart.layers.iter().position(|l| l.path == path);
    while let Some(i) = at {
        // Readers come later in the list, so this ends.
        at = (i + 1..chart.layers.len()).find(|&k| chart.layers[k].inputs.contains(&Some(i)));
        match at.map(|k| chart.layers[k].role.as_str()) {
            Some("merge") => return true,
            Some("linear") => return false,
            _ => {}
        }
    }
    false
}

/// What the initializers multiply the signal's size by, against what the activations ask for: in dB, over all hidden layers that
/// no normalization follows.
pub(crate) fn mismatch(case: &Case<'_>) -> f64 {
    let one = |part: &&Part| {
        let (is, wanted) = (part.variance?, part.wanted?);
        let sound = !part.normalized && is > 0.0 && wanted > 0.0 && is.is_finite() && wanted.is_finite();
        sound.then(|| 10.0 * (is / wanted).log10())
    };
    hidden_parts(case).iter().filter_map(one).sum()
}

/// The median over the draws of what gradient and signal lose or gain, in dB; none where nothing was looked at.
pub(crate) fn measured(case: &Case<'_>) -> Option<(f64, f64)> {
    let flows: Vec<Flow> = case.flows();
    Some((median(flows.iter().map(|f| f.gradient))?, median(flows.iter().map(|f| f.signal))?))
}

/// The inputs are far from unit size before any weights.
pub(crate) fn far_input(case: &Case<'_>, least: f64, most: f64) -> bool {
    let far = |s: &crate::case::Spread| s.finite && s.features > 0 && (s.rms > most || s.rms < least);
    !case.setup.scaled_inside && case.setup.inputs.iter().any(far)
}

/// Words for a share: "5 of 8".
pub(crate) fn of(part: usize, all: usize) -> String {
    format!("{part} of {all}")
}

/// A number in a sentence: as many digits as tell something, or an exponent for what is far from 1.
pub(crate) fn word(x: f64) -> String {
    match x.abs() {
        _ if !x.is_finite() => format!("{x}"),
        0.0 => "0".into(),
        size if !(1e-3..1e6).contains(&size) => format!("{x:.2e}"),
        size if size >= 1e4 || x.fract() == 0.0 => format!("{x:.0}"),
        size if size >= 100.0 => format!("{x:.1}"),
        _ => format!("{x:.3}"),
    }
}

#[cfg(test)]
#[test]
fn numbers_in_a_sentence_can_be_read() {
    let numbers = [0.0, -0.0, 255.0, 0.6845, -12.5, 310.86, -73033.602, 7612738509.209, 2e-5, f64::NAN];
    let words = ["0", "0", "255", "0.684", "-12.500", "310.9", "-73034", "7.61e9", "2.00e-5", "NaN"];
    assert_eq!(numbers.map(word), words);
}
