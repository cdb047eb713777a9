"""What users hand to ``fit``, ``evaluate`` and ``predict``, as the arrays that a model is fed with."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._base.arrays import Array, is_array, numbers

__all__ = ["inputs", "targets", "sample_weights", "classes", "unpacked"]


def _several(given: Any, names: list[str], what: str) -> list[Array]:
    """One array for each of these names: from an array, a list, or a dictionary."""
    if isinstance(given, dict):
        missing = [name for name in names if name not in given]
        if missing or len(given) != len(names):
            raise ValueError(f"`{what}` has the keys {', '.join(map(str, given))}, and the model needs {', '.join(names)}")
        return [numbers(given[name], f"{what}[{name!r}]") for name in names]
    if isinstance(given, (list, tuple)):
        if given and all(is_array(item) for item in given):
            if len(given) != len(names):
                raise ValueError(f"`{what}` has {len(given)} arrays, and the model needs {len(names)}: {', '.join(names)}")
            return [numbers(item, f"{what}[{i}]") for i, item in enumerate(given)]
        raise ValueError(f"`{what}` is a {type(given).__name__} of Python numbers; give an array: numpy.array({what})")
    if not is_array(given):
        kind = type(given).__name__
        word = "; read it into arrays first" if hasattr(given, "__iter__") or hasattr(given, "__next__") else ""
        raise ValueError(f"`{what}` must be an array, a list of arrays or a dictionary of them, got {kind}{word}")
    if len(names) != 1:
        raise ValueError(f"`{what}` is one array, and the model needs {len(names)}: {', '.join(names)}")
    return [numbers(given, what)]


def inputs(x: Any, names: list[str], shapes: list[tuple[int, ...]]) -> list[Array]:
    """The inputs, checked against the shapes of samples that the model takes."""
    arrays = _several(x, names, "x")
    fed = []
    for array, name, shape in zip(arrays, names, shapes):
        if array.ndim == 0:
            raise ValueError(f"`x` for `{name}` needs a batch axis, got a single number")
        if array.shape[1:] != shape:
            if array.ndim == 1 and shape == (1,) or array.shape[1:] == shape[:-1] and shape[-1:] == (1,):
                array = array[..., None]
            elif array.shape[1:] == (*shape, 1):
                array = array[..., 0]
            elif array.shape == shape:
                raise ValueError(f"`x` for `{name}` is one sample of the shape {shape}; a batch of one is x[None]")
            else:
                raise ValueError(f"the model's input `{name}` takes batches of the shape {(None, *shape)}, got an array of {array.shape}")
        fed.append(np.ascontiguousarray(array))
    sizes = {len(array) for array in fed}
    if len(sizes) > 1:
        raise ValueError(f"the inputs have {' and '.join(str(len(a)) for a in fed)} samples: there must be as many of each")
    return fed


def targets(y: Any, names: list[str], samples: int) -> list[Array]:
    """The targets, as many as there are samples."""
    if y is None:
        raise ValueError("`y` is missing: the loss compares the model's outputs with targets")
    arrays = _several(y, names, "y")
    for array in arrays:
        if array.ndim == 0 or len(array) != samples:
            found = "a single number" if array.ndim == 0 else f"{len(array)} targets"
            raise ValueError(f"`x` has {samples} samples and `y` {found}: there must be as many")
    return arrays


def sample_weights(weights: Any, samples: int) -> Array | None:
    """A weight for every sample."""
    if weights is None:
        return None
    array = numbers(weights, "sample_weight")
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.shape != (samples,):
        raise ValueError(f"`sample_weight` needs one number for each of {samples} samples, got an array of {array.shape}")
    return np.ascontiguousarray(array)


def classes(weights: Any) -> dict[str, float]:
    """The weight of every class, by its number."""
    if not isinstance(weights, dict):
        raise ValueError(f"`class_weight` must be a dictionary {{class: weight}}, got {type(weights).__name__}")
    return {str(int(key)): float(value) for key, value in weights.items()}


def unpacked(validation: Any) -> tuple[Any, Any, Any]:
    """``(x, y)`` or ``(x, y, sample_weight)``."""
    if not isinstance(validation, (tuple, list)) or len(validation) not in (2, 3):
        raise ValueError("`validation_data` must be (x, y) or (x, y, sample_weight)")
    return validation[0], validation[1], validation[2] if len(validation) == 3 else None
