"""The doctor: what ails a network, why, and what to do about it.

``examine``, ``forecast`` and ``cure`` take models of ``steadygrad.keras``. ``steadygrad.watch`` looks at a PyTorch training,
``steadygrad.KerasDoctor`` at one of Keras, ``Recorder`` at any loop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .diagnosis import Diagnosis, Finding, Prescription
from .patient import Cure, Explanation, Forecast, cure, examine, explain, forecast
from .record import Recorder

if TYPE_CHECKING:
    from .keras_doctor import KerasDoctor
    from .torch_watch import Watch, watch

__all__ = [
    "Cure", "Diagnosis", "Explanation", "Finding", "Forecast", "KerasDoctor", "Prescription", "Recorder", "Watch", "cure", "examine",
    "explain", "forecast", "watch",
]


def __getattr__(name: str) -> Any:
    # PyTorch takes seconds to import: only who watches it pays for that.
    if name in ("watch", "Watch"):
        try:
            from . import torch_watch
        except ModuleNotFoundError as missing:
            if missing.name != "torch":
                raise
            raise ModuleNotFoundError(
                "steadygrad.watch looks at PyTorch models, and there is no torch here; for Keras there is steadygrad.KerasDoctor, "
                "for a loop of your own steadygrad.doctor.Recorder",
                name="torch",
            ) from None
        return getattr(torch_watch, name)
    if name == "KerasDoctor":
        try:
            from . import keras_doctor
        except ModuleNotFoundError as missing:
            if missing.name != "keras":
                raise
            raise ModuleNotFoundError(
                "steadygrad.KerasDoctor is a callback of Keras 3, and there is no keras here; models of steadygrad.keras are examined "
                "with steadygrad.doctor.examine",
                name="keras",
            ) from None
        return keras_doctor.KerasDoctor
    raise AttributeError(f"module 'steadygrad.doctor' has no attribute {name!r}")
