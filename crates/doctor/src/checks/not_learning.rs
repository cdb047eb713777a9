//! The loss does not come down, and is no better than a guess.
//!
//! # What it sees
//!
//! The losses of the batches over many steps, beside the loss of the best answer that does not look at the input.
//!
//! # Why it matters
//!
//! After hundreds of steps a network that learns has left the guess behind.
//!
//! # Cause
//!
//! Any of the other findings. Where there is none: labels that have nothing to do with the inputs, or were shuffled apart from
//! them; a rate far too small or too large.
//!
//! # Cure
//!
//! That of its cause. Else: train on 20 samples until they are learnt by heart; what cannot do that is broken.
//!
//! # Evidence
//!
//! ```text
//! 200 steps or more, 30 looks or more behind the first tenth:
//! Mann–Kendall's z = (S ∓ 1)/√(n(n−1)(2n+5)/18) > −1.64   (no fall at the level of 5 %)
//! and the mean loss of the last third > 0.98 · guess
//! guess = −Σ p·ln p for classes, Var[y] for a squared error
//! or the whole planned training, of 200 steps or more, ends above 0.9 · guess and is no more often right than by guessing:
//!   it learns with other draws of its weights, or in four times the epochs:  nothing is said here
//!   with one change alone (batches of 32 where they are below 16; no dropout; no regularizers; kernels for the activation; ELU;
//!   8 times the units where a hidden layer has fewer than 32; half of the layers) it ends below 0.9 · guess and below 0.75 of
//!   its own loss, and does not learn in 2,000 steps or more, those of four times the epochs included where they were run:
//!   sick, and the change tells the cause;  in fewer:  a warning
//!   with none, and above 0.98 · guess:  a warning
//! ```
//!
//! Where all layers are frozen that is said, before any training.
//!
//! What only the training samples show, and not those for validation, was learnt by heart and counts for nothing.
//!
//! Fewer steps are no evidence: 18 steps of Adam at 0.001 hardly move any network. A loss that is below the guess has learnt
//! something, and may rest there. It is a warning: the network may be fine and the data not, so the verdict is "unsure".
//!
//! # Reference
//!
//! Mann 1945; Kendall 1975; Karpathy 2019, "A Recipe for Training Neural Networks".

use super::check::{Check, found};
use crate::case::{Case, Outcome, Question};
use crate::edit::Edit;
use crate::failing::{PATIENCE, Reason, reason, stands};
use crate::finding::{Cause, Evidence, Prescription, Severity};
use crate::learning::{Standing, guess, late, standing, steps_seen};
use crate::looks::{mean, steps, trained, word};

pub(crate) const CHECK: Check =
    Check { code: "SG304", name: "not_learning", source: include_str!("not_learning.rs"), run };

/// Steps after which a network that has not begun to learn will not: enough for an optimizer with steps of 0.001 to carry any
/// weight from anywhere to anywhere.
const ENOUGH: usize = 2000;
/// Causes that another check tells.
const ELSEWHERE: [Cause; 3] = [Cause::LearningRate, Cause::InputScale, Cause::Epochs];
/// Of the loss of a guess.
const GUESS: f64 = 0.98;
/// Steps before anything can be said.
const STEPS: u64 = 200;
/// Looks of them.
const LOOKS: usize = 30;
/// Looks that are compared with each other.
const MOST: usize = 300;

/// Mann and Kendall's measure of a trend: below −1.64 the values fall, at the level of 5 %.
fn trend(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mut s = 0.0;
    for (i, early) in values.iter().enumerate() {
        s += values[i + 1..]
            .iter()
            .map(|late| (late - early).partial_cmp(&0.0).map_or(0.0, |o| o as i8 as f64))
            .sum::<f64>();
    }
    let variance = n * (n - 1.0) * (2.0 * n + 5.0) / 18.0;
    if variance > 0.0 && s != 0.0 { (s - f64::signum(s)) / variance.sqrt() } else { 0.0 }
}

fn run(case: &Case<'_>) -> Outcome {
    let parts = &case.setup.parts;
    if !parts.is_empty() && parts.iter().all(|p| !p.trainable) {
        return frozen(parts.len());
    }
    // A rate of 0 says it all.
    if stands(case) {
        return Outcome::Fine;
    }
    if trained(case) {
        match reason(case) {
            Err(question) => return Outcome::Ask(question),
            Ok(Some(found)) if ELSEWHERE.iter().all(|c| *c != found.cause) => {
                return healed(case, found);
            }
            // Another check tells it.
            Ok(Some(_)) => return Outcome::Fine,
            Ok(None) => {}
        }
        if let Some(outcome) = fails(case) {
            return outcome;
        }
    }
    let Some(guess) = guess(case.setup) else { return Outcome::Fine };
    let all = steps(case);
    let late = case.chart.samples.iter().filter(|s| 10 * s.step >= all);
    let losses: Vec<f64> = late.map(|s| s.loss).collect();
    if all < STEPS || losses.len() < LOOKS || losses.iter().any(|l| !l.is_finite()) {
        return Outcome::Fine;
    }
    let every = losses.len().div_ceil(MOST);
    let z = trend(&losses.iter().copied().step_by(every).collect::<Vec<_>>());
    let Some(end) = mean(&losses[2 * losses.len() / 3..]) else { return Outcome::Fine };
    if z <= -1.64 || end <= GUESS * guess {
        return Outcome::Fine;
    }
    told(
        format!("after {all} steps the loss is {}, and a guess has {}", word(end), word(guess)),
        vec![
            Evidence::new("loss of the last third of the looks", end, below(guess)),
            Evidence::new("trend of the loss (Mann and Kendall's z)", z, "below -1.64"),
        ],
    )
}

/// What a loss must be below to be better than a guess.
fn below(guess: f64) -> String {
    format!("below {}, which is {GUESS} of a guess", word(GUESS * guess))
}

/// Nothing may learn.
fn frozen(layers: usize) -> Outcome {
    let mut finding =
        CHECK.finding(Severity::Warning, "all layers with weights are frozen: nothing can learn");
    finding.evidence = vec![Evidence::new("layers that may learn", 0.0, format!("some of {layers}"))];
    finding.prescriptions = vec![Prescription::advice("set trainable = true where the network is to learn")];
    found(finding)
}

/// It fails, and this change is what it takes.
fn healed(case: &Case<'_>, reason: Reason) -> Outcome {
    // Only what was really trained counts: the fourfold training may have been cut off, or never begun.
    let epochs = (case.setup.epochs as i64).saturating_mul(PATIENCE);
    let longer = case.answer(&Question::Finish(vec![Edit::Set("fit.epochs", epochs.into())]));
    let each = case.setup.samples.div_ceil(case.setup.batch_size.max(1));
    let longest = longer.map_or(0, |a| a.curves.loss.len() * each).max(steps_seen(case));
    let enough = longest >= ENOUGH;
    let mut finding = CHECK.finding(
        if enough { Severity::Sick } else { Severity::Warning },
        format!(
            "in the whole training of {} steps the loss ends at {}; with one thing changed it ends at {}",
            steps_seen(case),
            word(reason.own),
            word(reason.healed)
        ),
    );
    let expected = format!("{} with what is to be tried", word(reason.healed));
    finding.evidence = vec![Evidence::new("loss at the end of the whole training", reason.own, expected)];
    finding.causes = vec![reason.cause];
    finding.prescriptions = vec![Prescription::trial(reason.edit)];
    found(finding)
}

/// It fails to its planned end and is no better than a guess, and nothing that was tried helps.
fn fails(case: &Case<'_>) -> Option<Outcome> {
    let asked = case.answer(&Question::Finish(Vec::new())).map(|a| &a.curves);
    let end = late(&asked.unwrap_or(case.curves).loss)?;
    let failed = standing(case) == Ok(Standing::Fails) && steps_seen(case) >= STEPS as usize;
    let guess = guess(case.setup).filter(|g| failed && end > GUESS * g)?;
    Some(told(
        format!(
            "in the whole training of {} steps the loss ends at {}, and a guess has {}",
            steps_seen(case),
            word(end),
            word(guess)
        ),
        vec![Evidence::new("loss at the end of the whole training", end, below(guess))],
    ))
}

fn told(summary: String, evidence: Vec<Evidence>) -> Outcome {
    let mut finding = CHECK.finding(Severity::Warning, summary);
    finding.evidence = evidence;
    finding.causes = vec![Cause::Labels, Cause::LearningRate];
    finding.prescriptions = vec![Prescription::advice(
        "train on 20 samples until they are learnt by heart, then look at the labels",
    )];
    found(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Patient;

    /// Losses that jump by 0.2, as those of batches do.
    fn noise(step: u64) -> f64 {
        ((step * 7919 + 13) % 101) as f64 / 505.0 - 0.1
    }

    fn trained(looks: u64, every: u64, loss: impl Fn(u64) -> f64) -> Patient {
        let mut patient = Patient::healthy(2);
        let one = patient.chart.samples[0].clone();
        let sample = |i: u64| steadygrad_chart::Sample { step: i * every, ..one.clone() };
        patient.chart.samples = (0..looks).map(sample).collect();
        patient.losses(loss);
        patient
    }

    #[test]
    fn hundreds_of_steps_at_chance_are_told() {
        let patient = trained(60, 10, |s| 1.1 + noise(s));
        assert_eq!(patient.found(&CHECK).severity, Severity::Warning);
    }

    #[test]
    fn few_steps_are_no_evidence() {
        assert!(trained(18, 1, |s| 1.1 + noise(s)).fine(&CHECK));
        assert!(trained(60, 3, |s| 1.1 + noise(s)).fine(&CHECK));
    }

    #[test]
    fn a_slow_fall_a_converged_loss_and_numbers_that_are_none_say_nothing() {
        assert!(trained(60, 10, |s| 1.3 + noise(s) - 4e-4 * s as f64).fine(&CHECK));
        assert!(trained(60, 10, |s| 0.2 + noise(s)).fine(&CHECK));
        assert!(trained(60, 10, |_| f64::NAN).fine(&CHECK));
        assert!(Patient::healthy(2).fine(&CHECK) && Patient::empty().fine(&CHECK));
    }
}
