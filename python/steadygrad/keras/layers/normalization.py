"""Normalizations: the signal is brought to a standard size."""

from __future__ import annotations

from typing import Any

from .._base.layer import Layer
from .._base.settings import Setting

__all__ = [
    "BatchNormalization", "LayerNormalization", "RMSNormalization", "GroupNormalization", "UnitNormalization",
]


class BatchNormalization(Layer):
    """(x − mean) / √(variance + epsilon) · gamma + beta (Ioffe and Szegedy 2015): in training by the mean and variance of the batch, in
    inference by their moving averages, which move by 1 − ``momentum`` at each step. The layer before it needs no bias."""

    def __init__(
        self,
        axis: Any = -1,
        momentum: float = 0.99,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Setting = "zeros",
        gamma_initializer: Setting = "ones",
        moving_mean_initializer: Setting = "zeros",
        moving_variance_initializer: Setting = "ones",
        beta_regularizer: Setting | None = None,
        gamma_regularizer: Setting | None = None,
        beta_constraint: Setting | None = None,
        gamma_constraint: Setting | None = None,
        renorm: bool = False,
        renorm_clipping: Any = None,
        renorm_momentum: float = 0.99,
        synchronized: bool = False,
        **kwargs: Any,
    ) -> None:
        self._settle(locals())


class LayerNormalization(Layer):
    """Each sample to mean 0 and variance 1 over its units, then gamma and beta (Ba, Kiros and Hinton 2016)."""

    def __init__(
        self,
        axis: Any = -1,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Setting = "zeros",
        gamma_initializer: Setting = "ones",
        beta_regularizer: Setting | None = None,
        gamma_regularizer: Setting | None = None,
        beta_constraint: Setting | None = None,
        gamma_constraint: Setting | None = None,
        **kwargs: Any,
    ) -> None:
        self._settle(locals())


class RMSNormalization(Layer):
    """Each sample to mean square 1 over its units, then a scale (Zhang and Sennrich 2019)."""

    def __init__(self, axis: Any = -1, epsilon: float = 1e-06, **kwargs: Any) -> None:
        self._settle(locals())


class GroupNormalization(Layer):
    """Each group of channels of a sample to mean 0 and variance 1 (Wu and He 2018)."""

    def __init__(
        self,
        groups: int = 32,
        axis: Any = -1,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Setting = "zeros",
        gamma_initializer: Setting = "ones",
        beta_regularizer: Setting | None = None,
        gamma_regularizer: Setting | None = None,
        beta_constraint: Setting | None = None,
        gamma_constraint: Setting | None = None,
        **kwargs: Any,
    ) -> None:
        self._settle(locals())


class UnitNormalization(Layer):
    """Each sample to length 1 along an axis."""

    def __init__(self, axis: Any = -1, **kwargs: Any) -> None:
        self._settle(locals())
