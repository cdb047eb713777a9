//! Whether a network learns: its loss against that of the best answer that does not look at the input.

use crate::case::{Case, Curves, Question, Setup};
use crate::looks::median;

/// Of the loss of the best constant answer, what a network has at most that learnt something: a tenth is more than the noise
/// between epochs, and far less than any network that is of use gains.
const LEARNT: f64 = 0.9;
/// Of the loss at the start, the same where the best constant answer is not known.
const GONE: f64 = 0.8;
/// Of what the best constant answer gets wrong, the part that is right, where the loss alone does not show it: a fifth.
const RIGHT: f64 = 0.2;
/// The epochs at the end that count together, so that no single one decides.
const LAST: usize = 5;
/// Steps that a training has to have before it is told that it does not learn.
pub const STEPS: usize = 200;

/// What is known of the training.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It was not trained.
    NotSeen,
    /// It learns.
    Learns,
    /// It does not, in all the epochs that are planned.
    Fails,
    /// It does not in what was seen, and that was a part.
    Open,
}

/// The loss of the best constant answer, where that is known.
pub(crate) fn guess(setup: &Setup) -> Option<f64> {
    let [target] = &setup.targets[..] else { return None };
    // A guess is known for the plain mean alone.
    if setup.weighted {
        return None;
    }
    let two = target.features == 1 && target.whole && target.least == 0.0 && target.most == 1.0;
    let labels = target.features == 1 && target.whole && target.distinct > 1;
    let guess = match setup.loss.as_str() {
        "BinaryCrossentropy" if two => Some(target.entropy),
        "SparseCategoricalCrossentropy" if setup.outputs > 1 && labels => Some(target.entropy),
        "CategoricalCrossentropy" if setup.outputs > 1 && target.features > 1 => Some(target.entropy),
        "MeanSquaredError" if target.features == 1 => Some(target.rms.powi(2) - target.mean.powi(2)),
        _ => None,
    };
    guess.filter(|g| g.is_finite() && *g > 0.0 && target.finite)
}

/// The accuracy of the best constant answer, where the metric is one.
pub(crate) fn most_common(setup: &Setup) -> Option<f64> {
    let [target] = &setup.targets[..] else { return None };
    let classes = setup.loss.contains("Crossentropy") && target.whole && target.least >= 0.0;
    Some(target.common).filter(|c| classes && 0.0 < *c && *c < 1.0)
}

/// The middle one of the last values of a curve; none where one of them is not finite.
pub(crate) fn late(curve: &[f64]) -> Option<f64> {
    let late = &curve[curve.len().saturating_sub(LAST)..];
    // What is NaN once is lost, and must not fall out of the median.
    if late.iter().any(|x| !x.is_finite()) { None } else { median(late.iter().copied()) }
}

/// These losses are those of a network that learnt: at their end, and not in one lucky epoch.
pub(crate) fn learnt(case: &Case<'_>, curves: &Curves) -> bool {
    let Some(end) = late(&curves.loss) else { return false };
    let start = case.flows().first().map(|f| f.loss).filter(|l| l.is_finite());
    let by_loss = match guess(case.setup) {
        Some(guess) => end < LEARNT * guess,
        None => start.is_some_and(|start| end < start - (1.0 - GONE) * start.abs()),
    };
    // A loss that takes numbers for probabilities is low without anything being learnt.
    let by_loss = by_loss && !case.setup.misread();
    let by_metric = match (most_common(case.setup), late(&curves.metric)) {
        (Some(common), Some(right)) => right <= 1.0 && right - common > RIGHT * (1.0 - common),
        _ => false,
    };
    by_loss || by_metric
}

/// The whole of what is planned was seen, or it ended in numbers that are none.
pub(crate) fn whole(case: &Case<'_>, curves: &Curves) -> bool {
    let lost = curves.loss.last().is_some_and(|l| !l.is_finite());
    lost || !curves.loss.is_empty() && curves.loss.len() >= case.setup.epochs
}

/// What a whole training that did not learn is: one that fails, or where nobody knows what a guess would have, one whose loss is
/// no lower than at its start.
fn failed(case: &Case<'_>, curves: &Curves) -> Standing {
    let start = case.flows().first().map_or(f64::NAN, |f| f.loss);
    match late(&curves.loss) {
        Some(end) if guess(case.setup).is_none() && end < start - 0.02 * start.abs() => Standing::Open,
        _ => Standing::Fails,
    }
}

/// Whether it learns: by what was watched, or where that was too short by the whole training, which is asked for.
pub(crate) fn standing(case: &Case<'_>) -> Result<Standing, Question> {
    if case.chart.samples.len() < 2 && case.curves.loss.is_empty() {
        return Ok(Standing::NotSeen);
    }
    let question = Question::Finish(Vec::new());
    let asked =
        case.answer(&question).map(|a| &a.curves).filter(|c| whole(case, c) && !whole(case, case.curves));
    if let Some(curves) = asked {
        return Ok(if learnt(case, curves) { Standing::Learns } else { failed(case, curves) });
    }
    if learnt(case, case.curves) {
        return Ok(Standing::Learns);
    }
    if whole(case, case.curves) {
        return Ok(failed(case, case.curves));
    }
    let Some(answer) = case.answer(&question) else { return Err(question) };
    Ok(if learnt(case, &answer.curves) {
        Standing::Learns
    } else if whole(case, &answer.curves) {
        failed(case, &answer.curves)
    } else {
        Standing::Open
    })
}

/// Steps that were seen, watched or in answer to a question.
pub(crate) fn steps_seen(case: &Case<'_>) -> usize {
    let own = case.answer(&Question::Finish(Vec::new())).map_or(0, |a| a.curves.loss.len());
    let each = case.setup.samples.div_ceil(case.setup.batch_size.max(1));
    case.curves.loss.len().max(own) * each
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Patient, labels};

    #[test]
    fn rare_classes_have_a_lower_guess() {
        let mut setup = Patient::healthy(2).setup;
        (setup.loss, setup.outputs) = ("BinaryCrossentropy".into(), 1);
        let rare: Vec<f32> = (0..100).map(|i| f32::from(u8::from(i % 20 == 0))).collect();
        setup.targets = vec![crate::Spread::of(&rare, 100)];
        assert!((guess(&setup).unwrap() - 0.1985).abs() < 1e-4);
        setup.targets = vec![crate::Spread::of(&[0.0; 100], 100)];
        assert_eq!(guess(&setup), None);
        setup.targets = vec![crate::Spread { entropy: f64::NAN, ..labels(2) }];
        assert_eq!(guess(&setup), None);
    }

    #[test]
    fn a_loss_under_the_guess_has_learnt_whatever_it_began_with() {
        let mut patient = Patient::healthy(2);
        patient.answers.clear();
        assert_eq!(standing(&patient.case()), Ok(Standing::Learns));
        // From far above down to the guess is no learning.
        patient.curves.loss = vec![900.0, 30.0, 1.09];
        patient.setup.epochs = 3;
        assert_eq!(standing(&patient.case()), Ok(Standing::Fails));
        // One lucky epoch is none, and one that is no number is the end.
        patient.curves.loss = vec![1.1, 0.5, 1.1, 1.1];
        assert_eq!(standing(&patient.case()), Ok(Standing::Fails));
        patient.curves.loss = vec![0.5, 0.4, f64::NAN];
        assert_eq!(standing(&patient.case()), Ok(Standing::Fails));
        assert_eq!(standing(&Patient::empty().case()), Ok(Standing::NotSeen));
    }

    #[test]
    fn a_loss_that_runs_away_may_still_be_right() {
        let mut patient = Patient::healthy(2);
        patient.answers.clear();
        (patient.curves.loss, patient.curves.metric) = (vec![90.0; 4], vec![0.9; 4]);
        assert_eq!(standing(&patient.case()), Ok(Standing::Learns));
        patient.curves.metric = vec![0.4; 4];
        assert_eq!(standing(&patient.case()), Err(Question::Finish(Vec::new())));
    }

    #[test]
    fn a_part_of_the_training_is_finished_by_asking() {
        let mut patient = Patient::healthy(2);
        patient.answers.clear();
        patient.curves.loss = vec![1.1; 3];
        assert_eq!(standing(&patient.case()), Err(Question::Finish(Vec::new())));
        patient.finishes_at(Vec::new(), 1.1);
        assert_eq!(standing(&patient.case()), Ok(Standing::Fails));
        patient.answers.clear();
        patient.finishes_at(Vec::new(), 0.3);
        assert_eq!(standing(&patient.case()), Ok(Standing::Learns));
        patient.answers[0].curves.loss = vec![1.1; 8];
        assert_eq!(standing(&patient.case()), Ok(Standing::Open));
        assert_eq!(steps_seen(&patient.case()), 160);
    }
}
