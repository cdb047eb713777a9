"""A value of a network that has no numbers yet: what the functional form passes from layer to layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from .names import auto_name

if TYPE_CHECKING:
    from .layer import Layer

__all__ = ["KerasTensor", "Node", "History", "is_symbolic", "flat"]


class History(NamedTuple):
    """Which layer made it, in which of its calls, as which output."""

    operation: Layer
    node_index: int
    tensor_index: int


class KerasTensor:
    """The value that ``Input`` or a layer makes: a shape, and where it comes from."""

    def __init__(self, shape: tuple[int | None, ...], dtype: str = "float32", name: str | None = None) -> None:
        self.shape = tuple(shape)
        self.dtype = dtype
        self.name = name or auto_name("KerasTensor")
        self._keras_history: History | None = None

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise TypeError(
            f"`{self.name}` has no numbers: it stands for a value of the network. Build a Model of it, and call `predict` with arrays"
        )

    def _merged(self, other: Any, merging: str, turned: bool = False) -> KerasTensor:
        from .. import layers

        if not isinstance(other, KerasTensor):
            try:
                number = float(other)
            except (TypeError, ValueError):
                raise TypeError(
                    f"`{self.name}` can be joined with a number or another value of a network, got {type(other).__name__}: arrays come in "
                    "by an `Input` of their own"
                ) from None
            if merging == "Multiply":
                return layers.Rescaling(number)(self)
            offset = number if merging == "Add" else -number
            scale = 1.0
            if turned and merging == "Subtract":
                scale, offset = -1.0, number
            return layers.Rescaling(scale, offset=offset)(self)
        pair = [other, self] if turned else [self, other]
        return getattr(layers, merging)()(pair)

    def __add__(self, other: Any) -> KerasTensor:
        return self._merged(other, "Add")

    __radd__ = __add__

    def __sub__(self, other: Any) -> KerasTensor:
        return self._merged(other, "Subtract")

    def __rsub__(self, other: Any) -> KerasTensor:
        return self._merged(other, "Subtract", turned=True)

    def __mul__(self, other: Any) -> KerasTensor:
        return self._merged(other, "Multiply")

    __rmul__ = __mul__

    def __getitem__(self, index: Any) -> Any:
        raise TypeError(f"parts of `{self.name}` cannot be taken by an index; layers such as Cropping1D and Reshape take parts")

    def __pow__(self, power: Any) -> KerasTensor:
        if power == 2:
            return self._merged(self, "Multiply")
        raise TypeError(f"`{self.name}` can be squared, got the power {power!r}")

    def __truediv__(self, other: Any) -> KerasTensor:
        if isinstance(other, KerasTensor):
            raise TypeError(f"`{self.name}` can be divided by a number, not by another value of the network")
        return self._merged(1.0 / float(other), "Multiply")

    def __neg__(self) -> KerasTensor:
        return self._merged(-1.0, "Multiply")

    def __bool__(self) -> bool:
        raise TypeError(f"`{self.name}` has no numbers yet: a network cannot branch on its values")

    def __repr__(self) -> str:
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"


class Node:
    """A call of a layer."""

    def __init__(self, layer: Layer, inputs: list[KerasTensor], outputs: list[KerasTensor]) -> None:
        self.layer, self.inputs, self.outputs = layer, inputs, outputs


def flat(value: Any) -> list[Any]:
    """What is in lists, tuples and dictionaries, in order."""
    if isinstance(value, (list, tuple)):
        return [item for inner in value for item in flat(inner)]
    if isinstance(value, dict):
        return [item for key in value for item in flat(value[key])]
    return [value]


def is_symbolic(value: Any) -> bool:
    """Whether some of it has no numbers yet."""
    return any(isinstance(item, KerasTensor) for item in flat(value))
