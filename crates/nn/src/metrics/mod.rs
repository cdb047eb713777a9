//! Metrics: one file each, found by Keras' names.

mod at_best;
mod curve;
mod f_scores;
mod mean_of;
mod metric;
mod moments;
mod overlap;
mod ranks;
mod resolve;
mod thresholds;

mod accuracy;
mod auc;
mod binary_accuracy;
mod binary_crossentropy;
mod binary_io_u;
mod categorical_accuracy;
mod categorical_crossentropy;
mod categorical_hinge;
mod concordance_correlation;
mod cosine_similarity;
mod f1_score;
mod f_beta_score;
mod false_negatives;
mod false_positives;
mod hinge;
mod io_u;
mod kl_divergence;
mod log_cosh_error;
mod mean;
mod mean_absolute_error;
mod mean_absolute_percentage_error;
mod mean_io_u;
mod mean_metric_wrapper;
mod mean_squared_error;
mod mean_squared_logarithmic_error;
mod one_hot_io_u;
mod one_hot_mean_io_u;
mod pearson_correlation;
mod poisson;
mod precision;
mod precision_at_recall;
mod r2_score;
mod recall;
mod recall_at_precision;
mod root_mean_squared_error;
mod sensitivity_at_specificity;
mod sparse_categorical_accuracy;
mod sparse_categorical_crossentropy;
mod sparse_top_k_categorical_accuracy;
mod specificity_at_sensitivity;
mod squared_hinge;
mod sum;
mod top_k_categorical_accuracy;
mod true_negatives;
mod true_positives;

pub use f_scores::Average;
pub use mean_of::{Measure, Sample, SampleMetric};
pub use metric::{Accumulator, Batch, Direction, Metric};
pub use resolve::resolve;

pub use accuracy::Accuracy;
pub use auc::{Auc, AucCurve, AucSummation};
pub use binary_accuracy::BinaryAccuracy;
pub use binary_crossentropy::BinaryCrossentropy;
pub use binary_io_u::BinaryIoU;
pub use categorical_accuracy::CategoricalAccuracy;
pub use categorical_crossentropy::CategoricalCrossentropy;
pub use categorical_hinge::CategoricalHinge;
pub use concordance_correlation::ConcordanceCorrelation;
pub use cosine_similarity::CosineSimilarity;
pub use f_beta_score::FBetaScore;
pub use f1_score::F1Score;
pub use false_negatives::FalseNegatives;
pub use false_positives::FalsePositives;
pub use hinge::Hinge;
pub use io_u::IoU;
pub use kl_divergence::KLDivergence;
pub use log_cosh_error::LogCoshError;
pub use mean::Mean;
pub use mean_absolute_error::MeanAbsoluteError;
pub use mean_absolute_percentage_error::MeanAbsolutePercentageError;
pub use mean_io_u::MeanIoU;
pub use mean_metric_wrapper::MeanMetricWrapper;
pub use mean_squared_error::MeanSquaredError;
pub use mean_squared_logarithmic_error::MeanSquaredLogarithmicError;
pub use one_hot_io_u::OneHotIoU;
pub use one_hot_mean_io_u::OneHotMeanIoU;
pub use pearson_correlation::PearsonCorrelation;
pub use poisson::Poisson;
pub use precision::Precision;
pub use precision_at_recall::PrecisionAtRecall;
pub use r2_score::{ClassAggregation, R2Score};
pub use recall::Recall;
pub use recall_at_precision::RecallAtPrecision;
pub use root_mean_squared_error::RootMeanSquaredError;
pub use sensitivity_at_specificity::SensitivityAtSpecificity;
pub use sparse_categorical_accuracy::SparseCategoricalAccuracy;
pub use sparse_categorical_crossentropy::SparseCategoricalCrossentropy;
pub use sparse_top_k_categorical_accuracy::SparseTopKCategoricalAccuracy;
pub use specificity_at_sensitivity::SpecificityAtSensitivity;
pub use squared_hinge::SquaredHinge;
pub use sum::Sum;
pub use top_k_categorical_accuracy::TopKCategoricalAccuracy;
pub use true_negatives::TrueNegatives;
pub use true_positives::TruePositives;

use crate::catalog::Entry;

/// All metrics, under Keras' names.
pub const CATALOG: &[Entry<dyn Metric>] = &[
    accuracy::ENTRY,
    auc::ENTRY,
    binary_accuracy::ENTRY,
    binary_crossentropy::ENTRY,
    binary_io_u::ENTRY,
    categorical_accuracy::ENTRY,
    categorical_crossentropy::ENTRY,
    categorical_hinge::ENTRY,
    concordance_correlation::ENTRY,
    cosine_similarity::ENTRY,
    f1_score::ENTRY,
    f_beta_score::ENTRY,
    false_negatives::ENTRY,
    false_positives::ENTRY,
    hinge::ENTRY,
    io_u::ENTRY,
    kl_divergence::ENTRY,
    log_cosh_error::ENTRY,
    mean::ENTRY,
    mean_absolute_error::ENTRY,
    mean_absolute_percentage_error::ENTRY,
    mean_io_u::ENTRY,
    mean_metric_wrapper::ENTRY,
    mean_squared_error::ENTRY,
    mean_squared_logarithmic_error::ENTRY,
    one_hot_io_u::ENTRY,
    one_hot_mean_io_u::ENTRY,
    pearson_correlation::ENTRY,
    poisson::ENTRY,
    precision::ENTRY,
    precision_at_recall::ENTRY,
    r2_score::ENTRY,
    recall::ENTRY,
    recall_at_precision::ENTRY,
    root_mean_squared_error::ENTRY,
    sensitivity_at_specificity::ENTRY,
    sparse_categorical_accuracy::ENTRY,
    sparse_categorical_crossentropy::ENTRY,
    sparse_top_k_categorical_accuracy::ENTRY,
    specificity_at_sensitivity::ENTRY,
    squared_hinge::ENTRY,
    sum::ENTRY,
    top_k_categorical_accuracy::ENTRY,
    true_negatives::ENTRY,
    true_positives::ENTRY,
];
