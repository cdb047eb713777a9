//! Why a training fails: the whole of it once more with one thing changed, the smallest change first.

use crate::case::{Case, Question, Spread};
use crate::causes::{NARROW, SMALL_BATCH};
use crate::checks::check::{calm_start, suffers};
use crate::edit::Edit;
use crate::finding::Cause;
use crate::learning::{STEPS, Standing, late, learnt, standing, steps_seen};
use crate::looks::{blew_up, hidden_parts, median, rises, update_ratios};
use crate::targets::only_scaled;

/// The key of the rate.
pub(crate) const RATE: &str = "compile.optimizer.config.learning_rate";
/// A step of the optimizer against the size of the weights, below which a larger rate is tried first: a tenth of what is usual.
const SLOW: f64 = 1e-4;
/// The same, above which much smaller rates are tried.
const LARGE: f64 = 0.1;
/// Draws of the weights that are trained beside the network's own: any that are not usual ones.
const OTHER_SEEDS: [i64; 2] = [90_001, 90_002];
/// So many times the planned epochs a network without any other sign of illness is given.
pub(crate) const PATIENCE: i64 = 4;
/// Of the loss without the change, what is left at most with one that heals.
const BETTER: f64 = 0.75;

/// What makes a failing network learn.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reason {
    /// What was wrong.
    pub cause: Cause,
    /// The change that healed it.
    pub edit: Edit,
    /// By what the rate was multiplied; 1 for all other changes.
    pub rate: f64,
    /// The loss at the end, without the change.
    pub own: f64,
    /// The same with it.
    pub healed: f64,
}

/// A rate without the noise of its last digits.
pub(crate) fn rounded(rate: f64) -> f64 {
    format!("{rate:.3e}").parse().unwrap_or(rate)
}

/// The edit that scales the inputs.
pub(crate) fn scaled() -> Edit {
    Edit::Set("data.scale", "standard".into())
}

/// Inputs whose size or spread may be a reason.
pub(crate) fn far(s: &Spread) -> bool {
    /// Largest and smallest size.
    const SIZES: (f64, f64) = (0.01, 10.0);
    /// The deviation of the widest feature.
    const WIDE: f64 = 3.0;
    /// The widest feature against the narrowest.
    const APART: f64 = 100.0;
    let varied = s.narrowest > 0.0 && s.narrowest.is_finite();
    s.finite
        && s.features > 0
        && s.rms > 0.0
        && (s.rms > SIZES.1 || s.rms < SIZES.0 || varied && s.widest > WIDE && s.widest > APART * s.narrowest)
}

/// The learning rate is 0, and nothing was seen to move.
pub(crate) fn stands(case: &Case<'_>) -> bool {
    case.setup.learning_rate == 0.0 && !case.setup.optimizer.is_empty() && update_ratios(case).is_empty()
}

/// The first change that makes a network learn that does not in all of its planned training; none where it learns, where that is
/// not known, or where nothing that is tried here helps.
pub(crate) fn reason(case: &Case<'_>) -> Result<Option<Reason>, Question> {
    let asked = case.answer(&Question::Finish(Vec::new())).map(|a| &a.curves);
    // Of what does not move nothing else is to blame.
    if stands(case) || standing(case)? != Standing::Fails {
        return Ok(None);
    }
    let curves = asked.unwrap_or(case.curves);
    let own = late(&curves.loss).unwrap_or(f64::NAN);
    if own.is_finite() && steps_seen(case) < STEPS {
        return Ok(None);
    }
    let within = |share: f64, cause: Cause, edit: Edit, rate: f64| -> Result<Option<Reason>, Question> {
        let question = Question::Finish(vec![edit.clone()]);
        let Some(answer) = case.answer(&question) else { return Err(question) };
        let healed = late(&answer.curves.loss).filter(|l| !own.is_finite() || *l < share * own);
        // What is only learnt by heart heals nothing.
        let by_heart = answer.curves.val_loss.iter().copied().fold(f64::INFINITY, f64::min);
        let first = answer.curves.val_loss.first().copied().unwrap_or(f64::INFINITY);
        let holds = answer.curves.val_loss.is_empty() || by_heart < 0.95 * first || by_heart < BETTER * own;
        let learns = learnt(case, &answer.curves) && (holds || !own.is_finite());
        Ok(healed.filter(|_| learns).map(|healed| Reason { cause, edit, rate, own, healed }))
    };
    let heals = |cause: Cause, edit: Edit, rate: f64| within(BETTER, cause, edit, rate);
    let indices = case.looked_at().layers.iter().any(|l| l.class == "Embedding");
    if !case.setup.scaled_inside
        && !indices
        && case.setup.inputs.iter().any(far)
        && let Some(found) = heals(Cause::InputScale, scaled(), 1.0)?
    {
        return Ok(Some(found));
    }
    // Losses of other targets have other units: that check compares them.
    if only_scaled(case)?.is_some() {
        return Ok(None);
    }
    // A flow that is in trouble from the start has causes of its own.
    if suffers(case) && !calm_start(case) && own.is_finite() {
        return Ok(None);
    }
    // Where other draws of the weights learn, by however little, chance is to blame and no setting.
    for seed in OTHER_SEEDS {
        let other = Edit::Set("fit.seed", seed.into());
        if own.is_finite() && within(1.0, Cause::Epochs, other, 1.0)?.is_some() {
            return Ok(None);
        }
    }
    let usual = median(update_ratios(case)).unwrap_or(0.0);
    let rate = case.setup.learning_rate;
    let much = blew_up(case) || rises(case) || usual > LARGE || !own.is_finite();
    let mut tries: Vec<(Cause, Edit, f64)> = Vec::new();
    let rates = |parts: &[f64]| -> Vec<(Cause, Edit, f64)> {
        let one = |&part: &f64| (Cause::LearningRate, Edit::Set(RATE, rounded(rate * part).into()), part);
        parts.iter().filter(|_| rate.is_finite() && rate > 0.0).map(one).collect()
    };
    if usual > 0.0 && usual < SLOW && own.is_finite() {
        // So many times that a step moves the weights by a thousandth, and ten times more.
        let times = 10_f64.powf((1e-3 / usual).log10().round().clamp(1.0, 7.0));
        tries.extend(rates(&[times, 10.0 * times]));
    }
    if own.is_finite() && !much {
        let epochs = (case.setup.epochs as i64).saturating_mul(PATIENCE);
        tries.push((Cause::Epochs, Edit::Set("fit.epochs", epochs.into()), 1.0));
    }
    tries.extend(rates(if much { &[0.1, 0.01, 1e-3, 1e-4] } else { &[0.1] }));
    if case.setup.batch_size < SMALL_BATCH && case.setup.batch_size < case.setup.samples {
        tries.push((Cause::BatchSize, Edit::Set("fit.batch_size", 32.into()), 1.0));
    }
    if case.setup.noisy {
        tries.push((Cause::Regularization, Edit::NoDropout, 1.0));
    }
    if case.setup.regularized {
        tries.push((Cause::Regularization, Edit::NoRegularization, 1.0));
    }
    if own.is_finite() && !case.setup.loaded && hidden_parts(case).iter().any(|p| p.wanted.is_some()) {
        tries.push((Cause::Initializer, Edit::Initializers, 1.0));
        tries.push((Cause::Activation, Edit::Activation("elu".into()), 1.0));
    }
    if own.is_finite() && !case.setup.loaded {
        if hidden_parts(case).iter().any(|p| p.units < NARROW) {
            tries.push((Cause::Width, Edit::Width(8), 1.0));
        }
        if hidden_parts(case).len() > 4 && hidden_parts(case).iter().any(|p| p.wanted.is_some()) {
            tries.push((Cause::Depth, Edit::Depth(0.5), 1.0));
        }
    }
    if own.is_finite() && !much && usual >= SLOW {
        tries.extend(rates(&[10.0]));
    }
    for (cause, edit, times) in tries {
        if let Some(found) = heals(cause, edit, times)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Patient;

    /// Fails in all of its 20 epochs, calmly, and so do other draws of its weights.
    fn failing() -> Patient {
        let mut patient = Patient::healthy(3);
        patient.curves.loss = vec![1.1; 3];
        patient.finishes_at(Vec::new(), 1.1);
        OTHER_SEEDS.iter().for_each(|s| patient.finishes_at(vec![Edit::Set("fit.seed", (*s).into())], 1.1));
        patient
    }

    fn edit(question: Result<Option<Reason>, Question>) -> Edit {
        match question {
            Err(Question::Finish(mut edits)) => edits.remove(0),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_smallest_change_that_heals_is_the_cause() {
        let mut patient = failing();
        let mut asked = Vec::new();
        loop {
            let next = edit(reason(&patient.case()));
            asked.push(next.clone());
            patient.finishes_at(vec![next.clone()], if next == Edit::Initializers { 0.3 } else { 1.1 });
            if let Ok(found) = reason(&patient.case()) {
                let found = found.unwrap();
                assert_eq!(
                    (found.cause, found.edit, found.rate),
                    (Cause::Initializer, Edit::Initializers, 1.0)
                );
                break;
            }
        }
        assert_eq!(asked.len(), 3, "more epochs, a smaller rate, other weights: {asked:?}");
    }

    /// What is asked until this edit heals, that included, and the cause that it tells.
    fn asked_until(patient: &mut Patient, heals: &Edit) -> (Vec<Edit>, Cause) {
        let mut asked = Vec::new();
        loop {
            let next = edit(reason(&patient.case()));
            asked.push(next.clone());
            patient.finishes_at(vec![next.clone()], if next == *heals { 0.3 } else { 1.1 });
            if let Ok(found) = reason(&patient.case()) {
                return (asked, found.unwrap().cause);
            }
        }
    }

    #[test]
    fn noise_penalties_batches_and_width_are_tried_where_there_are_such() {
        let batch = Edit::Set("fit.batch_size", 32.into());
        let all = |p: &mut Patient| {
            (p.setup.batch_size, p.setup.noisy, p.setup.regularized) = (4, true, true);
        };
        for (heals, cause) in [
            (batch.clone(), Cause::BatchSize),
            (Edit::NoDropout, Cause::Regularization),
            (Edit::NoRegularization, Cause::Regularization),
            (Edit::Width(8), Cause::Width),
        ] {
            let mut patient = failing();
            all(&mut patient);
            assert_eq!(asked_until(&mut patient, &heals).1, cause, "{heals}");
        }
        let (asked, _) = asked_until(&mut failing(), &Edit::Width(8));
        for edit in [batch, Edit::NoDropout, Edit::NoRegularization] {
            assert!(!asked.contains(&edit), "{asked:?}");
        }
    }

    #[test]
    fn what_other_draws_or_more_epochs_learn_has_no_cause_in_the_network() {
        let mut patient = failing();
        patient.finishes_at(vec![Edit::Set("fit.seed", OTHER_SEEDS[1].into())], 0.3);
        assert_eq!(reason(&patient.case()), Ok(None));
        let mut patient = failing();
        patient.finishes_at(vec![Edit::Set("fit.epochs", 80.into())], 0.3);
        assert_eq!(reason(&patient.case()).unwrap().unwrap().cause, Cause::Epochs);
    }

    #[test]
    fn what_learns_few_steps_and_nobody_who_trains_give_no_reason() {
        assert_eq!(reason(&Patient::healthy(3).case()), Ok(None));
        assert_eq!(reason(&Patient::empty().case()), Ok(None));
        let mut patient = failing();
        patient.setup.samples = 64;
        assert_eq!(reason(&patient.case()), Ok(None));
    }

    #[test]
    fn what_is_learnt_by_heart_heals_nothing() {
        let mut patient = failing();
        for times in [vec![Edit::Set("fit.epochs", 80.into())], vec![Edit::Set(RATE, 1e-4.into())]] {
            patient.finishes_at(times, 1.1);
        }
        patient.finishes_at(vec![Edit::Initializers], 0.3);
        let last = patient.answers.last_mut().unwrap();
        last.curves.val_loss = vec![1.1, 1.2, 1.4];
        assert_eq!(edit(reason(&patient.case())), Edit::Activation("elu".into()));
    }
}
