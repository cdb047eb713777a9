"""What a callback is."""

from __future__ import annotations

from typing import Any

__all__ = ["Callback"]

#: The hooks of batches: a training that nobody listens to so closely is faster.
OF_BATCHES = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end", "on_test_batch_begin", "on_test_batch_end")


class Callback:
    """The base class: override the hooks you need. ``self.model`` is the model; ``self.model.stop_training = True`` ends the training.

    ``logs`` are the numbers so far; what ``on_epoch_end`` puts into them stands in the history.
    """

    #: The settings of a callback that runs in the native half; None where the hooks are here.
    _spec: str | None = None

    def __init__(self) -> None:
        self._model: Any = None
        self.params: dict[str, Any] = {}
        self.validation_data = None

    @property
    def model(self) -> Any:
        return self.__dict__.get("_model")

    @property
    def _wants_batches(self) -> bool:
        return any(getattr(type(self), hook) is not getattr(Callback, hook) for hook in OF_BATCHES)

    def set_params(self, params: dict[str, Any]) -> None:
        self.params = params

    def set_model(self, model: Any) -> None:
        self._model = model

    def on_train_begin(self, logs: Any = None) -> None: ...

    def on_train_end(self, logs: Any = None) -> None: ...

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None: ...

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None: ...

    def on_batch_begin(self, batch: int, logs: Any = None) -> None: ...

    def on_batch_end(self, batch: int, logs: Any = None) -> None: ...

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.on_batch_end(batch, logs)

    def on_test_begin(self, logs: Any = None) -> None: ...

    def on_test_end(self, logs: Any = None) -> None: ...

    def on_test_batch_begin(self, batch: int, logs: Any = None) -> None: ...

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None: ...

    def on_predict_begin(self, logs: Any = None) -> None: ...

    def on_predict_end(self, logs: Any = None) -> None: ...

    def on_predict_batch_begin(self, batch: int, logs: Any = None) -> None: ...

    def on_predict_batch_end(self, batch: int, logs: Any = None) -> None: ...
