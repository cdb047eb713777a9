"""Callbacks that run in the native half, described by their settings; what they find stands in their attributes."""

from __future__ import annotations

import json
from typing import Any

from ... import _native
from .._base.settings import _finite, arguments, plain
from .callback import OF_BATCHES, Callback

__all__ = ["CSVLogger", "EarlyStopping", "ModelCheckpoint", "ReduceLROnPlateau", "TerminateOnNaN"]


class Ours(Callback):
    """A callback of the native half."""

    _said: dict[str, Any]

    def _settle(self, given: dict[str, Any]) -> None:
        super().__init__()
        said = arguments(given)
        self._describe(said)
        for key, value in said.items():
            object.__setattr__(self, key, value)

    def _describe(self, said: dict[str, Any]) -> None:
        config = json.loads(json.dumps(_finite({key: _path(plain(value)) for key, value in said.items() if value is not None})))
        self._spec = json.dumps({"class_name": self._class(), "config": config})
        try:
            _native.describe("callback", self._spec)
        except ValueError as wrong:
            raise ValueError(str(wrong)) from None
        object.__setattr__(self, "_said", said)

    def _class(self) -> str:
        return self._base().__name__

    def _base(self) -> type:
        return next(cls for cls in type(self).__mro__ if cls.__module__ == __name__)

    @property
    def _has_hooks(self) -> bool:
        """Whether a class over it has hooks of its own: they are called behind those of the native half."""
        return any(getattr(type(self), hook) is not getattr(Callback, hook) for hook in dir(Callback) if hook.startswith("on_"))

    @property
    def _wants_batches(self) -> bool:  # type: ignore[override]
        return any(getattr(type(self), hook) is not getattr(Callback, hook) for hook in OF_BATCHES)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self.__dict__.get("_said", ()):
            # Another setting holds from the next training on.
            said = {**self._said, name: value}
            self._describe(said)
        super().__setattr__(name, value)


def _path(value: Any) -> Any:
    return value.__fspath__() if hasattr(value, "__fspath__") else value


class EarlyStopping(Ours):
    """Ends the training when a number of the logs has stopped improving for ``patience`` epochs.

    Afterwards: ``stopped_epoch`` (0 where it ran to its end), ``best``, ``best_epoch``, ``wait``.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        self._settle(locals())
        self.stopped_epoch, self.best, self.best_epoch, self.wait = 0, None, 0, 0


class ReduceLROnPlateau(Ours):
    """Makes the learning rate smaller when a number of the logs has stopped improving."""

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 0.0001,
        cooldown: int = 0,
        min_lr: float = 0.0,
        **kwargs: Any,
    ) -> None:
        self._settle(locals())


class ModelCheckpoint(Ours):
    """Writes the model to a file after every epoch, or after so many batches; with ``save_best_only``, when it is the best so far.

    The path may ask for numbers: ``"{epoch:02d}-{val_loss:.3f}.keras"``.
    """

    def __init__(
        self,
        filepath: Any,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: Any = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        given = locals()
        path = _path(filepath)
        endings = (".weights.h5", ".safetensors") if save_weights_only else (".keras", ".h5", ".safetensors")
        if not str(path).endswith(endings):
            raise ValueError(f"ModelCheckpoint: the path must end in {' or '.join(endings[:2])}, got {path!r}")
        self._settle(given)


class CSVLogger(Ours):
    """Writes the numbers of every epoch to a file, a line each."""

    def __init__(self, filename: Any, separator: str = ",", append: bool = False) -> None:
        self._settle(locals())


class TerminateOnNaN(Ours):
    """Ends the training at the first loss that is not a finite number.

    What ``fit(on_non_finite="skip")`` or ``"rollback"`` goes on without is not in the loss, and does not end it.
    """

    def __init__(self, raise_error: bool = False) -> None:
        self._settle(locals())
