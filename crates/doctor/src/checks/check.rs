//! What a check is, and what checks of the flow share.

use crate::case::{Case, Outcome};
use crate::flow::{Flow, Trouble};
use crate::forecast::FAR;
use steadygrad_chart::Ledger;

/// A check: one file, whose doc comment is what `explain` prints.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// Its code, which never changes: "SG101".
    pub code: &'static str,
    /// The condition that it finds: "vanishing_gradient".
    pub name: &'static str,
    /// The file.
    pub(crate) source: &'static str,
    pub(crate) run: fn(&Case<'_>) -> Outcome,
}

impl Check {
    /// What it sees, why that matters, cause, cure, evidence and reference, as Markdown.
    pub fn explain(&self) -> String {
        let lines = self.source.lines().take_while(|l| l.starts_with("//!"));
        let text = lines.map(|l| l.strip_prefix("//! ").unwrap_or_else(|| l.trim_start_matches("//!")));
        text.collect::<Vec<_>>().join("\n")
    }

    /// What it says of this case.
    pub fn run(&self, case: &Case<'_>) -> Outcome {
        (self.run)(case)
    }
}

/// A trouble of the flow that a network starts with or ends in.
pub(crate) struct Found {
    /// The share of the draws that have it.
    pub share: f64,
    /// 20·log₁₀ of the gradient at the first layer against the last, in the worst way it was seen.
    pub decibels: f64,
}

/// Whether this is the network's trouble: in half of the draws of its weights at the start, or at the end of what was trained.
/// Each look counts for its worst trouble alone.
pub(crate) fn root(case: &Case<'_>, trouble: Trouble) -> Option<Found> {
    let flows = case.flows();
    let has = |f: &Flow| f.trouble(FAR, case.growth()) == Some(trouble);
    let share = Case::share(&flows, has);
    // A last layer that starts at 0 passes nothing on in the first step, and only then.
    let trained = case.chart.samples.len() > 1;
    let last = case.chart.samples.last().map(|s| Flow::of(case.chart, s)).filter(|_| trained);
    let starts_at_nothing = flows.first().is_some_and(|f| f.gradient == f64::NEG_INFINITY);
    let any = |f: &Flow| f.trouble(FAR, case.growth()).is_some();
    let now = match last {
        Some(last) => has(&last) || share > 0.0 && any(&last) || !starts_at_nothing && share >= 0.5,
        None => share >= 0.5,
    };
    let sick: Vec<&Flow> = flows.iter().filter(|f| has(f)).collect();
    let mut decibels: Vec<f64> = sick.iter().map(|f| f.gradient).collect();
    decibels.sort_by(f64::total_cmp);
    let decibels = decibels.get(decibels.len() / 2).copied().or(last.map(|f| f.gradient));
    now.then(|| Found { share, decibels: decibels.unwrap_or(0.0) })
}

/// The layers that lose most of the gradient, or gain most: those with more than half of the largest entry.
pub(crate) fn worst_layers(case: &Case<'_>, gains: bool) -> Vec<String> {
    let chart = case.draws.first().unwrap_or(case.chart);
    let Some(sample) = chart.samples.first() else { return Vec::new() };
    let sign = if gains { 1.0 } else { -1.0 };
    let ledger = Ledger::of(chart, sample);
    let most = ledger.way.iter().map(|e| sign * e.decibels).fold(0.0, f64::max);
    let worst = ledger.way.iter().filter(|e| most > 0.0 && sign * e.decibels >= 0.5 * most);
    let mut layers: Vec<String> = worst.map(|e| chart.layers[e.layer].whole.clone()).collect();
    layers.dedup();
    layers
}
