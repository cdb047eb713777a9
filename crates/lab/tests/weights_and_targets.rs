//! Weights from a file that are too small, and targets in the thousands: found, and cured by scaling them.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may fail, and tells what was said")]

mod common;

use common::*;
use std::path::PathBuf;
use steadygrad_data::Array;
use steadygrad_doctor::{Cause, Edit, Verdict};
use steadygrad_lab::{Doctor, Experiment, Treatment, cure};

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

#[test]
fn weights_that_were_loaded_are_scaled() {
    let layers = hidden(8, "tanh", ", kernel_initializer = \"lecun_normal\"") + TEN;
    let text = digits(&layers, &classes("SGD", 0.05));
    let mut learner = Experiment::parse(&text).unwrap().prepare(1).unwrap().learner().unwrap();
    let mut weights: Vec<Array> = learner.weights().into_iter().map(|(_, w)| w).collect();
    weights.iter_mut().for_each(|w| w.data_mut().iter_mut().for_each(|x| *x *= 0.2));
    learner.set_weights(&weights).unwrap();
    let path = file("small.safetensors");
    learner.save_weights(&path).unwrap();
    let text = text.replace("[model]", &format!("[model]\nweights = \"{}\"", path.display()));
    let diagnosis = look(&text, 3);
    println!("{}", told(&diagnosis));
    let root = &diagnosis.findings[0];
    assert_eq!((diagnosis.verdict, root.condition), (Verdict::Sick, "vanishing_gradient"));
    assert_eq!(root.causes, [Cause::Initializer]);
    let rescale = Edit::Set("model.rescale", "lsuv".into());
    assert_eq!(root.prescriptions[0].edits, [rescale]);
    let cured = Experiment::parse(&text).unwrap().edited(&root.prescriptions[0].edits).unwrap();
    let after = Doctor { epochs: 0, ..Doctor::default() }.examine(&cured).unwrap();
    assert_eq!(after.verdict, Verdict::Healthy, "{}", told(&after));
    // What is learnt starts from the loaded weights, scaled, and from no others.
    let mut prepared = cured.prepare(1).unwrap();
    let scaled = prepared.learner().unwrap().weights();
    let ratio = |i: usize| scaled[0].1.data()[i] / weights[0].data()[i];
    assert!((ratio(0) / ratio(1) - 1.0).abs() < 1e-5 && ratio(0) > 2.0, "{}", ratio(0));
    prepared.rescale = false;
    assert_eq!(prepared.learner().unwrap().weights()[0].1.data(), weights[0].data());
    let error = Experiment::parse(&text.replace("[model]", "[model]\nrescale = \"lsv\"")).unwrap();
    let error = error.prepare(1).unwrap_err().to_string();
    assert!(error.contains("did you mean `lsuv`?"), "{error}");
}

/// Prices of houses, more or less.
fn prices() -> String {
    let row = |i: usize| {
        let x = |k| 2.0 * random(i, k) - 1.0;
        let price = 20_000.0 + 5000.0 * (x(0) + x(1) * x(2));
        format!("{:.4},{:.4},{:.4},{:.4},{price:.1}", x(0), x(1), x(2), x(3))
    };
    csv("scaled-prices.csv", (0..600).map(row)) + "\nlabels = \"numbers\""
}

#[test]
fn targets_in_the_thousands_are_scaled_and_predictions_turned_back() {
    let layers = hidden(2, "relu", "") + "{ layer = \"dense\", units = 1 }";
    let compile = "optimizer = { class_name = \"SGD\", config = { learning_rate = 0.01 } }\nloss = \"mean_squared_error\"";
    let text = experiment(&prices(), &layers, compile);
    let sick = Experiment::parse(&text).unwrap();
    let treatment = Treatment { seeds: 3, ..Treatment::default() };
    let cure = cure(&sick, &treatment).unwrap();
    println!("{cure}{}", cure.diff(&sick).unwrap());
    assert_eq!(cure.diagnosis.findings[0].condition, "unscaled_target");
    let proof = cure.proof.as_ref().unwrap();
    // Losses of scaled and unscaled targets are no numbers to compare.
    assert_eq!((proof.measure.name.as_str(), proof.measure.up), ("val_explained_variance", true));
    assert!(proof.arms[1].median(&proof.measure) > 0.8, "{cure}");
    let cured = cure.cured.as_ref().unwrap();
    assert!(cured.to_toml().unwrap().contains("target_scale = \"standard\""));
    // Trained, it predicts in the units of the file.
    let prepared = cured.prepare(1).unwrap();
    let mut learner = prepared.learner().unwrap();
    learner.fit(&prepared.data.train, steadygrad_engine::Fit::with(prepared.fit.clone())).unwrap();
    let mut predicted = learner.predict_all(&prepared.data.train.x).unwrap();
    assert!(predicted[0].data()[0].abs() < 10.0);
    prepared.data.form.restore(&mut predicted).unwrap();
    let raw = sick.prepare(1).unwrap().data.train;
    let off: f64 =
        raw.y[0].data().iter().zip(predicted[0].data()).map(|(y, p)| f64::from((y - p).abs())).sum();
    let off = off / raw.len() as f64;
    assert!(off < 1500.0, "{off}");
    // Classes are no sizes.
    let wrong = digits(TEN, &classes("Adam", 1e-3)).replace("[data]", "[data]\ntarget_scale = \"standard\"");
    let error = Experiment::parse(&wrong).unwrap().prepare(1).unwrap_err().to_string();
    println!("{error}");
    assert!(error.contains("target_scale") && error.contains("classes"), "{error}");
}
