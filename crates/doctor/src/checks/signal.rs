//! What growing and shrinking signals share: how far the deviation goes along the hidden layers, up or down.

use super::check::{Check, found, suffers};
use crate::case::{Case, Outcome};
use crate::causes;
use crate::edit::Edit;
use crate::finding::{Cause, Evidence, Prescription, Severity};
use crate::forecast::FAR;
use crate::looks::{mismatch, stretches};
use steadygrad_chart::{Chart, Sample};

/// Finds a signal that goes too far: up for a `sign` of 1, down for −1. `say` puts the factor into words.
pub(crate) fn signal(case: &Case<'_>, check: &Check, sign: f64, say: fn(f64) -> String) -> Outcome {
    // The stretch that goes farthest, in dB, and the layer at its end.
    let worst = |chart: &Chart, sample: &Sample| {
        stretches(chart, sample).into_iter().max_by(|a, b| (sign * a.0).total_cmp(&(sign * b.0)))
    };
    let starts: Vec<(f64, usize)> = case.draws.iter().filter_map(|c| worst(c, c.samples.first()?)).collect();
    let far = |d: &(f64, usize)| sign * d.0 > FAR;
    let share = starts.iter().filter(|d| far(d)).count() as f64 / case.draws.len().max(1) as f64;
    let now = case.chart.samples.last().and_then(|s| worst(case.chart, s));
    let chart = case.looked_at();
    let last = match now.or(starts.first().copied()) {
        Some(last) if share >= 0.5 && far(&last) => last,
        _ => return Outcome::Fine,
    };
    let sick = suffers(case);
    let (causes, prescriptions) = if sick {
        match causes::of_flow(case) {
            Ok(known) => known,
            Err(question) => return Outcome::Ask(question),
        }
    } else if sign * mismatch(case) > 10.0 {
        (vec![Cause::Initializer], vec![Prescription::trial(Edit::Initializers)])
    } else {
        (Vec::new(), vec![Prescription::trial(Edit::Normalize("batch_normalization"))])
    };
    let mut finding =
        check.finding(if sick { Severity::Sick } else { Severity::Warning }, say(10_f64.powf(last.0 / 20.0)));
    finding.layers = chart.layers.get(last.1).map(|l| l.whole.clone()).into_iter().collect();
    let limit = if sign > 0.0 { format!("below {FAR:.0} dB") } else { format!("above −{FAR:.0} dB") };
    finding.evidence = vec![
        Evidence::new("deviation over the batch, last hidden layer against first, dB", last.0, limit),
        Evidence::new("share of the draws of the weights in which it is so", share, "0"),
    ];
    (finding.causes, finding.prescriptions) = (causes, prescriptions);
    found(finding)
}
