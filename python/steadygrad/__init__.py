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
    of_tensorflow = ("constant", "Variable", "GradientTape", "data", "function", "math", "nn", "cast", "config", "reduce_mean", "square")
    help = "; of TensorFlow there are `keras` and `random.set_seed` here, and arrays are numpy's" if name in of_tensorflow else ""
    raise AttributeError(f"module 'steadygrad' has no attribute {name!r}{help}")


def __dir__() -> list[str]:
    return sorted(__all__)
