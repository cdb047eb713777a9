//! Values sit at the ends of a bounded activation, where it has no slope.
//!
//! # What it sees
//!
//! Hidden activations that are bounded on both sides, such as sigmoid and tanh. More than half of the values of some layer are
//! within 3 % of its bounds.
//!
//! # Why it matters
//!
//! At its ends the slope of such an activation is next to 0. What it multiplies on the way back is lost, and the unit answers
//! with the same value whatever comes.
//!
//! # Cause
//!
//! Inputs that are not scaled; weights drawn too large; steps so large that they threw the sums far away.
//!
//! # Cure
//!
//! Scaled inputs; Glorot or LeCun initialization; normalization before the activation; a smaller learning rate; an activation
//! that does not saturate.
//!
//! # Evidence
//!
//! ```text
//! |f(z) − middle| > 0.97 · half the range, for more than 50 % of the values of a hidden layer, at the last look:  a warning
//! so in more than half of the bounded hidden layers, and the gradient is in trouble:  sick
//! ```
//!
//! 50 % is the part that SageMaker Debugger asks for; it stands alone for nothing worse than a warning, as trained networks
//! use the ends of their activations.
//!
//! # Reference
//!
//! Glorot and Bengio 2010, section 3; LeCun, Bottou, Orr and Müller 1998.

use super::check::{Check, found, suffers};
use crate::case::{Case, Outcome};
use crate::edit::Edit;
use crate::failing::{RATE, rounded};
use crate::finding::{Cause, Evidence, Prescription, Severity};
use crate::flow::hidden;
use crate::looks::{far_input, hidden_parts, mismatch, of, update_ratios};
use steadygrad_chart::Chart;

pub(crate) const CHECK: Check =
    Check { code: "SG106", name: "saturated_units", source: include_str!("saturated_units.rs"), run };

/// Of the values of a layer.
const HALF: f64 = 0.5;

/// Hidden layers that are bounded, with the part of their values that is saturated at the last look.
fn saturation(chart: &Chart) -> Vec<(usize, f64)> {
    let Some(sample) = chart.samples.last() else { return Vec::new() };
    let seen = |i: usize| sample.layers.get(i)?.signal.filter(|s| s.finite).map(|s| (i, s.saturated));
    hidden(chart).filter(|&i| chart.layers[i].bounded).filter_map(seen).collect()
}

fn run(case: &Case<'_>) -> Outcome {
    let chart = if case.chart.samples.is_empty() { case.looked_at() } else { case.chart };
    let all = saturation(chart);
    let full: Vec<(usize, f64)> = all.iter().copied().filter(|(_, part)| *part > HALF).collect();
    let Some(worst) = full.iter().map(|(_, part)| *part).reduce(f64::max) else { return Outcome::Fine };
    let sick = 2 * full.len() > all.len() && suffers(case);
    let at_start = case.draws.first().is_some_and(|c| saturation(c).iter().any(|(_, part)| *part > HALF));
    let equal = hidden_parts(case).iter().any(|p| p.variance == Some(0.0));
    let (cause, cure) = if at_start && far_input(case, 0.0, 3.0) {
        (Cause::InputScale, Edit::Set("data.scale", "standard".into()))
    } else if at_start && (mismatch(case) > 6.0 || equal) {
        (Cause::Initializer, Edit::Initializers)
    } else if !at_start && update_ratios(case).iter().any(|r| *r > 0.1) {
        let slower = rounded(case.setup.learning_rate / 10.0);
        (Cause::LearningRate, Edit::Set(RATE, slower.into()))
    } else {
        (Cause::Activation, Edit::Normalize("batch_normalization"))
    };
    let mut finding = CHECK.finding(
        if sick { Severity::Sick } else { Severity::Warning },
        format!("{} bounded hidden layers are saturated", of(full.len(), all.len())),
    );
    finding.layers = full.iter().map(|(i, _)| chart.layers[*i].whole.clone()).collect();
    finding.evidence = vec![
        Evidence::new("largest part of saturated values in a hidden layer", worst, format!("below {HALF}")),
        Evidence::new("layers in which more than half is saturated", full.len() as f64, "0"),
    ];
    finding.causes = vec![cause];
    finding.prescriptions = vec![Prescription::trial(cure)];
    found(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Patient;

    #[test]
    fn saturation_alone_is_a_warning_and_with_a_lost_gradient_sick() {
        let mut patient = Patient::healthy(4);
        assert!(patient.fine(&CHECK));
        patient.signals(|_, s| s.saturated = 0.8);
        assert_eq!(patient.told(&CHECK), (Severity::Warning, vec![Cause::Activation]));
        patient.each(|layer, seen| {
            if layer.whole == "dense_0" {
                seen.delta = Some(1e-9)
            }
        });
        assert_eq!(patient.found(&CHECK).severity, Severity::Sick);
        assert_eq!(patient.found(&CHECK).layers.len(), 4);
    }

    #[test]
    fn the_cause_is_what_was_written_down() {
        let mut patient = Patient::healthy(4);
        patient.signals(|_, s| s.saturated = 0.8);
        let calm = patient.clone();
        patient.setup.parts.iter_mut().for_each(|p| p.variance = Some(1.0));
        assert_eq!(patient.told(&CHECK).1, [Cause::Initializer]);
        patient.setup.inputs[0].rms = 100.0;
        assert_eq!(patient.told(&CHECK).1, [Cause::InputScale]);
        let mut patient = Patient { draws: Patient::healthy(4).draws, ..calm };
        patient.each(|_, seen| seen.updates.iter_mut().for_each(|u| *u = 0.5));
        assert_eq!(patient.told(&CHECK).1, [Cause::LearningRate]);
    }

    #[test]
    fn rectifiers_heads_and_healthy_tails_do_not_count() {
        let mut patient = Patient::healthy(4);
        patient.signals(|_, s| s.saturated = 0.4);
        assert!(patient.fine(&CHECK));
        patient.signals(|_, s| s.saturated = 0.9);
        for chart in patient.draws.iter_mut().chain([&mut patient.chart]) {
            chart.layers.iter_mut().for_each(|l| l.bounded = false);
        }
        assert!(patient.fine(&CHECK) && Patient::empty().fine(&CHECK));
    }
}
