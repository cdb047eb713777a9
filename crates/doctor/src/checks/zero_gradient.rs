//! Weights whose gradient is exactly 0, look after look.
//!
//! # What it sees
//!
//! The gradient of every kernel that may learn. Some are exactly 0 in every look after the first, while the loss does have a
//! gradient at the last layer.
//!
//! # Why it matters
//!
//! Weights without a gradient stay as they were drawn. What stands below them learns nothing either.
//!
//! # Cause
//!
//! Dead rectifiers behind the layer; weights of 0 behind it that never leave 0; a gradient so small that a float holds it no
//! more; a branch that the loss does not depend on.
//!
//! # Cure
//!
//! Random weights where all were equal; an activation with a slope on both sides; a smaller learning rate where units died while
//! training.
//!
//! # Evidence
//!
//! ```text
//! rms ∂L/∂W = 0 in every look after the first, of 5 or more in which rms ∂L/∂z > 0 at the last layer
//! of half of the kernels, or where the flow is in trouble:  sick;  else a warning
//! ```
//!
//! Exact zeros need no threshold of size. Frozen layers have no gradient to look at. A last layer that starts at 0 passes
//! nothing on in the first step alone, which is left out.
//!
//! # Reference
//!
//! Lu, Shin, Su and Karniadakis 2019; Zhang, Dauphin and Ma 2019 (a last layer that starts at 0 is fine).

use super::check::{Check, found, suffers};
use crate::case::{Case, Outcome};
use crate::finding::{Cause, Evidence, Severity};
use crate::flow::{hidden, linear};
use crate::looks::{LOOKS, hidden_parts, of};
use steadygrad_chart::Sample;

pub(crate) const CHECK: Check =
    Check { code: "SG103", name: "zero_gradient", source: include_str!("zero_gradient.rs"), run };

fn run(case: &Case<'_>) -> Outcome {
    let chart = case.chart;
    let delta = |s: &Sample, i: usize| s.layers.get(i).and_then(|seen| seen.delta);
    // The loss has a gradient where the last layer has one.
    let alive = |s: &&Sample| linear(chart).filter_map(|i| delta(s, i)).last().is_some_and(|d| d > 0.0);
    let looks: Vec<&Sample> = chart.samples.iter().skip(1).filter(alive).collect();
    if looks.len() < LOOKS {
        return Outcome::Fine;
    }
    let kernels: Vec<usize> = linear(chart).filter(|&i| !chart.layers[i].parameters.is_empty()).collect();
    let gradient = |s: &Sample, i: usize| s.layers.get(i).and_then(|seen| seen.gradients.first().copied());
    let still = |i: &usize| looks.iter().all(|s| gradient(s, *i) == Some(0.0));
    let dark: Vec<usize> = kernels.iter().copied().filter(still).collect();
    if dark.is_empty() {
        return Outcome::Fine;
    }
    let sick = 2 * dark.len() >= kernels.len() || suffers(case);
    let last = looks.last();
    let dead = |i: usize| last.and_then(|s| s.layers.get(i)?.dead).unwrap_or(0.0);
    let cause = if hidden_parts(case).iter().any(|p| p.variance == Some(0.0)) {
        Some(Cause::Initializer)
    } else if hidden(chart).any(|i| dead(i) == 1.0) {
        Some(Cause::Activation)
    } else {
        None
    };
    let mut finding = CHECK.finding(
        if sick { Severity::Sick } else { Severity::Warning },
        format!("{} kernels got no gradient at all", of(dark.len(), kernels.len())),
    );
    finding.layers = dark.iter().map(|&i| chart.layers[i].whole.clone()).collect();
    finding.evidence = vec![
        Evidence::new("kernels whose gradient is exactly 0 in every look", dark.len() as f64, "0"),
        Evidence::new(
            "looks in which the loss has a gradient",
            looks.len() as f64,
            format!("{LOOKS} or more"),
        ),
    ];
    finding.causes = cause.into_iter().collect();
    found(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Patient;

    #[test]
    fn exact_zeros_in_every_later_look_are_found() {
        let mut patient = Patient::healthy(4);
        assert!(patient.fine(&CHECK));
        patient.each(|layer, seen| {
            if layer.whole == "dense_1" {
                seen.gradients = vec![0.0];
            }
        });
        let finding = patient.found(&CHECK);
        assert_eq!((finding.severity, finding.layers), (Severity::Warning, vec!["dense_1".to_string()]));
        patient.each(|layer, seen| {
            if layer.whole != "dense_4" && layer.role == "linear" {
                seen.gradients = vec![0.0];
            }
        });
        assert_eq!(patient.found(&CHECK).severity, Severity::Sick);
    }

    #[test]
    fn tiny_gradients_first_steps_frozen_layers_and_a_loss_without_a_gradient_are_no_reason() {
        let mut patient = Patient::healthy(2);
        patient
            .each(|layer, seen| seen.gradients = if layer.role == "linear" { vec![1e-30] } else { vec![] });
        assert!(patient.fine(&CHECK));
        let mut patient = Patient::healthy(2);
        for seen in &mut patient.chart.samples[0].layers {
            seen.gradients = vec![0.0];
        }
        assert!(patient.fine(&CHECK));
        let mut patient = Patient::healthy(2);
        patient.chart.layers[0].parameters.clear();
        patient.each(|layer, seen| {
            if layer.whole == "dense_0" {
                seen.gradients.clear()
            }
        });
        assert!(patient.fine(&CHECK));
        let mut patient = Patient::healthy(2);
        patient.each(|_, seen| (seen.delta, seen.gradients) = (Some(0.0), vec![0.0]));
        assert!(patient.fine(&CHECK));
    }
}
