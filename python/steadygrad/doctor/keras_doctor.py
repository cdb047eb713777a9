"""The doctor beside a Keras training: a callback of ``model.fit``, on any backend."""

from __future__ import annotations

import json
import math
import random
import sys
import warnings
from contextlib import contextmanager
from typing import Any, Iterator

import keras
import numpy as np

from .. import _native
from .diagnosis import Diagnosis
from .keras_code import Coder
from .record import numbers

__all__ = ["KerasDoctor"]

#: Samples of a look.
SAMPLES = 64
#: Data that can be read more than once.
AGAIN = ("ArrayDataAdapter", "TFDatasetAdapter", "TorchDataLoaderAdapter", "PyDatasetAdapter", "GrainDatasetAdapter")


class KerasDoctor(keras.callbacks.Callback):
    """Looks at a network while ``model.fit`` trains it, and says what ails it::

        doctor = steadygrad.KerasDoctor()
        model.fit(x, y, epochs=5, callbacks=[doctor])
        print(doctor.diagnosis)

    A compiled training lets nobody see its gradients. So at the steps that are looked at (the first 10, then ever fewer;
    ``schedule="always"`` for all), the same network is run here with the weights of that moment, forward and back, on some of the
    training data: every layer's signal and gradient are those that the weights really have. Updates are the differences of the
    weights before and after the step. The training itself is not changed.

    The data of a look are taken from what ``fit`` was given; where that can be read only once, such as a generator, give some
    with ``KerasDoctor(data=(x, y))``. A warning is given as soon as the network is seen to be sick; ``quiet=True`` keeps it back.
    Layers, losses and optimizers that are not known here are named in ``doctor.diagnosis.notes``.
    """

    def __init__(
        self,
        data: tuple[Any, Any] | None = None,
        *,
        schedule: str = "default",
        quiet: bool = False,
        title: str | None = None,
    ) -> None:
        super().__init__()
        _native.looks_at(schedule, 0)
        if data is not None and (not isinstance(data, (tuple, list)) or len(data) != 2):
            raise TypeError(f"`data` must be a pair (x, y) of arrays, got {type(data).__name__}")
        self._data, self._schedule, self._quiet, self._title = data, schedule, quiet, title
        self._mirror: Any = None
        self._failed = ""
        self._step = 0
        self._before: list[np.ndarray] | None = None
        self._places: list[tuple[str, int]] | None = None
        self._last = float("nan")
        self._alarmed = False
        self._notes: list[str] = []
        self._history: dict[str, list[float]] = {}
        self._diagnosis: Diagnosis | None = None
        self._lost = False

    # ---- what Keras calls

    def on_train_begin(self, logs: Any = None) -> None:
        model = self._model
        if self._mirror is not None:
            return
        try:
            x, y, samples = self._samples(sys._getframe(1))
            config = json.loads(model.to_json())
            compile_config = config.pop("compile_config", None) or {}
            described = {"optimizer": _plain(compile_config.get("optimizer")), "loss": _plain(compile_config.get("loss"))}
            params = self.params or {}
            batch = max(1, -(-samples // max(1, params.get("steps") or 1)))
            plan = (int(params.get("epochs") or 1), batch, samples)
            self._mirror = _native.Mirror(json.dumps(config), json.dumps(described), plan, x, y)
            self._notes += [f"not known here, and replaced by something simple: {what}" for what in self._mirror.left_out()]
        except Exception as error:  # noqa: BLE001 - a doctor must not stop a training
            self._fail(error)

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        if self._mirror is not None and not self._lost and _native.looks_at(self._schedule, self._step):
            self._before = self._weights()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        before, self._before = self._before, None
        if before is not None:
            try:
                loss = None if logs is None or "loss" not in logs else float(np.asarray(logs["loss"]))
                after = self._weights()
                self._mirror.look(self._step, None, before, after)
                # Once there are numbers that are none, there is no more to see.
                self._lost = loss is not None and not math.isfinite(loss) and not _finite(after)
                self._alarm()
            except Exception as error:  # noqa: BLE001 - a doctor must not stop a training
                self._fail(error)
        self._step += 1

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        logs = {name: float(np.asarray(value)) for name, value in (logs or {}).items()}
        for name, value in logs.items():
            self._history.setdefault(name, []).append(value)
        lost = not math.isfinite(logs.get("loss", 0.0))
        if lost and not self._lost and self._mirror is not None:
            # It went wrong on a step that was not looked at.
            self._lost = True
            try:
                self._mirror.look(self._step, logs["loss"], self._weights(), None)
            except Exception as error:  # noqa: BLE001 - a doctor must not stop a training
                self._fail(error)

    # ---- what users call

    @property
    def diagnosis(self) -> Diagnosis:
        """What was found in what was seen so far."""
        if self._mirror is None:
            why = self._failed or "give the callback to model.fit(…, callbacks=[doctor]) first"
            raise RuntimeError(f"there is nothing to judge: {why}")
        native = self._mirror.conclude(json.dumps(self._curves()))
        title = self._title or str(getattr(self._model, "name", "network"))
        coder = Coder(self._mirror, native)
        return Diagnosis(native, title, coder, tuple(self._notes))

    def __str__(self) -> str:
        return str(self.diagnosis)

    def _repr_html_(self) -> str:
        return self.diagnosis._repr_html_()

    # ---- inside

    def _weights(self) -> list[np.ndarray]:
        found = self._running()
        if found is None:
            # `self.model` brings the weights of a training on JAX back into the model.
            model = self.model
            found = [variable.value for variable in model.weights if _counts(variable)]
        return [_copied(weight) for weight in found]

    def _running(self) -> list[Any] | None:
        """The weights of a training on JAX where they are in its midst: to bring them back into the model costs as much as several
        steps."""
        model = self._model
        state = getattr(model, "_jax_state", None)
        if not state or getattr(model, "_jax_state_synced", True):
            return None
        if self._places is None:
            learning, fixed = model.trainable_variables, model.non_trainable_variables
            at = {id(v): ("trainable_variables", i) for i, v in enumerate(learning)}
            at |= {id(v): ("non_trainable_variables", i) for i, v in enumerate(fixed)}
            kept = [variable for variable in model.weights if _counts(variable)]
            if not all(id(variable) in at for variable in kept):
                return None
            self._places = [at[id(variable)] for variable in kept]
        try:
            return [state[kind][i] for kind, i in self._places]
        except (KeyError, IndexError, TypeError):
            return None

    def _curves(self) -> dict[str, Any]:
        def safe(values: list[float]) -> list[float | None]:
            return [value if math.isfinite(value) else None for value in values]

        metric = next((n for n in self._history if not n.startswith("val_") and n not in ("loss", "learning_rate")), "")
        return {
            "loss": safe(self._history.get("loss", [])),
            "val_loss": safe(self._history.get("val_loss", [])),
            "metric": safe(self._history.get(metric, [])),
            "val_metric": safe(self._history.get(f"val_{metric}", [])),
            "metric_name": metric,
        }

    def _alarm(self) -> None:
        if self._alarmed or self._quiet or self._step == 0 or (self._step & (self._step - 1) and self._step != 18):
            return
        found = self._mirror.alarm(json.dumps(self._curves()))
        if found is not None:
            self._alarmed = True
            found = json.loads(found)
            name = found["condition"].replace("_", " ")
            warnings.warn(
                f"step {self._step}: {self._model.name} is sick: {name}: {found['summary']} (print(doctor.diagnosis) says more)",
                stacklevel=_outside(),
            )

    def _fail(self, error: Exception) -> None:
        self._failed = f"{type(error).__name__}: {error}"
        self._mirror = None
        warnings.warn(f"steadygrad cannot look at this network, and leaves it alone: {self._failed}", stacklevel=_outside())

    def _samples(self, frame: Any) -> tuple[list[np.ndarray], list[np.ndarray], int]:
        """Some of the training data, and how many there are."""
        if self._data is not None:
            x, y = self._data
            count = len(_arrays(y)[0])
        else:
            adapter = None
            while frame is not None and adapter is None:
                iterator = frame.f_locals.get("epoch_iterator")
                adapter = getattr(iterator, "data_adapter", None)
                frame = frame.f_back
            if adapter is None or type(adapter).__name__ not in AGAIN:
                raise ValueError("the data of `fit` can be read only once; give some of them: KerasDoctor(data=(x, y))")
            with _same_random_state():
                batch = next(iter(adapter.get_numpy_iterator()))
            if not isinstance(batch, (tuple, list)) or len(batch) < 2 or batch[1] is None:
                raise ValueError("the data of `fit` have no targets; give some: KerasDoctor(data=(x, y))")
            x, y = batch[0], batch[1]
            steps = (self.params or {}).get("steps") or adapter.num_batches or 1
            count = int(steps) * len(_arrays(y)[0])
        xs = [numbers(a)[:SAMPLES] for a in _arrays(x)]
        ys = [numbers(a)[:SAMPLES] for a in _arrays(y)]
        return [np.ascontiguousarray(a) for a in xs], [np.ascontiguousarray(a) for a in ys], count


@contextmanager
def _same_random_state() -> Iterator[None]:
    """Data may be shuffled as they are read: who reads some of them before the training must not change its order."""
    ours, theirs = random.getstate(), np.random.get_state()
    torch = sys.modules.get("torch")
    third = torch.get_rng_state() if torch is not None and hasattr(torch, "get_rng_state") else None
    try:
        yield
    finally:
        random.setstate(ours)
        np.random.set_state(theirs)
        if torch is not None and third is not None:
            torch.set_rng_state(third)


def _arrays(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [np.asarray(v) for v in value.values()]
    if isinstance(value, (list, tuple)):
        return [np.asarray(v) for v in value]
    return [np.asarray(value)]


def _counts(variable: Any) -> bool:
    """Whether it is a weight that the mirror has, too."""
    return not any(part in variable.path for part in ("seed_generator", "/count"))


def _copied(weight: Any) -> np.ndarray:
    """The numbers, for good: the next step of a training may be given the memory they lie in."""
    if hasattr(weight, "detach"):
        weight = weight.detach().cpu()
    return np.array(weight, dtype=np.float32, order="C")


def _finite(weights: list[np.ndarray]) -> bool:
    return all(bool(np.isfinite(w).all()) for w in weights)


def _plain(config: Any) -> Any:
    """A setting without what only Keras' own reader needs."""
    if isinstance(config, dict) and "class_name" in config:
        inner = config.get("config")
        inner = {k: _plain(v) for k, v in inner.items()} if isinstance(inner, dict) else inner
        return {"class_name": config["class_name"], "config": inner}
    if isinstance(config, str):
        return config.rsplit(">", 1)[-1]
    return config


def _outside() -> int:
    """How many frames up the code stands that is neither ours nor Keras'."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None:
        if not frame.f_globals.get("__name__", "").startswith(("steadygrad", "keras")):
            break
        level, frame = level + 1, frame.f_back
    return level
