//! What is odd about data or network gets a clear word: never a panic, never a wrong verdict.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may fail, and tells what was said")]

mod common;

use common::*;
use steadygrad_doctor::{Severity, Verdict};
use steadygrad_lab::Diagnosis;

const SIGMOID: &str = "{ layer = \"dense\", units = 1, activation = \"sigmoid\" }";
const NUMBER: &str = "{ layer = \"dense\", units = 1 }";

/// At the start, after a short training and after a whole one: no accusation. The last is given back.
fn not_accused(text: &str) -> Diagnosis {
    let mut last = None;
    for epochs in [0, 3, 20] {
        let diagnosis = look(text, epochs);
        println!("{epochs} epochs: {}", told(&diagnosis));
        assert_ne!(diagnosis.verdict, Verdict::Sick, "{}", told(&diagnosis));
        assert!(!diagnosis.to_json().to_string().is_empty() && !diagnosis.to_string().is_empty());
        last = Some(diagnosis);
    }
    last.unwrap()
}

/// Some warning says this.
fn says(diagnosis: &Diagnosis, words: &str) {
    let said =
        diagnosis.findings.iter().any(|f| f.summary.contains(words) && f.severity == Severity::Warning);
    assert!(said, "{words}: {}", told(diagnosis));
}

/// Rows of four numbers and a label.
fn rows(name: &str, n: usize, x: impl Fn(usize, usize) -> f64, y: impl Fn(usize) -> f64) -> String {
    csv(name, (0..n).map(|i| format!("{},{},{},{},{}", x(i, 0), x(i, 1), x(i, 2), x(i, 3), y(i))))
}

fn label(i: usize) -> f64 {
    f64::from(u8::from(random(i, 0) > 0.5))
}

#[test]
fn a_network_with_one_layer() {
    let data = "source = \"blobs\"\nsamples = 300\nclasses = 3";
    let text = experiment(data, &TEN.replace("10", "3"), &classes("Adam", 1e-2));
    assert_eq!(not_accused(&text).verdict, Verdict::Healthy);
    let compile = "optimizer = \"adam\"\nloss = \"mean_squared_error\"";
    not_accused(&experiment("source = \"waves\"\nsamples = 200", NUMBER, compile));
}

#[test]
fn inputs_that_are_all_the_same() {
    for (name, value) in [("same.csv", 0.7), ("zero.csv", 0.0)] {
        for activation in ["relu", "tanh"] {
            let layers = hidden(3, activation, "") + SIGMOID;
            let text = experiment(&rows(name, 200, |_, _| value, label), &layers, &binary("Adam", 1e-3));
            let diagnosis = not_accused(&text);
            assert_eq!(diagnosis.verdict, Verdict::Unsure);
            says(&diagnosis, "the same for all samples");
        }
    }
}

#[test]
fn targets_that_are_all_the_same() {
    let layers = hidden(2, "relu", "");
    for (name, value) in [("ones.csv", 1.0), ("zeros.csv", 0.0)] {
        let data = rows(name, 200, random, |_| value);
        let diagnosis = not_accused(&experiment(&data, &(layers.clone() + SIGMOID), &binary("Adam", 1e-3)));
        assert_eq!(diagnosis.verdict, Verdict::Unsure);
        says(&diagnosis, "the same for all samples");
        let compile = "optimizer = \"adam\"\nloss = \"mean_squared_error\"";
        let data = data + "\nlabels = \"numbers\"";
        says(
            &not_accused(&experiment(&data, &(layers.clone() + NUMBER), compile)),
            "the same for all samples",
        );
    }
}

#[test]
fn a_batch_of_zeros_among_others() {
    let data = rows(
        "zero_rows.csv",
        320,
        |i, k| if i < 64 { 0.0 } else { 2.0 * random(i, k) - 1.0 },
        |i| f64::from(u8::from(i >= 64 && random(i, 0) > 0.5)),
    );
    let layers = hidden(2, "relu", "") + SIGMOID;
    assert_eq!(not_accused(&experiment(&data, &layers, &binary("Adam", 1e-2))).verdict, Verdict::Healthy);
}

#[test]
fn layers_that_the_theory_does_not_know() {
    for odd in ["softmax", "glu"] {
        let layers =
            format!("{}{{ layer = \"activation\", activation = \"{odd}\" }}, {TEN}", hidden(1, "linear", ""));
        let diagnosis = not_accused(&digits(&layers, &classes("Adam", 1e-2)));
        assert_ne!(diagnosis.forecast.left_out.len(), 0, "{odd}");
        let ledger = diagnosis.ledger();
        assert!(
            ledger.way.len() >= 2 && ledger.way.iter().all(|e| e.decibels.is_finite()),
            "{odd}: {ledger:?}"
        );
    }
}

#[test]
fn one_two_or_three_samples() {
    for n in 1..=3 {
        for activation in ["relu", "sigmoid"] {
            let layers = hidden(3, activation, "") + SIGMOID;
            let data = rows(&format!("few_{n}.csv"), n, random, |i| (i % 2) as f64);
            not_accused(&experiment(&data, &layers, &binary("Adam", 1e-3)));
        }
    }
}

#[test]
fn batches_larger_than_the_data() {
    let layers = hidden(2, "relu", "") + SIGMOID;
    let data = rows("small.csv", 50, |i, k| 2.0 * random(i, k) - 1.0, label);
    let text =
        experiment(&data, &layers, &binary("Adam", 1e-2)).replace("batch_size = 32", "batch_size = 4096");
    assert_eq!(not_accused(&text).verdict, Verdict::Healthy);
}

#[test]
fn frozen_from_first_to_last() {
    let frozen = ", trainable = false";
    let head = TEN.replace("units", "trainable = false, units");
    let text = digits(&(hidden(2, "relu", frozen) + &head), &classes("Adam", 1e-3));
    let diagnosis = not_accused(&text);
    assert_eq!(diagnosis.verdict, Verdict::Unsure);
    says(&diagnosis, "frozen");
}

#[test]
fn labels_that_have_nothing_to_do_with_the_inputs_accuse_no_network() {
    let layers = hidden(2, "relu", "") + SIGMOID;
    let shuffled = |i| f64::from(u8::from(random(i, 9) > 0.5));
    let data = rows("shuffled.csv", 400, random, shuffled) + "\nvalidation_split = 0.25";
    not_accused(&experiment(&data, &layers, &binary("SGD", 1e-2)));
}
