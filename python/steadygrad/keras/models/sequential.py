"""Sequential: layers one after another."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import _native
from .._base.arrays import is_array, shape_of
from .._base.graph import Graph
from .._base.layer import Layer
from .._base.names import auto_name
from .._base.tensor import KerasTensor
from ..layers.core import Input, InputLayer
from .model import Model, _sample

__all__ = ["Sequential"]


class Sequential(Model):
    """Layers one after another::

        model = Sequential([Input((28, 28)), Flatten(), Dense(100, activation="relu"), Dense(10, activation="softmax")])

    Without an ``Input`` the model learns the shape of its input from the first data it sees.
    """

    def __init__(self, layers: Any = None, trainable: bool = True, name: str | None = None) -> None:
        if isinstance(layers, str):
            raise ValueError(f"Sequential: `layers` must be a list of layers, got {layers!r}")
        self._begin(name or auto_name("Sequential"), name is not None, trainable)
        self._row: list[Layer] = []
        #: The input, and what each layer makes, as far as the shape of the input is known.
        self._values: list[KerasTensor] = []
        self._ordered = []
        for layer in [layers] if isinstance(layers, Layer) else layers or []:
            self._append(layer)
        self._rebuild()

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Puts a layer at the end."""
        self._append(layer)
        if rebuild:
            self._rebuild()

    def pop(self, rebuild: bool = True) -> Any:
        """Takes the last layer off."""
        if not self._row:
            raise ValueError(f"`{self.name}` has no layer to take off")
        layer = self._row.pop()
        self._values = self._values[: len(self._row) + 1]
        if rebuild:
            self._rebuild()
        return layer

    def _append(self, layer: Any) -> None:
        if isinstance(layer, KerasTensor) and layer._keras_history and isinstance(layer._keras_history.operation, InputLayer):
            layer = layer._keras_history.operation
        if isinstance(layer, InputLayer):
            if self._values or self._row:
                what = "has an input already" if self._values else "has layers already: the input comes first"
                raise ValueError(f"`{self.name}` {what}")
            self._values = [layer._nodes[0].outputs[0]]
            return
        if not isinstance(layer, Layer):
            if isinstance(layer, type) and issubclass(layer, Layer):
                raise ValueError(f"`{self.name}`: {layer.__name__} is a class; a layer of it is {layer.__name__}(…)")
            raise ValueError(f"`{self.name}` is made of layers, got {layer!r}, a {type(layer).__name__}")
        if any(layer is other for other in self._row):
            raise ValueError(f"`{self.name}` has the layer `{layer.name}` already; to use its weights twice, use the functional form")
        if any(layer.name == other.name for other in self._row):
            raise ValueError(f"`{self.name}` has a layer of the name `{layer.name}` already: names of layers are unique")
        if not self._row and not self._values:
            shape = getattr(layer, "_input_shape", None)
            if shape is not None:
                self._values = [Input(shape)]
            elif isinstance(layer, Model) and layer.built:
                self._values = [Input(layer._input_sizes()[0])]
        self._row.append(layer)

    def _rebuild(self) -> None:
        """Brings the values up to the last layer, and the graph with them."""
        self._forget_trainer()
        self._graph_of_layers = None
        self._ordered = list(self._row)
        if not self._values or not self._row:
            return
        for layer in self._row[len(self._values) - 1 :]:
            fresh = not layer.built
            value = layer(self._values[-1])
            if isinstance(value, list):
                raise ValueError(f"`{self.name}`: `{layer.name}` has several outputs; such networks are built in the functional form")
            if fresh:
                for variable in layer._variables:
                    variable.path = f"{self.name}/{variable._path}"
            self._values.append(value)
        self._graph_of_layers = Graph([self._values[0]], [self._values[-1]], self.name, True)
        self._built_for = [_sample(self._values[0])]

    def build(self, input_shape: Any = None) -> None:
        """Says what the input is: the shape of a batch, ``(None, 784)``."""
        if self.built:
            return
        if not self._row:
            raise ValueError(f"`{self.name}` has no layers: there is nothing to build")
        if input_shape is None:
            raise ValueError(f"`{self.name}`: `build` needs the shape of a batch, such as (None, 784)")
        self._build([self._sample(shape_of(input_shape, "input_shape"))])

    def _build(self, shapes: list[tuple[int, ...]]) -> None:
        if self.built:
            return
        if not self._row:
            raise ValueError(f"`{self.name}` has no layers")
        self._values = [Input(shapes[0])]
        try:
            self._rebuild()
        except ValueError:
            self._values = []
            raise

    def _build_from(self, x: Any) -> None:
        if isinstance(x, (list, tuple)) and len(x) == 1:
            x = x[0]
        if not is_array(x):
            raise ValueError(f"`{self.name}` learns the shape of its input from an array, got {type(x).__name__}; give arrays, or begin with an Input")
        self._build([tuple(np.shape(x)[1:]) if np.ndim(x) > 1 else (1,)])

    @property
    def layers(self) -> list[Layer]:
        return list(self._row)

    def _summary(self, line_length: int | None, columns: int | None, show_trainable: bool, expand_nested: bool) -> str:
        if self.built:
            return super()._summary(line_length, columns, show_trainable, expand_nested)
        rows = [(layer.name, type(layer).__name__) for layer in self._row]
        return _native.unbuilt_summary(self.name, rows, line_length, columns)

    def get_config(self) -> dict[str, Any]:
        if self.built:
            return super().get_config()
        from .._base.settings import serialized

        layers = [{**serialized("layer", {"class_name": type(layer).__name__, "config": {}}), "config": layer.get_config()} for layer in self._row]
        return {"name": self.name, "trainable": self.trainable, "layers": layers}

    @classmethod
    def from_config(cls, config: Any, custom_objects: Any = None) -> Sequential:
        from .reading import sequential

        return sequential(config, custom_objects)
