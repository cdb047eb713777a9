//! What a check is, and what checks of the flow share.

use crate::case::{Case, Outcome};
use crate::finding::{Evidence, Finding, Severity};
use crate::flow::{Flow, Trouble};
use crate::forecast::{FAR, Outlook, TRAINABLE};
use crate::learning;
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

    /// What it finds, in one sentence.
    pub fn title(&self) -> String {
        self.explain().lines().next().unwrap_or_default().to_string()
    }

    /// What it says of this case.
    pub fn run(&self, case: &Case<'_>) -> Outcome {
        (self.run)(case)
    }

    /// A finding of this check, without anything beside its summary yet.
    pub(crate) fn finding(&self, severity: Severity, summary: impl Into<String>) -> Finding {
        Finding {
            code: self.code,
            condition: self.name,
            severity,
            summary: summary.into(),
            layers: Vec::new(),
            evidence: Vec::new(),
            causes: Vec::new(),
            prescriptions: Vec::new(),
            follows_from: None,
        }
    }
}

/// A trouble of the flow that a network starts with or ends in.
pub(crate) struct Found {
    /// The share of the draws that have it.
    pub share: f64,
    /// 20·log₁₀ of the gradient at the first layer against the last, in the look that is told.
    pub decibels: f64,
    /// That look is one at the end of what was watched: at the start there was no such trouble.
    pub late: bool,
}

impl Found {
    /// The gradient as evidence, beside what theory expects: that speaks of the start alone.
    pub fn evidence(&self, limit: &str, theory: Option<f64>) -> Evidence {
        let when = if self.late { "at the end of what was watched" } else { "before training" };
        let expected = match theory.filter(|_| !self.late) {
            Some(d) => format!("{limit}; theory expects {d:.0} dB of this setup"),
            None => limit.to_string(),
        };
        Evidence::new(
            format!("gradient at the first layer against the last, {when}, dB"),
            self.decibels,
            expected,
        )
    }
}

/// Whether this is the network's trouble: at the start, with its own weights or with half of the draws of them; and, where it
/// was trained, still at the end of that. Each look counts for its worst trouble alone.
pub(crate) fn root(case: &Case<'_>, trouble: Trouble) -> Option<Found> {
    // Where the draw decides, what is typical counts, and that at a stricter limit.
    let limit = if case.forecast.outlook() == Outlook::Uncertain { TRAINABLE } else { FAR };
    let flows = case.flows();
    let of = |f: &Flow, limit| f.trouble(limit, case.growth());
    let share = Case::share(&flows, |f| of(f, limit) == Some(trouble));
    let own = flows.first().is_some_and(|f| of(f, FAR) == Some(trouble));
    // A last layer that starts at 0 passes nothing on in the first step, and only then.
    let nothing_yet = case.setup.parts.last().is_some_and(|p| p.variance == Some(0.0));
    let start = (own || share >= 0.5) && !nothing_yet;
    let last = at_end(case);
    let now = match &last {
        Some(last) => {
            let learns = learning::learnt(case, case.curves);
            of(last, FAR) == Some(trouble) || start && (of(last, TRAINABLE).is_some() || !learns)
        }
        None => start,
    };
    let mut decibels: Vec<f64> = flows.iter().map(|f| f.gradient).collect();
    decibels.sort_by(f64::total_cmp);
    let typical = decibels.get(decibels.len() / 2).copied().filter(|_| share >= 0.5);
    let first = flows.first().map(|f| f.gradient);
    let decibels = if start { typical.or(first) } else { last.map(|f| f.gradient) };
    now.then(|| Found { share, decibels: decibels.unwrap_or(0.0), late: !start })
}

/// Some trouble of the flow is the network's.
pub(crate) fn suffers(case: &Case<'_>) -> bool {
    [Trouble::NonFinite, Trouble::Exploding, Trouble::Vanishing, Trouble::Dead]
        .into_iter()
        .any(|trouble| root(case, trouble).is_some())
}

/// The flow has no trouble at the start, neither with the network's own weights nor with half of the draws.
pub(crate) fn calm_start(case: &Case<'_>) -> bool {
    let flows = case.flows();
    let sick = |f: &Flow| f.trouble(FAR, case.growth()).is_some();
    !flows.first().is_some_and(sick) && Case::share(&flows, sick) < 0.5
}

/// What is found, as an outcome.
pub(crate) fn found(finding: Finding) -> Outcome {
    Outcome::Found(Box::new(finding))
}

/// Looks at the end of a training that count together: the last batch may be a small one.
const LAST: usize = 5;

/// The flow at the end of the training, over its last looks; none where it was not trained.
pub(crate) fn at_end(case: &Case<'_>) -> Option<Flow> {
    let looks = &case.chart.samples;
    // The first look is one at the start.
    let late = looks.get(looks.len().saturating_sub(LAST).max(1)..)?;
    Flow::common(&late.iter().map(|s| Flow::of(case.chart, s)).collect::<Vec<_>>())
}

/// The layers that lose most of the gradient, or gain most: those with more than half of the largest entry.
pub(crate) fn worst_layers(case: &Case<'_>, gains: bool) -> Vec<String> {
    let chart = case.draws.first().unwrap_or(case.chart);
    let Some(sample) = chart.samples.first() else { return Vec::new() };
    let sign = if gains { 1.0 } else { -1.0 };
    let ledger = Ledger::of(chart, sample);
    // A mean over places is a change of scale.
    let way = || ledger.way.iter().filter(|e| chart.layers[e.layer].role != "pooling");
    let most = way().map(|e| sign * e.decibels).fold(0.0, f64::max);
    let worst = way().filter(|e| most > 0.0 && sign * e.decibels >= 0.5 * most);
    let mut layers: Vec<String> = worst.map(|e| chart.layers[e.layer].whole.clone()).collect();
    layers.dedup();
    layers
}
