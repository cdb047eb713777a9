"""What all losses have in common."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import _native
from .._base.arrays import Array, numbers
from .._base.settings import Described, arguments

__all__ = ["Loss"]


class Loss(Described):
    """The base class: called with targets and predictions, a loss gives a number.

    One of your own is a function ``(y_true, y_pred)`` on arrays that carries its derivative: ``my_loss.gradient = lambda y_true,
    y_pred: …``; or a subclass with ``call`` and ``gradient``.
    """

    _family = "loss"

    def __init__(self, name: str | None = None, reduction: str = "sum_over_batch_size", dtype: Any = None) -> None:
        self.name = name or type(self).__name__
        self.reduction = reduction
        self._own = True

    _own = False

    def _settle(self, given: dict[str, Any]) -> None:
        said = arguments(given)
        self.name = said.pop("name", None) or type(self).__name__
        said.pop("dtype", None)
        self._said = {**said, "name": self.name}
        self._config = self._checked(said)
        self.reduction = self._config.get("reduction", "sum_over_batch_size")
        self.dtype = "float32"

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The loss of a batch: one number, or with ``reduction="none"`` one for each sample."""
        if self._own:
            return self._reduced(np.asarray(self.call(y_true, y_pred), np.float32), sample_weight)
        if sample_weight is None:
            return self._native(y_true, y_pred, None, True)
        weights = numbers(sample_weight, "sample_weight")
        if weights.ndim == 1 and np.ndim(y_pred) > 1 and len(weights) == len(y_pred):
            return self._native(y_true, y_pred, weights, True)
        return self._reduced(self._values(y_true, y_pred), weights)

    def _reduced(self, values: Array, sample_weight: Any) -> Any:
        """One number of the values, as the reduction says; weights are one for each value, or for the first axes."""
        weights = None if sample_weight is None else numbers(sample_weight, "sample_weight")
        if weights is not None:
            if weights.ndim == values.ndim + 1 and weights.shape[-1] == 1:
                weights = weights[..., 0]
            weights = weights.reshape(weights.shape + (1,) * max(0, values.ndim - weights.ndim))
            try:
                values = values * weights
            except ValueError:
                raise ValueError(
                    f"`sample_weight` has the shape {np.shape(sample_weight)}, and there are values of {values.shape}: give one weight for "
                    "each value, or for each sample"
                ) from None
        if self.reduction in ("none", None):
            return values
        total = values.sum(dtype=np.float64)
        if self.reduction == "mean_with_sample_weight" and weights is not None:
            whole = np.broadcast_to(weights, values.shape).sum(dtype=np.float64)
            return np.float32(total / whole if whole else 0.0)
        return np.float32(total if self.reduction == "sum" else total / max(1, values.size))

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The values of the samples, unreduced."""
        if self._own:
            raise NotImplementedError(f"{type(self).__name__} needs a method `call(y_true, y_pred)`")
        return self._values(y_true, y_pred)

    def _values(self, y_true: Any, y_pred: Any) -> Array:
        return self._native(y_true, y_pred, None, False)

    def _native(self, y_true: Any, y_pred: Any, weights: Any, reduced: bool) -> Any:
        target, prediction = numbers(y_true, "y_true"), numbers(y_pred, "y_pred")
        # A sample without a batch: a batch of numbers.
        if prediction.ndim == 0:
            raise ValueError("`y_pred` needs a batch axis, got a single number")
        if prediction.ndim == 1:
            # As in Keras, the one axis is the last: it is reduced.
            target, prediction = np.atleast_2d(target) if target.ndim == 1 else target.reshape(1), prediction[None]
            if weights is None:
                made = _native.loss(self._spec(), target, prediction, None, reduced)
                return made if reduced or made.ndim == 0 else made[0]
        made = _native.loss(self._spec(), target, prediction, weights, reduced)
        return made[()] if made.ndim == 0 else made

    def get_config(self) -> dict[str, Any]:
        if self._own:
            return {"name": self.name, "reduction": self.reduction}
        return {"name": self.name, **super().get_config()}
