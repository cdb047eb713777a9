//! The steps are too large.
//!
//! # What it sees
//!
//! How far each step moves the weights against their size, and whether the loss comes down. Where the steps are large or the loss
//! does not fall, the same network is trained with a smaller rate, and compared.
//!
//! # Why it matters
//!
//! A step that is longer than the valley is wide ends higher than it began. The loss jumps, rectifiers die, and numbers run to
//! infinity.
//!
//! # Cause
//!
//! A rate that is right for another optimizer or another size of the data.
//!
//! # Cure
//!
//! A tenth of the rate, or what the comparison found; a warm-up; clipping against rare jumps.
//!
//! # Evidence
//!
//! ```text
//! ‖ΔW‖/‖W‖ > 0.1 in the median of the looks or > 1 in one, or the loss at the end > 1.2 of that at the start, or not finite:
//! train with a tenth of the rate, and a hundredth and a thousandth where nothing was learnt;  found only if one ends lower by 5 %
//! the loss rose, is not finite or has not come down by 2 %:  sick;  else a warning
//! a training that fails to its planned end, and learns with a part of the rate:  sick
//! nobody can train it again, a step was > 1, and the loss rose or is not finite:  sick
//! ```
//!
//! 0.1 is the upper end of TheDeepChecker and torchmortem; about 0.001 is usual. The comparison decides where there can be one, not the
//! number. Where the flow is in trouble before the first step, that comes first, and nothing is said here.
//!
//! # Reference
//!
//! Goodfellow, Bengio and Courville 2016, section 11.4.1; LeCun, Bottou, Orr and Müller 1998.

use super::check::{Check, calm_start, found};
use crate::case::{Case, Outcome, Question};
use crate::edit::Edit;
use crate::failing::{RATE, reason, rounded};
use crate::finding::{Cause, Evidence, Prescription, Severity};
use crate::looks::{blew_up, last_loss, median, rises, stuck, trained, update_ratios, word};

pub(crate) const CHECK: Check = Check {
    code: "SG301",
    name: "learning_rate_too_high",
    source: include_str!("learning_rate_too_high.rs"),
    run,
};

fn run(case: &Case<'_>) -> Outcome {
    let rate = case.setup.learning_rate;
    if !trained(case) && !blew_up(case) || !calm_start(case) || !(rate.is_finite() && rate > 0.0) {
        return Outcome::Fine;
    }
    let ratios = update_ratios(case);
    let usual = median(ratios.iter().copied()).unwrap_or(0.0);
    let most = ratios.iter().copied().fold(0.0, f64::max);
    let large = usual > 0.1 || most > 1.0;
    let lost = blew_up(case) || rises(case);
    if lost || large {
        match compare(case, lost, usual, most) {
            Outcome::Fine => {}
            other => return other,
        }
    }
    // Large steps may learn at first, and fall off the edge later.
    let whole = Question::Finish(Vec::new());
    if large && !lost && case.curves.loss.len() < case.setup.epochs && case.answer(&whole).is_none() {
        return Outcome::Ask(whole);
    }
    match reason(case) {
        Err(question) => Outcome::Ask(question),
        Ok(Some(found)) if found.cause == Cause::LearningRate && found.rate < 1.0 => {
            let ends = Ends { part: 1.0 / found.rate, own: found.own, loss: found.healed, usual, most };
            told(case, Severity::Sick, ends, found.edit)
        }
        Ok(_) => Outcome::Fine,
    }
}

/// The same steps with a smaller rate, beside those that were watched.
fn compare(case: &Case<'_>, lost: bool, usual: f64, most: f64) -> Outcome {
    let rate = case.setup.learning_rate;
    let Some(own) = last_loss(case) else { return Outcome::Fine };
    let sick = lost || stuck(case);
    // Where nothing was learnt a tenth may not be enough; the best of three is told.
    let parts: &[f64] = if sick { &[10.0, 100.0, 1000.0] } else { &[10.0] };
    let mut best: Option<(f64, f64, Edit)> = None;
    for &part in parts {
        let slower = Edit::Set(RATE, rounded(rate / part).into());
        let question = Question::Train(vec![slower.clone()]);
        let Some(answer) = case.answer(&question) else { return Outcome::Ask(question) };
        if answer.loss.is_none() && lost {
            return by_steps(case, own, usual, most);
        }
        let lower = |l: &f64| l.is_finite() && best.as_ref().is_none_or(|(_, least, _)| l < least);
        if let Some(loss) = answer.loss.filter(lower) {
            best = Some((part, loss, slower));
        }
    }
    let Some((part, loss, slower)) = best.filter(|b| !own.is_finite() || b.1 < own - 0.05 * own.abs()) else {
        return Outcome::Fine;
    };
    let severity = if sick { Severity::Sick } else { Severity::Warning };
    told(case, severity, Ends { part, own, loss, usual, most }, slower)
}

/// Nobody could try a smaller rate: steps far larger than usual and a loss that is lost are evidence enough.
fn by_steps(case: &Case<'_>, own: f64, usual: f64, most: f64) -> Outcome {
    const LEAPS: f64 = 1.0;
    const FINE: f64 = 0.01;
    if most <= LEAPS {
        return Outcome::Fine;
    }
    let first = update_ratios(case).first().copied().unwrap_or(most).clamp(0.1, 1e12);
    let rate = rounded(case.setup.learning_rate / 10_f64.powf((first / FINE).log10().ceil()));
    let what =
        format!("a step changes a kernel by up to {} times its size, and the loss goes up", word(most));
    let mut finding = CHECK.finding(Severity::Sick, what);
    finding.evidence = vec![
        Evidence::new("loss at the end", own, "below that at the start"),
        Evidence::new(
            "change of a kernel in a step against its size, median",
            usual,
            "about 0.001, below 0.1",
        ),
        Evidence::new("the same, largest", most, "below 1"),
    ];
    finding.causes = vec![Cause::LearningRate];
    finding.prescriptions = vec![Prescription::trial(Edit::Set(RATE, rate.into()))];
    found(finding)
}

/// How the training ends as it is, and with a part of the rate.
struct Ends {
    part: f64,
    own: f64,
    loss: f64,
    usual: f64,
    most: f64,
}

fn told(case: &Case<'_>, severity: Severity, ends: Ends, slower: Edit) -> Outcome {
    let Ends { part, own, loss, usual, most } = ends;
    let mut finding = CHECK.finding(
        severity,
        format!(
            "with 1/{part:.0} of the learning rate the loss ends at {} and not at {}",
            word(loss),
            word(own)
        ),
    );
    let rate = rounded(case.setup.learning_rate / part);
    finding.evidence = vec![
        Evidence::new("loss at the end", own, format!("{}, as with the rate {rate}", word(loss))),
        Evidence::new(
            "change of a kernel in a step against its size, median",
            usual,
            "about 0.001, below 0.1",
        ),
        Evidence::new("the same, largest", most, "below 1"),
    ];
    finding.causes = vec![Cause::LearningRate];
    finding.prescriptions = vec![Prescription::trial(slower)];
    found(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Patient;

    fn slower(part: f64) -> Vec<Edit> {
        vec![Edit::Set(RATE, rounded(1e-3 / part).into())]
    }

    #[test]
    fn a_rising_loss_asks_and_only_a_lower_end_convicts() {
        let mut patient = Patient::healthy(3);
        assert!(patient.fine(&CHECK));
        patient.curves.loss = vec![2.0, 3.0, 5.0];
        assert_eq!(patient.ask(&CHECK), Outcome::Ask(Question::Train(slower(10.0))));
        patient.trains_to(slower(10.0), 2.0);
        assert_eq!(patient.ask(&CHECK), Outcome::Ask(Question::Train(slower(100.0))));
        patient.trains_to(slower(100.0), 0.5);
        patient.trains_to(slower(1000.0), 1.0);
        assert_eq!(patient.told(&CHECK), (Severity::Sick, vec![Cause::LearningRate]));
        assert_eq!(patient.found(&CHECK).prescriptions[0].edits, slower(100.0));
        patient = patient.forgotten();
        for part in [10.0, 100.0, 1000.0] {
            patient.trains_to(slower(part), 5.0);
        }
        assert!(patient.fine(&CHECK));
    }

    #[test]
    fn where_nobody_can_try_another_rate_the_steps_themselves_are_evidence() {
        for (update, verdict) in [(1e-3, false), (0.5, false), (20.0, true)] {
            let mut patient = Patient::healthy(3);
            patient.curves.loss = vec![2.0, 3.0, 5.0];
            patient.each(|_, seen| seen.updates.iter_mut().for_each(|u| *u = update));
            patient.nobody_answers(Question::Train(slower(10.0)));
            let outcome = patient.ask(&CHECK);
            let Outcome::Found(found) = &outcome else {
                assert!(!verdict, "{update}: {outcome:?}");
                continue;
            };
            assert!(verdict, "{update}");
            assert_eq!((found.severity, &found.causes[..]), (Severity::Sick, &[Cause::LearningRate][..]));
            // So much smaller that a step is a hundredth of the weights, in a power of ten.
            assert_eq!(found.prescriptions[0].edits, slower(1e4));
        }
    }

    #[test]
    fn large_steps_that_learn_are_a_warning_at_most() {
        let mut patient = Patient::healthy(3);
        patient.each(|_, seen| seen.updates.iter_mut().for_each(|u| *u = 0.3));
        assert_eq!(patient.ask(&CHECK), Outcome::Ask(Question::Train(slower(10.0))));
        patient.trains_to(slower(10.0), 0.8);
        assert!(patient.fine(&CHECK));
        patient = patient.forgotten();
        patient.trains_to(slower(10.0), 0.2);
        assert_eq!(patient.found(&CHECK).severity, Severity::Warning);
    }

    #[test]
    fn nan_is_convicted_by_a_smaller_rate_and_a_sick_start_is_another_s() {
        let mut patient = Patient::healthy(3);
        patient.curves.loss = vec![f64::NAN];
        for (part, loss) in [(10.0, f64::NAN), (100.0, 0.5), (1000.0, 0.9)] {
            patient.trains_to(slower(part), loss);
        }
        assert_eq!(patient.found(&CHECK).severity, Severity::Sick);
        patient.each(|layer, seen| {
            if layer.whole == "dense_0" {
                seen.delta = Some(1e9)
            }
        });
        assert!(patient.fine(&CHECK) && Patient::empty().fine(&CHECK));
    }
}
