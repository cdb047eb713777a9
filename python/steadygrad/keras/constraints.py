"""Constraints: what weights are kept to after every step, under Keras' names."""

from __future__ import annotations

from typing import Any

from .. import _native
from ._base.arrays import Array, numbers
from ._base.settings import Described
from ._families import getters

__all__ = [
    "Constraint", "MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm", "max_norm", "min_max_norm", "non_neg", "unit_norm", "get", "serialize",
    "deserialize",
]


class Constraint(Described):
    """The base class: called with weights, a constraint gives the ones that they become."""

    _family = "constraint"

    def __call__(self, w: Any) -> Array:
        return _native.constrained(self._spec(), numbers(w, "w"))


class MaxNorm(Constraint):
    """Norms of at most ``max_value`` along ``axis``."""

    def __init__(self, max_value: float = 2, axis: Any = 0) -> None:
        self._settle(locals())


class MinMaxNorm(Constraint):
    """Norms between ``min_value`` and ``max_value``, reached by the part ``rate`` of the way."""

    def __init__(self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Any = 0) -> None:
        self._settle(locals())


class NonNeg(Constraint):
    """Nothing below 0."""

    def __init__(self) -> None:
        self._settle(locals())


class UnitNorm(Constraint):
    """Norms of 1 along ``axis``."""

    def __init__(self, axis: Any = 0) -> None:
        self._settle(locals())


max_norm, min_max_norm, non_neg, unit_norm = MaxNorm, MinMaxNorm, NonNeg, UnitNorm

get, serialize, deserialize = getters("constraint", globals())
