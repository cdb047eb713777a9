"""Numbers as they come from users, as the float32 arrays in one piece that all is computed with."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["Array", "numbers", "is_array", "shape_of"]

Array = np.ndarray


def is_array(value: Any) -> bool:
    """Whether this is an array, of numpy or of anybody who speaks with numpy."""
    return isinstance(value, np.ndarray) or hasattr(value, "__array__")


def numbers(value: Any, what: str) -> Array:
    """float32, in C order: copied only where it has to be."""
    if hasattr(value, "detach") and hasattr(value, "cpu"):
        value = value.detach().cpu()
    try:
        array = np.asarray(value)
    except ValueError as uneven:
        raise ValueError(f"`{what}` is no array: its rows differ in length ({uneven})") from None
    if array.dtype.kind not in "fiub":
        raise ValueError(
            f"`{what}` must be an array of numbers, got dtype {array.dtype}"
            + ("; texts have to become numbers first" if array.dtype.kind in "USO" else "")
        )
    return np.ascontiguousarray(array, dtype=np.float32).reshape(array.shape)


def shape_of(value: Any, what: str) -> tuple[int | None, ...]:
    """A shape: a tuple of whole numbers, where None may stand for the batch."""
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        raise ValueError(f"`{what}` must be a tuple, got {value}: write ({value},)")
    try:
        dims = tuple(value)
    except TypeError:
        raise ValueError(f"`{what}` must be a tuple of whole numbers, got {value!r}") from None
    for dim in dims:
        if dim is not None and (isinstance(dim, bool) or not isinstance(dim, (int, np.integer)) or dim < 0):
            raise ValueError(f"`{what}` must be a tuple of whole numbers of 0 or more, got {value!r}")
    return tuple(None if dim is None else int(dim) for dim in dims)
