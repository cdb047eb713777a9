"""Layers that only move numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .._base.layer import Layer

__all__ = [
    "Flatten", "Reshape", "Permute", "RepeatVector", "ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D", "Cropping1D", "Cropping2D",
    "Cropping3D", "UpSampling1D", "UpSampling2D", "UpSampling3D",
]


class Flatten(Layer):
    """All axes of a sample in one."""

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        self._settle(locals())


class Reshape(Layer):
    """Samples in another shape; one size may be -1."""

    def __init__(self, target_shape: Sequence[int], **kwargs: Any) -> None:
        self._settle(locals())


class Permute(Layer):
    """The axes of a sample in another order, counted from 1."""

    def __init__(self, dims: Sequence[int], **kwargs: Any) -> None:
        self._settle(locals())


class RepeatVector(Layer):
    """A vector n times."""

    def __init__(self, n: int, **kwargs: Any) -> None:
        self._settle(locals())


class ZeroPadding1D(Layer):
    """Zeros around each sample."""

    def __init__(self, padding: Any = 1, data_format: str | None = None, **kwargs: Any) -> None:
        self._settle(locals())


class ZeroPadding2D(Layer):
    """Zeros around each sample."""

    def __init__(self, padding: Any = (1, 1), data_format: str | None = None, **kwargs: Any) -> None:
        self._settle(locals())


class ZeroPadding3D(Layer):
    """Zeros around each sample."""

    def __init__(self, padding: Any = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None, **kwargs: Any) -> None:
        self._settle(locals())


class Cropping1D(Layer):
    """Cuts the margins of each sample off."""

    def __init__(self, cropping: Any = (1, 1), **kwargs: Any) -> None:
        self._settle(locals())


class Cropping2D(Layer):
    """Cuts the margins of each sample off."""

    def __init__(self, cropping: Any = ((0, 0), (0, 0)), data_format: str | None = None, **kwargs: Any) -> None:
        self._settle(locals())


class Cropping3D(Layer):
    """Cuts the margins of each sample off."""

    def __init__(self, cropping: Any = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None, **kwargs: Any) -> None:
        self._settle(locals())


class UpSampling1D(Layer):
    """Each place ``size`` times."""

    def __init__(self, size: int | Sequence[int] = 2, **kwargs: Any) -> None:
        self._settle(locals())


class UpSampling2D(Layer):
    """Each place ``size`` times."""

    def __init__(self, size: int | Sequence[int] = (2, 2), data_format: str | None = None, interpolation: str = "nearest", **kwargs: Any) -> None:
        self._settle(locals())


class UpSampling3D(Layer):
    """Each place ``size`` times."""

    def __init__(self, size: int | Sequence[int] = (2, 2, 2), data_format: str | None = None, **kwargs: Any) -> None:
        self._settle(locals())
