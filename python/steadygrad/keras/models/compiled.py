"""What ``compile`` was told, as one loss and some metrics for every output."""

from __future__ import annotations

import json
from typing import Any

from ... import _native
from .. import losses as loss_words
from .. import metrics as metric_words
from .. import optimizers as optimizer_words
from .._base.settings import _finite, plain, serialized
from .._base.weak import Own

__all__ = ["Compiled"]


class Compiled:
    """How a model is compiled: checked when it is made, so that mistakes are told where they were written."""

    def __init__(
        self, optimizer: Any, loss: Any, loss_weights: Any, metrics: Any, weighted_metrics: Any, outputs: list[str] | None
    ) -> None:
        self._owns: dict[int, Own] = {}
        self.optimizer = optimizer_words.get(optimizer)
        if self.optimizer is None:
            raise ValueError("`optimizer` is missing: a name such as \"adam\", or one of keras.optimizers")
        self.given = {"loss": loss, "loss_weights": loss_weights, "metrics": metrics, "weighted_metrics": weighted_metrics}
        for key in ("metrics", "weighted_metrics"):
            if self.given[key] is not None and not isinstance(self.given[key], (list, tuple, dict)):
                raise ValueError(f"`{key}` must be a list, got {self.given[key]!r}: write [{self.given[key]!r}]")
        self._check(loss, loss_words.get, "loss")
        for key in ("metrics", "weighted_metrics"):
            self._check(self.given[key], metric_words.get, key)
        if outputs is not None:
            self.losses(outputs)
            self.metrics(outputs)

    @staticmethod
    def _check(given: Any, get: Any, key: str) -> None:
        """Whether all names in it are known."""
        if isinstance(given, (list, tuple)):
            for item in given:
                Compiled._check(item, get, key)
        elif isinstance(given, dict) and "class_name" not in given:
            for item in given.values():
                Compiled._check(item, get, key)
        elif isinstance(given, str) and key != "loss" and given in ("accuracy", "acc", "crossentropy", "ce"):
            pass
        elif given is not None:
            try:
                get(given)
            except ValueError as wrong:
                raise ValueError(f"`{key}`: {wrong}") from None

    def _each(self, given: Any, outputs: list[str], key: str) -> list[tuple[str | None, Any]]:
        """One value for all outputs, a list with one for each, or a dictionary by their names."""
        if isinstance(given, (list, tuple)):
            if len(given) != len(outputs):
                raise ValueError(f"`{key}` has {len(given)} entries, and the model {len(outputs)} outputs: {', '.join(outputs)}")
            return list(zip(outputs, given))
        if isinstance(given, dict) and "class_name" not in given:
            unknown = [name for name in given if name not in outputs]
            if unknown:
                raise ValueError(f"`{key}`: the model has no output `{unknown[0]}`; it has {', '.join(outputs)}")
            return [(name, given[name]) for name in outputs if name in given]
        return [(None, given)]

    def losses(self, outputs: list[str], shapes: list[tuple[int, ...]] | None = None) -> list[tuple[str | None, Any, float]]:
        """(output, settings or function, weight); ``shapes`` are those of the targets, for functions of the user's own."""
        if self.given["loss"] is None:
            return []
        each = [(name, loss) for name, loss in self._each(self.given["loss"], outputs, "loss") if loss is not None]
        weights: dict[str | None, float] = {}
        if self.given["loss_weights"] is not None:
            if len(each) == 1 and each[0][0] is None:
                each = [(name, each[0][1]) for name in outputs]
            weights = {name: float(w) for name, w in self._each(self.given["loss_weights"], outputs, "loss_weights")}
        made = []
        for name, loss in each:
            weight = weights.get(name, weights.get(None, 1.0))
            place = outputs.index(name) if name is not None else 0
            made.append((name, self._loss(loss_words.get(loss), None if shapes is None else shapes[min(place, len(shapes) - 1)]), weight))
        return made

    def _loss(self, loss: Any, shape: tuple[int, ...] | None) -> Any:
        name = getattr(loss, "_activation", None)
        if name is not None:
            return json.dumps(name)
        if isinstance(loss, loss_words.Loss) and not loss._own:
            return loss._spec()
        handle = self._kept(loss)
        return handle if shape is None else (handle, list(shape))

    def _kept(self, function: Any) -> Any:
        """A handle of a function of the user's own, which is kept here."""
        own = self._owns.setdefault(id(function), Own(function))
        return own.handle

    def metrics(self, outputs: list[str]) -> list[tuple[str | None, Any, bool]]:
        """(output, settings or object, whether weights of samples count)."""
        made: list[tuple[str | None, Any, bool]] = []
        for key, weighted in (("metrics", False), ("weighted_metrics", True)):
            made += [(name, metric, weighted) for name, metric in self._metrics(self.given[key], outputs, key)]
        return made

    def _metrics(self, given: Any, outputs: list[str], key: str) -> list[tuple[str | None, Any]]:
        if given is None:
            return []
        if isinstance(given, dict) or any(isinstance(item, (list, tuple)) for item in given):
            each = self._each(given, outputs, key)
            return [(name, self._metric(m)) for name, some in each for m in (some if isinstance(some, (list, tuple)) else [some]) if m is not None]
        return [(None, self._metric(item)) for item in given]

    def _metric(self, metric: Any) -> Any:
        if isinstance(metric, str):
            return json.dumps(metric)
        if isinstance(metric, dict):
            return json.dumps(_finite(plain(metric)))
        metric = metric_words.get(metric)
        name = getattr(metric, "_activation", None)
        if name is not None:
            # A loss measures too; the class that is called so, or its mean.
            known = any(name == cls or name in others for cls, others in _native.catalog("metric"))
            return json.dumps(name if known else {"class_name": "MeanMetricWrapper", "config": {"fn": name, "name": name}})
        return metric._spec() if isinstance(metric, metric_words.Metric) and not metric._own else self._kept(metric)

    def get_config(self) -> dict[str, Any]:
        """As Keras writes it down; functions of the user's own are left out."""

        def told(value: Any) -> Any:
            if isinstance(value, (list, tuple)):
                return [told(item) for item in value]
            if isinstance(value, dict) and "class_name" not in value:
                return {key: told(item) for key, item in value.items()}
            if isinstance(value, loss_words.Loss):
                return loss_words.serialize(value)
            if isinstance(value, metric_words.Metric):
                return metric_words.serialize(value)
            if callable(value):
                return getattr(value, "_activation", None) or getattr(value, "__name__", None)
            return value

        optimizer = {**serialized("optimizer", {"class_name": type(self.optimizer).__name__, "config": {}}), "config": self.optimizer.get_config()}
        return {
            "optimizer": optimizer,
            **{key: told(value) for key, value in self.given.items()},
            "run_eagerly": False,
            "steps_per_execution": 1,
            "jit_compile": False,
        }

