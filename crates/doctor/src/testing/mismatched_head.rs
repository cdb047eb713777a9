//! Heads, losses and targets that go together, and ones that do not.

use super::*;
use crate::testing::{Patient, labels as classes, standard};

fn with(head: &str, outputs: usize, loss: &str, target: Spread) -> Patient {
    let mut patient = Patient::healthy(2);
    (patient.setup.head, patient.setup.loss) = (head.into(), loss.into());
    (patient.setup.outputs, patient.setup.targets) = (outputs, vec![target]);
    patient
}

fn between(least: f64, most: f64) -> Spread {
    Spread { least, most, mean: (least + most) / 2.0, ..standard(1) }
}

fn one_hot(n: usize) -> Spread {
    Spread { least: 0.0, most: 1.0, mean: 1.0 / n as f64, whole: true, distinct: 2, ..standard(n) }
}

const SPARSE: &str = "SparseCategoricalCrossentropy";

#[test]
fn what_goes_together_is_left_alone() {
    for (head, outputs, loss, target) in [
        ("softmax", 3, SPARSE, classes(3)),
        ("softmax", 3, "CategoricalCrossentropy", one_hot(3)),
        ("sigmoid", 1, "BinaryCrossentropy", classes(2)),
        ("sigmoid", 4, "BinaryCrossentropy", Spread { features: 4, ..classes(2) }),
        ("sigmoid", 8, "BinaryCrossentropy", between(0.0, 1.0)),
        ("linear", 1, "MeanSquaredError", between(-4.0, 9.0)),
        ("linear", 1, "MeanAbsoluteError", between(1e5, 1e6)),
        ("tanh", 1, "MeanSquaredError", between(-1.0, 1.0)),
        ("softplus", 1, "MeanSquaredError", between(0.0, 9.0)),
        ("linear", 1, "Hinge", between(-1.0, 1.0)),
        ("flatten", 3, "Own", between(-1.0, 1.0)),
    ] {
        let patient = with(head, outputs, loss, target);
        assert!(patient.fine(&CHECK), "{head} {loss}: {:?}", patient.ask(&CHECK));
    }
    let mut patient = with("linear", 3, SPARSE, classes(3));
    patient.setup.from_logits = true;
    assert!(patient.fine(&CHECK) && Patient::empty().fine(&CHECK));
}

#[test]
fn what_cannot_learn_is_sick() {
    for (head, outputs, loss, target, cause) in [
        ("softmax", 1, "BinaryCrossentropy", classes(2), Cause::OutputHead),
        ("sigmoid", 1, "CategoricalCrossentropy", classes(2), Cause::Loss),
        ("linear", 3, SPARSE, classes(3), Cause::OutputHead),
        ("relu", 1, "BinaryCrossentropy", classes(2), Cause::OutputHead),
        ("tanh", 1, "BinaryCrossentropy", classes(2), Cause::OutputHead),
        ("softmax", 3, SPARSE, classes(4), Cause::Labels),
        ("softmax", 3, SPARSE, between(-1.0, 1.0), Cause::Labels),
        ("softmax", 3, "CategoricalCrossentropy", Spread { most: 3.0, ..one_hot(3) }, Cause::Labels),
        ("sigmoid", 1, "BinaryCrossentropy", between(-1.0, 1.0), Cause::Labels),
        ("sigmoid", 1, "MeanSquaredError", between(0.0, 5.0), Cause::OutputHead),
        ("tanh", 1, "MeanSquaredError", between(-9.0, 9.0), Cause::OutputHead),
        ("relu", 1, "MeanSquaredError", between(-5.0, 5.0), Cause::OutputHead),
        ("sigmoid", 1, "MeanSquaredError", between(7.0, 7.0), Cause::OutputHead),
    ] {
        let finding = with(head, outputs, loss, target).found(&CHECK);
        let got = (finding.severity, finding.causes[0]);
        assert_eq!(got, (Severity::Sick, cause), "{head} {loss}: {}", finding.summary);
    }
}

#[test]
fn what_learns_all_the_same_is_a_warning_or_a_note() {
    for (head, loss, target, logits, severity) in [
        ("softmax", SPARSE, classes(3), true, Severity::Warning),
        ("sigmoid", SPARSE, classes(3), false, Severity::Warning),
        ("softmax", "BinaryCrossentropy", one_hot(3), false, Severity::Warning),
        ("softmax", "CategoricalCrossentropy", Spread { mean: 0.5, ..one_hot(3) }, false, Severity::Warning),
        ("sigmoid", "MeanSquaredError", between(0.0, 1.05), false, Severity::Warning),
        ("softmax", "MeanSquaredError", one_hot(3), false, Severity::Note),
        ("relu", "MeanSquaredError", between(0.0, 5.0), false, Severity::Note),
    ] {
        let mut patient = with(head, 3, loss, target);
        patient.setup.from_logits = logits;
        assert_eq!(patient.found(&CHECK).severity, severity, "{head} {loss}");
    }
}

#[test]
fn numbers_that_are_none_and_several_outputs_say_nothing_of_targets() {
    let finite = false;
    assert!(with("softmax", 3, SPARSE, Spread { finite, most: f64::NAN, ..classes(9) }).fine(&CHECK));
    let mut patient = with("softmax", 3, SPARSE, classes(9));
    patient.setup.targets.push(classes(9));
    assert!(patient.fine(&CHECK));
    patient.setup.targets.clear();
    assert!(patient.fine(&CHECK));
}
