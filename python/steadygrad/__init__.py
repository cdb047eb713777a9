"""Deep networks whose gradients stay steady, and a doctor for the ones that do not."""

from typing import Any

from . import doctor
from ._native import __version__

__all__ = ["__version__", "doctor", "watch"]


def __getattr__(name: str) -> Any:
    if name == "watch":
        return doctor.watch
    raise AttributeError(f"module 'steadygrad' has no attribute {name!r}")
