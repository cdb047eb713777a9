"""Small helpers, under Keras' names."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._base.arrays import Array
from ._base.seeds import set_random_seed

__all__ = ["set_random_seed", "to_categorical", "normalize"]


def to_categorical(x: Any, num_classes: int | None = None) -> Array:
    """Numbers of classes as one number for each class: 1 for the class, 0 for all others."""
    labels = np.asarray(x)
    if labels.dtype.kind not in "iub":
        rounded = np.asarray(labels, np.float64)
        if not np.array_equal(rounded, np.floor(rounded)):
            raise ValueError("`to_categorical`: classes are whole numbers")
        labels = rounded
    labels = labels.astype(np.int64)
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    if labels.size and labels.min() < 0:
        raise ValueError(f"`to_categorical`: classes are counted from 0, got {labels.min()}")
    count = int(num_classes) if num_classes else int(labels.max()) + 1 if labels.size else 0
    if labels.size and labels.max() >= count:
        raise ValueError(f"`to_categorical`: class {labels.max()} does not fit in {count} classes, which are 0 to {count - 1}")
    made = np.zeros((labels.size, count), np.float64)
    made[np.arange(labels.size), labels.reshape(-1)] = 1
    return made.reshape(*labels.shape, count)


def normalize(x: Any, axis: int = -1, order: int = 2) -> Array:
    """Each vector along ``axis`` to length 1."""
    array = np.asarray(x, np.float64)
    length = np.linalg.norm(array, order, axis, keepdims=True)
    return array / np.where(length == 0, 1, length)
