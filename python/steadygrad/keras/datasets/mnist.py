"""MNIST: 70,000 handwritten digits of 28 × 28 pixels (LeCun, Cortes and Burges)."""

from __future__ import annotations

from typing import Any

from .._base.arrays import Array
from .idx import load

__all__ = ["load_data"]


def load_data(path: Any = "mnist.npz") -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """``(x_train, y_train), (x_test, y_test)``: pixels and classes as uint8, shapes (60000, 28, 28) and (60000,).

    Read from ``path``, from where Keras keeps it, or from where ``steadygrad fetch mnist`` keeps it; else fetched there, and checked.
    """
    return load("mnist", path)
