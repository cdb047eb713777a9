"""Pooling: the largest or the mean of what a window sees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .._base.layer import Layer

__all__ = [
    "MaxPooling1D", "MaxPooling2D", "MaxPooling3D", "AveragePooling1D", "AveragePooling2D", "AveragePooling3D",
    "GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalMaxPooling3D", "GlobalAveragePooling1D", "GlobalAveragePooling2D",
    "GlobalAveragePooling3D", "AdaptiveMaxPooling1D", "AdaptiveMaxPooling2D", "AdaptiveMaxPooling3D", "AdaptiveAveragePooling1D",
    "AdaptiveAveragePooling2D", "AdaptiveAveragePooling3D", "AvgPool1D", "AvgPool2D", "AvgPool3D", "MaxPool1D", "MaxPool2D",
    "MaxPool3D", "GlobalAvgPool1D", "GlobalAvgPool2D", "GlobalAvgPool3D", "GlobalMaxPool1D", "GlobalMaxPool2D", "GlobalMaxPool3D",
]


class MaxPooling1D(Layer):
    """The largest number of each window, channel by channel."""

    def __init__(
        self,
        pool_size: int | Sequence[int] = 2,
        strides: int | Sequence[int] | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        self._settle(locals())


class MaxPooling2D(Layer):
    """The largest number of each window, channel by channel."""

    def __init__(
        self,
        pool_size: int | Sequence[int] = (2, 2),
        strides: int | Sequence[int] | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        self._settle(locals())


class MaxPooling3D(Layer):
    """The largest number of each window, channel by channel."""

    def __init__(
        self,
        pool_size: int | Sequence[int] = (2, 2, 2),
        strides: int | Sequence[int] | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        self._settle(locals())


class AveragePooling1D(Layer):
    """The mean of each window, channel by channel."""

    def __init__(
        self,
        pool_size: int | Sequence[int],
        strides: int | Sequence[int] | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        self._settle(locals())


class AveragePooling2D(Layer):
    """The mean of each window, channel by channel."""

    def __init__(
        self,
        pool_size: int | Sequence[int],
        strides: int | Sequence[int] | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        self._settle(locals())


class AveragePooling3D(Layer):
    """The mean of each window, channel by channel."""

    def __init__(
        self,
        pool_size: int | Sequence[int],
        strides: int | Sequence[int] | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        self._settle(locals())


class GlobalMaxPooling1D(Layer):
    """The largest number of each channel."""

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        self._settle(locals())


class GlobalMaxPooling2D(Layer):
    """The largest number of each channel."""

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        self._settle(locals())


class GlobalMaxPooling3D(Layer):
    """The largest number of each channel."""

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        self._settle(locals())


class GlobalAveragePooling1D(Layer):
    """The mean of each channel."""

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        self._settle(locals())


class GlobalAveragePooling2D(Layer):
    """The mean of each channel."""

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        self._settle(locals())


class GlobalAveragePooling3D(Layer):
    """The mean of each channel."""

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        self._settle(locals())


class AdaptiveMaxPooling1D(Layer):
    """The largest numbers of windows that give an output of ``output_size``."""

    def __init__(self, output_size: int | Sequence[int], data_format: str | None = None, **kwargs: Any) -> None:
        self._settle(locals())


class AdaptiveMaxPooling2D(Layer):
    """The largest numbers of windows that give an output of ``output_size``."""

    def __init__(self, output_size: int | Sequence[int], data_format: str | None = None, **kwargs: Any) -> None:
        self._settle(locals())


class AdaptiveMaxPooling3D(Layer):
    """The largest numbers of windows that give an output of ``output_size``."""

    def __init__(self, output_size: int | Sequence[int], data_format: str | None = None, **kwargs: Any) -> None:
        self._settle(locals())


class AdaptiveAveragePooling1D(Layer):
    """Means of windows that give an output of ``output_size``."""

    def __init__(self, output_size: int | Sequence[int], data_format: str | None = None, **kwargs: Any) -> None:
        self._settle(locals())


class AdaptiveAveragePooling2D(Layer):
    """Means of windows that give an output of ``output_size``."""

    def __init__(self, output_size: int | Sequence[int], data_format: str | None = None, **kwargs: Any) -> None:
        self._settle(locals())


class AdaptiveAveragePooling3D(Layer):
    """Means of windows that give an output of ``output_size``."""

    def __init__(self, output_size: int | Sequence[int], data_format: str | None = None, **kwargs: Any) -> None:
        self._settle(locals())


AvgPool1D = AveragePooling1D
AvgPool2D = AveragePooling2D
AvgPool3D = AveragePooling3D
MaxPool1D = MaxPooling1D
MaxPool2D = MaxPooling2D
MaxPool3D = MaxPooling3D
GlobalAvgPool1D = GlobalAveragePooling1D
GlobalAvgPool2D = GlobalAveragePooling2D
GlobalAvgPool3D = GlobalAveragePooling3D
GlobalMaxPool1D = GlobalMaxPooling1D
GlobalMaxPool2D = GlobalMaxPooling2D
GlobalMaxPool3D = GlobalMaxPooling3D
