"""Activations that have a layer of their own."""

from __future__ import annotations

from typing import Any

from .._base.layer import Layer
from .._base.settings import Setting

__all__ = [
    "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax",
]


class ReLU(Layer):
    """max(x, 0) (Nair and Hinton 2010), with a slope below ``threshold`` and an upper end where they are given."""

    def __init__(self, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0, **kwargs: Any) -> None:
        self._settle(locals())


class LeakyReLU(Layer):
    """x where it is positive, ``negative_slope``·x elsewhere (Maas, Hannun and Ng 2013)."""

    _renamed = {"alpha": "negative_slope"}

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        self._settle(locals())


class PReLU(Layer):
    """Leaky ReLU whose slope is learnt (He et al. 2015), one for each unit; shared along ``shared_axes``."""

    def __init__(
        self,
        alpha_initializer: Setting = "Zeros",
        alpha_regularizer: Setting | None = None,
        alpha_constraint: Setting | None = None,
        shared_axes: Any = None,
        **kwargs: Any,
    ) -> None:
        self._settle(locals())


class ELU(Layer):
    """x where it is positive, alpha·(eˣ − 1) elsewhere (Clevert et al. 2016)."""

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        self._settle(locals())


class Softmax(Layer):
    """eˣ / Σ eˣ along an axis."""

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        self._settle(locals())
