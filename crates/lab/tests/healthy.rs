//! What looks like a lost gradient and is none: real trainings that must be left alone.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may fail, and tells what was said")]

mod common;

use common::*;
use steadygrad_doctor::{Severity, Verdict};
use steadygrad_lab::{Diagnosis, Experiment};

/// Healthy, and not a word of a gradient that is lost.
fn left_alone(diagnosis: &Diagnosis) {
    println!("{}", told(diagnosis));
    assert_eq!(diagnosis.verdict, Verdict::Healthy, "{}", told(diagnosis));
    let gradient =
        ["vanishing_gradient", "zero_gradient", "dead_units", "not_learning", "exploding_gradient"];
    let words: Vec<_> = diagnosis.findings.iter().filter(|f| gradient.contains(&f.condition)).collect();
    assert!(words.is_empty(), "{}", told(diagnosis));
}

#[test]
fn an_output_layer_that_starts_at_zero() {
    let head = TEN.replace("units", "kernel_initializer = \"zeros\", units");
    for epochs in [0, 2] {
        let layers = hidden(3, "relu", ", kernel_initializer = \"he_normal\"") + &head;
        left_alone(&look(&digits(&layers, &classes("Adam", 1e-3)), epochs));
    }
}

#[test]
fn ordinary_zeros_of_rectifiers() {
    let layers = hidden(4, "relu", ", kernel_initializer = \"he_normal\"") + TEN;
    let diagnosis = look(&digits(&layers, &classes("Adam", 1e-3)), 3);
    left_alone(&diagnosis);
    assert!(diagnosis.findings.iter().all(|f| f.severity == Severity::Note), "{}", told(&diagnosis));
}

#[test]
fn frozen_layers() {
    for frozen in [0, 1, 2] {
        let layer = |i| hidden(1, "tanh", if i == frozen { ", trainable = false" } else { "" });
        let layers = (0..3).map(layer).collect::<String>() + TEN;
        left_alone(&look(&digits(&layers, &classes("Adam", 1e-3)), 2));
    }
}

#[test]
fn a_tiny_learning_rate_is_called_that_and_nothing_else() {
    let layers = hidden(3, "tanh", "") + TEN;
    let diagnosis = look(&digits(&layers, &classes("Adam", 1e-8)), 2);
    println!("{}", told(&diagnosis));
    assert_eq!(diagnosis.verdict, Verdict::Healthy);
    assert_eq!(conditions(&diagnosis, Severity::Warning), ["learning_rate_too_low"]);
}

#[test]
fn a_training_that_has_converged() {
    let data = "source = \"blobs\"\nsamples = 400\nclasses = 3\nnoise = 0.1";
    let head = TEN.replace("10", "3");
    let layers = hidden(2, "tanh", "") + &head;
    let text = experiment(data, &layers, &classes("Adam", 1e-2)).replace("epochs = 20", "epochs = 60");
    left_alone(&look(&text, 60));
    // The same weights as a start: they have nothing left to learn.
    let prepared = Experiment::parse(&text).unwrap().prepare(1).unwrap();
    let mut learner = prepared.learner().unwrap();
    learner.fit(&prepared.data.train, steadygrad_engine::Fit::with(prepared.fit.clone())).unwrap();
    let file = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("converged.safetensors");
    learner.save_weights(&file).unwrap();
    let started = text.replace("[model]", &format!("[model]\nweights = \"{}\"", file.display()));
    left_alone(&look(&started, 20));
}

#[test]
fn one_class_in_twenty() {
    let row = |i: usize| {
        let rare = i.is_multiple_of(20);
        let x = |k| 2.0 * random(i, k) - 1.0 + if rare { 0.7 } else { 0.0 };
        format!("{:.4},{:.4},{:.4},{:.4},{}", x(0), x(1), x(2), x(3), u8::from(rare))
    };
    let head = "{ layer = \"dense\", units = 1, activation = \"sigmoid\" }";
    let layers = hidden(2, "relu", "") + head;
    for epochs in [3, 20] {
        left_alone(&look(
            &experiment(&csv("rare.csv", (0..800).map(row)), &layers, &binary("Adam", 1e-3)),
            epochs,
        ));
    }
}

#[test]
fn eighteen_steps_of_adam_are_no_evidence() {
    let layers = hidden(2, "sigmoid", "") + TEN;
    let text = digits(&layers, &classes("Adam", 1e-3)).replace("samples = 960", "samples = 576");
    left_alone(&look(&text, 1));
}

#[test]
fn averages_that_are_not_warm_yet_are_a_note() {
    let layers =
        hidden(5, "linear", "").replace("}, ", "}, { layer = \"batch_normalization\" }, \"relu\", ") + TEN;
    let diagnosis = look(&digits(&layers, &classes("Adam", 1e-2)), 1);
    println!("{:?} {}", diagnosis.curves.modes, told(&diagnosis));
    assert_eq!(diagnosis.verdict, Verdict::Healthy);
    assert_eq!(conditions(&diagnosis, Severity::Note), ["batch_norm_gap", "useless_bias"]);
}

#[test]
fn usual_networks_on_all_built_in_data() {
    let mut accused = Vec::new();
    let sets = ["digits", "circles", "moons", "spirals", "blobs", "xor", "waves"];
    let optimizers = [("SGD", 0.01), ("SGD", 0.1), ("Adam", 1e-3), ("RMSprop", 1e-3)];
    for (i, set) in sets.iter().enumerate() {
        for (k, activation) in ["relu", "tanh", "elu", "sigmoid", "selu", "gelu"].iter().enumerate() {
            let (optimizer, rate) = optimizers[(i + k) % optimizers.len()];
            for depth in [1, 3] {
                let waves = *set == "waves";
                let head = if waves { "{ layer = \"dense\", units = 1 }" } else { TEN };
                let compile = classes(optimizer, rate);
                let compile = match waves {
                    true => compile
                        .replace("sparse_categorical_crossentropy", "mean_squared_error")
                        .replace("accuracy", "mae"),
                    false => compile,
                };
                let data = format!(
                    "source = \"{set}\"\nsamples = 640\nscale = \"standard\"\nvalidation_split = 0.2"
                );
                let layers = format!("\"flatten\", {}{head}", hidden(depth, activation, ""));
                for epochs in [3, 20] {
                    let diagnosis = look(&experiment(&data, &layers, &compile), epochs);
                    let what = format!(
                        "{set} {activation} {depth} {optimizer} {rate} {epochs}: {}",
                        told(&diagnosis)
                    );
                    println!("{what}");
                    accused.extend((diagnosis.verdict == Verdict::Sick).then_some(what));
                }
            }
        }
    }
    assert!(accused.is_empty(), "{}", accused.join("\n"));
}

#[test]
fn data_sorted_by_class_are_looked_at_from_all_over() {
    let mut rows: Vec<(u8, String)> = (0..3000)
        .map(|i| {
            let x = |k| 2.0 * random(i, k) - 1.0;
            let class = u8::from(x(0) + 0.5 * x(1) > 0.0);
            (class, format!("{:.4},{:.4},{:.4},{:.4},{class}", x(0), x(1), x(2), x(3)))
        })
        .collect();
    rows.sort_by_key(|(class, _)| *class);
    let data = csv("sorted.csv", rows.into_iter().map(|(_, row)| row));
    let head = "{ layer = \"dense\", units = 1, activation = \"sigmoid\" }";
    left_alone(&look(&experiment(&data, &(hidden(2, "relu", "") + head), &binary("Adam", 1e-3)), 3));
}

#[test]
fn weights_of_samples_make_no_network_sick() {
    let row = |i: usize| {
        let x = |k| 2.0 * random(i, k) - 1.0;
        format!("{:.4},{:.4},{:.4},{},{}", x(0), x(1), x(2), 20, u8::from(x(0) > 0.0))
    };
    let data = csv("weighted.csv", (0..640).map(row)) + "\nsample_weight = \"d\"";
    let head = "{ layer = \"dense\", units = 1, activation = \"sigmoid\" }";
    left_alone(&look(&experiment(&data, &(hidden(2, "relu", "") + head), &binary("Adam", 1e-2)), 20));
}
