//! Hampered: a network that learns something, and far less than it would without what is wrong.

use crate::case::{Case, Curves, Question};
use crate::finding::{Applicability, Evidence, Finding, Prescription, Severity};
use crate::learning::{guess, late, most_common, whole};

/// Of what is learnt in the same time with what is prescribed, the part below which the network is sick.
const PART: f64 = 0.5;
/// Of the loss of the best constant answer, what must be gone with what is prescribed: else it is no cure.
const CURED: f64 = 0.5;
/// Conditions of the flow: what makes learning slow, and is no matter of chance.
const FLOW: [&str; 3] = ["vanishing_gradient", "exploding_gradient", "dead_units"];

/// The loss at the end, and how much better than the best constant answer the network is: 0 for nothing, 1 for all that there
/// is; by its loss or by its accuracy, whichever says more, on validation data where there are any. A loss of a few answers that
/// are wrong and sure hides many that are right.
fn skill(case: &Case<'_>, curves: &Curves, guess: f64) -> Option<(f64, f64)> {
    let end = late(&curves.val_loss).or(late(&curves.loss))?;
    let right = late(&curves.val_metric).or(late(&curves.metric)).filter(|right| *right <= 1.0);
    let by_metric =
        most_common(case.setup).zip(right).map(|(common, right)| (right - common) / (1.0 - common));
    let by_loss = (guess - end) / guess;
    Some((end, by_metric.unwrap_or(by_loss).max(by_loss).clamp(0.0, 1.0)))
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
    let Some(guess) = guess(case.setup).filter(|_| !case.setup.misread()) else { return Ok(Rank::Well) };
    let of_flow = |f: &&mut Finding| f.severity == Severity::Sick && FLOW.contains(&f.condition);
    let Some(finding) = findings.iter_mut().find(of_flow) else { return Ok(Rank::Well) };
    let cure = |p: &&Prescription| p.applicability != Applicability::Advice && !p.edits.is_empty();
    let Some(prescription) = finding.prescriptions.iter().find(cure) else { return Ok(Rank::Well) };
    let own = Question::Finish(Vec::new());
    let own = match case.answer(&own) {
        Some(answer) => &answer.curves,
        None if whole(case, case.curves) => case.curves,
        None => return Err(own),
    };
    // What was cut off for want of time compares nothing; and nothing learns more than all.
    let own = skill(case, own, guess).filter(|_| whole(case, own));
    let Some((loss, learnt)) = own else { return Ok(Rank::Open) };
    if learnt >= PART {
        return Ok(Rank::Well);
    }
    let question = Question::Finish(prescription.edits.clone());
    let Some(answer) = case.answer(&question) else { return Err(question) };
    let cured = skill(case, &answer.curves, guess).filter(|_| whole(case, &answer.curves));
    let Some((cured, more)) = cured else { return Ok(Rank::Open) };
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
