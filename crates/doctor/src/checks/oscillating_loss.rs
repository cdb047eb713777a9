//! The loss goes up and down from epoch to epoch.
//!
//! # What it sees
//!
//! The training loss of every epoch, which is a mean over all samples. It turns round nearly every time, by much.
//!
//! # Why it matters
//!
//! Steps overshoot the valley and come back. What is gained in one epoch is lost in the next, and where the training ends is
//! chance.
//!
//! # Cause
//!
//! A rate that is a little too high; batches so small that each pulls another way.
//!
//! # Cure
//!
//! A smaller rate, or one that decays; larger batches.
//!
//! # Evidence
//!
//! ```text
//! over the second half of 8 epochs or more:  the change turns its sign in 3/4 of the epochs
//! and  mean |L(e+1) − L(e)| > 0.1 · mean |L|  and  > 0.05 · |L(0)|
//! ```
//!
//! A loss that only wobbles turns in 2/3 of the epochs by chance; what decides is the size. Turns of a loss that is
//! next to 0 are those of a training that has converged. It is a warning, and nothing is said
//! of the losses of single batches, which always jump.
//!
//! # Reference
//!
//! Goodfellow, Bengio and Courville 2016, section 8.2; Cohen et al. 2021 (edge of stability).

use super::check::{Check, found};
use crate::case::{Case, Outcome};
use crate::edit::Edit;
use crate::failing::{RATE, rounded};
use crate::finding::{Cause, Evidence, Prescription, Severity};
use crate::looks::mean;

pub(crate) const CHECK: Check =
    Check { code: "SG303", name: "oscillating_loss", source: include_str!("oscillating_loss.rs"), run };

/// Epochs.
const LEAST: usize = 8;

fn run(case: &Case<'_>) -> Outcome {
    let all = &case.curves.loss;
    if all.len() < LEAST || all.iter().any(|l| !l.is_finite()) {
        return Outcome::Fine;
    }
    let late = &all[all.len() / 2..];
    let changes: Vec<f64> = late.windows(2).map(|w| w[1] - w[0]).collect();
    let turns = changes.windows(2).filter(|w| w[0] * w[1] < 0.0).count();
    let sizes = |values: &[f64]| mean(&values.iter().map(|v| v.abs()).collect::<Vec<_>>());
    let (Some(change), Some(size)) = (sizes(&changes), sizes(late)) else { return Outcome::Fine };
    if 4 * turns < 3 * (changes.len() - 1) || change <= (0.1 * size).max(0.05 * all[0].abs()) {
        return Outcome::Fine;
    }
    let mut finding = CHECK.finding(
        Severity::Warning,
        format!(
            "the loss turns round in {turns} of {} epochs, by {:.0} %",
            changes.len() - 1,
            100.0 * change / size
        ),
    );
    finding.evidence = vec![
        Evidence::new(
            "mean change of the loss from epoch to epoch against its size",
            change / size,
            "below 0.1",
        ),
        Evidence::new(
            "epochs in which it turns round",
            turns as f64,
            format!("few of {}", changes.len() - 1),
        ),
    ];
    finding.causes = vec![Cause::LearningRate, Cause::BatchSize];
    let slower = rounded(case.setup.learning_rate / 3.0);
    let larger = (case.setup.batch_size as i64).saturating_mul(4);
    finding.prescriptions = vec![
        Prescription::trial(Edit::Set(RATE, slower.into())),
        Prescription::trial(Edit::Set("fit.batch_size", larger.into())),
    ];
    found(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Patient;

    fn with(loss: impl Fn(usize) -> f64, epochs: usize) -> Patient {
        let mut patient = Patient::healthy(3);
        patient.curves.loss = (0..epochs).map(loss).collect();
        patient
    }

    fn wave(size: f64) -> impl Fn(usize) -> f64 {
        move |e| 0.5 + if e.is_multiple_of(2) { size } else { -size }
    }

    #[test]
    fn large_turns_are_a_warning() {
        let patient = with(wave(0.2), 12);
        assert_eq!(patient.told(&CHECK), (Severity::Warning, vec![Cause::LearningRate, Cause::BatchSize]));
    }

    #[test]
    fn small_turns_a_fall_few_epochs_and_numbers_that_are_none_say_nothing() {
        assert!(with(|e| if e == 0 { 9.0 } else { wave(0.2)(e) }, 12).fine(&CHECK));
        assert!(with(wave(0.01), 12).fine(&CHECK) && with(wave(0.2), 6).fine(&CHECK));
        assert!(with(|e| 1.0 / (1 + e) as f64, 12).fine(&CHECK) && with(|_| 0.0, 12).fine(&CHECK));
        assert!(with(|e| if e == 7 { f64::NAN } else { wave(0.2)(e) }, 12).fine(&CHECK));
        assert!(Patient::healthy(3).fine(&CHECK) && Patient::empty().fine(&CHECK));
    }
}
