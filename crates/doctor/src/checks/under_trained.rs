//! The training ended while the loss was still falling.
//!
//! # What it sees
//!
//! The losses of all epochs that were planned. At the end each is still lower than the one before, and by a fair part.
//!
//! # Why it matters
//!
//! The network is not as good as it would become. It is not sick.
//!
//! # Cause
//!
//! Too few epochs; a rate too small for them.
//!
//! # Cure
//!
//! More epochs; early stopping finds the end by itself. Or a larger rate.
//!
//! # Evidence
//!
//! ```text
//! all planned epochs were seen, 4 or more, and in each of the last three
//! (L(e−1) − L(e)) / |L(e−1)| > 0.01,  and the validation loss, if there is one, is at its lowest:  a note
//! nothing was learnt in the planned epochs, and is in four times as many (measured):  a warning
//! ```
//!
//! Nothing is said of a training of which only a part was watched.
//!
//! # Reference
//!
//! Prechelt 1998, "Early Stopping – But When?".

use super::check::{Check, found};
use crate::case::{Case, Outcome};
use crate::edit::Edit;
use crate::failing::{Reason, reason};
use crate::finding::{Cause, Evidence, Prescription, Severity};
use crate::looks::{trained, word};

pub(crate) const CHECK: Check =
    Check { code: "SG307", name: "under_trained", source: include_str!("under_trained.rs"), run };

/// Changes that must all be falls.
const LAST: usize = 3;

fn run(case: &Case<'_>) -> Outcome {
    // What ended in numbers that are none does not need more of them.
    let losses = &case.curves.loss;
    if trained(case) && !losses.is_empty() && losses.iter().all(|l| l.is_finite()) {
        match reason(case) {
            Err(question) => return Outcome::Ask(question),
            Ok(Some(reason)) if reason.cause == Cause::Epochs => return longer(reason),
            Ok(_) => {}
        }
    }
    let (loss, validation) = (&case.curves.loss, &case.curves.val_loss);
    // Without planned epochs, as where another program trains, nobody knows when the end is.
    let known = case.setup.epochs > 0;
    if !known || loss.len() <= LAST || loss.len() < case.setup.epochs || loss.iter().any(|l| !l.is_finite()) {
        return Outcome::Fine;
    }
    let falls: Vec<f64> =
        loss[loss.len() - 1 - LAST..].windows(2).map(|w| (w[0] - w[1]) / w[0].abs()).collect();
    let least = falls.iter().copied().fold(f64::INFINITY, f64::min);
    let best = validation.iter().copied().fold(f64::INFINITY, f64::min);
    let agrees = validation.last().is_none_or(|last| *last <= best);
    // A fall from 0 is no number.
    if !(falls.iter().all(|f| *f > 0.01) && agrees) {
        return Outcome::Fine;
    }
    let mut finding = CHECK.finding(
        Severity::Note,
        format!("the loss still fell by {:.0} % in the last epoch", 100.0 * falls[LAST - 1]),
    );
    finding.evidence = vec![Evidence::new(
        "smallest fall of the loss in the last three epochs, relative",
        least,
        "below 0.01",
    )];
    finding.causes = vec![Cause::Epochs];
    let more = (loss.len() as i64).saturating_mul(2);
    finding.prescriptions = vec![Prescription::trial(Edit::Set("fit.epochs", more.into()))];
    found(finding)
}

/// Nothing is learnt in the planned epochs, and much in more of them.
fn longer(reason: Reason) -> Outcome {
    let mut finding = CHECK.finding(
        Severity::Warning,
        format!(
            "in the planned epochs next to nothing is learnt: the loss ends at {}, and with more of them at {}",
            word(reason.own),
            word(reason.healed)
        ),
    );
    finding.evidence = vec![Evidence::new(
        "loss at the end of the planned epochs",
        reason.own,
        format!("{}, with {}", word(reason.healed), reason.edit),
    )];
    finding.causes = vec![Cause::Epochs];
    finding.prescriptions = vec![Prescription::trial(reason.edit)];
    found(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Patient;

    fn with(train: &[f64], validation: &[f64], epochs: usize) -> Patient {
        let mut patient = Patient::healthy(3);
        (patient.curves.loss, patient.curves.val_loss) = (train.to_vec(), validation.to_vec());
        patient.setup.epochs = epochs;
        patient.answers.clear();
        patient
    }

    #[test]
    fn a_steady_fall_to_the_planned_end_is_a_note() {
        let patient = with(&[1.0, 0.9, 0.8, 0.7, 0.6], &[1.0, 0.95, 0.9, 0.85, 0.8], 5);
        assert_eq!(patient.told(&CHECK), (Severity::Note, vec![Cause::Epochs]));
    }

    #[test]
    fn a_part_of_the_epochs_an_end_that_is_flat_and_numbers_that_are_none_say_nothing() {
        let fall = [1.0, 0.9, 0.8, 0.7, 0.6];
        assert!(with(&fall, &[], 20).fine(&CHECK));
        assert!(with(&[1.0, 0.5, 0.4, 0.399, 0.398], &[], 5).fine(&CHECK));
        assert!(with(&fall, &[1.0, 0.9, 0.8, 0.8, 0.9], 5).fine(&CHECK));
        assert!(with(&[0.0; 6], &[], 5).fine(&CHECK) && with(&[f64::NAN; 6], &[], 5).fine(&CHECK));
        assert!(with(&[], &[], 0).fine(&CHECK) && with(&[1.0], &[], 1).fine(&CHECK));
    }
}
