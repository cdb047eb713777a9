"""What all metrics have in common."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import _native
from .._base.arrays import numbers
from .._base.names import auto_name
from .._base.settings import Described, arguments
from .._base.variable import Variable

__all__ = ["Metric"]


class Metric(Described):
    """The base class: a metric is shown batches with ``update_state``, and tells their ``result``.

    One of your own is a function ``(y_true, y_pred)`` on arrays, or a subclass with ``update_state``, ``result`` and ``reset_state``.
    """

    _family = "metric"

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self.name = name or auto_name(type(self).__name__)
        self._own = True
        self._seen: Any = None
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
        self._seen = None

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
            if weights is not None and np.ndim(weights) > 0:
                values = np.broadcast_to(values, np.broadcast_shapes(values.shape, np.shape(weights))).reshape(-1)
                weights = np.broadcast_to(numbers(weights, "sample_weight"), np.shape(args[0]) or (1,)).reshape(-1)
            self._state().update(values, values, self._weights(weights, len(values)))
            return
        if len(args) < 2:
            raise TypeError(f"{type(self).__name__}.update_state takes y_true and y_pred")
        target, prediction = numbers(args[0], "y_true"), numbers(args[1], "y_pred")
        weights = args[2] if len(args) > 2 else sample_weight
        if prediction.ndim == 0:
            target, prediction = target.reshape(1), prediction.reshape(1)
        if weights is not None and np.ndim(weights) > 1 and np.shape(weights) == prediction.shape[: np.ndim(weights)] and prediction.ndim > np.ndim(weights):
            # A weight for each position: positions are what is counted.
            axes = np.ndim(weights)
            target, prediction = (a.reshape(-1, *a.shape[axes:]) for a in (target, prediction))
        self._state().update(target, prediction, self._weights(weights, len(prediction)))

    @staticmethod
    def _weights(weights: Any, samples: int) -> Any:
        if weights is None:
            return None
        array = numbers(weights, "sample_weight").reshape(-1)
        if array.size not in (1, samples):
            raise ValueError(f"`sample_weight` has the shape {np.shape(weights)}: give one for each of {samples} samples")
        return np.ascontiguousarray(np.broadcast_to(array, (samples,)))

    def add_weight(self, shape: Any = (), initializer: Any = None, dtype: Any = None, name: str | None = None) -> Variable:
        """A number (or array) of a metric of one's own, 0 at the start; ``reset_state`` sets it to 0."""
        variable = Variable(np.zeros(shape, np.float32), name or "variable")
        self.__dict__.setdefault("_variables", []).append(variable)
        return variable

    add_variable = add_weight

    @property
    def variables(self) -> list[Variable]:
        return list(self.__dict__.get("_variables", []))

    def result(self) -> Any:
        """The measure of all batches so far: a number, or an array where it has one for each class or threshold."""
        if self._own:
            raise NotImplementedError(f"{type(self).__name__} needs a method `result`")
        values = self._state().result()
        return np.float32(values[0]) if len(values) == 1 else np.asarray(values, np.float32)

    def reset_state(self) -> None:
        """Forgets all batches."""
        self._seen = None
        for variable in self.variables:
            variable.assign(np.zeros(variable.shape))

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
