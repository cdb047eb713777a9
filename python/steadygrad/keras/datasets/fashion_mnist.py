"""Fashion-MNIST: 70,000 pictures of clothes of 28 × 28 pixels (Xiao, Rasul and Vollgraf 2017; MIT)."""

from __future__ import annotations

from .._base.arrays import Array
from .idx import load

__all__ = ["load_data"]


def load_data() -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """``(x_train, y_train), (x_test, y_test)``: pixels and classes as uint8, shapes (60000, 28, 28) and (60000,)."""
    return load("fashion_mnist", None)
