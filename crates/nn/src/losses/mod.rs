//! Losses: one file each, found by Keras' names.
//!
//! All of Keras' losses are here but two: `Circle` (pairs of embeddings) and `CTC` (unaligned sequences) are known by name
//! and answer that they are not supported yet.

mod formulas;
mod loss;
mod pairs;
mod reduction;
mod regions;
mod resolve;
mod row;
mod signs;

mod binary_crossentropy;
mod binary_focal_crossentropy;
mod categorical_crossentropy;
mod categorical_focal_crossentropy;
mod categorical_generalized_cross_entropy;
mod categorical_hinge;
mod circle;
mod cosine_similarity;
mod ctc;
mod dice;
mod hinge;
mod huber;
mod kl_divergence;
mod log_cosh;
mod mean_absolute_error;
mod mean_absolute_percentage_error;
mod mean_squared_error;
mod mean_squared_logarithmic_error;
mod poisson;
mod sparse_categorical_crossentropy;
mod squared_hinge;
mod tversky;

pub use loss::{Block, Head, Loss, LossRule};
pub use reduction::{Reduction, reduce};
pub use resolve::{Targets, resolve, targets_of};
pub use row::RowLoss;

pub use binary_crossentropy::BinaryCrossentropy;
pub use binary_focal_crossentropy::BinaryFocalCrossentropy;
pub use categorical_crossentropy::CategoricalCrossentropy;
pub use categorical_focal_crossentropy::CategoricalFocalCrossentropy;
pub use categorical_generalized_cross_entropy::CategoricalGeneralizedCrossEntropy;
pub use categorical_hinge::CategoricalHinge;
pub use cosine_similarity::CosineSimilarity;
pub use dice::Dice;
pub use hinge::Hinge;
pub use huber::Huber;
pub use kl_divergence::KLDivergence;
pub use log_cosh::LogCosh;
pub use mean_absolute_error::MeanAbsoluteError;
pub use mean_absolute_percentage_error::MeanAbsolutePercentageError;
pub use mean_squared_error::MeanSquaredError;
pub use mean_squared_logarithmic_error::MeanSquaredLogarithmicError;
pub use poisson::Poisson;
pub use sparse_categorical_crossentropy::SparseCategoricalCrossentropy;
pub use squared_hinge::SquaredHinge;
pub use tversky::Tversky;

use crate::catalog::Entry;

/// All losses, under Keras' names.
pub const CATALOG: &[Entry<dyn Loss>] = &[
    binary_crossentropy::ENTRY,
    binary_focal_crossentropy::ENTRY,
    categorical_crossentropy::ENTRY,
    categorical_focal_crossentropy::ENTRY,
    categorical_generalized_cross_entropy::ENTRY,
    categorical_hinge::ENTRY,
    circle::ENTRY,
    cosine_similarity::ENTRY,
    ctc::ENTRY,
    dice::ENTRY,
    hinge::ENTRY,
    huber::ENTRY,
    kl_divergence::ENTRY,
    log_cosh::ENTRY,
    mean_absolute_error::ENTRY,
    mean_absolute_percentage_error::ENTRY,
    mean_squared_error::ENTRY,
    mean_squared_logarithmic_error::ENTRY,
    poisson::ENTRY,
    sparse_categorical_crossentropy::ENTRY,
    squared_hinge::ENTRY,
    tversky::ENTRY,
];
