//! The inputs are far from unit size.
//!
//! # What it sees
//!
//! Size and spread of the inputs, where no normalization or scaling stands before the first weights.
//!
//! # Why it matters
//!
//! The first layer's sums and its gradient both grow with the inputs. A rate that is right for the other layers is far too large
//! for it, and bounded activations saturate at once. Where one feature is a thousand times another, no rate is right for both.
//!
//! # Cause
//!
//! Raw data: bytes from 0 to 255, prices, years.
//!
//! # Cure
//!
//! data.scale = "standard": every feature to mean 0 and deviation 1; or a BatchNormalization or Rescaling as first layer.
//!
//! # Evidence
//!
//! ```text
//! √E[x²] > 10 or < 0.01, or σ > 3 in the widest feature and 100 times as much as in the narrowest:  a warning
//! the network is in trouble, or fails to the planned end of its training, and does not on scaled inputs (measured):  sick
//! ```
//!
//! 10 is the limit of AutoTrainer; UMLAUT's, the range from −1 to 1, accuses standardized data. Indices that an Embedding reads
//! are no sizes. A pixel that is hardly ever lit varies little and does no harm, so the widest feature must be wide by itself.
//!
//! # Reference
//!
//! LeCun, Bottou, Orr and Müller 1998, section 4.3.

use super::check::{Check, calm_start, found};
use crate::case::{Case, Outcome, Question};
use crate::failing::{far, reason, scaled};
use crate::finding::{Cause, Evidence, Prescription, Severity};
use crate::flow::Flow;
use crate::forecast::TRAINABLE;
use crate::looks::{blew_up, last_loss, rises, stuck, trained, word};

pub(crate) const CHECK: Check =
    Check { code: "SG203", name: "unscaled_input", source: include_str!("unscaled_input.rs"), run };

fn run(case: &Case<'_>) -> Outcome {
    let setup = case.setup;
    let indices = case.looked_at().layers.iter().any(|l| l.class == "Embedding");
    let worst = setup.inputs.iter().filter(|s| far(s)).max_by(|a, b| a.rms.total_cmp(&b.rms));
    let same = setup
        .inputs
        .iter()
        .find(|s| s.finite && s.features > 0 && s.constant == s.features && setup.samples > 1);
    if let Some(same) = same {
        let mut finding = CHECK.finding(
            Severity::Warning,
            "an input is the same for all samples: nothing can be learnt from it",
        );
        finding.evidence = vec![Evidence::new(
            "features that differ between samples",
            0.0,
            format!("some of {}", same.features),
        )];
        finding.causes = vec![Cause::InputScale];
        finding.prescriptions = vec![Prescription::advice("check how the data is read")];
        return found(finding);
    }
    let Some(worst) = worst.filter(|_| !setup.scaled_inside && !indices) else { return Outcome::Fine };
    let cure = scaled();
    let mut evidence = vec![
        Evidence::new("root of the mean square of the inputs", worst.rms, "from 0.01 to 10, best about 1"),
        Evidence::new(
            "widest feature against the narrowest",
            worst.widest / worst.narrowest,
            "below 100, where it varies by more than 3",
        ),
    ];
    let mut sick = false;
    if !calm_start(case) {
        let question = Question::Start(vec![cure.clone()]);
        let Some(answer) = case.answer(&question) else { return Outcome::Ask(question) };
        let calm = |flows: &[Flow]| Case::share(flows, |f| f.trouble(TRAINABLE, case.growth()).is_none());
        let (own, healed) = (calm(&case.flows()), calm(&answer.flows));
        sick = healed >= 0.75;
        if sick {
            evidence.push(Evidence::new(
                "share of the draws of the weights without trouble",
                own,
                format!("{} on scaled inputs", word(healed)),
            ));
        }
    }
    let mut tried = false;
    if calm_start(case) && trained(case) && (blew_up(case) || rises(case) || stuck(case)) {
        let question = Question::Train(vec![cure.clone()]);
        let Some(answer) = case.answer(&question) else { return Outcome::Ask(question) };
        // What blows up on scaled inputs too is not healed by scaling them.
        tried = answer.loss.is_some_and(|l| !l.is_finite());
        if let (Some(scaled), Some(own)) = (answer.loss.filter(|l| l.is_finite()), last_loss(case)) {
            // Below what it was, and by more than chance.
            sick = !own.is_finite() || scaled < own - 0.1 * own.abs();
            if sick {
                let expected = format!("{} on scaled inputs", word(scaled));
                evidence.push(Evidence::new("loss after the steps that were watched", own, expected));
            }
        }
    }
    match if sick || tried { Ok(None) } else { reason(case) } {
        Err(question) => return Outcome::Ask(question),
        Ok(Some(found)) if found.cause == Cause::InputScale => {
            let expected = format!("{} on scaled inputs", word(found.healed));
            evidence.push(Evidence::new("loss at the end of the whole training", found.own, expected));
            sick = true;
        }
        Ok(_) => {}
    }
    let mut finding = CHECK.finding(
        if sick { Severity::Sick } else { Severity::Warning },
        format!(
            "the inputs lie between {} and {}, and nothing scales them",
            word(worst.least),
            word(worst.most)
        ),
    );
    (finding.evidence, finding.causes) = (evidence, vec![Cause::InputScale]);
    finding.prescriptions = vec![Prescription::trial(cure)];
    found(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Spread;
    use crate::edit::Edit;
    use crate::testing::{Patient, standard};

    fn bytes() -> Spread {
        Spread {
            least: 0.0,
            most: 255.0,
            mean: 100.0,
            rms: 130.0,
            widest: 80.0,
            narrowest: 20.0,
            ..standard(8)
        }
    }

    #[test]
    fn raw_bytes_are_a_warning_and_sick_where_scaling_is_measured_to_help() {
        let mut patient = Patient::healthy(3);
        assert!(patient.fine(&CHECK));
        patient.setup.inputs = vec![bytes()];
        assert_eq!(patient.told(&CHECK), (Severity::Warning, vec![Cause::InputScale]));
        patient.curves.loss = vec![f64::NAN];
        let question = Question::Train(vec![Edit::Set("data.scale", "standard".into())]);
        assert_eq!(patient.ask(&CHECK), Outcome::Ask(question.clone()));
        let Question::Train(edits) = question else { return };
        patient.trains_to(edits.clone(), f64::NAN);
        assert_eq!(patient.found(&CHECK).severity, Severity::Warning);
        patient = patient.forgotten();
        patient.trains_to(edits, 0.5);
        let finding = patient.found(&CHECK);
        assert_eq!(finding.severity, Severity::Sick);
        // What the patient has is measured, and what it has with the change is expected.
        let loss = finding.evidence.last().unwrap();
        assert!(loss.measured.is_nan() && loss.expected == "0.500 on scaled inputs", "{loss:?}");
    }

    #[test]
    fn scaling_inside_embeddings_and_numbers_that_are_none_end_it() {
        let mut patient = Patient::healthy(3);
        patient.setup.inputs = vec![bytes()];
        let raw = patient.clone();
        patient.setup.scaled_inside = true;
        assert!(patient.fine(&CHECK));
        let mut patient = raw;
        patient.chart.layers[0].class = "Embedding".into();
        assert!(patient.fine(&CHECK) && Patient::empty().fine(&CHECK));
        for x in [f64::NAN, f64::INFINITY] {
            assert!(Patient::all(x).fine(&CHECK), "{x}");
        }
    }

    #[test]
    fn a_constant_data_set_is_called_one() {
        let mut patient = Patient::healthy(3);
        patient.setup.inputs =
            vec![Spread { constant: 8, widest: 0.0, narrowest: f64::INFINITY, ..standard(8) }];
        assert!(patient.found(&CHECK).summary.contains("same for all samples"));
    }
}
