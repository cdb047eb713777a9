"""Schedules: learning rates that change with the step."""

from __future__ import annotations

from typing import Any

from ... import _native
from .._base.settings import Described
from .._families import getters

__all__ = [
    "LearningRateSchedule", "ExponentialDecay", "InverseTimeDecay", "PolynomialDecay", "PiecewiseConstantDecay", "CosineDecay",
    "CosineDecayRestarts", "get", "serialize", "deserialize",
]


class LearningRateSchedule(Described):
    """The base class: called with a step, counted from 0, a schedule gives the rate."""

    _family = "schedule"

    def __call__(self, step: Any) -> float:
        return _native.rate(self._spec(), int(step))


class ExponentialDecay(LearningRateSchedule):
    """rate · decay_rate^(step / decay_steps)"""

    def __init__(
        self,
        initial_learning_rate: Any,
        decay_steps: Any,
        decay_rate: Any,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ) -> None:
        self._settle(locals())


class InverseTimeDecay(LearningRateSchedule):
    """rate / (1 + decay_rate · step / decay_steps)"""

    def __init__(
        self,
        initial_learning_rate: Any,
        decay_steps: Any,
        decay_rate: Any,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ) -> None:
        self._settle(locals())


class PolynomialDecay(LearningRateSchedule):
    """From the first rate to ``end_learning_rate`` by a power of what is left."""

    def __init__(
        self,
        initial_learning_rate: Any,
        decay_steps: Any,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        self._settle(locals())


class PiecewiseConstantDecay(LearningRateSchedule):
    """One rate up to each boundary, and one after the last."""

    def __init__(self, boundaries: Any, values: Any, name: str = "PiecewiseConstant") -> None:
        self._settle(locals())


class CosineDecay(LearningRateSchedule):
    """Half a cosine from the first rate down to alpha times it (Loshchilov and Hutter 2017), after a warm-up where one is given."""

    def __init__(
        self,
        initial_learning_rate: Any,
        decay_steps: Any,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: Any = None,
        warmup_steps: int = 0,
    ) -> None:
        self._settle(locals())


class CosineDecayRestarts(LearningRateSchedule):
    """Half cosines, one after another (Loshchilov and Hutter 2017)."""

    def __init__(
        self,
        initial_learning_rate: Any,
        first_decay_steps: Any,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        self._settle(locals())


get, serialize, deserialize = getters("schedule", globals())
