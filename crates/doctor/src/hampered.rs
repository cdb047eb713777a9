//! Hampered: a network that learns something, and far less than it would without what is wrong.

use crate::case::{Case, Curves, Question};
use crate::finding::{Applicability, Evidence, Finding, Prescription, Severity};
use crate::learning::{STEPS, guess, late, most_common, whole};

/// Of what is learnt in the same time with what is prescribed, the part below which the network is sick.
const PART: f64 = 0.5;
/// Of the loss of the best constant answer, what must be gone with what is prescribed: else it is no cure.
const CURED: f64 = 0.5;
/// Conditions of the flow: what makes learning slow, and is no matter of chance.
const FLOW: [&str; 3] = ["vanishing_gradient", "exploding_gradient", "dead_units"];

/// How much better than the best constant answer a network is: 0 for nothing, 1 for all that there is; by its loss or by its
/// accuracy, whichever says more. A loss of a few answers that are wrong and sure hides many that are right.
fn skill(case: &Case<'_>, guess: f64, loss: f64, metric: Option<f64>) -> f64 {
    let right = most_common(case.setup).zip(metric.filter(|right| *right <= 1.0));
    let by_metric = right.map(|(common, right)| (right - common) / (1.0 - common));
    let by_loss = (guess - loss) / guess;
    by_metric.unwrap_or(by_loss).max(by_loss).clamp(0.0, 1.0)
}

/// The loss at the end of a training, and what was learnt by then, on validation data where there are any.
fn at_the_end(case: &Case<'_>, curves: &Curves, guess: f64) -> Option<(f64, f64)> {
    let end = late(&curves.val_loss).or(late(&curves.loss))?;
    Some((end, skill(case, guess, end, late(&curves.val_metric).or(late(&curves.metric)))))
}

/// What was learnt over the first epochs on average: the area under the curve of learning.
fn on_the_way(case: &Case<'_>, curves: &Curves, guess: f64, epochs: usize) -> Option<f64> {
    let of = |validation: &[f64], training: &[f64]| -> Option<Vec<f64>> {
        let curve = if validation.len() >= epochs { validation } else { training };
        Some(curve.get(..epochs)?.to_vec())
    };
    let loss = of(&curves.val_loss, &curves.loss)?;
    let metric = of(&curves.val_metric, &curves.metric);
    let one = |i: usize| skill(case, guess, loss[i], metric.as_ref().map(|m| m[i]));
    let sum: f64 = (0..epochs).map(one).sum();
    (epochs > 0 && loss.iter().all(|l| l.is_finite())).then_some(sum / epochs as f64)
}

/// How a network that learns stands beside what it could be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rank {
    /// It learns about as much.
    Well,
    /// It learns far less.
    Hampered,
    /// It learns little, and nobody could find out whether it would learn more.
    Open,
}

/// Whether a network with such a finding, that does learn, learns less than half of what it learns with what is prescribed for it.
/// Then the finding gets this as its evidence, and stays what it is.
pub(crate) fn hampered(case: &Case<'_>, findings: &mut [Finding]) -> Result<Rank, Question> {
    let of_flow = |f: &&mut Finding| f.severity == Severity::Sick && FLOW.contains(&f.condition);
    // A loss that falls against targets that nobody knows may be that of the last bias alone.
    if case.setup.targets.is_empty() && findings.iter_mut().any(|f| of_flow(&f)) {
        return Ok(Rank::Open);
    }
    let Some(guess) = guess(case.setup).filter(|_| !case.setup.misread()) else { return Ok(Rank::Well) };
    let Some(finding) = findings.iter_mut().find(of_flow) else { return Ok(Rank::Well) };
    let cure = |p: &&Prescription| p.applicability != Applicability::Advice && !p.edits.is_empty();
    let Some(prescription) = finding.prescriptions.iter().find(cure) else { return Ok(Rank::Well) };
    let own = Question::Finish(Vec::new());
    let own = match case.answer(&own) {
        Some(answer) if answer.curves.loss.len() < case.curves.loss.len() => case.curves,
        Some(answer) => &answer.curves,
        None if whole(case, case.curves) => case.curves,
        None => return Err(own),
    };
    // Nothing learns more than all.
    let seen = |epochs: usize| epochs * case.setup.samples.div_ceil(case.setup.batch_size.max(1)) >= STEPS;
    let cut = !whole(case, own);
    let epochs = own.loss.len();
    let learnt =
        if cut { on_the_way(case, own, guess, epochs) } else { at_the_end(case, own, guess).map(|s| s.1) };
    let Some(learnt) = learnt.filter(|_| !cut || seen(epochs)) else { return Ok(Rank::Open) };
    if learnt >= PART {
        return Ok(Rank::Well);
    }
    let question = Question::Finish(prescription.edits.clone());
    let Some(answer) = case.answer(&question) else { return Err(question) };
    // What was cut off for want of time is compared as far as both were seen.
    if cut || !whole(case, &answer.curves) {
        let epochs = epochs.min(answer.curves.loss.len());
        let both = on_the_way(case, own, guess, epochs).zip(on_the_way(case, &answer.curves, guess, epochs));
        let Some((learnt, more)) = both.filter(|_| seen(epochs)) else { return Ok(Rank::Open) };
        if more < CURED || learnt >= PART * more {
            return Ok(if more < CURED { Rank::Open } else { Rank::Well });
        }
        let what = format!("learnt in the first {epochs} epochs, on average over them");
        let with = format!("{more:.2} with the first thing to try; 0 is a guess, 1 is all");
        finding.evidence.push(Evidence::new(what, learnt, with));
        return Ok(Rank::Hampered);
    }
    let ends = at_the_end(case, own, guess).zip(at_the_end(case, &answer.curves, guess));
    let Some(((loss, learnt), (cured, more))) = ends else { return Ok(Rank::Open) };
    if more < CURED || learnt >= PART * more {
        return Ok(Rank::Well);
    }
    let what = "loss at the end of the whole training";
    finding.evidence.push(Evidence::new(what, loss, format!("{cured:.3} with the first thing to try")));
    Ok(Rank::Hampered)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::Edit;
    use crate::testing::Patient;
    use crate::{Verdict, diagnose};

    /// A network whose gradient is lost, that comes to this loss; and to that one with what is prescribed.
    fn patient(own: f64, cured: f64) -> Patient {
        let mut patient = Patient::healthy(4);
        patient.each(|layer, seen| {
            if layer.whole == "dense_0" && layer.role == "linear" {
                seen.delta = seen.delta.map(|d| d * 1e-3);
            }
        });
        let calm = Patient::healthy(4).case().flows();
        patient.answers.clear();
        let edits = [
            Edit::Initializers,
            Edit::Activation("elu".into()),
            Edit::Normalize("batch_normalization"),
            Edit::Residual,
        ];
        for edit in edits {
            let question = Question::Start(vec![edit]);
            patient.answers.push(crate::Answer {
                question,
                flows: calm.clone(),
                loss: None,
                curves: Curves::default(),
            });
        }
        patient.finishes_at(Vec::new(), own);
        patient.finishes_at(vec![Edit::Initializers], cured);
        patient
    }

    /// The first four of many epochs, with these losses, and with what is prescribed those.
    fn cut(own: [f64; 4], cured: [f64; 4]) -> Verdict {
        let mut patient = patient(0.9, 0.1);
        patient.setup.epochs = 400;
        patient.setup.samples = 100 * patient.setup.batch_size;
        for (answer, losses) in patient.answers.iter_mut().rev().take(2).zip([cured, own]) {
            answer.curves.loss = losses.to_vec();
            answer.curves.metric.clear();
        }
        patient.curves.loss = own[..1].to_vec();
        diagnose(&patient.case()).verdict
    }

    #[test]
    fn a_training_that_was_cut_off_is_compared_as_far_as_it_was_seen() {
        assert_eq!(cut([1.0, 0.95, 0.9, 0.9], [0.4, 0.2, 0.1, 0.1]), Verdict::Sick);
        // Soon as good; and with the cure no better.
        assert_eq!(cut([0.9, 0.4, 0.2, 0.1], [0.4, 0.2, 0.1, 0.1]), Verdict::Healthy);
        assert_eq!(cut([1.0, 0.95, 0.9, 0.9], [1.1, 0.9, 0.8, 0.8]), Verdict::Unsure);
    }

    #[test]
    fn what_learns_far_less_than_it_could_is_sick_and_what_learns_as_much_is_not() {
        // A guess has ln 3 = 1.1.
        for (own, cured, verdict) in [
            (0.9, 0.1, Verdict::Sick),
            (0.1, 0.1, Verdict::Healthy),
            (0.4, 0.1, Verdict::Healthy),
            (0.9, 0.8, Verdict::Healthy),
            (0.9, f64::NAN, Verdict::Unsure),
        ] {
            let opinion = diagnose(&patient(own, cured).case());
            assert!(opinion.questions.is_empty(), "{:?}", opinion.questions);
            assert_eq!(opinion.verdict, verdict, "{own} {cured}: {:?}", opinion.findings);
            assert_eq!(opinion.findings[0].condition, "vanishing_gradient");
        }
    }
}
