//! The laws that every metric keeps, known results, and what is said about wrong input.
#![allow(clippy::unwrap_used)] // a test that cannot go on has failed

mod known;
mod laws;
mod settings;

use std::sync::Arc;
use steadygrad_nn::catalog;
use steadygrad_nn::config::Config;
use steadygrad_nn::metrics::{Batch, CATALOG, Metric};

/// What a metric looks at.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    /// Numbers.
    Numbers,
    /// −1 and 1.
    Signs,
    /// Yes and no, or one-hot, for probabilities.
    OneHot,
    /// Labels for probabilities.
    Labels,
    /// Numbers of classes on both sides.
    Ids,
}

/// Every metric, with defaults and with other settings.
const CASES: &[(&str, &str, Kind)] = &[
    ("Accuracy", "{}", Kind::Ids),
    ("AUC", "{}", Kind::OneHot),
    ("AUC", r#"{"curve": "PR", "num_thresholds": 20, "multi_label": true}"#, Kind::OneHot),
    ("AUC", r#"{"thresholds": [0.7, 0.2], "summation_method": "majoring"}"#, Kind::OneHot),
    ("AUC", r#"{"label_weights": [1.0, 2.0, 0.5], "summation_method": "minoring"}"#, Kind::OneHot),
    ("AUC", r#"{"label_weights": [1.0, 2.0, 0.5], "multi_label": true, "num_labels": 3}"#, Kind::OneHot),
    ("AUC", r#"{"from_logits": true, "curve": "PR", "summation_method": "majoring"}"#, Kind::OneHot),
    ("BinaryAccuracy", r#"{"threshold": 0.3}"#, Kind::OneHot),
    ("BinaryCrossentropy", r#"{"label_smoothing": 0.1}"#, Kind::OneHot),
    ("BinaryIoU", r#"{"target_class_ids": [1], "threshold": 0.4}"#, Kind::OneHot),
    ("CategoricalAccuracy", "{}", Kind::OneHot),
    ("CategoricalCrossentropy", r#"{"from_logits": true, "label_smoothing": 0.2}"#, Kind::OneHot),
    ("CategoricalHinge", "{}", Kind::OneHot),
    ("ConcordanceCorrelation", "{}", Kind::Numbers),
    ("CosineSimilarity", "{}", Kind::Numbers),
    ("F1Score", r#"{"average": "macro"}"#, Kind::OneHot),
    ("F1Score", r#"{"average": "micro", "threshold": 0.4}"#, Kind::OneHot),
    ("FBetaScore", r#"{"beta": 2.0, "average": "weighted"}"#, Kind::OneHot),
    ("FBetaScore", "{}", Kind::OneHot),
    ("FalseNegatives", r#"{"thresholds": [0.2, 0.6]}"#, Kind::OneHot),
    ("FalsePositives", "{}", Kind::OneHot),
    ("Hinge", "{}", Kind::Signs),
    ("IoU", r#"{"num_classes": 3, "target_class_ids": [0, 2]}"#, Kind::Ids),
    (
        "IoU",
        r#"{"num_classes": 3, "target_class_ids": [0], "sparse_y_pred": false, "ignore_class": 1}"#,
        Kind::Labels,
    ),
    ("KLDivergence", "{}", Kind::OneHot),
    ("LogCoshError", "{}", Kind::Numbers),
    ("Mean", "{}", Kind::Numbers),
    ("MeanAbsoluteError", "{}", Kind::Numbers),
    ("MeanAbsolutePercentageError", "{}", Kind::Numbers),
    ("MeanIoU", r#"{"num_classes": 3}"#, Kind::Ids),
    ("MeanMetricWrapper", r#"{"fn": {"class_name": "Huber", "config": {"delta": 0.5}}}"#, Kind::Numbers),
    ("MeanSquaredError", "{}", Kind::Numbers),
    ("MeanSquaredLogarithmicError", "{}", Kind::Numbers),
    ("OneHotIoU", r#"{"num_classes": 3, "target_class_ids": [0, 1]}"#, Kind::OneHot),
    ("OneHotMeanIoU", r#"{"num_classes": 3}"#, Kind::OneHot),
    ("PearsonCorrelation", "{}", Kind::Numbers),
    ("Poisson", "{}", Kind::OneHot),
    ("Precision", r#"{"thresholds": [0.2, 0.5, 0.8]}"#, Kind::OneHot),
    ("Precision", r#"{"top_k": 2, "class_id": 1}"#, Kind::OneHot),
    ("PrecisionAtRecall", r#"{"recall": 0.5}"#, Kind::OneHot),
    ("R2Score", "{}", Kind::Numbers),
    ("R2Score", r#"{"class_aggregation": "variance_weighted_average", "num_regressors": 2}"#, Kind::Numbers),
    ("R2Score", r#"{"class_aggregation": null}"#, Kind::Numbers),
    ("Recall", r#"{"thresholds": 0.7}"#, Kind::OneHot),
    ("RecallAtPrecision", r#"{"precision": 0.4, "num_thresholds": 1}"#, Kind::OneHot),
    ("RootMeanSquaredError", "{}", Kind::Numbers),
    ("SensitivityAtSpecificity", r#"{"specificity": 0.5, "class_id": 2}"#, Kind::OneHot),
    ("SparseCategoricalAccuracy", "{}", Kind::Labels),
    ("SparseCategoricalCrossentropy", "{}", Kind::Labels),
    ("SparseCategoricalCrossentropy", r#"{"ignore_class": 0}"#, Kind::Labels),
    ("SparseTopKCategoricalAccuracy", r#"{"k": 2}"#, Kind::Labels),
    ("SpecificityAtSensitivity", r#"{"sensitivity": 0.5, "num_thresholds": 11}"#, Kind::OneHot),
    ("SquaredHinge", "{}", Kind::Signs),
    ("Sum", "{}", Kind::Numbers),
    ("TopKCategoricalAccuracy", r#"{"k": 2}"#, Kind::OneHot),
    ("TrueNegatives", "{}", Kind::OneHot),
    ("TruePositives", r#"{"thresholds": [0.1]}"#, Kind::OneHot),
];

fn build(class: &str, config: &str) -> Arc<dyn Metric> {
    let config = Config::from_json(&serde_json::from_str(config).unwrap()).unwrap();
    catalog::build_named("metric", CATALOG, class, &config).unwrap()
}

/// The results after these batches.
fn after(metric: &dyn Metric, batches: &[Batch<'_>]) -> Vec<f64> {
    let mut seen = metric.start();
    for batch in batches {
        seen.update(*batch).unwrap();
    }
    seen.result()
}
