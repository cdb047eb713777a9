//! The laws that every loss keeps: the gradient is the slope, precisions agree, settings come back, bad input is named.
#![allow(clippy::unwrap_used)] // a test that cannot go on has failed

mod laws;
mod settings;

use std::sync::Arc;
use steadygrad_kernels::random::{Purpose, Stream};
use steadygrad_nn::catalog;
use steadygrad_nn::config::Config;
use steadygrad_nn::losses::{Block, CATALOG, Loss};

/// What targets and predictions of a loss are drawn from.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Numbers,
    Positive,
    Signs,
    /// Targets and predictions from 0 to 1.
    Probabilities,
    /// Targets from 0 to 1, predictions any numbers.
    Logits,
    /// Labels for probabilities.
    Labels,
    /// Labels for logits.
    LabelsOfLogits,
}

/// Every loss, with defaults and with other settings.
const CASES: &[(&str, &str, Kind)] = &[
    ("MeanSquaredError", "{}", Kind::Numbers),
    ("MeanSquaredError", r#"{"reduction": "sum"}"#, Kind::Numbers),
    ("MeanAbsoluteError", "{}", Kind::Numbers),
    ("MeanAbsolutePercentageError", "{}", Kind::Numbers),
    ("MeanSquaredLogarithmicError", "{}", Kind::Positive),
    ("Huber", "{}", Kind::Numbers),
    ("Huber", r#"{"delta": 0.25}"#, Kind::Numbers),
    ("LogCosh", "{}", Kind::Numbers),
    ("Poisson", "{}", Kind::Positive),
    ("KLDivergence", "{}", Kind::Probabilities),
    ("CosineSimilarity", "{}", Kind::Numbers),
    ("CosineSimilarity", r#"{"axis": 0}"#, Kind::Numbers),
    ("CosineSimilarity", r#"{"axis": 1}"#, Kind::Numbers),
    ("Hinge", "{}", Kind::Signs),
    ("SquaredHinge", "{}", Kind::Signs),
    ("CategoricalHinge", "{}", Kind::Logits),
    ("BinaryCrossentropy", "{}", Kind::Probabilities),
    ("BinaryCrossentropy", r#"{"label_smoothing": 0.1, "axis": 1}"#, Kind::Probabilities),
    ("BinaryCrossentropy", r#"{"from_logits": true, "label_smoothing": 0.2}"#, Kind::Logits),
    ("BinaryFocalCrossentropy", "{}", Kind::Probabilities),
    ("BinaryFocalCrossentropy", r#"{"apply_class_balancing": true, "gamma": 0.5}"#, Kind::Probabilities),
    ("BinaryFocalCrossentropy", r#"{"gamma": 0.0, "alpha": 0.7}"#, Kind::Probabilities),
    (
        "BinaryFocalCrossentropy",
        r#"{"from_logits": true, "gamma": 1.0, "label_smoothing": 0.1}"#,
        Kind::Logits,
    ),
    ("CategoricalCrossentropy", "{}", Kind::Probabilities),
    ("CategoricalCrossentropy", r#"{"label_smoothing": 0.1, "axis": 1}"#, Kind::Probabilities),
    ("CategoricalCrossentropy", r#"{"from_logits": true, "label_smoothing": 0.1}"#, Kind::Logits),
    ("CategoricalFocalCrossentropy", "{}", Kind::Probabilities),
    ("CategoricalFocalCrossentropy", r#"{"alpha": [0.1, 0.2, 0.3, 0.4], "gamma": 1.5}"#, Kind::Probabilities),
    ("CategoricalFocalCrossentropy", r#"{"from_logits": true, "label_smoothing": 0.1}"#, Kind::Logits),
    ("CategoricalGeneralizedCrossEntropy", "{}", Kind::Labels),
    ("CategoricalGeneralizedCrossEntropy", r#"{"q": 0.8}"#, Kind::Labels),
    ("SparseCategoricalCrossentropy", "{}", Kind::Labels),
    ("SparseCategoricalCrossentropy", r#"{"from_logits": true, "ignore_class": 1}"#, Kind::LabelsOfLogits),
    ("Dice", "{}", Kind::Probabilities),
    ("Dice", r#"{"axis": [1, 2]}"#, Kind::Probabilities),
    ("Dice", r#"{"axis": [0, 1]}"#, Kind::Probabilities),
    ("Tversky", r#"{"alpha": 0.3, "beta": 0.7}"#, Kind::Probabilities),
    ("Tversky", r#"{"alpha": 0.3, "axis": -1}"#, Kind::Probabilities),
];

fn build(class: &str, config: &str) -> Arc<dyn Loss> {
    let config = Config::from_json(&serde_json::from_str(config).unwrap()).unwrap();
    catalog::build_named("loss", CATALOG, class, &config).unwrap()
}

/// Targets and predictions for rows of samples of this shape.
fn draw(loss: &dyn Loss, kind: Kind, rows: usize, shape: &[usize]) -> (Vec<f64>, Vec<f64>) {
    let stream = Stream::new(7, Purpose::Other, &format!("{loss:?}"));
    let n = rows * shape.iter().product::<usize>();
    let at = |step: u64, n: usize, f: &dyn Fn(f64, f64) -> f64| -> Vec<f64> {
        (0..n as u64).map(|i| f(stream.uniform(step, i), stream.normal(step + 1, i))).collect()
    };
    let targets = rows * loss.target_shape(&shape.into()).size();
    let target = at(0, targets, &|u, z| match kind {
        Kind::Numbers => z,
        Kind::Positive => 3.0 * u + 0.05,
        Kind::Signs => f64::from(u8::from(u < 0.5)) * 2.0 - 1.0,
        Kind::Probabilities | Kind::Logits => u,
        Kind::Labels | Kind::LabelsOfLogits => (u * *shape.last().unwrap() as f64).floor(),
    });
    let prediction = at(2, n, &|u, z| match kind {
        Kind::Numbers | Kind::Signs | Kind::Logits | Kind::LabelsOfLogits => 1.5 * z,
        Kind::Positive => 3.0 * u + 0.05,
        Kind::Probabilities | Kind::Labels => 0.05 + 0.9 * u,
    });
    (target, prediction)
}

fn values(loss: &dyn Loss, rows: usize, shape: &[usize], target: &[f64], prediction: &[f64]) -> Vec<f64> {
    let mut out = vec![f64::NAN; loss.extent(&shape.into()).at(rows)];
    loss.values64(Block { rows, shape }, target, prediction, &mut out);
    out
}

fn gradient(loss: &dyn Loss, rows: usize, shape: &[usize], t: &[f64], p: &[f64], c: &[f64]) -> Vec<f64> {
    let mut out = vec![f64::NAN; p.len()];
    loss.gradients64(Block { rows, shape }, t, p, c, &mut out);
    out
}

fn narrow(x: &[f64]) -> Vec<f32> {
    x.iter().map(|&x| x as f32).collect()
}
