"""Metrics as functions: one number for each sample (or position)."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

from .._base.arrays import Array, numbers

__all__ = [
    "binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy", "sparse_top_k_categorical_accuracy",
    "top_k_categorical_accuracy",
]


def _named(function: Callable[..., Any]) -> Callable[..., Any]:
    """Marks a function as one that ``metrics=`` knows by its name."""
    function._activation = function.__name__  # type: ignore[attr-defined]
    return function


def _both(y_true: Any, y_pred: Any) -> tuple[Array, Array]:
    return numbers(y_true, "y_true"), numbers(y_pred, "y_pred")


def _labels(y_true: Array, y_pred: Array) -> Array:
    """Numbers of classes without the axis of 1 that they may have."""
    return y_true[..., 0] if y_true.ndim == y_pred.ndim and y_true.shape[-1] == 1 else y_true


def _among(labels: Array, y_pred: Array, k: int) -> Array:
    """Whether fewer than k predictions are larger than that of the label."""
    places = labels.astype(np.int64)
    known = (places >= 0) & (places < y_pred.shape[-1])
    own = np.take_along_axis(y_pred, np.where(known, places, 0)[..., None], -1)
    return (known & ((y_pred > own).sum(-1) < k)).astype(np.float32)


@_named
def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Array:
    """Whether a prediction lies on the right side of ``threshold``."""
    target, prediction = _both(y_true, y_pred)
    if abs(target.ndim - prediction.ndim) == 1:
        target, prediction = (a if a.ndim == max(target.ndim, prediction.ndim) else a[..., None] for a in (target, prediction))
    return (target == (prediction > threshold)).astype(np.float32)


@_named
def categorical_accuracy(y_true: Any, y_pred: Any) -> Array:
    """Whether the largest prediction is the true class."""
    target, prediction = _both(y_true, y_pred)
    return (target.argmax(-1) == prediction.argmax(-1)).astype(np.float32)


@_named
def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Array:
    """Whether the largest prediction is the class whose number is the target."""
    target, prediction = _both(y_true, y_pred)
    return (_labels(target, prediction) == prediction.argmax(-1)).astype(np.float32)


@_named
def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Array:
    """Whether the true class is among the ``k`` largest predictions."""
    target, prediction = _both(y_true, y_pred)
    return _among(target.argmax(-1), prediction, k)


@_named
def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Array:
    """Whether the class whose number is the target is among the ``k`` largest predictions."""
    target, prediction = _both(y_true, y_pred)
    return _among(_labels(target, prediction), prediction, k)
