"""1,797 handwritten digits of 8 × 8 pixels (Alpaydin and Kaynak, UCI; CC BY 4.0), part of the package: no download."""

from __future__ import annotations

import numpy as np

from ... import _native
from .._base.arrays import Array

__all__ = ["load_data"]


def load_data() -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """``(x_train, y_train), (x_test, y_test)``: pixels of 0 to 16 as uint8, classes 0 to 9; every fifth digit is for the test."""
    x, y = _native.digits_8x8()
    x, y = x.astype(np.uint8), y.astype(np.uint8)
    test = np.arange(len(x)) % 5 == 4
    return (x[~test], y[~test]), (x[test], y[test])
