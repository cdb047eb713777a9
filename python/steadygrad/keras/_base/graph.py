"""Layers and their calls, as the native half takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ... import _native
from .tensor import KerasTensor
from .variable import Variable

if TYPE_CHECKING:
    from .layer import Layer

__all__ = ["Graph"]


class Graph:
    """A network: what leads from its inputs to its outputs."""

    def __init__(self, inputs: list[KerasTensor], outputs: list[KerasTensor], name: str, chain: bool) -> None:
        self.inputs, self.outputs, self.name, self.chain = inputs, outputs, name, chain
        #: Layers in the order in which they are reached, inputs included.
        self.layers: list[Layer] = []
        #: (place of the layer, call, what it reads: (place of a call, output)).
        self.calls: list[tuple[int, Any, list[tuple[int, int]]]] = []
        self._places: dict[tuple[int, int], int] = {}
        self._numbers: dict[int, int] = {}
        self._fed = {id(tensor) for tensor in inputs}
        for tensor in inputs:
            self._reach(tensor)
        for tensor in outputs:
            self._reach(tensor)
        self._native: Any = None
        self._frozen: list[Any] = []

    @classmethod
    def of_layer(cls, layer: Layer, shapes: list[tuple[int, ...]]) -> Graph:
        """A layer alone, for samples of these shapes; its calls elsewhere stay as they are."""
        from ..layers.core import Input

        nodes = list(layer._nodes)
        inputs = [Input(shape) for shape in shapes]
        outputs = layer._symbolic(inputs)
        graph = cls(inputs, outputs if isinstance(outputs, list) else [outputs], "alone", False)
        layer._nodes[:] = nodes
        return graph

    def _reach(self, tensor: KerasTensor) -> int:
        """The place of the call that makes this value; without recursion, as networks are deep."""
        waiting = [tensor]
        while waiting:
            top = waiting[-1]
            made = top._keras_history
            if made is None:
                raise ValueError(
                    f"`{top.name}` was made by no layer: a model's inputs come from `Input`, and its outputs from layers called on them"
                )
            key = (id(made.operation), made.node_index)
            node = made.operation._nodes[made.node_index]
            if key in self._places:
                waiting.pop()
                continue
            # An input of the model is fed, whatever made it elsewhere.
            is_input = id(top) in self._fed
            reads = [] if is_input else node.inputs
            if not reads and not is_input:
                raise ValueError(f"the outputs depend on `{made.operation.name}`, which is not among the model's inputs")
            missing = [t for t in reads if self._key(t) not in self._places]
            if missing:
                waiting.extend(reversed(missing))
                continue
            waiting.pop()
            place = self._numbers.setdefault(id(made.operation), len(self.layers))
            if place == len(self.layers):
                self.layers.append(made.operation)
            wires = [(self._places[self._key(t)], t._keras_history.tensor_index) for t in reads]  # type: ignore[union-attr]
            self.calls.append((place, made.node_index, wires))
            self._places[key] = len(self.calls) - 1
        return self._places[self._key(tensor)]

    @staticmethod
    def _key(tensor: KerasTensor) -> tuple[int, int]:
        made = tensor._keras_history
        return (-1, -1) if made is None else (id(made.operation), made.node_index)

    def native(self) -> Any:
        """The model of the native half."""
        if self._native is None or self._frozen != self._flags():
            self._native, self._frozen = self._made(functions=True), self._flags()
        return self._native

    def without_functions(self) -> Any:
        """The same with linear activations in the place of functions of the user's own: for summaries and configurations."""
        return self._made(functions=False)

    def _flags(self) -> list[Any]:
        return [flag for layer in self.layers for flag in _flags(layer)]

    def _made(self, functions: bool) -> Any:
        entries = [(layer._as_native(functions), layer.name, layer._key or layer.name, layer.trainable) for layer in self.layers]
        nodes: list[tuple[int, list[tuple[int, int]]]] = []
        at: list[int] = []
        extra: dict[int, int] = {}
        for place, _, wires in self.calls:
            nodes.append((place, [(at[call], output) for call, output in wires]))
            function = self.layers[place]._function if functions else None
            if function is not None:
                # A function stands behind its layer as a layer of its own.
                if place not in extra:
                    layer = self.layers[place]
                    entries.append((_native.function_layer(layer._own_function().handle), f"{layer.name}_activation", f"{layer.name}_activation", True))
                    extra[place] = len(entries) - 1
                nodes.append((extra[place], [(len(nodes) - 1, 0)]))
            at.append(len(nodes) - 1)
        ends = [(at[self._places[self._key(t)]], t._keras_history.tensor_index) for t in self.outputs]  # type: ignore[union-attr]
        inputs = [at[self._places[self._key(t)]] for t in self.inputs]
        return _native.Graph(self.name, self.chain, entries, nodes, inputs, ends)

    def variables(self) -> dict[str, Variable]:
        """All weights by their paths."""
        return {path: variable for layer in self.layers for path, variable in layer._paths().items()}


def _flags(layer: Any) -> list[Any]:
    inner = getattr(layer, "layers", None)
    own: list[Any] = [layer.trainable, layer._revision]
    return own + [flag for one in inner for flag in _flags(one)] if inner else own
