"""Convolutions (LeCun et al. 1989), transposed, depthwise and separable ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .._base.layer import Layer
from .._base.settings import Setting

__all__ = [
    "Conv1D", "Conv2D", "Conv3D", "Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose", "DepthwiseConv1D", "DepthwiseConv2D",
    "SeparableConv1D", "SeparableConv2D", "Convolution1D", "Convolution1DTranspose", "Convolution2D", "Convolution2DTranspose",
    "Convolution3D", "Convolution3DTranspose", "SeparableConvolution1D", "SeparableConvolution2D",
]


class Conv1D(Layer):
    """Sequences through ``filters`` kernels of ``kernel_size``, then the activation."""

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] | None = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
        groups: int = 1,
        activation: Setting | None = None,
        use_bias: bool = True,
        kernel_initializer: Setting = "glorot_uniform",
        bias_initializer: Setting = "zeros",
        kernel_regularizer: Setting | None = None,
        bias_regularizer: Setting | None = None,
        activity_regularizer: Setting | None = None,
        kernel_constraint: Setting | None = None,
        bias_constraint: Setting | None = None,
        **kwargs: Any,
    ) -> None:
        self._settle(locals())


class Conv2D(Layer):
    """Images through ``filters`` kernels of ``kernel_size``, then the activation."""

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] | None = (1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = (1, 1),
        groups: int = 1,
        activation: Setting | None = None,
        use_bias: bool = True,
        kernel_initializer: Setting = "glorot_uniform",
        bias_initializer: Setting = "zeros",
        kernel_regularizer: Setting | None = None,
        bias_regularizer: Setting | None = None,
        activity_regularizer: Setting | None = None,
        kernel_constraint: Setting | None = None,
        bias_constraint: Setting | None = None,
        **kwargs: Any,
    ) -> None:
        self._settle(locals())


class Conv3D(Layer):
    """Volumes through ``filters`` kernels of ``kernel_size``, then the activation."""

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] | None = (1, 1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = (1, 1, 1),
        groups: int = 1,
        activation: Setting | None = None,
        use_bias: bool = True,
        kernel_initializer: Setting = "glorot_uniform",
        bias_initializer: Setting = "zeros",
        kernel_regularizer: Setting | None = None,
        bias_regularizer: Setting | None = None,
        activity_regularizer: Setting | None = None,
        kernel_constraint: Setting | None = None,
        bias_constraint: Setting | None = None,
        **kwargs: Any,
    ) -> None:
        self._settle(locals())


class Conv1DTranspose(Layer):
    """The transpose of ``Conv1D``: larger outputs from smaller inputs."""

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] | None = 1,
        padding: str = "valid",
        output_padding: Any = None,
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
        activation: Setting | None = None,
        use_bias: bool = True,
        kernel_initializer: Setting = "glorot_uniform",
        bias_initializer: Setting = "zeros",
        kernel_regularizer: Setting | None = None,
        bias_regularizer: Setting | None = None,
        activity_regularizer: Setting | None = None,
        kernel_constraint: Setting | None = None,
        bias_constraint: Setting | None = None,
        **kwargs: Any,
    ) -> None:
        self._settle(locals())


class Conv2DTranspose(Layer):
    """The transpose of ``Conv2D``: larger outputs from smaller inputs."""

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] | None = (1, 1),
        padding: str = "valid",
        output_padding: Any = None,
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = (1, 1),
        activation: Setting | None = None,
        use_bias: bool = True,
        kernel_initializer: Setting = "glorot_uniform",
        bias_initializer: Setting = "zeros",
        kernel_regularizer: Setting | None = None,
        bias_regularizer: Setting | None = None,
        activity_regularizer: Setting | None = None,
        kernel_constraint: Setting | None = None,
        bias_constraint: Setting | None = None,
        **kwargs: Any,
    ) -> None:
        self._settle(locals())


class Conv3DTranspose(Layer):
    """The transpose of ``Conv3D``: larger outputs from smaller inputs."""

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] | None = (1, 1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        output_padding: Any = None,
        dilation_rate: int | Sequence[int] = (1, 1, 1),
        activation: Setting | None = None,
        use_bias: bool = True,
        kernel_initializer: Setting = "glorot_uniform",
        bias_initializer: Setting = "zeros",
        kernel_regularizer: Setting | None = None,
        bias_regularizer: Setting | None = None,
        activity_regularizer: Setting | None = None,
        kernel_constraint: Setting | None = None,
        bias_constraint: Setting | None = None,
        **kwargs: Any,
    ) -> None:
        self._settle(locals())


class DepthwiseConv1D(Layer):
    """Each channel through ``depth_multiplier`` kernels of its own."""

    def __init__(
        self,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] | None = 1,
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
        activation: Setting | None = None,
        use_bias: bool = True,
        depthwise_initializer: Setting = "glorot_uniform",
        bias_initializer: Setting = "zeros",
        depthwise_regularizer: Setting | None = None,
        bias_regularizer: Setting | None = None,
        activity_regularizer: Setting | None = None,
        depthwise_constraint: Setting | None = None,
        bias_constraint: Setting | None = None,
        **kwargs: Any,
    ) -> None:
        self._settle(locals())


class DepthwiseConv2D(Layer):
    """Each channel through ``depth_multiplier`` kernels of its own."""

    def __init__(
        self,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] | None = (1, 1),
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = (1, 1),
        activation: Setting | None = None,
        use_bias: bool = True,
        depthwise_initializer: Setting = "glorot_uniform",
        bias_initializer: Setting = "zeros",
        depthwise_regularizer: Setting | None = None,
        bias_regularizer: Setting | None = None,
        activity_regularizer: Setting | None = None,
        depthwise_constraint: Setting | None = None,
        bias_constraint: Setting | None = None,
        **kwargs: Any,
    ) -> None:
        self._settle(locals())


class SeparableConv1D(Layer):
    """A depthwise convolution, then one of size 1 across the channels (Chollet 2017)."""

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] | None = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
        depth_multiplier: int = 1,
        activation: Setting | None = None,
        use_bias: bool = True,
        depthwise_initializer: Setting = "glorot_uniform",
        pointwise_initializer: Setting = "glorot_uniform",
        bias_initializer: Setting = "zeros",
        depthwise_regularizer: Setting | None = None,
        pointwise_regularizer: Setting | None = None,
        bias_regularizer: Setting | None = None,
        activity_regularizer: Setting | None = None,
        depthwise_constraint: Setting | None = None,
        pointwise_constraint: Setting | None = None,
        bias_constraint: Setting | None = None,
        **kwargs: Any,
    ) -> None:
        self._settle(locals())


class SeparableConv2D(Layer):
    """A depthwise convolution, then one of size 1 across the channels (Chollet 2017)."""

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] | None = (1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = (1, 1),
        depth_multiplier: int = 1,
        activation: Setting | None = None,
        use_bias: bool = True,
        depthwise_initializer: Setting = "glorot_uniform",
        pointwise_initializer: Setting = "glorot_uniform",
        bias_initializer: Setting = "zeros",
        depthwise_regularizer: Setting | None = None,
        pointwise_regularizer: Setting | None = None,
        bias_regularizer: Setting | None = None,
        activity_regularizer: Setting | None = None,
        depthwise_constraint: Setting | None = None,
        pointwise_constraint: Setting | None = None,
        bias_constraint: Setting | None = None,
        **kwargs: Any,
    ) -> None:
        self._settle(locals())


Convolution1D = Conv1D
Convolution1DTranspose = Conv1DTranspose
Convolution2D = Conv2D
Convolution2DTranspose = Conv2DTranspose
Convolution3D = Conv3D
Convolution3DTranspose = Conv3DTranspose
SeparableConvolution1D = SeparableConv1D
SeparableConvolution2D = SeparableConv2D
