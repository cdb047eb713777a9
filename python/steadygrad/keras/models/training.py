"""``fit``, ``evaluate``, ``predict``."""

from __future__ import annotations

import json
import time
from typing import Any

import numpy as np

from ... import _native
from .. import callbacks as callback_words
from .._base.arrays import Array
from .._base.runner import Runner
from .._base.telling import warn
from . import feeding
from .compiling import Compiling
from .history import History

__all__ = ["Training"]


def _whole(value: Any, name: str, least: int = 1) -> int | None:
    """A whole number, or nothing."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ValueError(f"`{name}` must be a whole number of {least} or more, got {value!r}")
    return int(value)


def _word(value: Any, name: str) -> str | None:
    """A word, or nothing; which words there are the native half knows."""
    if value is not None and not isinstance(value, str):
        raise ValueError(f"`{name}` must be a word, got {value!r}")
    return value


def _verbose(verbose: Any) -> int:
    if verbose == "auto":
        return 1
    if verbose is None or isinstance(verbose, (bool, int)):
        return min(2, max(0, int(verbose or 0)))
    raise ValueError(f'`verbose` must be "auto", 0, 1 or 2, got {verbose!r}')


class Training(Compiling):
    """The half of a model that trains."""

    # ---- fit

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: Any = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: Any = True,
        class_weight: Any = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: Any = None,
        validation_steps: Any = None,
        validation_batch_size: Any = None,
        validation_freq: Any = 1,
        *,
        on_non_finite: str | None = None,
    ) -> History:
        """Trains on arrays and returns the numbers of every epoch.

        ``on_non_finite`` says what is done when the loss, a gradient, or a weight after the update is not finite; in none of these ways
        it comes into the weights, and ``history.non_finite`` has the places::

            "stop"      the step is undone, and the training ends
            "skip"      the step is undone, and the batch counts nowhere: for data of which some is bad
            "rollback"  weights and optimizer go back to where the epoch began, and the learning rate is halved

        Both others end as ``"stop"`` does where they do not help: as many skipped batches in a row as an epoch has, ten at most; ten times
        back. Without it a training goes on, as in Keras.

        Ctrl-C ends it after the batch; ``model.history`` then has what was measured, and KeyboardInterrupt is raised.
        """
        if class_weight is not None and sample_weight is not None:
            raise ValueError("give `class_weight` or `sample_weight`, not both")
        if isinstance(validation_split, bool) or not isinstance(validation_split, (int, float, np.number)) or not 0 <= validation_split < 1:
            raise ValueError(f"`validation_split` must be 0 or more and below 1, got {validation_split}")
        if x is None:
            raise ValueError("`x` is missing: an array of samples")
        if self._compiled is None:
            raise ValueError("`fit` needs to know optimizer and loss: call `compile` first")
        xs, ys, weights = self._fed(x, y, sample_weight)
        validation = None
        if validation_data is not None:
            vx, vy, vw = feeding.unpacked(validation_data)
            validation = self._fed(vx, vy, vw)
        settings: dict[str, Any] = {
            "epochs": _whole(epochs, "epochs", 0),
            "batch_size": _whole(batch_size, "batch_size"),
            "validation_split": 0.0 if validation is not None else float(validation_split),
            "shuffle": "batch" if shuffle == "batch" else "all" if shuffle else "no",
            "class_weight": {} if class_weight is None else feeding.classes(class_weight),
            "initial_epoch": _whole(initial_epoch, "initial_epoch", 0),
            "steps_per_epoch": _whole(steps_per_epoch, "steps_per_epoch"),
            "validation_steps": _whole(validation_steps, "validation_steps"),
            "validation_batch_size": _whole(validation_batch_size, "validation_batch_size"),
            "validation_freq": _whole(validation_freq, "validation_freq") or 1,
            "on_non_finite": _word(on_non_finite, "on_non_finite"),
        }
        backup = callback_words.backup_of(callback_words.listed(callbacks))
        runner = self._training_runner("fit", ys, None if backup is None else _native.backup_seed(backup[0]))
        runner.push()
        history = History()
        history.model = self
        batches = -(-len(xs[0]) // (settings["batch_size"] or 32))
        history.params = {"verbose": _verbose(verbose), "epochs": settings["epochs"], "steps": settings["steps_per_epoch"] or batches}
        hooks = callback_words.prepared(callbacks, self, history.params)
        self.stop_training = False
        self.history = history
        recorder = _Recorder(history)
        runner.changed()
        runner.training = True
        try:
            series, epochs_run, notes, bad, interrupted = runner.native.fit(
                xs, ys, weights, validation, json.dumps(settings), [*hooks, recorder], _verbose(verbose), self, backup
            )
        finally:
            runner.training = False
            runner.changed()
        history.history = {name: list(values) for name, values in series}
        history.epoch = list(epochs_run)
        history.warnings = list(notes)
        history.non_finite = [dict(zip(("epoch", "batch", "step", "place", "phase", "done"), one)) for one in bad]
        for note in notes:
            warn(note)
        if interrupted:
            kept = "" if backup is None else f", and the same `fit` goes on with it from {backup[0]}"
            raise KeyboardInterrupt(f"the training was ended; model.history has the epochs so far{kept}")
        return history

    def _fed(self, x: Any, y: Any, weights: Any) -> tuple[list[Array], list[Array], Array | None]:
        xs = self._inputs(x)
        ys = feeding.targets(self._named(y), self._loss_outputs(), len(xs[0]))
        self._check_labels(ys)
        return xs, ys, feeding.sample_weights(weights, len(xs[0]))

    def _inputs(self, x: Any) -> list[Array]:
        """The inputs; a model that does not know its shape yet learns it from them."""
        if not self.built:
            self._build_from(x)
        return feeding.inputs(self._named(x), self._input_names(), self._input_sizes())

    def _named(self, given: Any) -> Any:
        """A dictionary by the names of layers, where it is one by names that the model was given."""
        if not isinstance(given, dict) or "class_name" in given:
            return given
        return {self._aliases.get(key, key): value for key, value in given.items()}

    def _given_out(self, made: list[Array]) -> Any:
        """One output alone, several as a list, or by the names that they were given."""
        if self._output_keys is not None:
            return dict(zip(self._output_keys, made))
        return made[0] if len(made) == 1 else made

    def _loss_outputs(self) -> list[str]:
        """The outputs that have a loss, and need targets."""
        names = self._output_names()
        given = self._compiled.given["loss"] if self._compiled else None
        if isinstance(given, dict) and "class_name" not in given:
            return names if len(given) == len(names) else [name for name in names if name in given]
        return names

    def _check_labels(self, ys: list[Array]) -> None:
        for array in ys:
            if array.dtype.kind == "f" and not np.isfinite(array.sum(dtype=np.float64)):
                bad = int(array.size - np.isfinite(array).sum())
                if bad:
                    warn(f"`y` has {bad} numbers that are not finite")

    # ---- evaluate, predict, single batches

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: Any = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: Any = None,
        callbacks: Any = None,
        return_dict: bool = False,
        **kwargs: Any,
    ) -> Any:
        """The loss, and the metrics in the order of `compile`, as a list; by name with ``return_dict``."""
        if kwargs:
            raise ValueError(f"`evaluate` has no argument `{next(iter(kwargs))}`")
        if self._compiled is None:
            raise ValueError("`evaluate` needs to know the loss: call `compile` first")
        xs, ys, weights = self._fed(x, y, sample_weight)
        runner = self._training_runner("evaluate", ys)
        runner.push()
        hooks = callback_words.prepared(callbacks, self, {"verbose": _verbose(verbose)})
        size = _whole(batch_size, "batch_size") or 32
        found = runner.native.evaluate(xs, ys, weights, size, _whole(steps, "steps"), hooks, _verbose(verbose), self)
        return self._measured(runner, found, return_dict)

    @staticmethod
    def _measured(runner: Runner, found: list[tuple[str, float]], as_dict: bool) -> Any:
        """The loss first, metrics as they were asked for."""
        told = dict(found)
        ordered = {name: told[name] for name in runner.native.measured()}
        if as_dict:
            return ordered
        values = list(ordered.values())
        return values[0] if len(values) == 1 else values

    def predict(self, x: Any, batch_size: Any = None, verbose: Any = "auto", steps: Any = None, callbacks: Any = None) -> Any:
        """The outputs for these samples; a list where the model has several."""
        _whole(batch_size, "batch_size")
        xs = self._inputs(x)
        if _whole(steps, "steps") is not None:
            xs = [array[: steps * (batch_size or 32)] for array in xs]
        if len(xs[0]) == 0:
            empty = [np.zeros((0, *shape), np.float32) for shape in self._output_sizes()]
            return self._given_out(empty)
        verbose, began = _verbose(verbose), time.perf_counter()
        hooks = callback_words.prepared(callbacks, self, {"verbose": verbose})
        for hook in hooks:
            hook.on_predict_begin()
        made = self._any_runner().predict(xs)
        for hook in hooks:
            hook.on_predict_end()
        if verbose:
            steps = -(-len(xs[0]) // (batch_size or 32))
            print(_native.done_line(steps, time.perf_counter() - began, verbose))
        return self._given_out(made)

    def predict_on_batch(self, x: Any) -> Any:
        return self.predict(x, verbose=0)

    def train_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, class_weight: Any = None, return_dict: bool = False) -> Any:
        """One step on all of these samples; its loss and metrics."""
        xs, ys, weights = self._fed(x, y, sample_weight)
        if class_weight is not None:
            if weights is not None:
                raise ValueError("give `class_weight` or `sample_weight`, not both")
            weights = self._by_class(ys[0], feeding.classes(class_weight))
        runner = self._training_runner("train_on_batch", ys)
        runner.push()
        found = runner.native.train_on_batch(xs, ys, weights)
        runner.changed()
        return self._measured(runner, found, return_dict)

    @staticmethod
    def _by_class(y: Array, weights: dict[str, float]) -> Array:
        labels = y.argmax(axis=-1) if y.ndim > 1 and y.shape[-1] > 1 else y.reshape(len(y)).astype(int)
        return np.array([weights.get(str(int(label)), 1.0) for label in labels], np.float32)

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """Loss and metrics of these samples as one batch."""
        xs, ys, weights = self._fed(x, y, sample_weight)
        runner = self._training_runner("test_on_batch", ys)
        runner.push()
        return self._measured(runner, runner.native.test_on_batch(xs, ys, weights), return_dict)

    def compute_loss(self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True) -> Any:
        """The loss of predictions that are given."""
        if self._compiled is None or self._compiled.given["loss"] is None:
            raise ValueError("`compute_loss` needs a loss: compile(loss=…)")
        from .. import losses

        one = losses.get(self._compiled.given["loss"])
        return float(np.mean(one(y, y_pred) if sample_weight is None else one(y, y_pred, sample_weight)))


class _Recorder(callback_words.Callback):
    """Keeps the history up to date while the model trains, so that an interrupt leaves what was measured."""

    _wants_batches = False

    def __init__(self, history: History) -> None:
        super().__init__()
        self._history = history

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._history.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self._history.history.setdefault(name, []).append(value)


