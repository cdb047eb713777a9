//! A value is NaN or infinite.
//!
//! # What it sees
//!
//! The first value that is not a finite number: its step, its layer, and whether it was in the data, on the way forward, in the
//! loss, on the way back, or in the update.
//!
//! # Why it matters
//!
//! Everything computed from it is NaN too; after the next update so are all weights. Nothing learnt from there on is worth
//! anything.
//!
//! # Cause
//!
//! Before the first update: activations or weights that let the signal grow beyond what a float can hold, or data that is NaN
//! itself. After some updates: steps that are too large.
//!
//! # Cure
//!
//! Follow the first place, not the loss: what comes later is consequence. Clean the data; use an initializer and an activation
//! that keep the signal's size; lower the learning rate; clip by the global norm.
//!
//! # Evidence
//!
//! ```text
//! the first value v with v ≠ v or |v| = ∞, tested before anything is compared (a comparison with NaN is always false)
//! ```
//!
//! # Reference
//!
//! Goodfellow, Bengio and Courville 2016, section 8.2.4.

use super::check::{Check, calm_start};
use crate::case::{Case, Outcome, Question};
use crate::causes;
use crate::edit::Edit;
use crate::failing::{RATE, rounded};
use crate::finding::{Cause, Evidence, Finding, Prescription, Severity};
use crate::forecast::TRAINABLE;
use crate::looks::{clip_bound, update_ratios};
use steadygrad_chart::{Phase, Sick};

pub(crate) const CHECK: Check =
    Check { code: "SG100", name: "non_finite", source: include_str!("non_finite.rs"), run };

fn run(case: &Case<'_>) -> Outcome {
    // Half of the draws: one unlucky one is not the network's fault, unless it is the patient's own.
    let sick: Vec<&Sick> = case.draws.iter().filter_map(|c| c.first_non_finite.as_ref()).collect();
    let own = case.draws.first().and_then(|c| c.first_non_finite.as_ref());
    let often = 2 * sick.len() >= case.draws.len().max(1);
    let start = own.or_else(|| sick.first().copied().filter(|_| often));
    let Some(first) = start.or(case.chart.first_non_finite.as_ref()) else { return Outcome::Fine };
    let (causes, prescriptions) = if first.phase == Phase::Input {
        (vec![Cause::InputScale], vec![Prescription::advice("take NaN and infinite values out of the data")])
    } else {
        match why(case, start.is_some()) {
            Ok(known) => known,
            Err(question) => return Outcome::Ask(question),
        }
    };
    let place = match first.phase {
        Phase::Update => first.place.split('/').next().unwrap_or(&first.place).to_string(),
        _ => first.place.clone(),
    };
    Outcome::Found(Box::new(Finding {
        code: CHECK.code,
        condition: CHECK.name,
        severity: Severity::Sick,
        summary: format!("the first value that is not finite: {first}"),
        layers: vec![place],
        evidence: vec![Evidence::new(
            "step of the first value that is not finite",
            first.step as f64,
            "none",
        )],
        causes,
        prescriptions,
        follows_from: None,
    }))
}

/// What a step changes of a kernel against its size, from which on it leaps.
const LEAP: f64 = 1.0;
/// The same where a training goes well, at the most.
const USUAL: f64 = 0.01;

fn why(case: &Case<'_>, start: bool) -> Result<(Vec<Cause>, Vec<Prescription>), Question> {
    let (mut causes, mut cures) = causes::of_flow(case)?;
    // First steps larger than the weights blow up whatever they begin with.
    let first = update_ratios(case).first().copied().unwrap_or(0.0);
    let leaps = first > LEAP && calm_start(case);
    let troubled = || case.flows().iter().any(|f| f.trouble(TRAINABLE, case.growth()).is_some());
    if start || !leaps && !causes.is_empty() && troubled() {
        return Ok((causes, cures));
    }
    // It began well: then it is the steps.
    (causes, cures) = (Vec::new(), Vec::new());
    let rate = case.setup.learning_rate;
    let slower = Edit::Set(RATE, rounded(rate / 10.0).into());
    let question = Question::Train(vec![slower.clone()]);
    match case.answer(&question) {
        // Of a rate that is not known there is no tenth.
        None if !(rate.is_finite() && rate > 0.0) => {}
        None => return Err(question),
        Some(answer) if answer.loss.is_some_and(f64::is_finite) => {
            causes.push(Cause::LearningRate);
            cures.push(Prescription::trial(slower));
        }
        // Nobody could try it: the steps that were seen are evidence enough.
        Some(answer) if answer.loss.is_none() && leaps => {
            let part = 10_f64.powf((first / USUAL).log10().ceil());
            let slower = Edit::Set(RATE, rounded(rate / part).into());
            causes.push(Cause::LearningRate);
            cures.push(Prescription::trial(slower));
        }
        Some(_) => {}
    }
    let bound = clip_bound(case.chart).map_or(1.0, |(_, bound)| bound);
    cures.push(Prescription::trial(Edit::Set("compile.optimizer.config.global_clipnorm", bound.into())));
    Ok((causes, cures))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Patient;

    fn lost(update: f64, rate: f64) -> (Vec<Cause>, Vec<Vec<Edit>>) {
        let mut patient = Patient::healthy(3);
        patient.setup.learning_rate = rate;
        patient.each(|_, seen| seen.updates.iter_mut().for_each(|u| *u = update));
        patient.chart.first_non_finite =
            Some(Sick { step: 7, place: "dense_1".into(), phase: Phase::Forward });
        patient.nobody_answers(Question::Train(vec![Edit::Set(RATE, rounded(rate / 10.0).into())]));
        let found = patient.found(&CHECK);
        (found.causes, found.prescriptions.into_iter().map(|p| p.edits).collect())
    }

    #[test]
    fn where_nobody_can_try_another_rate_leaps_are_blamed_on_it() {
        let (causes, cures) = lost(50.0, 0.1);
        assert_eq!(causes, [Cause::LearningRate]);
        assert_eq!(cures[0], [Edit::Set(RATE, 1e-5.into())]);
        // Small steps, or a rate that nobody knows: no cause is named.
        assert_eq!(lost(1e-3, 0.1).0, []);
        assert_eq!(lost(50.0, f64::NAN).0, []);
    }
}
