"""Noise in training, nothing in inference; and penalties on what passes through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .._base.layer import Layer

__all__ = [
    "Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "AlphaDropout", "GaussianDropout", "GaussianNoise",
    "ActivityRegularization",
]


class Dropout(Layer):
    """Sets a fraction ``rate`` of the numbers to 0 in training and scales the others by 1/(1 − rate) (Srivastava et al. 2014)."""

    def __init__(self, rate: float, noise_shape: Sequence[int | None] | None = None, seed: int | None = None, **kwargs: Any) -> None:
        self._settle(locals())


class SpatialDropout1D(Layer):
    """Dropout of whole channels (Tompson et al. 2015)."""

    def __init__(self, rate: float, seed: int | None = None, name: str | None = None, dtype: Any = None) -> None:
        self._settle(locals())


class SpatialDropout2D(Layer):
    """Dropout of whole channels (Tompson et al. 2015)."""

    def __init__(self, rate: float, data_format: str | None = None, seed: int | None = None, name: str | None = None, dtype: Any = None) -> None:
        self._settle(locals())


class SpatialDropout3D(Layer):
    """Dropout of whole channels (Tompson et al. 2015)."""

    def __init__(self, rate: float, data_format: str | None = None, seed: int | None = None, name: str | None = None, dtype: Any = None) -> None:
        self._settle(locals())


class AlphaDropout(Layer):
    """Dropout that keeps mean and variance, for SELU (Klambauer et al. 2017)."""

    def __init__(self, rate: float, noise_shape: Sequence[int | None] | None = None, seed: int | None = None, **kwargs: Any) -> None:
        self._settle(locals())


class GaussianDropout(Layer):
    """Times normal noise of mean 1 and variance rate/(1 − rate)."""

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        self._settle(locals())


class GaussianNoise(Layer):
    """Plus normal noise of deviation ``stddev``."""

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any) -> None:
        self._settle(locals())


class ActivityRegularization(Layer):
    """Adds l1·Σ|x| + l2·Σx² of what passes to the loss."""

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        self._settle(locals())
