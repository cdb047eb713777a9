//! Clipping cuts nearly every gradient.
//!
//! # What it sees
//!
//! The part of the updates in which clipping changed a gradient, and how long the gradients are before it.
//!
//! # Why it matters
//!
//! Clipping is there for the rare jump. Where it acts in every step the length of the gradient means nothing any more: the bound
//! has become a second learning rate, and with bounds by value the direction is bent too.
//!
//! # Cause
//!
//! A bound below the usual length of the gradient; a gradient that explodes, and is held by nothing else.
//!
//! # Cure
//!
//! A bound of about twice the median of the measured norms; the cure of what makes the gradient grow.
//!
//! # Evidence
//!
//! ```text
//! clipped updates / updates > 0.9  of 20 or more:  a warning;  a note with the optimizers that divide by the gradient's size
//! ```
//!
//! Where a larger rate is measured to learn, the bound is what made the steps too small: it is told first.
//!
//! With Adam and its kin the length of the gradient hardly matters, so nothing is lost.
//!
//! # Reference
//!
//! Pascanu, Mikolov and Bengio 2013, section 3.2: "a good heuristic is to look at statistics on the average norm".

use super::check::{Check, found};
use crate::case::{Case, Outcome};
use crate::edit::{CLIP, Edit};
use crate::finding::{Cause, Evidence, Prescription, Severity};
use crate::looks::clip_bound;

pub(crate) const CHECK: Check =
    Check { code: "SG306", name: "clipping_always", source: include_str!("clipping_always.rs"), run };

/// Of the updates.
const MOST: f64 = 0.9;
/// Updates that were looked at.
const LEAST: usize = 20;

fn run(case: &Case<'_>) -> Outcome {
    let Some(rate) = case.chart.clip_rate() else { return Outcome::Fine };
    let updates = case.chart.samples.iter().filter(|s| s.clipped.is_some()).count();
    if updates < LEAST || rate <= MOST {
        return Outcome::Fine;
    }
    let plain = ["SGD", "Sgd"].contains(&case.setup.optimizer.as_str());
    let mut finding = CHECK.finding(
        if plain { Severity::Warning } else { Severity::Note },
        format!("{:.0} % of the updates are clipped", 100.0 * rate),
    );
    finding.evidence =
        vec![Evidence::new("part of the updates that clipping changed", rate, format!("below {MOST}"))];
    finding.causes = vec![Cause::Optimizer];
    match clip_bound(case.chart) {
        Some((usual, bound)) => {
            finding.evidence.push(Evidence::new("median norm of all gradients", usual, "below the bound"));
            let edit = Edit::Set(CLIP, bound.into());
            finding.prescriptions = vec![Prescription::trial(edit)];
        }
        None => {
            let words = "a bound of about twice the usual norm of the gradients";
            finding.prescriptions = vec![Prescription::advice(words)];
        }
    }
    found(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Patient;

    fn with(clipped: impl Fn(u64) -> Option<bool>, norm: Option<f64>) -> Patient {
        let mut patient = Patient::healthy(2);
        for sample in &mut patient.chart.samples {
            (sample.clipped, sample.gradient_norm) = (clipped(sample.step), norm);
        }
        patient
    }

    #[test]
    fn clipping_in_every_step_is_told_with_a_bound_that_fits() {
        let mut patient = with(|_| Some(true), Some(3.0));
        patient.setup.optimizer = "SGD".into();
        let finding = patient.found(&CHECK);
        assert_eq!(finding.severity, Severity::Warning);
        let bound = Edit::Set("compile.optimizer.config.global_clipnorm", 6.0.into());
        assert_eq!(finding.prescriptions[0].edits, [bound]);
        patient.setup.optimizer = "Adam".into();
        assert_eq!(patient.found(&CHECK).severity, Severity::Note);
    }

    #[test]
    fn rare_clipping_no_clipping_and_few_looks_say_nothing() {
        assert!(with(|s| Some(s % 2 == 0), Some(3.0)).fine(&CHECK));
        assert!(with(|_| None, None).fine(&CHECK));
        assert!(with(|s| (s < 10).then_some(true), None).fine(&CHECK));
        assert!(with(|_| Some(true), Some(f64::NAN)).found(&CHECK).prescriptions[0].edits.is_empty());
    }
}
