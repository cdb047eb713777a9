"""Functions of the user's own as the native half holds them: without keeping alive what they belong to.

A metric may know its model, and the model's native half knows the metric: a circle that Python's collector cannot see through. So the
native half is given a handle, and who owns the function keeps it.
"""

from __future__ import annotations

import weakref
from typing import Any

__all__ = ["Own"]


class _Handle:
    """What the native half calls."""

    def __init__(self, own: Own) -> None:
        self._own = weakref.ref(own)
        function = own.function
        self.name = getattr(function, "name", None) or getattr(function, "__name__", type(function).__name__)
        self.reduction = getattr(function, "reduction", "sum_over_batch_size")
        if callable(getattr(function, "gradient", None)):
            self.gradient = lambda *args: self._function().gradient(*args)
        for hook in ("update_state", "result", "reset_state"):
            if hasattr(function, hook):
                setattr(self, hook, lambda *args, hook=hook: getattr(self._function(), hook)(*args))

    def _function(self) -> Any:
        own = self._own()
        if own is None:
            raise RuntimeError(f"the function `{self.name}` is gone: the model or layer that it belongs to is not in use any more")
        return own.function

    def __call__(self, *args: Any) -> Any:
        function = self._function()
        return function.call(*args) if hasattr(function, "call") and not hasattr(function, "update_state") else function(*args)


class Own:
    """Keeps a function; ``handle`` is what the native half is given."""

    def __init__(self, function: Any) -> None:
        self.function = function

    @property
    def handle(self) -> Any:
        return _Handle(self)
