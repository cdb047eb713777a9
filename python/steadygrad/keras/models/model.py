"""Model: a graph of layers, with all that can be done with it."""

from __future__ import annotations

import html
import json
import shutil
import sys
from typing import Any

import numpy as np

from ... import _native
from .._base.arrays import is_array
from .._base.graph import Graph
from .._base.layer import Layer
from .._base.names import auto_name
from .._base.settings import _finite
from .._base.tensor import History as Made
from .._base.tensor import KerasTensor, Node, flat, is_symbolic
from .._base.variable import Variable
from . import saving
from .training import Training

__all__ = ["Model"]


class Model(Training, Layer):
    """A network from its inputs to its outputs, in the functional form::

        x = Input((784,))
        h = Dense(100, activation="relu")(x)
        model = Model(x, Dense(10)(h))
    """

    def __init__(self, inputs: Any = None, outputs: Any = None, name: str | None = None, trainable: bool = True, **kwargs: Any) -> None:
        if type(self) is not Model and inputs is None:
            raise NotImplementedError(
                f"{type(self).__name__}: a model with a `call` of its own cannot be differentiated here; build it of layers with "
                "Sequential or the functional form: Model(inputs, outputs)"
            )
        if kwargs:
            raise ValueError(f"Model: there is no argument `{next(iter(kwargs))}`")
        if inputs is None or outputs is None:
            raise ValueError("Model: `inputs` and `outputs` are values of a network: Model(x, Dense(10)(x)) with x = Input((784,))")
        self._begin(name or auto_name("Functional"), name is not None, trainable)
        self._structure = (inputs, outputs)
        ends = flat(inputs), flat(outputs)
        for tensor in [*ends[0], *ends[1]]:
            if not isinstance(tensor, KerasTensor):
                raise ValueError(f"Model: inputs and outputs are values of a network, got {type(tensor).__name__}")
        self._set_graph(Graph(ends[0], ends[1], self.name, False))
        # Where inputs and outputs were given by names, these names are taken as well.
        for given, tensors in ((inputs, ends[0]), (outputs, ends[1])):
            if isinstance(given, dict):
                self._aliases |= {key: _maker(tensor).name for key, tensor in zip(given, tensors)}
        if isinstance(outputs, dict):
            self._output_keys = list(outputs)

    def _begin(self, name: str, given: bool, trainable: bool = True) -> None:
        self.name = name
        self._auto_named = not given
        self._key: str | None = name
        self.trainable = trainable
        self.dtype = "float32"
        self._config: dict[str, Any] = {}
        self._said: dict[str, Any] = {}
        self._variables: list[Variable] = []
        self._drawn = {}
        self._function = None
        self._own = None
        self._revision = 0
        self._nodes: list[Node] = []
        self._runner = None
        self._built_for = None
        self._graph_of_layers: Graph | None = None
        self._aliases: dict[str, str] = {}
        self._output_keys: list[str] | None = None
        self._start_untrained()

    # ---- the graph

    def _set_graph(self, graph: Graph) -> None:
        """Takes the graph, with its layers in Keras' order."""
        native = graph.without_functions()
        order = {name: i for i, name in enumerate(native.order())}
        names = [layer.name for layer in graph.layers]
        for i, name in enumerate(names):
            if names.index(name) != i:
                raise ValueError(f"two layers of `{self.name}` have the name `{name}`: names of layers are unique")
        self._graph_of_layers = graph
        self._ordered = sorted(graph.layers, key=lambda layer: order.get(layer.name, -1))
        self._built_for = [_sample(t) for t in graph.inputs]

    def _graph(self) -> Graph:
        if self._graph_of_layers is None:
            raise ValueError(f"`{self.name}` does not know the shape of its input yet: begin with an Input, or call `build`")
        return self._graph_of_layers

    @property
    def built(self) -> bool:
        return self._graph_of_layers is not None

    def _build_from(self, x: Any) -> None:
        raise ValueError(f"`{self.name}` has no graph")

    @property
    def layers(self) -> list[Layer]:
        return list(self._ordered)

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """The layer of this name, or at this place."""
        layers = self.layers
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ValueError(f"`{self.name}` has {len(layers)} layers, and layer {index} was asked for")
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        raise ValueError(f"`{self.name}` has no layer `{name}`; it has {', '.join(layer.name for layer in layers)}")

    @property
    def inputs(self) -> list[KerasTensor]:
        return list(self._graph().inputs)

    @property
    def outputs(self) -> list[KerasTensor]:
        return list(self._graph().outputs)

    @property
    def input(self) -> Any:
        tensors = self._ends(0)
        return tensors[0] if len(tensors) == 1 else tensors

    @property
    def output(self) -> Any:
        tensors = self._ends(1)
        return tensors[0] if len(tensors) == 1 else tensors

    def _ends(self, which: int) -> list[KerasTensor]:
        if self._graph_of_layers is None:
            raise AttributeError(f"`{self.name}` does not know the shape of its input yet: it has no input and no output")
        return self.inputs if which == 0 else self.outputs

    @property
    def input_shape(self) -> Any:
        shapes = [tensor.shape for tensor in self._ends(0)]
        return shapes[0] if len(shapes) == 1 else shapes

    @property
    def output_shape(self) -> Any:
        shapes = [tensor.shape for tensor in self._ends(1)]
        return shapes[0] if len(shapes) == 1 else shapes

    @property
    def input_names(self) -> list[str]:
        return self._input_names()

    @property
    def output_names(self) -> list[str]:
        return self._output_names()

    def _input_names(self) -> list[str]:
        return [_maker(tensor).name for tensor in self._graph().inputs]

    def _output_names(self) -> list[str]:
        return [_maker(tensor).name for tensor in self._graph().outputs]

    def _input_sizes(self) -> list[tuple[int, ...]]:
        return [_sample(t) for t in self._graph().inputs]

    def _output_sizes(self) -> list[tuple[int, ...]]:
        return [_sample(t) for t in self._graph().outputs]

    def _as_native(self, functions: bool) -> Any:
        return self._graph().native() if functions else self._graph().without_functions()

    def _paths(self) -> dict[str, Variable]:
        return {f"{self.name}/{path}": variable for path, variable in self._graph().variables().items()}

    def _outputs(self, shapes: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
        if not self.built:
            self._build(shapes)
        own = self._input_sizes()
        if [tuple(s) for s in shapes] != own:
            told = ", ".join(str((None, *s)) for s in own)
            raise ValueError(f"`{self.name}` takes batches of {told}, got {', '.join(str((None, *s)) for s in shapes)}")
        return self._output_sizes()

    def _build(self, shapes: list[tuple[int, ...]]) -> None:
        """It was built when it was made."""

    def _check_shapes(self, shapes: list[tuple[int, ...]]) -> None:
        """Checked with the outputs."""

    def __call__(self, *args: Any, training: bool | None = None, mask: Any = None, **kwargs: Any) -> Any:
        first = args[0] if len(args) == 1 else list(args)
        if is_symbolic(first) or isinstance(first, dict):
            if isinstance(first, dict):
                given = self._named(first)
                first = [given[name] for name in self._input_names()]
                if not is_symbolic(first):
                    return self._on_arrays(first, training)
            return super().__call__(first, training=training, mask=mask, **kwargs)
        return self._on_arrays(first, training)

    def _on_arrays(self, x: Any, training: bool | None) -> Any:
        if isinstance(x, (list, tuple)) and not all(is_array(item) for item in x):
            x = np.asarray(x)
        fed = self._inputs(x)
        return self._given_out(self._any_runner().predict(fed, bool(training)))

    # ---- weights

    @property
    def weights(self) -> list[Variable]:
        return _unique(v for layer in self.layers for v in layer.weights)

    @property
    def variables(self) -> list[Variable]:
        return self.weights

    @property
    def trainable_weights(self) -> list[Variable]:
        return _unique(v for layer in self.layers for v in layer.trainable_weights) if self.trainable else []

    @property
    def non_trainable_weights(self) -> list[Variable]:
        if not self.trainable:
            return self.weights
        return _unique(v for layer in self.layers for v in layer.non_trainable_weights)

    @property
    def trainable_variables(self) -> list[Variable]:
        return self.trainable_weights

    @property
    def non_trainable_variables(self) -> list[Variable]:
        return self.non_trainable_weights

    @property
    def trainable(self) -> bool:
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        for layer in getattr(self, "_ordered", []):
            layer.trainable = bool(value)

    def count_params(self) -> int:
        if not self.built:
            raise ValueError(f"`{self.name}` has no weights yet: build it, or call it on something, first")
        return sum(int(np.prod(variable.shape)) for variable in self.weights)

    # ---- text

    def summary(
        self,
        line_length: int | None = None,
        positions: Any = None,
        print_fn: Any = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: Any = None,
    ) -> None:
        """Prints the layers with their shapes and numbers of parameters."""
        if positions is not None or layer_range is not None:
            raise ValueError("`summary`: `positions` and `layer_range` are not supported")
        columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        text = self._summary(line_length, columns, show_trainable, expand_nested)
        if print_fn is None:
            print(text)
        else:
            print_fn(text)

    def _summary(self, line_length: int | None, columns: int | None, show_trainable: bool, expand_nested: bool) -> str:
        has_function = any(layer._function is not None for layer in self._graph().layers)
        teller = self._graph().without_functions() if self._trainer is None or has_function else self._trainer.native
        return teller.summary(line_length, columns, show_trainable, expand_nested)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"

    def _repr_html_(self) -> str:
        if not self.built:
            return f"<pre>{html.escape(repr(self))}</pre>"
        rows = []
        for layer in self.layers:
            shape = layer._nodes[0].outputs[0].shape if layer._nodes and not isinstance(layer, Model) else (None, *self._one_shape(layer))
            count = layer.count_params()
            rows.append(
                f"<tr><td>{html.escape(layer.name)}</td><td>{type(layer).__name__}</td><td>{html.escape(str(shape))}</td>"
                f'<td style="text-align:right">{count:,}</td></tr>'
            )
        learns = sum(int(np.prod(v.shape)) for v in self.trainable_weights)
        return (
            f"<table><caption style='text-align:left'>{html.escape(self.name)}: {self.count_params():,} parameters, {learns:,} learn</caption>"
            f"<thead><tr><th>layer</th><th>class</th><th>output</th><th>parameters</th></tr></thead><tbody>{''.join(rows)}</tbody></table>"
        )

    @staticmethod
    def _one_shape(layer: Any) -> tuple[int, ...]:
        return layer._output_sizes()[0]

    # ---- configuration and files

    def get_config(self) -> dict[str, Any]:
        """The model as Keras 3 writes it down: its layers, and how they are wired."""
        return self._whole_config()["config"]

    def _whole_config(self) -> dict[str, Any]:
        for layer in self._graph().layers:
            if layer._function is not None:
                raise ValueError(
                    f"layer `{layer.name}` has a function of your own as its activation, which cannot be written down; save the weights alone"
                )
        config = json.loads(_native.graph_config(self._graph().without_functions()))
        _input_types(config["config"], {layer.name: layer for layer in self.layers} | {_maker(t).name: _maker(t) for t in self._graph().inputs})
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        from .reading import functional, is_functional

        if not is_functional(config):
            return cls(**config)
        return functional(config, custom_objects)

    def to_json(self, **kwargs: Any) -> str:
        """The architecture as JSON, with how it is compiled; no weights."""
        config = self._whole_config()
        if self._compiled is not None:
            config["compile_config"] = self.get_compile_config()
        return json.dumps(_finite(config), **kwargs)

    def __reduce__(self) -> Any:
        # A copy is what a file would hold.
        return saving.from_bytes, (type(self), saving.to_bytes(self))

    def save(self, filepath: Any, overwrite: bool = True, zipped: Any = None, **kwargs: Any) -> None:
        """Writes the whole model to a `.keras` file (or `.h5`, as older programs do): layers, weights, how it is compiled, optimizer."""
        saving.save_model(self, filepath, overwrite=overwrite, zipped=zipped, **kwargs)

    def save_weights(self, filepath: Any, overwrite: bool = True, max_shard_size: Any = None) -> None:
        """Writes the weights to a `.weights.h5` or `.safetensors` file."""
        saving.save_weights(self, filepath, overwrite, max_shard_size)

    def load_weights(self, filepath: Any, skip_mismatch: bool = False, **kwargs: Any) -> None:
        """Reads the weights from a `.weights.h5`, `.h5`, `.keras` or `.safetensors` file."""
        saving.load_weights(self, filepath, skip_mismatch, **kwargs)

    def export_onnx(self, filepath: Any) -> None:
        """Writes the model as ONNX, to be run elsewhere."""
        saving.export_onnx(self, filepath)


def _maker(tensor: KerasTensor) -> Layer:
    """The layer that made it."""
    made: Made | None = tensor._keras_history
    assert made is not None, "a value of a graph was made by a layer"
    return made.operation


def _sample(tensor: KerasTensor) -> tuple[int, ...]:
    """The shape of a sample; only the batch is open."""
    return tuple(int(dim) for dim in tensor.shape[1:] if dim is not None)


def _unique(variables: Any) -> list[Variable]:
    """Each once, in order: shared layers have their weights once."""
    return list({id(variable): variable for variable in variables}.values())


def _input_types(config: dict[str, Any], layers: dict[str, Layer]) -> None:
    """What an input was told about its type of numbers is kept."""
    for entry in config.get("layers", []):
        layer = layers.get(entry["config"].get("name"))
        if entry["class_name"] == "InputLayer" and layer is not None and hasattr(layer, "_dtype"):
            entry["config"]["dtype"] = layer._dtype
