//! Hidden units answer far from 0, whatever comes.
//!
//! # What it sees
//!
//! Mean and mean square of every hidden activation. Nearly all of the mean square is the mean.
//!
//! # Why it matters
//!
//! A layer that reads only positive numbers can move the weights of a unit only all up or all down in one step; the way zigzags,
//! and training is slower than it need be. It is no reason not to learn.
//!
//! # Cause
//!
//! An activation whose values lie on one side, such as sigmoid or softplus.
//!
//! # Cure
//!
//! An activation around 0: tanh in place of sigmoid, ELU or SELU in place of softplus; normalization behind the activation.
//!
//! # Evidence
//!
//! ```text
//! m²/q > 0.8  in half of the hidden activations and two of them or more,  m the mean of all values, q their mean square
//! ```
//!
//! Sigmoid starts at 0.95, a rectifier at 1/π = 0.32, tanh at 0. Where a normalization reads the values it takes the mean out.
//!
//! # Reference
//!
//! LeCun, Bottou, Orr and Müller 1998, section 4.3; Clevert, Unterthiner and Hochreiter 2016.

use super::check::{Check, found};
use crate::case::{Case, Outcome};
use crate::edit::Edit;
use crate::finding::{Cause, Evidence, Prescription, Severity};
use crate::flow::hidden;
use crate::looks::{normalized_after, of};

pub(crate) const CHECK: Check = Check {
    code: "SG108",
    name: "off_center_activations",
    source: include_str!("off_center_activations.rs"),
    run,
};

/// Of the mean square.
const MOST: f64 = 0.8;

fn run(case: &Case<'_>) -> Outcome {
    let chart = case.looked_at();
    let Some(sample) = chart.samples.last() else { return Outcome::Fine };
    let part = |i: usize| {
        let s = sample.layers.get(i)?.signal.filter(|s| s.finite && s.rms > 0.0)?;
        Some((i, (s.mean / s.rms).powi(2)))
    };
    let free = hidden(chart).filter(|&i| !normalized_after(chart, i));
    let all: Vec<(usize, f64)> = free.filter_map(part).collect();
    let off: Vec<(usize, f64)> = all.iter().copied().filter(|(_, part)| *part > MOST).collect();
    if off.len() < 2 || 2 * off.len() < all.len() {
        return Outcome::Fine;
    }
    let worst = off.iter().map(|(_, part)| *part).fold(0.0, f64::max);
    let sigmoid = case.setup.parts.iter().any(|p| p.activation.as_deref() == Some("sigmoid"));
    let mut finding = CHECK.finding(
        Severity::Note,
        format!("the values of {} hidden activations lie on one side of 0", of(off.len(), all.len())),
    );
    finding.layers = off.iter().map(|(i, _)| chart.layers[*i].whole.clone()).collect();
    finding.evidence = vec![Evidence::new(
        "largest part of the mean square that is the mean",
        worst,
        format!("below {MOST}"),
    )];
    finding.causes = vec![Cause::Activation];
    finding.prescriptions =
        vec![Prescription::trial(Edit::Activation(if sigmoid { "tanh" } else { "elu" }.into()))];
    found(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Patient;

    #[test]
    fn sigmoid_is_a_note_and_a_rectifier_is_not() {
        let mut patient = Patient::healthy(4);
        assert!(patient.fine(&CHECK));
        patient.signals(|_, s| (s.mean, s.rms) = (0.5, 0.51));
        assert_eq!(patient.told(&CHECK), (Severity::Note, vec![Cause::Activation]));
        patient.signals(|_, s| (s.mean, s.rms) = (0.4, 0.707));
        assert!(patient.fine(&CHECK));
    }

    #[test]
    fn one_layer_zeros_and_numbers_that_are_none_say_nothing() {
        let mut patient = Patient::healthy(1);
        patient.signals(|_, s| (s.mean, s.rms) = (1.0, 1.0));
        assert!(patient.fine(&CHECK));
        let mut patient = Patient::healthy(4);
        patient.signals(|_, s| (s.mean, s.rms) = (0.0, 0.0));
        assert!(patient.fine(&CHECK));
        patient.signals(|_, s| (s.mean, s.rms, s.finite) = (f64::NAN, f64::NAN, false));
        assert!(patient.fine(&CHECK) && Patient::empty().fine(&CHECK));
    }
}
