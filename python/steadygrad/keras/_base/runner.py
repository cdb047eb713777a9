"""A model of the native half, and the weights of the layers that it runs with."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from ... import _native
from .arrays import Array
from .variable import Variable

__all__ = ["Runner", "threads"]


def threads() -> int:
    """How many threads a step may have: those of the machine. Their number changes no bit of a result."""
    return max(1, min(64, os.cpu_count() or 1))


class Runner:
    """Runs a graph with these weights. What was changed on one side is brought to the other when it is needed there."""

    def __init__(self, graph: Any, variables: dict[str, Variable], seed: int = 0, **compiled: Any) -> None:
        self.native = _native.Learner(graph, threads=threads(), seed=seed, **compiled)
        names = self.native.names()
        self.variables = [variables[name] for name in names]
        self._seen = [-1] * len(names)
        self._draws = 0
        #: What order, noise and such come from.
        self.seed = seed
        #: A callback is running in the middle of a training: the numbers may be newer at every look.
        self.training = False
        self.push()

    def push(self) -> None:
        """Brings weights that were changed to the native half."""
        stale = [variable._version for variable in self.variables]
        if stale == self._seen:
            return
        for variable in self.variables:
            if variable._home is not None:
                variable._home.fetch()
        self.push_all()

    def push_all(self) -> None:
        """The same, whatever was changed."""
        self.native.set_weights([variable._value for variable in self.variables])
        self._seen = [variable._version for variable in self.variables]

    def changed(self) -> None:
        """The native half has trained: its weights are the newer ones."""
        for i, variable in enumerate(self.variables):
            variable._home = self
            variable._version += 1
            self._seen[i] = variable._version

    def fetch(self) -> None:
        """Brings the native half's weights to the layers."""
        for variable, array in zip(self.variables, self.native.weights()):
            if variable._home is self:
                variable._value = array
                if not self.training:
                    variable._home = None

    def predict(self, x: list[Array], training: bool = False) -> list[Array]:
        """The outputs for these inputs."""
        self.push()
        if training:
            # Noise is drawn anew at every call, far from the steps of a training.
            self._draws += 1
            made = self.native.predict(x, (1 << 40) + self._draws)
            self.changed()
            return made
        # In parts: an interrupt is heard between them, and no more is copied at a time.
        rows, size = len(x[0]), sum(array[0].size for array in x)
        part = max(256, (1 << 22) // max(1, size) // 256 * 256)
        if rows <= part:
            return self.native.predict(x)
        parts = [self.native.predict([array[i : i + part] for array in x]) for i in range(0, rows, part)]
        return [np.concatenate(outputs) for outputs in zip(*parts)]
