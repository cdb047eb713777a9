//! From the word of a user, such as "accuracy", to a metric and its key in a history.

use super::binary_accuracy::BinaryAccuracy;
use super::binary_crossentropy::BinaryCrossentropy;
use super::categorical_accuracy::CategoricalAccuracy;
use super::categorical_crossentropy::CategoricalCrossentropy;
use super::metric::Metric;
use super::sparse_categorical_accuracy::SparseCategoricalAccuracy;
use super::sparse_categorical_crossentropy::SparseCategoricalCrossentropy;
use crate::config::{FromValue, Value};
use crate::losses::{Loss, Targets, targets_of};
use crate::shape::Shape;
use std::sync::Arc;
use steadygrad_kernels::Result;

/// The metric that a value names for an output and targets of these shapes, and its key in a history.
///
/// ```text
/// "accuracy", "acc"       one output          BinaryAccuracy
///                         labels as targets   SparseCategoricalAccuracy
///                         else                CategoricalAccuracy
/// "crossentropy", "ce"    the cross-entropy of the same kind, from logits where the loss is
/// another name            the metric of this name; the key is the name as it was given
/// {class_name, config}    the metric; the key is `name` in its config, else Keras' name for it
/// ```
///
/// ```
/// use steadygrad_nn::{Shape, metrics};
/// let (metric, key) = metrics::resolve(&"acc".into(), &Shape::from([10]), &Shape::from([]), None)?;
/// assert_eq!((metric.class(), key.as_str()), ("SparseCategoricalAccuracy", "acc"));
/// # Ok::<(), steadygrad_nn::Error>(())
/// ```
pub fn resolve(
    value: &Value,
    output: &Shape,
    target: &Shape,
    loss: Option<&dyn Loss>,
) -> Result<(Arc<dyn Metric>, String)> {
    let Value::Text(word) = value else {
        let metric = Arc::<dyn Metric>::from_value(value)?;
        let name = match value {
            Value::Map(map) => match map.get("config") {
                Some(Value::Map(config)) => config.get("name"),
                _ => None,
            },
            _ => None,
        };
        let key = match name {
            Some(Value::Text(name)) => name.clone(),
            _ => metric.name(),
        };
        return Ok((metric, key));
    };
    let kind = targets_of(output, target);
    let logits = loss.is_some_and(|loss| loss.config().get("from_logits") == Some(&Value::Bool(true)));
    let metric: Arc<dyn Metric> = match (word.to_lowercase().as_str(), kind) {
        ("accuracy" | "acc", Targets::Binary) => Arc::new(BinaryAccuracy),
        ("accuracy" | "acc", Targets::Labels) => Arc::new(SparseCategoricalAccuracy),
        ("accuracy" | "acc", Targets::Classes) => Arc::new(CategoricalAccuracy),
        ("crossentropy" | "ce", Targets::Binary) => {
            Arc::new(if logits { BinaryCrossentropy.from_logits() } else { BinaryCrossentropy })
        }
        ("crossentropy" | "ce", Targets::Labels) => Arc::new(if logits {
            SparseCategoricalCrossentropy.from_logits()
        } else {
            SparseCategoricalCrossentropy
        }),
        ("crossentropy" | "ce", Targets::Classes) => {
            Arc::new(if logits { CategoricalCrossentropy.from_logits() } else { CategoricalCrossentropy })
        }
        _ => Arc::<dyn Metric>::from_value(value)?,
    };
    Ok((metric, word.clone()))
}
