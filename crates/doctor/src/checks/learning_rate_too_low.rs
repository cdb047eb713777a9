//! The steps are too small to arrive.
//!
//! # What it sees
//!
//! Every step moves the weights by next to nothing, and the loss hardly falls. The same network is trained with a rate that moves
//! them by a thousandth, and compared.
//!
//! # Why it matters
//!
//! The network is on its way and would need years. It is not sick.
//!
//! # Cause
//!
//! A rate that is right for another optimizer or another size of the data; a schedule that ended too early.
//!
//! # Cure
//!
//! The rate at which a step moves the weights by about a thousandth of their size.
//!
//! # Evidence
//!
//! ```text
//! 0 < ‖ΔW‖/‖W‖ < 10⁻⁵ in the median of the looks, and the loss fell by less than 1 %:
//! train with 10ᵏ times the rate, k = ⌈log₁₀(10⁻³ / ratio)⌉ (at most 8);  found only if that ends lower by 5 % of the start
//! or a training that fails to its planned end, and learns with a multiple of the rate
//! or a rate of 0, of a schedule in all steps that are planned, and no weight moves:  the verdict is "unsure"
//! a warning
//! ```
//!
//! 10⁻⁵ is the lower end of torchmortem, and a tenth of TheDeepChecker's. The comparison keeps a converged training apart: there
//! larger steps gain nothing. Where clipping cuts every gradient, that is told first; where the flow is in trouble only at the end, and
//! was not at the start, it follows from this.
//!
//! # Reference
//!
//! Goodfellow, Bengio and Courville 2016, section 11.4.1; Bengio 2012 (practical recommendations).

use super::check::{Check, calm_start, found};
use crate::case::{Case, Outcome, Question};
use crate::edit::Edit;
use crate::failing::{RATE, reason, rounded, stands};
use crate::finding::{Cause, Evidence, Prescription, Severity};
use crate::looks::{last_loss, median, start_loss, trained, update_ratios, word};

pub(crate) const CHECK: Check = Check {
    code: "SG302",
    name: "learning_rate_too_low",
    source: include_str!("learning_rate_too_low.rs"),
    run,
};

fn run(case: &Case<'_>) -> Outcome {
    if stands(case) {
        let mut finding = CHECK.finding(Severity::Warning, "the learning rate is 0: no weight moves");
        finding.evidence = vec![Evidence::new("learning rate", 0.0, "above 0")];
        finding.causes = vec![Cause::LearningRate];
        finding.prescriptions = vec![Prescription::trial(Edit::Set(RATE, 0.001.into()))];
        return found(finding);
    }
    // What ended in numbers that are none was not too slow.
    if !trained(case) || !last_loss(case).is_some_and(f64::is_finite) {
        return Outcome::Fine;
    }
    match compare(case) {
        Outcome::Fine => {}
        other => return other,
    }
    match reason(case) {
        Err(question) => Outcome::Ask(question),
        Ok(Some(found)) if found.cause == Cause::LearningRate && found.rate > 1.0 => {
            let ratio = median(update_ratios(case)).unwrap_or(0.0);
            told(case, ratio, found.rate, found.own, found.healed, found.edit)
        }
        Ok(_) => Outcome::Fine,
    }
}

/// As many steps with a larger rate, beside those that were watched.
fn compare(case: &Case<'_>) -> Outcome {
    let rate = case.setup.learning_rate;
    let (Some(start), Some(own), Some(ratio)) =
        (start_loss(case), last_loss(case), median(update_ratios(case)))
    else {
        return Outcome::Fine;
    };
    let slow = ratio > 0.0 && ratio < 1e-5 && own.is_finite() && start - own < 0.01 * start.abs();
    let can_tell = calm_start(case) && rate.is_finite() && rate > 0.0;
    if !(slow && can_tell) {
        return Outcome::Fine;
    }
    let times = 10_f64.powf((1e-3 / ratio).log10().ceil().clamp(1.0, 8.0));
    let faster = Edit::Set(RATE, rounded(rate * times).into());
    let question = Question::Train(vec![faster.clone()]);
    let Some(answer) = case.answer(&question) else { return Outcome::Ask(question) };
    let Some(loss) = answer.loss.filter(|l| start - *l > 0.05 * start.abs()) else { return Outcome::Fine };
    told(case, ratio, times, own, loss, faster)
}

fn told(case: &Case<'_>, ratio: f64, times: f64, own: f64, loss: f64, faster: Edit) -> Outcome {
    let mut finding = CHECK.finding(
        Severity::Warning,
        format!(
            "with {times:.0} times the learning rate the loss ends at {} and not at {}",
            word(loss),
            word(own)
        ),
    );
    let rate = rounded(case.setup.learning_rate * times);
    finding.evidence = vec![
        Evidence::new("change of a kernel in a step against its size, median", ratio, "about 0.001"),
        Evidence::new("loss at the end", own, format!("{}, as with the rate {rate}", word(loss))),
    ];
    finding.causes = vec![Cause::LearningRate];
    finding.prescriptions = vec![Prescription::trial(faster)];
    found(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Patient;

    fn slow(loss: f64) -> Patient {
        let mut patient = Patient::healthy(3);
        patient.each(|_, seen| seen.updates.iter_mut().for_each(|u| *u = 2e-7));
        patient.curves.loss = vec![loss; 3];
        patient
    }

    #[test]
    fn small_steps_are_told_where_larger_ones_are_measured_to_learn() {
        let mut patient = slow(1.099);
        let edits = vec![Edit::Set(RATE, 10.0.into())];
        assert_eq!(patient.ask(&CHECK), Outcome::Ask(Question::Train(edits.clone())));
        patient.trains_to(edits, 0.4);
        assert_eq!(patient.told(&CHECK), (Severity::Warning, vec![Cause::LearningRate]));
    }

    #[test]
    fn a_rate_of_0_is_told_and_nothing_else_is() {
        let mut patient = slow(1.2);
        patient.each(|_, seen| seen.updates.iter_mut().for_each(|u| *u = 0.0));
        patient.finishes_at(Vec::new(), 1.2);
        patient.setup.learning_rate = 0.0;
        let opinion = crate::diagnose(&patient.case());
        assert_eq!((opinion.verdict, opinion.findings.len()), (crate::Verdict::Unsure, 1));
        assert_eq!(opinion.findings[0].prescriptions[0].edits, [Edit::Set(RATE, 0.001.into())]);
        // Some callback moved the weights all the same.
        assert!({
            let mut patient = Patient::healthy(3);
            patient.setup.learning_rate = 0.0;
            patient.fine(&CHECK)
        });
    }

    #[test]
    fn a_converged_training_a_falling_loss_and_frozen_weights_say_nothing() {
        let mut patient = slow(1.099);
        patient.trains_to(vec![Edit::Set(RATE, 10.0.into())], 1.09);
        assert!(patient.fine(&CHECK) && slow(0.5).fine(&CHECK) && slow(f64::NAN).fine(&CHECK));
        let mut patient = slow(1.099);
        patient.each(|_, seen| seen.updates.iter_mut().for_each(|u| *u = 0.0));
        assert!(patient.fine(&CHECK) && Patient::healthy(3).fine(&CHECK) && Patient::empty().fine(&CHECK));
    }
}
