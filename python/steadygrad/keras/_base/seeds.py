"""The seed of everything random: weights, order of samples, noise in layers.

Which numbers a layer draws depends on the seed and on how many layers of its class came before, so that a BatchNormalization more
leaves the weights of all Dense layers as they were.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from .names import forget_ordinals, ordinal

__all__ = ["set_random_seed", "current", "next_seed"]

_seed: int = int.from_bytes(os.urandom(7), "little")


def set_random_seed(seed: int) -> None:
    """Sets the seed of weights, shuffling and noise here, and those of ``random`` and numpy, as Keras does.

    The same program then draws the same numbers, on any number of threads.
    """
    import random

    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
        raise ValueError(f"`seed` must be a whole number, got {seed!r}")
    if not 0 <= seed < 2**32:
        raise ValueError(f"`seed` must be from 0 to 2**32 - 1, got {seed}")
    global _seed
    _seed = int(seed) & (2**63 - 1)
    random.seed(int(seed))
    np.random.seed(int(seed) & 0xFFFFFFFF)
    forget_ordinals()


def current() -> int:
    """The seed."""
    return _seed


def next_seed(kind: str) -> int:
    """Another seed for each thing of a kind."""
    n: Any = ordinal(f"seed of {kind}")
    return (_seed + n * 0x9E3779B97F4A7C15) & (2**63 - 1)
