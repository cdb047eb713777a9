//! The network learns its samples by heart.
//!
//! # What it sees
//!
//! The losses on the training data and on the validation data, epoch by epoch. The first still falls, and the second rises.
//!
//! # Why it matters
//!
//! What is learnt from there on holds for the training samples alone. New data is answered worse with every epoch.
//!
//! # Cause
//!
//! More weights than the samples can tell what to do with, and no pull towards simple answers; too many epochs.
//!
//! # Cure
//!
//! Stop at the best epoch; more data; weight decay, dropout; fewer units.
//!
//! # Evidence
//!
//! ```text
//! the best validation loss lies 3 epochs back or more, the last one is 10 % higher,
//! each of the last three is higher than the best, and the training loss has fallen since:  a warning
//! ```
//!
//! A gap between the two curves is no overfitting as long as both fall.
//!
//! # Reference
//!
//! Prechelt 1998, "Early Stopping – But When?"; Goodfellow, Bengio and Courville 2016, section 7.8.

use super::check::{Check, found};
use crate::case::{Case, Outcome};
use crate::edit::Edit;
use crate::finding::{Cause, Evidence, Prescription, Severity};
use crate::looks::word;

pub(crate) const CHECK: Check =
    Check { code: "SG305", name: "overfitting", source: include_str!("overfitting.rs"), run };

/// Epochs since the best.
const SINCE: usize = 3;

fn run(case: &Case<'_>) -> Outcome {
    let (train, validation) = (&case.curves.loss, &case.curves.val_loss);
    let unusable = train.len() != validation.len() || train.iter().chain(validation).any(|l| !l.is_finite());
    let best = (0..validation.len()).min_by(|&a, &b| validation[a].total_cmp(&validation[b]));
    let (Some(best), Some(last), Some(end), false) = (best, validation.last(), train.last(), unusable) else {
        return Outcome::Fine;
    };
    let lowest = validation[best];
    let late = &validation[validation.len().saturating_sub(SINCE)..];
    let rose = validation.len() - 1 - best >= SINCE
        && last - lowest > 0.1 * lowest.abs()
        && late.iter().all(|v| *v > lowest)
        && *end < train[best];
    if !rose {
        return Outcome::Fine;
    }
    let mut finding = CHECK.finding(
        Severity::Warning,
        format!(
            "the validation loss was best in epoch {} with {}, and is {} now",
            best + 1,
            word(lowest),
            word(*last)
        ),
    );
    finding.evidence = vec![
        Evidence::new(
            "validation loss at the end",
            *last,
            format!("{}, as in epoch {}", word(lowest), best + 1),
        ),
        Evidence::new(
            "training loss at the end",
            *end,
            format!("{} in epoch {}", word(train[best]), best + 1),
        ),
    ];
    finding.causes = vec![Cause::Epochs];
    let epochs = Edit::Set("fit.epochs", (best as i64 + 1).into());
    finding.prescriptions = vec![Prescription::trial(epochs)];
    if !case.setup.regularized {
        finding.causes.insert(0, Cause::Regularization);
        let decay = Edit::Set("compile.optimizer.config.weight_decay", 1e-4.into());
        finding.prescriptions.push(Prescription::trial(decay));
    }
    finding.prescriptions.push(Prescription::advice("more samples, dropout, or fewer units"));
    found(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Patient;

    fn with(train: &[f64], validation: &[f64]) -> Patient {
        let mut patient = Patient::healthy(3);
        (patient.curves.loss, patient.curves.val_loss) = (train.to_vec(), validation.to_vec());
        patient
    }

    const FALL: [f64; 7] = [1.0, 0.8, 0.6, 0.4, 0.3, 0.2, 0.1];

    #[test]
    fn a_validation_loss_that_turned_is_a_warning() {
        let patient = with(&FALL, &[1.0, 0.9, 0.8, 0.85, 0.9, 1.0, 1.1]);
        let finding = patient.found(&CHECK);
        assert_eq!(finding.causes, [Cause::Regularization, Cause::Epochs]);
        assert_eq!(finding.prescriptions[0].edits, [Edit::Set("fit.epochs", 3.into())]);
    }

    #[test]
    fn a_gap_a_wobble_no_validation_and_numbers_that_are_none_say_nothing() {
        assert!(with(&FALL, &[1.1, 1.0, 0.9, 0.85, 0.84, 0.83, 0.82]).fine(&CHECK));
        assert!(with(&FALL, &[1.0, 0.9, 0.80, 0.81, 0.82, 0.81, 0.83]).fine(&CHECK));
        assert!(with(&FALL, &[1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.9]).fine(&CHECK));
        assert!(with(&[0.5; 7], &[1.0, 0.9, 0.8, 0.85, 0.9, 1.0, 1.1]).fine(&CHECK));
        assert!(with(&FALL, &[]).fine(&CHECK) && with(&[], &[]).fine(&CHECK));
        assert!(with(&FALL, &[1.0, 0.9, 0.8, 0.85, f64::NAN, 1.0, 1.1]).fine(&CHECK));
    }
}
