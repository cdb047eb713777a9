"""What all metrics have in common."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import _native
from .._base.arrays import numbers
from .._base.names import auto_name
from .._base.settings import Described, arguments

__all__ = ["Metric"]


class Metric(Described):
    """The base class: a metric is shown batches with ``update_state``, and tells their ``result``.

    One of your own is a function ``(y_true, y_pred)`` on arrays, or a subclass with ``update_state``, ``result`` and ``reset_state``.
    """

    _family = "metric"

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self.name = name or auto_name(type(self).__name__)
        self._own = True
        self.dtype = "float32"

    _own = False

    def _settle(self, given: dict[str, Any]) -> None:
        said = arguments(given)
        name = said.pop("name", None)
        said.pop("dtype", None)
        function = said.get("fn")
        if callable(function) and getattr(function, "_activation", None) is None:
            raise ValueError(f"{type(self).__name__}: a function of your own is a metric by itself: give it to `metrics=` as it is")
        self.dtype = "float32"
        self._said = said
        self._config = self._checked(said)
        self._config.pop("name", None)
        self.name = name or auto_name(type(self).__name__)
        self._seen: Any = None

    def _state(self) -> Any:
        if self._seen is None:
            self._seen = _native.Metric(self._spec())
        return self._seen

    def update_state(self, *args: Any, sample_weight: Any = None) -> None:
        """Adds a batch: ``(y_true, y_pred)``; for Mean and Sum, the values alone."""
        if self._own:
            raise NotImplementedError(f"{type(self).__name__} needs a method `update_state`")
        if type(self).__name__ in ("Mean", "Sum"):
            values = numbers(args[0], "values")
            values = values.reshape(1) if values.ndim == 0 else values
            weights = args[1] if len(args) > 1 else sample_weight
            self._state().update(values, values, self._weights(weights, len(values)))
            return
        if len(args) < 2:
            raise TypeError(f"{type(self).__name__}.update_state takes y_true and y_pred")
        target, prediction = numbers(args[0], "y_true"), numbers(args[1], "y_pred")
        weights = args[2] if len(args) > 2 else sample_weight
        if prediction.ndim == 0:
            target, prediction = target.reshape(1), prediction.reshape(1)
        self._state().update(target, prediction, self._weights(weights, len(prediction)))

    @staticmethod
    def _weights(weights: Any, samples: int) -> Any:
        if weights is None:
            return None
        return np.broadcast_to(numbers(weights, "sample_weight").reshape(-1), (samples,)).copy()

    def result(self) -> Any:
        """The measure of all batches so far: a number, or an array where it has one for each class or threshold."""
        if self._own:
            raise NotImplementedError(f"{type(self).__name__} needs a method `result`")
        values = self._state().result()
        return np.float32(values[0]) if len(values) == 1 else np.asarray(values, np.float32)

    def reset_state(self) -> None:
        """Forgets all batches."""
        self._seen = None

    reset_states = reset_state

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.update_state(*args, **kwargs)
        return self.result()

    def get_config(self) -> dict[str, Any]:
        if self._own:
            return {"name": self.name, "dtype": self.dtype}
        return {"name": self.name, "dtype": self.dtype, **super().get_config()}

    def _plain(self) -> dict[str, Any]:
        return {"class_name": type(self).__name__, "config": {**self._config, "name": self.name}}
