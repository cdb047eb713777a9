"""A weight: numbers with a name, in a layer, and wherever a model that trains holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from numpy.lib.mixins import NDArrayOperatorsMixin

from .arrays import Array, numbers

if TYPE_CHECKING:
    from .runner import Runner

__all__ = ["Variable"]


class Variable(NDArrayOperatorsMixin):
    """A weight of a layer.

    Its numbers are here, or newer in a model that was trained with them: they are fetched when somebody asks.
    """

    def __init__(self, value: Any, name: str = "variable", trainable: bool = True, path: str | None = None) -> None:
        self._value: Array = numbers(value, name)
        self._version = 0
        #: Its numbers were given, and did not come of a draw and of training alone.
        self._given = False
        self._home: Runner | None = None
        self.name = name
        #: Layer and name, as files have it; `path` may have the model's name in front.
        self._path = self.path = path or name
        self.trainable = trainable
        self.dtype = "float32"

    @property
    def value(self) -> Array:
        """The numbers, as they are now; to change them, ``assign``."""
        if self._home is not None:
            self._home.fetch()
        view = self._value.view()
        view.flags.writeable = False
        return view

    @property
    def shape(self) -> tuple[int, ...]:
        return self._value.shape

    @property
    def ndim(self) -> int:
        return self._value.ndim

    def numpy(self) -> Array:
        """The numbers, as a copy."""
        return self.value.copy()

    def assign(self, value: Any) -> Variable:
        """Other numbers of the same shape."""
        array = numbers(value, self.path)
        if array.shape != self._value.shape:
            raise ValueError(f"`{self.path}` has the shape {self._value.shape}, got an array of {array.shape}")
        home = self._home
        if home is not None:
            home.fetch()
        self._value = array.copy() if array is value else array
        self._version += 1
        self._given = True
        if home is not None and home.training:
            home.push_all()
        return self

    def assign_add(self, value: Any) -> Variable:
        return self.assign(self.value + numbers(value, self.path))

    def assign_sub(self, value: Any) -> Variable:
        return self.assign(self.value - numbers(value, self.path))

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_value": self.numpy(), "_home": None}

    def __array__(self, dtype: Any = None, copy: Any = None) -> Array:
        return self.value.astype(dtype) if dtype is not None else self.numpy()

    def __getitem__(self, index: Any) -> Any:
        return self.value[index]

    def __len__(self) -> int:
        return len(self._value)

    def __float__(self) -> float:
        return float(self.value)

    def __int__(self) -> int:
        return int(self.value)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        # In arithmetic it is its numbers; what comes out is an array.
        return getattr(ufunc, method)(*(i.value if isinstance(i, Variable) else i for i in inputs), **kwargs)

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"<Variable path={self.path}, shape={self.shape}, dtype=float32, value={self.value!r}>"
