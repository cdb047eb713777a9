"""Regularizers: what weights add to the loss, under Keras' names."""

from __future__ import annotations

from typing import Any

from .. import _native
from ._base.arrays import numbers
from ._base.settings import Described
from ._families import getters

__all__ = [
    "Regularizer", "L1", "L2", "L1L2", "OrthogonalRegularizer", "l1", "l2", "l1_l2", "orthogonal_regularizer", "get", "serialize",
    "deserialize",
]


class Regularizer(Described):
    """The base class: called with weights, a regularizer gives what they add to the loss."""

    _family = "regularizer"

    def __call__(self, x: Any) -> float:
        return _native.penalty(self._spec(), numbers(x, "x"))


class L1(Regularizer):
    """l1 · Σ|w|"""

    def __init__(self, l1: float = 0.01) -> None:
        self._settle(locals())


class L2(Regularizer):
    """l2 · Σw²"""

    def __init__(self, l2: float = 0.01) -> None:
        self._settle(locals())


class L1L2(Regularizer):
    """l1 · Σ|w| + l2 · Σw²"""

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self._settle(locals())


class OrthogonalRegularizer(Regularizer):
    """factor times the mean of the cosines between rows or columns."""

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        self._settle(locals())


l1, l2, l1_l2, orthogonal_regularizer = L1, L2, L1L2, OrthogonalRegularizer

get, serialize, deserialize = getters("regularizer", globals())
