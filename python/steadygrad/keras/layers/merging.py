"""Several values of one network become one."""

from __future__ import annotations

from typing import Any

from .._base.layer import Layer

__all__ = [
    "Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate",
    "add", "subtract", "multiply", "average", "maximum", "minimum", "concatenate",
]


class Merge(Layer):
    """What all layers that merge have in common: they are called on a list."""

    _merges = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        given = args[0] if args else None
        if not isinstance(given, (list, tuple)) or (len(given) < 2 and type(self).__name__ not in ("Concatenate",)):
            raise ValueError(f"`{self.name}` merges a list of two values or more: {type(self).__name__}()([a, b])")
        return super().__call__(*args, **kwargs)


class Add(Merge):
    """Their sum."""

    def __init__(self, **kwargs: Any) -> None:
        self._settle(locals())


class Subtract(Merge):
    """The first minus the second."""

    def __init__(self, **kwargs: Any) -> None:
        self._settle(locals())


class Multiply(Merge):
    """Their product, number by number."""

    def __init__(self, **kwargs: Any) -> None:
        self._settle(locals())


class Average(Merge):
    """Their mean."""

    def __init__(self, **kwargs: Any) -> None:
        self._settle(locals())


class Maximum(Merge):
    """The largest, number by number."""

    def __init__(self, **kwargs: Any) -> None:
        self._settle(locals())


class Minimum(Merge):
    """The smallest, number by number."""

    def __init__(self, **kwargs: Any) -> None:
        self._settle(locals())


class Concatenate(Merge):
    """Side by side along an axis."""

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        self._settle(locals())


def add(inputs: Any, **kwargs: Any) -> Any:
    """``Add()(inputs)``."""
    return Add(**kwargs)(inputs)


def subtract(inputs: Any, **kwargs: Any) -> Any:
    """``Subtract()(inputs)``."""
    return Subtract(**kwargs)(inputs)


def multiply(inputs: Any, **kwargs: Any) -> Any:
    """``Multiply()(inputs)``."""
    return Multiply(**kwargs)(inputs)


def average(inputs: Any, **kwargs: Any) -> Any:
    """``Average()(inputs)``."""
    return Average(**kwargs)(inputs)


def maximum(inputs: Any, **kwargs: Any) -> Any:
    """``Maximum()(inputs)``."""
    return Maximum(**kwargs)(inputs)


def minimum(inputs: Any, **kwargs: Any) -> Any:
    """``Minimum()(inputs)``."""
    return Minimum(**kwargs)(inputs)


def concatenate(inputs: Any, axis: int = -1, **kwargs: Any) -> Any:
    """The values side by side: ``Concatenate(axis)(inputs)``."""
    return Concatenate(axis=axis, **kwargs)(inputs)
