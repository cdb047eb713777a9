"""Callbacks: hooks into a training, under Keras' names."""

from __future__ import annotations

from typing import Any

from .backup import BackupAndRestore, backup_of
from .callback import Callback
from .functions import LambdaCallback, LearningRateScheduler
from .ours import CSVLogger, EarlyStopping, ModelCheckpoint, ReduceLROnPlateau, TerminateOnNaN

__all__ = [
    "BackupAndRestore", "Callback", "CallbackList", "CSVLogger", "EarlyStopping", "History", "LambdaCallback", "LearningRateScheduler", "ModelCheckpoint",
    "ReduceLROnPlateau", "TerminateOnNaN",
]


class History(Callback):
    """Every ``fit`` returns one; given as a callback, it keeps the numbers of the epochs too."""

    def __init__(self) -> None:
        super().__init__()
        self.history: dict[str, list[float]] = {}
        self.epoch: list[int] = []

    def on_train_begin(self, logs: Any = None) -> None:
        self.history, self.epoch = {}, []

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)


class CallbackList:
    """Callbacks that are called one after another."""

    def __init__(self, callbacks: Any = None, add_history: bool = False, add_progbar: bool = False, model: Any = None, **params: Any) -> None:
        self.callbacks = list(callbacks or [])
        if add_history and not any(isinstance(c, History) for c in self.callbacks):
            self.callbacks.append(History())
        for callback in self.callbacks:
            callback.set_model(model)
            callback.set_params(params)

    def append(self, callback: Any) -> None:
        self.callbacks.append(callback)

    def __getattr__(self, hook: str) -> Any:
        if not hook.startswith("on_"):
            raise AttributeError(f"CallbackList has no attribute `{hook}`")

        def call(*args: Any) -> None:
            for callback in self.callbacks:
                getattr(callback, hook)(*args)

        return call


def listed(given: Any) -> list[Any]:
    """The callbacks that `fit` was given, as a list."""
    if given is None:
        return []
    return list(given.callbacks) if isinstance(given, CallbackList) else list(given) if isinstance(given, (list, tuple)) else [given]


def prepared(given: Any, model: Any, params: dict[str, Any]) -> list[Any]:
    """The callbacks of a training, which know the model."""
    callbacks = listed(given)
    for callback in callbacks:
        if isinstance(callback, type):
            raise ValueError(f"`callbacks`: {callback.__name__} is a class; a callback of it is {callback.__name__}(…)")
        if not isinstance(callback, Callback):
            module = type(callback).__module__.split(".")[0]
            of = f"one of {module}: use steadygrad.keras.callbacks" if module in ("keras", "tensorflow") else "a subclass of keras.callbacks.Callback is needed"
            raise ValueError(f"`callbacks`: got {callback!r}, {of}")
        callback.set_model(model)
        callback.set_params(params)
    return callbacks
