//! From the word of a user, such as "crossentropy", to a loss.

use super::binary_crossentropy::BinaryCrossentropy;
use super::categorical_crossentropy::CategoricalCrossentropy;
use super::loss::Loss;
use super::sparse_categorical_crossentropy::SparseCategoricalCrossentropy;
use crate::config::{FromValue, Value};
use crate::shape::Shape;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// What targets are to an output, as Keras sees it from the shapes alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Targets {
    /// One number: yes or no.
    Binary,
    /// The number of a class.
    Labels,
    /// One number per class.
    Classes,
}

/// What targets of this shape are to an output of this shape.
///
/// ```
/// use steadygrad_nn::Shape;
/// use steadygrad_nn::losses::{Targets, targets_of};
/// assert_eq!(targets_of(&Shape::from([1]), &Shape::from([])), Targets::Binary);
/// assert_eq!(targets_of(&Shape::from([10]), &Shape::from([1])), Targets::Labels);
/// assert_eq!(targets_of(&Shape::from([10]), &Shape::from([10])), Targets::Classes);
/// ```
pub fn targets_of(output: &Shape, target: &Shape) -> Targets {
    if output.last() == 1 {
        Targets::Binary
    } else if target.rank() < output.rank() || target.last() == 1 {
        Targets::Labels
    } else {
        Targets::Classes
    }
}

/// The loss that a value names for an output and targets of these shapes: "crossentropy" and "ce" choose the binary, the
/// sparse or the categorical one, everything else is found by name or built from `{class_name, config}`.
///
/// ```
/// use steadygrad_nn::{Shape, losses};
/// let loss = losses::resolve(&"crossentropy".into(), &Shape::from([10]), &Shape::from([]))?;
/// assert_eq!(loss.class(), "SparseCategoricalCrossentropy");
/// # Ok::<(), steadygrad_nn::Error>(())
/// ```
pub fn resolve(value: &Value, output: &Shape, target: &Shape) -> Result<Arc<dyn Loss>> {
    let word = match value {
        Value::Text(word) => word.to_lowercase(),
        _ => String::new(),
    };
    if !matches!(word.as_str(), "crossentropy" | "ce") {
        return Arc::<dyn Loss>::from_value(value);
    }
    Ok(match targets_of(output, target) {
        Targets::Binary => Arc::new(BinaryCrossentropy),
        Targets::Labels => Arc::new(SparseCategoricalCrossentropy),
        Targets::Classes => Arc::new(CategoricalCrossentropy),
    })
}
