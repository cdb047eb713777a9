"""Losses as functions: one number for each sample (or position), unreduced."""

from __future__ import annotations

from typing import Any, Callable

from . import classes

__all__ = [
    "binary_crossentropy", "binary_focal_crossentropy", "categorical_crossentropy", "categorical_focal_crossentropy",
    "categorical_generalized_cross_entropy", "categorical_hinge", "cosine_similarity", "dice", "hinge", "huber", "kl_divergence",
    "log_cosh", "mean_absolute_error", "mean_absolute_percentage_error", "mean_squared_error", "mean_squared_logarithmic_error",
    "poisson", "sparse_categorical_crossentropy", "squared_hinge", "tversky",
]


def _named(function: Callable[..., Any]) -> Callable[..., Any]:
    """Marks a function as one that ``loss=`` knows by its name."""
    function._activation = function.__name__  # type: ignore[attr-defined]
    return function


@_named
def binary_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1) -> Any:
    """The values of ``BinaryCrossentropy``."""
    return classes.BinaryCrossentropy(from_logits=from_logits, label_smoothing=label_smoothing, axis=axis)._values(y_true, y_pred)


@_named
def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """The values of ``BinaryFocalCrossentropy``."""
    return classes.BinaryFocalCrossentropy(apply_class_balancing=apply_class_balancing, alpha=alpha, gamma=gamma, from_logits=from_logits, label_smoothing=label_smoothing, axis=axis)._values(y_true, y_pred)


@_named
def categorical_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1) -> Any:
    """The values of ``CategoricalCrossentropy``."""
    return classes.CategoricalCrossentropy(from_logits=from_logits, label_smoothing=label_smoothing, axis=axis)._values(y_true, y_pred)


@_named
def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """The values of ``CategoricalFocalCrossentropy``."""
    return classes.CategoricalFocalCrossentropy(alpha=alpha, gamma=gamma, from_logits=from_logits, label_smoothing=label_smoothing, axis=axis)._values(y_true, y_pred)


@_named
def categorical_generalized_cross_entropy(y_true: Any, y_pred: Any, q: Any) -> Any:
    """The values of ``CategoricalGeneralizedCrossEntropy``."""
    return classes.CategoricalGeneralizedCrossEntropy(q=q)._values(y_true, y_pred)


@_named
def categorical_hinge(y_true: Any, y_pred: Any) -> Any:
    """The values of ``CategoricalHinge``."""
    return classes.CategoricalHinge()._values(y_true, y_pred)


@_named
def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """The values of ``CosineSimilarity``."""
    return classes.CosineSimilarity(axis=axis)._values(y_true, y_pred)


@_named
def dice(y_true: Any, y_pred: Any, axis: Any = None) -> Any:
    """The values of ``Dice``."""
    return classes.Dice(axis=axis)._values(y_true, y_pred)


@_named
def hinge(y_true: Any, y_pred: Any) -> Any:
    """The values of ``Hinge``."""
    return classes.Hinge()._values(y_true, y_pred)


@_named
def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Any:
    """The values of ``Huber``."""
    return classes.Huber(delta=delta)._values(y_true, y_pred)


@_named
def kl_divergence(y_true: Any, y_pred: Any) -> Any:
    """The values of ``KLDivergence``."""
    return classes.KLDivergence()._values(y_true, y_pred)


@_named
def log_cosh(y_true: Any, y_pred: Any) -> Any:
    """The values of ``LogCosh``."""
    return classes.LogCosh()._values(y_true, y_pred)


@_named
def mean_absolute_error(y_true: Any, y_pred: Any) -> Any:
    """The values of ``MeanAbsoluteError``."""
    return classes.MeanAbsoluteError()._values(y_true, y_pred)


@_named
def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Any:
    """The values of ``MeanAbsolutePercentageError``."""
    return classes.MeanAbsolutePercentageError()._values(y_true, y_pred)


@_named
def mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    """The values of ``MeanSquaredError``."""
    return classes.MeanSquaredError()._values(y_true, y_pred)


@_named
def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Any:
    """The values of ``MeanSquaredLogarithmicError``."""
    return classes.MeanSquaredLogarithmicError()._values(y_true, y_pred)


@_named
def poisson(y_true: Any, y_pred: Any) -> Any:
    """The values of ``Poisson``."""
    return classes.Poisson()._values(y_true, y_pred)


@_named
def sparse_categorical_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False, ignore_class: Any = None, axis: int = -1) -> Any:
    """The values of ``SparseCategoricalCrossentropy``."""
    return classes.SparseCategoricalCrossentropy(from_logits=from_logits, ignore_class=ignore_class, axis=axis)._values(y_true, y_pred)


@_named
def squared_hinge(y_true: Any, y_pred: Any) -> Any:
    """The values of ``SquaredHinge``."""
    return classes.SquaredHinge()._values(y_true, y_pred)


@_named
def tversky(y_true: Any, y_pred: Any, alpha: float = 0.5, beta: float = 0.5, axis: Any = None) -> Any:
    """The values of ``Tversky``."""
    return classes.Tversky(alpha=alpha, beta=beta, axis=axis)._values(y_true, y_pred)
