"""Layers that prepare numbers and images."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._base.arrays import numbers
from .._base.layer import Layer

__all__ = [
    "Rescaling", "Normalization", "CenterCrop", "Resizing", "RandomFlip", "RandomTranslation", "RandomZoom", "RandomRotation",
]


class Rescaling(Layer):
    """``scale``·x + ``offset``."""

    def __init__(self, scale: Any, offset: float = 0.0, **kwargs: Any) -> None:
        self._settle(locals())


class Normalization(Layer):
    """(x − mean) / deviation, with numbers that are given, or learnt from data by ``adapt``."""

    def adapt(self, data: Any, batch_size: Any = None, steps: Any = None) -> None:
        """Learns mean and variance from data: all samples at once."""
        array = numbers(data, "data").astype(np.float64)
        axes = self._config["axis"] if isinstance(self._config["axis"], list) else [self._config["axis"]]
        kept = [axis % array.ndim for axis in axes]
        over = tuple(i for i in range(array.ndim) if i not in kept)
        self.build(array.shape)
        for name, value in (("mean", array.mean(axis=over)), ("variance", array.var(axis=over)), ("count", len(array))):
            for variable in self._variables:
                if variable.name == name:
                    variable.assign(np.asarray(value, np.float32).reshape(variable.shape))

    def __init__(self, axis: Any = -1, mean: Any = None, variance: Any = None, invert: bool = False, **kwargs: Any) -> None:
        self._settle(locals())


class CenterCrop(Layer):
    """The middle of each image."""

    def __init__(self, height: Any, width: Any, data_format: str | None = None, **kwargs: Any) -> None:
        self._settle(locals())


class Resizing(Layer):
    """Images in another size."""

    def __init__(
        self,
        height: Any,
        width: Any,
        interpolation: str = "bilinear",
        crop_to_aspect_ratio: bool = False,
        pad_to_aspect_ratio: bool = False,
        fill_mode: str = "constant",
        fill_value: float = 0.0,
        antialias: bool = False,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        self._settle(locals())


class RandomFlip(Layer):
    """Some images turned over, in training."""

    def __init__(self, mode: str = "horizontal_and_vertical", seed: int | None = None, data_format: str | None = None, **kwargs: Any) -> None:
        self._settle(locals())


class RandomTranslation(Layer):
    """Images moved by some part of their size, in training."""

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        self._settle(locals())


class RandomZoom(Layer):
    """Images larger or smaller, in training."""

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any = None,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        self._settle(locals())


class RandomRotation(Layer):
    """Images turned by some part of a circle, in training."""

    def __init__(
        self,
        factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        self._settle(locals())
