"""The record of a training that somebody else runs, handed in by hand."""

from __future__ import annotations

import json
from typing import Any, Sequence

import numpy as np

from .. import _native
from .diagnosis import Diagnosis

__all__ = ["Recorder", "numbers"]


def numbers(values: Any) -> np.ndarray:
    """The values as float32 in one piece, where they lie if they are so already."""
    return np.ascontiguousarray(values, dtype=np.float32)


class Recorder:
    """A doctor for any training loop: hand in what a step computed, layer by layer, and ask for a diagnosis.

    ``layers`` lists the layers from the input to the loss, each a dictionary with ``name`` and ``role`` (``"linear"`` for what
    multiplies by weights, ``"activation"``, ``"normalization"``, ``"merge"``, ``"pooling"``, ``"shape"``, ``"noise"``, ``"other"``).
    Optional: ``inputs`` (names of the layers that it reads; by default the one before it), ``units`` (by default the last axis of
    what is handed in), ``bounds`` (limits of an activation that can saturate, such as ``(-1, 1)``), ``class``.

    Example::

        doctor = steadygrad.doctor.Recorder([
            {"name": "first", "role": "linear"}, {"name": "tanh", "role": "activation", "bounds": (-1, 1)},
            {"name": "last", "role": "linear"},
        ])
        for step in range(steps):
            ...                                     # your own loop
            if doctor.looks_at(step):
                doctor.record(step, "first", signal=z1, delta=dz1, gradient=dw1, weight=w1)
                ...
                doctor.end_step(step, loss, weights={"first": w1_after_the_update, ...})
        print(doctor.diagnosis())
    """

    def __init__(
        self,
        layers: Sequence[dict[str, Any]],
        *,
        schedule: str = "default",
        optimizer: str = "",
        learning_rate: float = float("nan"),
        batch_size: int = 0,
    ) -> None:
        _native.looks_at(schedule, 0)
        self._schedule = schedule
        self._layers = [dict(layer) for layer in layers]
        self._index = {layer["name"]: i for i, layer in enumerate(self._layers)}
        if len(self._index) != len(self._layers):
            raise ValueError("`layers`: two layers have the same name")
        self._setup: dict[str, Any] = {"optimizer": optimizer, "learning_rate": learning_rate, "batch_size": batch_size}
        if not np.isfinite(learning_rate):
            self._setup["learning_rate"] = None
        self._native: Any = None
        self._losses: list[float] = []

    def looks_at(self, step: int) -> bool:
        """Whether this step, counted from 0, is looked at: the first 10, then ever more seldom."""
        return _native.looks_at(self._schedule, step)

    def record(
        self,
        step: int,
        layer: str,
        *,
        signal: Any = None,
        delta: Any = None,
        gradient: Any = None,
        weight: Any = None,
    ) -> None:
        """Numbers of one layer in this step: its output, the gradient of the loss for that output, the gradient of its weights,
        and the weights before the update. Any of them may be left out."""
        i = self._find(layer)
        described = self._layers[i]
        values = None if signal is None else numbers(signal)
        if self._native is None:
            if "units" not in described and values is not None:
                described["units"] = values.shape[-1] if values.ndim else 1
            if "size" not in described and values is not None:
                described["size"] = int(np.prod(values.shape[1:])) if values.ndim > 1 else 1
            described["learns"] = described.get("learns", False) or gradient is not None or weight is not None
            # The layers' sizes are known when the first step ends.
            self._kept = getattr(self, "_kept", [])
            self._kept.append((i, values, delta, gradient, weight))
            return
        self._hand_in(i, values, delta, gradient, weight)

    def end_step(self, step: int, loss: float, weights: dict[str, Any] | None = None) -> None:
        """Files the step, with its loss; ``weights`` are those after the update, by layer."""
        if self._native is None:
            self._start()
        for name, after in (weights or {}).items():
            self._native.after(self._find(name), 0, numbers(after))
        self._losses.append(float(loss))
        self._native.end_step(step, float(loss))
        self._native.epoch()

    def diagnosis(self) -> Diagnosis:
        """What was recorded, judged."""
        if self._native is None:
            self._start()
        loss = self._losses
        epochs = max(1, min(len(loss), 20))
        curve = [float(np.mean(part)) for part in np.array_split(np.array(loss), epochs)] if loss else []
        setup = dict(self._setup, epochs=epochs, samples=max(1, len(loss) // epochs) * max(1, self._setup["batch_size"]))
        self._native.setup(json.dumps(setup))
        return Diagnosis(self._native.conclude(json.dumps({"loss": [x if np.isfinite(x) else None for x in curve]})))

    def _find(self, layer: str) -> int:
        if layer not in self._index:
            raise ValueError(f"`layer`: there is no layer {layer!r}; there are {', '.join(map(repr, self._index))}")
        return self._index[layer]

    def _start(self) -> None:
        described = []
        for i, layer in enumerate(self._layers):
            inputs = layer.get("inputs")
            before = [i - 1 if i else None] if inputs is None else [self._find(name) for name in inputs]
            described.append({
                "path": layer["name"],
                "class": layer.get("class", layer.get("role", "")),
                "role": layer.get("role", "other"),
                "inputs": before,
                "size": layer.get("size", layer.get("units", 1)),
                "units": layer.get("units", 1),
                "apart": layer.get("apart", 1),
                "bounds": list(layer["bounds"]) if layer.get("bounds") else None,
                "parameters": [f"{layer['name']}.weight"] if layer.get("learns") or layer.get("role") == "linear" else [],
            })
        self._native = _native.Attached(json.dumps({"layers": described, "setup": self._setup}))
        for kept in getattr(self, "_kept", []):
            self._hand_in(*kept)
        self._kept = []

    def _hand_in(self, i: int, signal: Any, delta: Any, gradient: Any, weight: Any) -> None:
        if signal is not None:
            self._native.signal(i, signal)
        if delta is not None:
            self._native.delta(i, numbers(delta))
        if gradient is not None:
            self._native.gradient(i, 0, numbers(gradient))
        if weight is not None:
            self._native.before(i, 0, numbers(weight))
