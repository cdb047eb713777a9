"""Callbacks that hold functions of the user's own."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

from .callback import Callback

__all__ = ["LambdaCallback", "LearningRateScheduler"]


class LambdaCallback(Callback):
    """Functions in the places of hooks."""

    def __init__(
        self,
        on_epoch_begin: Callable[..., Any] | None = None,
        on_epoch_end: Callable[..., Any] | None = None,
        on_train_begin: Callable[..., Any] | None = None,
        on_train_end: Callable[..., Any] | None = None,
        on_train_batch_begin: Callable[..., Any] | None = None,
        on_train_batch_end: Callable[..., Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        given = {
            "on_epoch_begin": on_epoch_begin, "on_epoch_end": on_epoch_end, "on_train_begin": on_train_begin,
            "on_train_end": on_train_end, "on_train_batch_begin": on_train_batch_begin, "on_train_batch_end": on_train_batch_end, **kwargs,
        }
        for hook, function in given.items():
            if function is not None:
                setattr(self, hook, function)
        self._batches = any(given.get(hook) is not None for hook in given if "batch" in hook)

    @property
    def _wants_batches(self) -> bool:
        return self._batches


class LearningRateScheduler(Callback):
    """Sets the learning rate before every epoch: ``schedule(epoch, rate)`` or ``schedule(epoch)``; it stands in the history."""

    def __init__(self, schedule: Callable[..., Any], verbose: int = 0) -> None:
        super().__init__()
        if not callable(schedule):
            raise ValueError(f"LearningRateScheduler: `schedule` must be a function of the epoch, got {schedule!r}")
        self.schedule, self.verbose = schedule, verbose

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        before = float(self.model.optimizer.learning_rate)
        try:
            rate = self.schedule(epoch, before)
        except TypeError:
            rate = self.schedule(epoch)
        if not isinstance(rate, (int, float, np.floating, np.integer)) or isinstance(rate, bool):
            raise ValueError(f"LearningRateScheduler: `schedule` must return a number, it returned {rate!r} for epoch {epoch}")
        self.model.optimizer.learning_rate = float(rate)
        if self.verbose:
            print(f"\nEpoch {epoch + 1}: the learning rate is {float(rate):g}")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if logs is not None:
            logs["learning_rate"] = float(np.float32(self.model.optimizer.learning_rate))
