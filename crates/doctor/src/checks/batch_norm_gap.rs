//! The network computes another loss in use than in training.
//!
//! # What it sees
//!
//! The loss of the same samples twice: normalized by the numbers of their own batch, as in training, and by the moving averages,
//! as in use. The second is far larger.
//!
//! # Why it matters
//!
//! What is validated and used is not what was trained. A good network looks bad.
//!
//! # Cause
//!
//! Moving averages that are still near where they started, as the training was short; batches so small that their numbers are
//! noise.
//!
//! # Cure
//!
//! More steps, or a smaller momentum of the averages; larger batches; LayerNormalization, which has no averages.
//!
//! # Evidence
//!
//! ```text
//! L(moving averages) − L(batch) > ½·|L(batch)|  and  > 1/20 of the loss at the start
//! momentum^steps > 0.1:  the averages are not warm yet, a note;  else a warning
//! ```
//!
//! # Reference
//!
//! Ioffe and Szegedy 2015; Ioffe 2017 (batch renormalization); Wu and Johnson 2021, "Rethinking 'Batch' in BatchNorm".

use super::check::{Check, found};
use crate::case::{Case, Outcome};
use crate::causes::SMALL_BATCH;
use crate::edit::Edit;
use crate::finding::{Cause, Evidence, Prescription, Severity};
use crate::looks::{start_loss, steps, word};

pub(crate) const CHECK: Check =
    Check { code: "SG109", name: "batch_norm_gap", source: include_str!("batch_norm_gap.rs"), run };

/// What the start may weigh in the averages.
const COLD: f64 = 0.1;
fn run(case: &Case<'_>) -> Outcome {
    let (Some((batch, averages)), Some(momentum)) = (case.curves.modes, case.setup.momentum) else {
        return Outcome::Fine;
    };
    // A loss that is no number is another's business.
    if !batch.is_finite() || averages.is_nan() {
        return Outcome::Fine;
    }
    let least = 0.05 * start_loss(case).unwrap_or(batch).abs();
    let gap = averages - batch;
    if gap <= (0.5 * batch.abs()).max(least) {
        return Outcome::Fine;
    }
    let weight = momentum.powf(steps(case) as f64);
    let cold = weight > COLD;
    let small = case.setup.batch_size < SMALL_BATCH;
    let (used, trained) = (word(averages), word(batch));
    let mut finding = CHECK.finding(
        if cold { Severity::Note } else { Severity::Warning },
        if cold {
            format!("the moving averages are not warm yet: in use the loss is {used} and not {trained}")
        } else {
            format!("with moving averages the loss is {used} and not {trained}")
        },
    );
    finding.layers = case.setup.parts.iter().filter(|p| p.batch_normalized).map(|p| p.path.clone()).collect();
    let expected = format!("about {trained}, as with batches");
    finding.evidence = vec![Evidence::new("loss in use, with moving averages", averages, expected)];
    finding.causes = vec![Cause::BatchNorm];
    if cold {
        let what = "weight of the start in the moving averages";
        finding.evidence.push(Evidence::new(what, weight, format!("below {COLD}")));
        finding.causes.push(Cause::Epochs);
        finding.prescriptions.push(Prescription::advice("train longer before it is used or judged"));
        finding.prescriptions.push(Prescription::trial(Edit::Momentum(0.9)));
    }
    if small {
        finding.causes.push(Cause::BatchSize);
        finding.prescriptions.push(Prescription::trial(Edit::Set("fit.batch_size", 32.into())));
    }
    if !cold && !small {
        finding.prescriptions.push(Prescription::trial(Edit::Momentum(0.9)));
        finding.prescriptions.push(Prescription::trial(Edit::Normalize("layer_normalization")));
    }
    found(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Patient;

    fn with(modes: (f64, f64), momentum: f64) -> Patient {
        let mut patient = Patient::healthy(3);
        patient.curves.modes = Some(modes);
        patient.setup.momentum = Some(momentum);
        patient
    }

    #[test]
    fn cold_averages_are_a_note_and_warm_ones_a_warning() {
        assert_eq!(
            with((0.5, 2.0), 0.99).told(&CHECK),
            (Severity::Note, vec![Cause::BatchNorm, Cause::Epochs])
        );
        assert_eq!(with((0.5, 2.0), 0.9).told(&CHECK), (Severity::Warning, vec![Cause::BatchNorm]));
        let mut patient = with((0.5, f64::INFINITY), 0.9);
        patient.setup.batch_size = 4;
        assert_eq!(patient.told(&CHECK).1, [Cause::BatchNorm, Cause::BatchSize]);
    }

    #[test]
    fn small_gaps_better_use_and_numbers_that_are_none_say_nothing() {
        for modes in [(0.5, 0.7), (0.5, 0.2), (1e-5, 1e-3), (0.0, 0.0), (f64::NAN, 1.0), (1.0, f64::NAN)] {
            assert!(with(modes, 0.9).fine(&CHECK), "{modes:?}");
        }
        let mut patient = with((0.5, 2.0), 0.9);
        patient.setup.momentum = None;
        assert!(patient.fine(&CHECK) && Patient::healthy(3).fine(&CHECK));
    }
}
