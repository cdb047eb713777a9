//! Why a training fails, where its flow is well: targets, rates, bounds and dropout, each found by real trainings.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may fail, and tells what was said")]

mod common;

use common::*;
use steadygrad_doctor::{Cause, Verdict};
use steadygrad_lab::Diagnosis;

/// Verdict, condition and first cause of the root.
fn root(diagnosis: &Diagnosis) -> (Verdict, &'static str, Option<Cause>) {
    println!("{}", told(diagnosis));
    let first = &diagnosis.findings[0];
    assert_eq!(first.follows_from, None);
    (diagnosis.verdict, first.condition, first.causes.first().copied())
}

/// What follows from this code.
fn follows(diagnosis: &Diagnosis, code: &str) -> Vec<&'static str> {
    diagnosis.findings.iter().filter(|f| f.follows_from == Some(code)).map(|f| f.condition).collect()
}

fn small() -> String {
    hidden(1, "relu", ", kernel_initializer = \"he_normal\"") + TEN
}

#[test]
fn years_that_nobody_scaled() {
    let row = |i: usize| {
        let x = |k| 2.0 * random(i, k) - 1.0;
        format!("{:.4},{:.4},{:.4},{:.4},{:.1}", x(0), x(1), x(2), x(3), 2000.0 + 4.0 * (x(0) + x(1)))
    };
    let data = csv("years.csv", (0..600).map(row)) + "\nlabels = \"numbers\"";
    let layers = hidden(1, "relu", "") + "{ layer = \"dense\", units = 1 }";
    let compile = "optimizer = \"adam\"\nloss = \"mean_squared_error\"";
    let diagnosis = look(&experiment(&data, &layers, compile), 3);
    assert_eq!(root(&diagnosis), (Verdict::Sick, "unscaled_target", Some(Cause::TargetScale)));
    // What was learnt with the same targets in a unit that fits is well.
    let scaled = experiment(&(data + "\ntarget_scale = \"standard\""), &layers, compile);
    assert_eq!(look(&scaled, 3).verdict, Verdict::Healthy);
}

#[test]
fn dropout_that_leaves_next_to_nothing() {
    // The gradient grows by the factor that dropout puts in, layer by layer.
    let layer =
        "{ layer = \"dense\", units = 32, activation = \"relu\" }, { layer = \"dropout\", rate = 0.97 }, ";
    let diagnosis = look(&digits(&(layer.repeat(3) + TEN), &classes("Adam", 1e-3)), 3);
    assert_eq!(root(&diagnosis), (Verdict::Sick, "exploding_gradient", Some(Cause::Regularization)));
}

#[test]
fn penalties_that_hold_every_weight_at_0() {
    let l2 = ", kernel_regularizer = { class_name = \"L2\", config = { l2 = 10.0 } }";
    let layers = hidden(1, "relu", l2) + &TEN.replace(" }", &format!("{l2} }}"));
    let diagnosis = look(&digits(&layers, &classes("Adam", 1e-3)), 3);
    assert_eq!(root(&diagnosis), (Verdict::Sick, "not_learning", Some(Cause::Regularization)));
}

#[test]
fn a_rate_of_0() {
    let diagnosis = look(&digits(&small(), &classes("SGD", 0.0)), 3);
    assert_eq!(root(&diagnosis), (Verdict::Unsure, "learning_rate_too_low", Some(Cause::LearningRate)));
    assert_eq!(diagnosis.findings.len(), 1);
}

#[test]
fn a_bound_that_stops_everything() {
    let compile = classes("SGD", 0.1).replace("learning_rate = 0.1", "learning_rate = 0.1, clipnorm = 1e-6");
    let diagnosis = look(&digits(&small(), &compile), 3);
    assert_eq!(root(&diagnosis).1, "clipping_always");
    assert_eq!(follows(&diagnosis, "SG306"), ["learning_rate_too_low"]);
}

#[test]
fn a_warm_up_to_a_rate_far_too_large() {
    let schedule = "{ class_name = \"CosineDecay\", config = { initial_learning_rate = 0.0, decay_steps = 1000, warmup_target = 5000.0, warmup_steps = 20 } }";
    let compile = classes("SGD", 0.1).replace("learning_rate = 0.1", &format!("learning_rate = {schedule}"));
    let diagnosis = look(&digits(&small(), &compile), 3);
    assert_eq!(root(&diagnosis), (Verdict::Sick, "learning_rate_too_high", Some(Cause::LearningRate)));
}

#[test]
fn two_outputs_of_very_different_weight() {
    let layers = "{ layer = \"dense\", units = 8, activation = \"relu\", name = \"trunk\" }, \
                  { layer = \"dense\", units = 1, name = \"a\", inputs = [\"trunk\"] }, \
                  { layer = \"dense\", units = 1, name = \"b\", inputs = [\"trunk\"] } ]\noutputs = [ \"a\", \"b\"";
    let array = |width: usize| {
        let values = (0..600 * width).map(|i| 2.0 * random(i, width) as f32 - 1.0).collect();
        steadygrad_data::Array::new([600, width], values).unwrap()
    };
    let path = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("two-outputs.npz");
    steadygrad_formats::npz::write(&path, &[("x", &array(4)), ("y1", &array(1)), ("y2", &array(1))]).unwrap();
    let data = format!("train = \"{}\"\nx = [\"x\"]\ny = [\"y1\", \"y2\"]", path.display());
    let compile = "optimizer = \"sgd\"\nloss = \"mse\"\nloss_weights = { a = 1.0, b = 1e-6 }";
    let diagnosis = look(&experiment(&data, layers, compile), 3);
    println!("{}", told(&diagnosis));
    assert!(diagnosis.findings.iter().all(|f| f.condition != "exploding_gradient"));
}
