"""Deep networks whose gradients stay steady, and a doctor for the ones that do not.

``from steadygrad import keras`` gives Keras' words; ``import steadygrad as tf`` makes programs that say ``tf.keras`` run.
"""

from __future__ import annotations

from typing import Any

from . import doctor
from ._native import __version__

__all__ = ["KerasDoctor", "__version__", "doctor", "keras", "random", "watch"]


def __getattr__(name: str) -> Any:
    # Who only watches another framework needs none of the words.
    if name in ("keras", "random"):
        import importlib

        return importlib.import_module(".keras" if name == "keras" else ".keras.random", __name__)
    if name in ("watch", "KerasDoctor"):
        return getattr(doctor, name)
    raise AttributeError(f"module 'steadygrad' has no attribute {name!r}")
