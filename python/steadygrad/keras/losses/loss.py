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
            values = np.asarray(self.call(y_true, y_pred), np.float32)
            return values.mean() if self.reduction in ("sum_over_batch_size", "mean") else values.sum() if self.reduction == "sum" else values
        return self._native(y_true, y_pred, sample_weight, True)

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
        weight = None if weights is None else np.broadcast_to(numbers(weights, "sample_weight").reshape(-1), (len(prediction),)).copy()
        made = _native.loss(self._spec(), target, prediction, weight, reduced)
        return made[()] if made.ndim == 0 else made

    def get_config(self) -> dict[str, Any]:
        if self._own:
            return {"name": self.name, "reduction": self.reduction}
        return {"name": self.name, **super().get_config()}
