//! Networks that cannot learn, and why: real trainings that must be found out.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may fail, and tells what was said")]

mod common;

use common::*;
use steadygrad_doctor::{Cause, Finding, Severity, Verdict};
use steadygrad_lab::{Diagnosis, Experiment, examine};

/// Sick, with this root and cause.
fn root(diagnosis: &Diagnosis, condition: &str, cause: Cause) -> Finding {
    println!("{}", told(diagnosis));
    let first = diagnosis.findings.first().cloned().unwrap();
    assert_eq!(diagnosis.verdict, Verdict::Sick, "{}", told(diagnosis));
    assert_eq!((first.condition, first.severity), (condition, Severity::Sick), "{}", told(diagnosis));
    assert_eq!((first.causes.first(), first.follows_from), (Some(&cause), None), "{}", told(diagnosis));
    first
}

#[test]
fn weights_of_zero() {
    for (activation, initializer, epochs) in [("relu", "zeros", 2), ("tanh", "zeros", 0), ("tanh", "ones", 2)]
    {
        let equal = format!(", kernel_initializer = \"{initializer}\"");
        let layers = hidden(2, activation, &equal) + TEN;
        let diagnosis = look(&digits(&layers, &classes("Adam", 1e-3)), epochs);
        root(&diagnosis, "symmetric_initialization", Cause::Initializer);
    }
}

#[test]
fn steps_far_too_large() {
    let layers = hidden(3, "relu", ", kernel_initializer = \"he_normal\"") + TEN;
    let finding = root(
        &look(&digits(&layers, &classes("SGD", 10.0)), 2),
        "learning_rate_too_high",
        Cause::LearningRate,
    );
    assert!(finding.prescriptions[0].title.contains("learning_rate"), "{finding:?}");
}

#[test]
fn a_softmax_over_one_unit() {
    let head = "{ layer = \"dense\", units = 1, activation = \"softmax\" }";
    let layers = hidden(2, "relu", "") + head;
    let text = experiment("source = \"circles\"\nsamples = 600", &layers, &binary("Adam", 1e-3));
    for epochs in [0, 3] {
        let finding = root(&look(&text, epochs), "mismatched_head", Cause::OutputHead);
        assert_eq!(finding.prescriptions[0].edits.len(), 2);
    }
}

#[test]
fn bytes_that_nobody_scaled() {
    let row = |i: usize| {
        let x = |k| (255.0 * random(i, k)).floor();
        format!("{},{},{},{},{:.4}", x(0), x(1), x(2), x(3), (x(0) + x(1) - x(2)) / 255.0)
    };
    let data = csv("bytes.csv", (0..600).map(row)) + "\nlabels = \"numbers\"";
    let layers = hidden(2, "relu", "") + "{ layer = \"dense\", units = 1 }";
    let compile = "optimizer = { class_name = \"SGD\", config = { learning_rate = 0.01 } }\nloss = \"mean_squared_error\"";
    root(&look(&experiment(&data, &layers, compile), 2), "unscaled_input", Cause::InputScale);
}

#[test]
fn labels_beyond_the_units() {
    let layers = hidden(2, "relu", "") + "{ layer = \"dense\", units = 1, activation = \"tanh\" }";
    let compile = "optimizer = \"adam\"\nloss = \"mean_squared_error\"";
    let diagnosis = look(
        &experiment("source = \"digits\"\nscale = \"unit\"", &format!("\"flatten\", {layers}"), compile),
        1,
    );
    root(&diagnosis, "mismatched_head", Cause::OutputHead);
}

#[test]
fn numbers_too_large_for_a_float() {
    let row = |i: usize| format!("{:e},{},{},{},{}", 1e37 * (random(i, 0) + 0.1), i % 7, i % 5, i % 3, i % 2);
    let layers = hidden(
        3,
        "relu",
        ", kernel_initializer = { class_name = \"RandomNormal\", config = { stddev = 5.0 } }",
    ) + "{ layer = \"dense\", units = 1 }";
    let compile = "optimizer = \"sgd\"\nloss = \"mean_squared_error\"";
    let data = csv("huge.csv", (0..100).map(row)) + "\nlabels = \"numbers\"";
    let diagnosis = look(&experiment(&data, &layers, compile), 1);
    println!("{}", told(&diagnosis));
    assert_eq!(diagnosis.verdict, Verdict::Sick);
    assert!(conditions(&diagnosis, Severity::Sick).contains(&"non_finite"));
}

#[test]
fn nan_in_the_data_is_an_error_that_names_the_sample() {
    let row = |i: usize| format!("{},1,2,{},{}", if i == 3 { "nan" } else { "0.5" }, i as f64 / 60.0, i % 2);
    let layers = hidden(1, "relu", "") + "{ layer = \"dense\", units = 1, activation = \"sigmoid\" }";
    let text = experiment(&csv("nan.csv", (0..60).map(row)), &layers, &binary("Adam", 1e-3));
    let experiment = Experiment::parse(&text).unwrap();
    let error = examine(&experiment).unwrap_err().to_string();
    println!("{error}");
    assert!(error.to_lowercase().contains("nan"), "{error}");
}

#[test]
fn targets_in_the_thousands() {
    let row = |i: usize| {
        let x = |k| 2.0 * random(i, k) - 1.0;
        format!(
            "{:.4},{:.4},{:.4},{:.4},{:.1}",
            x(0),
            x(1),
            x(2),
            x(3),
            20_000.0 + 5000.0 * (x(0) + x(1) * x(2))
        )
    };
    let data = csv("prices.csv", (0..600).map(row)) + "\nlabels = \"numbers\"";
    let layers = hidden(2, "relu", "") + "{ layer = \"dense\", units = 1 }";
    let compile = "optimizer = { class_name = \"SGD\", config = { learning_rate = 0.01 } }\nloss = \"mean_squared_error\"";
    root(&look(&experiment(&data, &layers, compile), 2), "unscaled_target", Cause::TargetScale);
}

#[test]
fn weights_that_saturate() {
    let wide = ", kernel_initializer = { class_name = \"RandomNormal\", config = { stddev = 3.0 } }";
    let layers = hidden(4, "tanh", wide) + TEN;
    let diagnosis = look(&digits(&layers, &classes("SGD", 0.01)), 1);
    println!("{}", told(&diagnosis));
    let found = diagnosis.findings.iter().find(|f| f.condition == "saturated_units").unwrap();
    assert_eq!(found.causes, [Cause::Initializer]);
}

#[test]
fn adam_with_a_rate_of_one() {
    let layers = hidden(3, "tanh", "") + TEN;
    root(&look(&digits(&layers, &classes("Adam", 1.0)), 3), "learning_rate_too_high", Cause::LearningRate);
}

#[test]
fn a_cross_entropy_that_was_not_told_of_logits() {
    let layers = hidden(2, "relu", "") + "{ layer = \"dense\", units = 10 }";
    root(&look(&digits(&layers, &classes("Adam", 1e-3)), 1), "mismatched_head", Cause::OutputHead);
}
