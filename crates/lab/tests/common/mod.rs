//! What tests of whole examinations share: experiments in a few words, data that is written here, and what was said.

#![allow(dead_code, clippy::unwrap_used, reason = "each test takes what it needs, and may fail")]

use std::path::PathBuf;
use steadygrad_doctor::Severity;
use steadygrad_lab::{Diagnosis, Doctor, Experiment};

/// The digits, a dense network of these layers, and these settings.
pub fn digits(layers: &str, compile: &str) -> String {
    experiment(
        "source = \"digits\"\nscale = \"unit\"\nsamples = 960",
        &format!("{{ layer = \"flatten\" }}, {layers}"),
        compile,
    )
}

/// An experiment of 20 epochs.
pub fn experiment(data: &str, layers: &str, compile: &str) -> String {
    format!(
        "[data]\n{data}\n[model]\nlayers = [ {layers} ]\n[compile]\n{compile}\n[fit]\nepochs = 20\nbatch_size = 32\nseed = 7\n"
    )
}

/// So many hidden dense layers of 32 units.
pub fn hidden(depth: usize, activation: &str, more: &str) -> String {
    let layer = format!("{{ layer = \"dense\", units = 32, activation = \"{activation}\"{more} }}, ");
    layer.repeat(depth)
}

/// The head and the loss of ten classes, with this optimizer.
pub const TEN: &str = "{ layer = \"dense\", units = 10, activation = \"softmax\" }";

/// Ten classes, with this optimizer and rate.
pub fn classes(optimizer: &str, rate: f64) -> String {
    format!(
        "optimizer = {{ class_name = \"{optimizer}\", config = {{ learning_rate = {rate} }} }}\nloss = \"sparse_categorical_crossentropy\"\nmetrics = [\"accuracy\"]"
    )
}

/// Two classes, with this optimizer and rate.
pub fn binary(optimizer: &str, rate: f64) -> String {
    classes(optimizer, rate).replace("sparse_categorical_crossentropy", "binary_crossentropy")
}

/// A CSV file of these rows, the label last; `[data]` that reads it.
pub fn csv(name: &str, rows: impl Iterator<Item = String>) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let text = format!("a,b,c,d,label\n{}\n", rows.collect::<Vec<_>>().join("\n"));
    std::fs::write(&path, text).unwrap();
    format!("train = \"{}\"\ntarget = \"label\"", path.display())
}

/// A number from 0 to 1 that looks random.
pub fn random(i: usize, k: usize) -> f64 {
    let x = ((i * 31 + k) as f64 * 12.9898).sin() * 43_758.547;
    x - x.floor()
}

/// What the doctor says of it after so many epochs.
pub fn look(text: &str, epochs: usize) -> Diagnosis {
    Doctor { epochs, ..Doctor::default() }.examine(&Experiment::parse(text).unwrap()).unwrap()
}

/// All that was found, for a message.
pub fn told(diagnosis: &Diagnosis) -> String {
    let one = |f: &steadygrad_doctor::Finding| {
        format!("{} {} {:?} {:?}: {}\n", f.severity, f.condition, f.causes, f.follows_from, f.summary)
    };
    format!("{} after {} steps\n", diagnosis.verdict, diagnosis.steps)
        + &diagnosis.findings.iter().map(one).collect::<String>()
}

/// Conditions of this severity.
pub fn conditions(diagnosis: &Diagnosis, severity: Severity) -> Vec<&'static str> {
    diagnosis.findings.iter().filter(|f| f.severity == severity).map(|f| f.condition).collect()
}
