"""Deep networks whose gradients stay steady, and a doctor for the ones that do not."""

from typing import Any

from . import doctor
from ._native import __version__

__all__ = ["KerasDoctor", "__version__", "doctor", "watch"]


def __getattr__(name: str) -> Any:
    if name in ("watch", "KerasDoctor"):
        return getattr(doctor, name)
    raise AttributeError(f"module 'steadygrad' has no attribute {name!r}")
