//! The targets of a regression are far from unit size.
//!
//! # What it sees
//!
//! Size and spread of the targets, where the loss is that of a regression and the last layer has no activation.
//!
//! # Why it matters
//!
//! A network starts with outputs of size 1. Targets in the thousands give errors in the thousands: the gradient of a squared error
//! is as large, and the first step throws the weights away. Targets with a mean far from 0 are learnt by the last bias alone for a
//! long time.
//!
//! # Cause
//!
//! Raw targets: prices, years, counts.
//!
//! # Cure
//!
//! data.target_scale = "standard": the mean of the training targets is subtracted and they are divided by their deviation;
//! predictions are turned back. Or take their logarithm.
//!
//! # Evidence
//!
//! ```text
//! √E[y²] > 10, or 0 < σ(y) < 0.01:  a warning
//! √E[y²] > 100 and after a calm start the training blew up, or its loss rises by more than a fifth:  sick
//! mean squared error of one target, trained to the planned end as it is and with data.target_scale = "standard":
//!   the raw loss ends at 0.9 · Var[y] or more, or not finite; the scaled one at 0.5 or less, for which a guess has 1:  sick
//! Var[y] = 0 in every target, whatever the loss:  a warning, and the verdict is "unsure"
//! ```
//!
//! 10 is a factor of 100 in the gradient of a squared error. Losses of raw and of scaled targets have different units, so each is
//! compared with its own guess. Where there are samples for validation the scaled network must be below 0.9 on them too.
//!
//! # Reference
//!
//! LeCun, Bottou, Orr and Müller 1998; Bishop 1995, section 8.2.

use super::check::{Check, calm_start, found};
use crate::case::{Case, Outcome};
use crate::finding::{Cause, Evidence, Prescription, Severity};
use crate::looks::{blew_up, rises, trained, word};
use crate::targets::{far, only_scaled, scaled};

pub(crate) const CHECK: Check =
    Check { code: "SG204", name: "unscaled_target", source: include_str!("unscaled_target.rs"), run };

fn run(case: &Case<'_>) -> Outcome {
    let setup = case.setup;
    // With several outputs nobody knows here which loss is whose.
    let [target] = &setup.targets[..] else { return Outcome::Fine };
    if target.finite && target.features > 0 && target.constant == target.features && setup.samples > 1 {
        let mut finding = CHECK.finding(
            Severity::Warning,
            "the targets are the same for all samples: there is nothing to learn",
        );
        let of = format!("some of {}", target.features);
        finding.evidence = vec![Evidence::new("targets that differ between samples", 0.0, of)];
        finding.causes = vec![Cause::Labels];
        finding.prescriptions = vec![Prescription::advice("check how the targets are read")];
        return found(finding);
    }
    if !far(case) {
        return Outcome::Fine;
    }
    let lost = target.rms > 100.0 && trained(case) && calm_start(case) && (blew_up(case) || rises(case));
    let compared = match only_scaled(case) {
        Ok(compared) => compared,
        Err(question) => return Outcome::Ask(question),
    };
    let sick = lost || compared.is_some();
    let mut finding = CHECK.finding(
        if sick { Severity::Sick } else { Severity::Warning },
        format!("the targets lie between {} and {}", word(target.least), word(target.most)),
    );
    finding.evidence = vec![
        Evidence::new("root of the mean square of the targets", target.rms, "at most 10, best about 1"),
        Evidence::new("standard deviation of the targets", target.widest, "from 0.01 to 10, best about 1"),
    ];
    if let Some((raw, end)) = compared {
        let what = "loss at the end of the whole training, of that of a guess";
        finding.evidence.push(Evidence::new(what, raw, format!("{end:.3}, as with scaled targets")));
    }
    finding.causes = vec![Cause::TargetScale];
    // A constant has no deviation that it could be divided by.
    finding.prescriptions = vec![if target.widest > 0.0 {
        Prescription::trial(scaled())
    } else {
        Prescription::advice("check how the targets are read: they are all the same")
    }];
    found(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Question;
    use crate::case::Spread;
    use crate::testing::{Patient, standard};

    fn prices() -> Patient {
        let mut patient = Patient::healthy(3);
        patient.setup.targets =
            vec![Spread { least: 5e4, most: 9e5, mean: 2e5, rms: 3e5, widest: 2e5, ..standard(1) }];
        (patient.setup.loss, patient.setup.head) = ("MeanSquaredError".into(), "linear".into());
        patient
    }

    #[test]
    fn prices_are_a_warning_and_sick_where_the_training_blew_up() {
        let mut patient = prices();
        patient.setup.loss = "MeanAbsoluteError".into();
        assert_eq!(patient.told(&CHECK), (Severity::Warning, vec![Cause::TargetScale]));
        patient.curves.loss = vec![f64::INFINITY];
        assert_eq!(patient.found(&CHECK).severity, Severity::Sick);
    }

    #[test]
    fn targets_that_only_scaled_ones_are_learnt_of_are_sick() {
        // The variance is 900.
        for (own, cured, severity) in [
            (880.0, 0.1, Severity::Sick),
            (f64::NAN, 0.1, Severity::Sick),
            (900.0, 0.8, Severity::Warning),
            (900.0, f64::NAN, Severity::Warning),
            (400.0, 0.1, Severity::Warning),
        ] {
            let mut patient = prices();
            patient.setup.targets = vec![Spread { mean: 40.0, rms: 50.0, widest: 30.0, ..standard(1) }];
            patient.draws.iter_mut().for_each(|c| c.samples[0].loss = 2500.0);
            patient.curves.loss = vec![950.0; 3];
            patient.answers.clear();
            assert_eq!(patient.ask(&CHECK), Outcome::Ask(Question::Finish(Vec::new())));
            patient.finishes_at(Vec::new(), own);
            if severity == Severity::Sick {
                assert_eq!(patient.ask(&CHECK), Outcome::Ask(Question::Finish(vec![scaled()])));
            }
            patient.finishes_at(vec![scaled()], cured);
            assert_eq!(patient.found(&CHECK).severity, severity, "{own} {cured}");
            // What is learnt by heart convicts nobody.
            patient.answers[1].curves.val_loss = vec![1.2; 20];
            assert_eq!(patient.found(&CHECK).severity, Severity::Warning);
        }
    }

    #[test]
    fn labels_unit_targets_other_heads_and_numbers_that_are_none_say_nothing() {
        assert!(Patient::healthy(3).fine(&CHECK) && Patient::empty().fine(&CHECK));
        let mut patient = prices();
        patient.setup.head = "relu".into();
        assert!(patient.fine(&CHECK));
        for target in [standard(1), Spread { finite: false, ..prices().setup.targets[0] }] {
            let mut patient = prices();
            patient.setup.targets = vec![target];
            assert!(patient.fine(&CHECK));
        }
    }
}
