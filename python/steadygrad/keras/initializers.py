"""Initializers: how weights are drawn, under Keras' names."""

from __future__ import annotations

from typing import Any

from .. import _native
from ._base import seeds
from ._base.arrays import Array, shape_of
from ._base.names import ordinal
from ._base.settings import Described
from ._families import getters

__all__ = [
    "Initializer", "Constant", "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "Identity", "IdentityInitializer", "LecunNormal",
    "LecunUniform", "Ones", "Orthogonal", "OrthogonalInitializer", "RandomNormal", "RandomUniform", "TruncatedNormal", "VarianceScaling",
    "Zeros", "constant", "glorot_normal", "glorot_uniform", "he_normal", "he_uniform", "identity", "lecun_normal", "lecun_uniform", "ones",
    "orthogonal", "random_normal", "random_uniform", "truncated_normal", "variance_scaling", "zeros", "get", "serialize", "deserialize",
]


class Initializer(Described):
    """The base class: called with a shape, an initializer draws an array of it.

    One of your own is a function ``(shape, dtype=None) -> array``, or a subclass with such a ``__call__``.
    """

    _family = "initializer"

    def __call__(self, shape: Any, dtype: Any = None) -> Array:
        """Numbers for this shape; the same ones again only where the initializer has a seed of its own."""
        dims = [int(dim or 0) for dim in shape_of(shape, "shape")]
        return _native.draw(self._spec(), dims, seeds.current(), f"call#{ordinal('initializer')}")

    def clone(self) -> Any:
        return self.from_config(self.get_config())


class Zeros(Initializer):
    """All 0."""

    def __init__(self) -> None:
        self._settle(locals())


class Ones(Initializer):
    """All 1."""

    def __init__(self) -> None:
        self._settle(locals())


class Constant(Initializer):
    """All ``value``."""

    def __init__(self, value: float = 0.0) -> None:
        self._settle(locals())


class RandomNormal(Initializer):
    """N(mean, stddev²)."""

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        self._settle(locals())


class RandomUniform(Initializer):
    """Uniform between ``minval`` and ``maxval``."""

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None) -> None:
        self._settle(locals())


class TruncatedNormal(Initializer):
    """N(mean, stddev²) without what lies more than two deviations off."""

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        self._settle(locals())


class VarianceScaling(Initializer):
    """Variance scale / fan: ``fan_in``, ``fan_out`` or ``fan_avg``."""

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
        input_axes: Any = None,
        output_axes: Any = None,
    ) -> None:
        self._settle(locals())


class GlorotUniform(Initializer):
    """Uniform, of variance 2 / (fan_in + fan_out) (Glorot and Bengio 2010)."""

    def __init__(self, seed: int | None = None, input_axes: Any = None, output_axes: Any = None) -> None:
        self._settle(locals())


class GlorotNormal(Initializer):
    """Truncated normal, of variance 2 / (fan_in + fan_out) (Glorot and Bengio 2010)."""

    def __init__(self, seed: int | None = None, input_axes: Any = None, output_axes: Any = None) -> None:
        self._settle(locals())


class HeNormal(Initializer):
    """Truncated normal, of variance 2 / fan_in, for ReLU (He et al. 2015)."""

    def __init__(self, seed: int | None = None, input_axes: Any = None, output_axes: Any = None) -> None:
        self._settle(locals())


class HeUniform(Initializer):
    """Uniform, of variance 2 / fan_in, for ReLU (He et al. 2015)."""

    def __init__(self, seed: int | None = None, input_axes: Any = None, output_axes: Any = None) -> None:
        self._settle(locals())


class LecunNormal(Initializer):
    """Truncated normal, of variance 1 / fan_in, for SELU (LeCun et al. 1998)."""

    def __init__(self, seed: int | None = None, input_axes: Any = None, output_axes: Any = None) -> None:
        self._settle(locals())


class LecunUniform(Initializer):
    """Uniform, of variance 1 / fan_in (LeCun et al. 1998)."""

    def __init__(self, seed: int | None = None, input_axes: Any = None, output_axes: Any = None) -> None:
        self._settle(locals())


class Orthogonal(Initializer):
    """Orthogonal rows or columns, times ``gain`` (Saxe et al. 2014)."""

    def __init__(self, gain: float = 1.0, seed: int | None = None) -> None:
        self._settle(locals())


class Identity(Initializer):
    """The unit matrix, times ``gain``."""

    def __init__(self, gain: float = 1.0) -> None:
        self._settle(locals())

    def get_config(self) -> dict[str, Any]:
        return {"gain": self._config["gain"]}


IdentityInitializer, OrthogonalInitializer = Identity, Orthogonal
constant, ones, zeros = Constant, Ones, Zeros
glorot_normal, glorot_uniform = GlorotNormal, GlorotUniform
he_normal, he_uniform = HeNormal, HeUniform
lecun_normal, lecun_uniform = LecunNormal, LecunUniform
identity, orthogonal = Identity, Orthogonal
random_normal, random_uniform, truncated_normal = RandomNormal, RandomUniform, TruncatedNormal
variance_scaling = VarianceScaling

get, serialize, deserialize = getters("initializer", globals(), functions=True)
