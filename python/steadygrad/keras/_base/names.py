"""Names as Keras makes them: the first Dense is ``dense``, the second ``dense_1``."""

from __future__ import annotations

from ..._native import snake_case

__all__ = ["auto_name", "ordinal", "clear", "forget_ordinals", "snake_case"]

_names: dict[str, int] = {}
_ordinals: dict[str, int] = {}


def _count(counts: dict[str, int], kind: str) -> int:
    counts[kind] = counts.get(kind, -1) + 1
    return counts[kind]


def auto_name(kind: str) -> str:
    """The next name of this kind, in Keras' way to small letters."""
    prefix = snake_case(kind)
    n = _count(_names, prefix)
    return f"{prefix}_{n}" if n else prefix


def ordinal(kind: str) -> int:
    """How many of this kind have drawn weights since the seed was set."""
    return _count(_ordinals, kind)


def forget_ordinals() -> None:
    """Counts anew: the same layers in the same order draw the same weights again."""
    _ordinals.clear()


def clear() -> None:
    """Forgets all names that were given."""
    _names.clear()
    _ordinals.clear()
