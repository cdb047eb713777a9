"""A layer: settings, and weights once the shape of its input is known."""

from __future__ import annotations

import inspect
import json
from typing import Any, Callable, ClassVar

import numpy as np

from ... import _native
from . import seeds
from .arrays import Array, is_array, numbers, shape_of
from .names import auto_name, ordinal
from .runner import Runner
from .settings import Described, _finite, _numbers_again, as_json, serialized
from .telling import warn
from .tensor import History, KerasTensor, Node, flat, is_symbolic
from .variable import Variable
from .weak import Own

__all__ = ["Layer"]

FLOAT32 = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}, "registered_name": None}

#: Settings that every layer has, and those that only older tutorials use.
COMMON = ("name", "trainable", "dtype", "autocast")
#: What the shapes of weights go by.
FIXED = ("units", "filters", "kernel_size", "use_bias", "input_dim", "output_dim", "depth_multiplier", "groups", "axis", "center", "scale")
#: Left out where nothing is said.
OPTIONAL = ("activity_regularizer", "data_format", "renorm_clipping")
#: Arguments of Keras for what is not here: only None is taken.
UNUSED = ("lora_rank", "lora_alpha", "quantization_config", "weights")


class Layer(Described):
    """The base class of all layers.

    A layer is called on arrays, or on the values of a network (``KerasTensor``); it has ``weights`` once it knows its input.
    Layers with formulas of their own are written in Rust (see the crate's ``extend`` module); here, functions on arrays can
    stand in the place of an ``activation``.
    """

    _family: ClassVar[str] = "layer"
    #: Where older versions of Keras had another name for an argument: {old: new}.
    _renamed: ClassVar[dict[str, str]] = {}
    #: Several inputs are one argument, in a list.
    _merges: ClassVar[bool] = False

    def __init__(
        self,
        *,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        autocast: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if type(self).call is not Layer.call or type(self) is Layer:
            raise NotImplementedError(
                f"{type(self).__name__}: layers with formulas of their own cannot be written in Python, as nobody would know their "
                "gradient. Compose layers that are there (the functional form), give a function as `activation`, or write the layer in "
                "Rust: see `steadygrad::extend`"
            )
        self._settle(locals())

    # ---- settings

    def _settle(self, given: dict[str, Any]) -> None:
        said = {key: value for key, value in given.items() if key not in ("self", "__class__", "kwargs")}
        extra = dict(given.get("kwargs", {}))
        owner = type(self).__name__
        self._input_shape = self._shape_argument(extra)
        for old, new in self._renamed.items():
            if old in extra:
                warn(f"{owner}: `{old}` is called `{new}` today")
                said[new] = extra.pop(old)
        common = {key: said.pop(key, extra.pop(key, None)) for key in COMMON}
        for key in OPTIONAL:
            for place in (said, extra):
                if place.get(key, 0) is None:
                    place.pop(key)
        for key in UNUSED:
            if said.pop(key, None) is not None or extra.pop(key, None) is not None:
                raise ValueError(f"{owner}: `{key}` is not supported")
        said.update(extra)
        if isinstance(said.get("units"), np.generic):
            raise ValueError(f"{owner}: `units` must be an int of Python, got {said['units']!r}: write int({said['units']})")
        name = common["name"]
        if name is not None and not isinstance(name, str):
            raise ValueError(f"{owner}: `name` must be a text, got {name!r}")
        self._auto_named = name is None
        self.name: str = auto_name(owner) if name is None else name
        self._key: str | None = None if name is None else name
        self.trainable = True if common["trainable"] is None else bool(common["trainable"])
        self._check_dtype(common["dtype"])
        self._drawn: dict[str, Callable[..., Any]] = {}
        self._function: Any = None
        self._own: Own | None = None
        #: How often a setting was changed: models that know the layer are then put together anew.
        self._revision = 0
        self._variables: list[Variable] = []
        self._built_for: list[tuple[int, ...]] | None = None
        self._nodes: list[Node] = []
        self._runner: Runner | None = None
        self._runner_shapes: list[tuple[int, ...]] = []
        self._runner_frozen = False
        self._said = said
        self._native = self._made(owner, self._without_functions(said))
        self._config = json.loads(self._native.config())

    def _shape_argument(self, extra: dict[str, Any]) -> tuple[int | None, ...] | None:
        """The shape of a sample, where it is said in the first layer as older tutorials do."""
        owner = type(self).__name__
        shape: tuple[int | None, ...] | None = None
        if extra.get("input_dim") is not None:
            shape = (int(extra["input_dim"]),)
        if extra.get("input_shape") is not None:
            shape = shape_of(extra["input_shape"], "input_shape")
        if extra.pop("input_dim", None) is not None or extra.pop("input_shape", None) is not None:
            warn(
                f"{owner}: today a model begins with an `Input` of the shape {shape}, in place of this argument"
            )
        extra.pop("input_shape", None)
        return shape

    def _check_dtype(self, dtype: Any) -> None:
        if isinstance(dtype, dict):
            dtype = dtype.get("config", {}).get("name", "float32")
        name = getattr(dtype, "name", dtype)
        if name is not None and str(name) not in ("float32", "<class 'numpy.float32'>"):
            raise ValueError(f"{type(self).__name__}: all is computed in float32 here, and `dtype` is {name!r}")
        self.dtype = "float32"

    def _without_functions(self, said: dict[str, Any]) -> dict[str, Any]:
        """The settings, with plain ones in the place of functions of the user's own."""
        plain_ones = dict(said)
        for key, value in said.items():
            if isinstance(value, type) or not callable(value) or isinstance(value, Described) and hasattr(value, "_config"):
                continue
            if getattr(value, "_activation", None) is not None:
                continue
            if key == "activation":
                self._function, plain_ones[key] = value, "linear"
            elif key.endswith("_initializer"):
                self._drawn[key[: -len("_initializer")]] = value
                plain_ones[key] = "zeros"
            else:
                raise ValueError(
                    f"{type(self).__name__}: `{key}` cannot be a function of your own; functions are taken as `activation` and as initializers"
                )
        return plain_ones

    def _made(self, owner: str, said: dict[str, Any]) -> Any:
        config = {key: json.loads(as_json(value, owner, key)) for key, value in said.items()}
        return _native.Layer(self._class or owner, json.dumps(_finite(config)))

    def get_config(self) -> dict[str, Any]:
        """The settings under Keras' names."""
        own = {key: _numbers_again(serialized(key, value)) for key, value in self._config.items()}
        for name, function in self._drawn.items():
            own[f"{name}_initializer"] = function
        if self._function is not None:
            own["activation"] = self._function
        return {"name": self.name, "trainable": self.trainable, "dtype": dict(FLOAT32), **own}

    def _plain(self) -> dict[str, Any]:
        return {"class_name": self._class or type(self).__name__, "config": self._config}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        known = inspect.signature(cls.__init__).parameters
        if not any(p.kind is p.VAR_KEYWORD for p in known.values()):
            # What every layer is told, and some have no argument for.
            config = {key: value for key, value in config.items() if key in known or key not in COMMON}
        return cls(**config)

    @property
    def losses(self) -> list[Any]:
        """What layers add to the loss is added within `fit`: there is nothing to sum up here."""
        return []

    # ---- weights

    def build(self, input_shape: Any = None) -> None:
        """Draws the weights, for batches of this shape: ``(None, 784)``; of several inputs, a list of shapes."""
        if self._built_for is not None:
            return
        if input_shape is None:
            raise ValueError(f"{self.name}: `build` needs the shape of a batch, such as (None, 784)")
        several = isinstance(input_shape, (list, tuple)) and input_shape and isinstance(input_shape[0], (list, tuple))
        shapes = list(input_shape) if several else [input_shape]
        self._build([tuple(self._sample(shape_of(s, "input_shape"))) for s in shapes])

    def _sample(self, shape: tuple[int | None, ...]) -> tuple[int, ...]:
        """The shape of a sample, from that of a batch."""
        dims = shape[1:]
        if any(dim is None for dim in dims):
            raise ValueError(
                f"{self.name}: the shape {shape} is open in more than the batch; say how large a sample is: layers plan their memory"
            )
        return dims  # type: ignore[return-value]

    def _build(self, shapes: list[tuple[int, ...]]) -> None:
        if self._built_for is not None:
            return
        if self._key is None:
            kind = _native.snake_case(self._class or type(self).__name__)
            self._key = f"{kind}#{ordinal(kind)}"
        try:
            drawn = self._native.draw([list(shape) for shape in shapes], seeds.current(), self._key)
        except ValueError as wrong:
            raise ValueError(f"layer `{self.name}`: {wrong}") from None
        self._built_for = shapes
        for path, shape, learns, values in drawn:
            name = path.split("/")[-1]
            if name in self._drawn:
                values = self._by_function(name, tuple(shape))
            self._variables.append(Variable(values, name, learns, f"{self.name}/{path}"))

    def _by_function(self, name: str, shape: tuple[int, ...]) -> Array:
        function = self._drawn[name]
        try:
            made = function(shape, dtype="float32")
        except TypeError:
            made = function(shape)
        values = numbers(made, f"{name}_initializer")
        if values.shape != shape:
            raise ValueError(f"layer `{self.name}`: the {name} needs an array of {shape}, its initializer returned one of {values.shape}")
        return values

    @property
    def built(self) -> bool:
        return self._built_for is not None

    @property
    def variables(self) -> list[Variable]:
        return list(self._variables)

    @property
    def weights(self) -> list[Variable]:
        """All weights: those that learn, and moving averages."""
        return list(self._variables)

    @property
    def trainable_weights(self) -> list[Variable]:
        return [v for v in self._variables if v.trainable] if self.trainable else []

    @property
    def non_trainable_weights(self) -> list[Variable]:
        return [v for v in self._variables if not v.trainable] if self.trainable else list(self._variables)

    trainable_variables = trainable_weights
    non_trainable_variables = non_trainable_weights

    def get_weights(self) -> list[Array]:
        """The weights as arrays."""
        return [variable.numpy() for variable in self.weights]

    def set_weights(self, weights: Any) -> None:
        """Sets the weights, in the order of ``get_weights``."""
        mine, given = self.weights, list(weights)
        if len(mine) != len(given):
            raise ValueError(f"`{self.name}` has {len(mine)} weights, got {len(given)}")
        arrays = [numbers(array, variable.path) for variable, array in zip(mine, given)]
        for variable, array in zip(mine, arrays):
            if variable.shape != array.shape:
                raise ValueError(f"`{variable.path}` has the shape {variable.shape}, got an array of {array.shape}")
        for variable, array in zip(mine, arrays):
            variable.assign(array)

    def count_params(self) -> int:
        """How many numbers the layer has."""
        if not self.built:
            raise ValueError(f"`{self.name}` has no weights yet: build it, or call it on something, first")
        return sum(int(np.prod(variable.shape)) for variable in self.weights)

    def __getattr__(self, name: str) -> Any:
        # `kernel`, `gamma`, … are there once the layer is built; settings always.
        if name.startswith("__") or "_variables" not in self.__dict__:
            raise AttributeError(f"{type(self).__name__} has no attribute `{name}`")
        for variable in self.__dict__["_variables"]:
            if variable.name == name:
                return variable
        if name in self.__dict__["_config"]:
            return self._setting(name)
        if self.__dict__["_built_for"] is None and name in ("kernel", "bias", "gamma", "beta", "moving_mean", "moving_variance", "embeddings"):
            raise AttributeError(f"`{self.name}` has no `{name}` yet: build it, or call it on something, first")
        if name == "bias" and self._config.get("use_bias") is False:
            return None
        raise AttributeError(f"{type(self).__name__} has no attribute `{name}`")

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self.__dict__.get("_config", ()):
            return self._change(name, value)
        super().__setattr__(name, value)

    def _change(self, name: str, value: Any) -> None:
        """Another setting: of what the layer computes, not of the weights that it has."""
        if self.built and (name in FIXED or name.endswith("_initializer")):
            raise AttributeError(f"`{self.name}` is built: its `{name}` can be changed no more; make another layer")
        said = {**self._said, name: value}
        self._function = None if name == "activation" else self._function
        self._native = self._made(type(self).__name__, self._without_functions(said))
        self._said = said
        self._config = json.loads(self._native.config())
        self._runner = None
        self._revision += 1

    def _setting(self, name: str) -> Any:
        from .. import activations, constraints, initializers, regularizers

        value = self._config[name]
        if name == "activation":
            return self._function if self._function is not None else activations.get(value)
        for ending, family in (("initializer", initializers), ("regularizer", regularizers), ("constraint", constraints)):
            if name.endswith("_" + ending):
                return family.get(value)
        return tuple(value) if isinstance(value, list) else value

    # ---- calls

    def call(self, *args: Any, **kwargs: Any) -> Any:
        return self(*args, **kwargs)

    def __call__(self, *args: Any, training: bool | None = None, mask: Any = None, **kwargs: Any) -> Any:
        if mask is not None:
            raise ValueError(f"`{self.name}`: masks are not supported yet")
        if kwargs:
            raise ValueError(f"`{self.name}`: a layer is called with its input alone, got `{next(iter(kwargs))}`")
        if not args:
            raise ValueError(f"`{self.name}` is called without an input")
        # A list of numbers is an array; a list of arrays or values is several inputs.
        first = args[0] if len(args) == 1 else list(args)
        if is_symbolic(first):
            inputs = flat(first)
            if not all(isinstance(item, KerasTensor) for item in inputs):
                raise ValueError(f"`{self.name}`: arrays and values of a network cannot be mixed in one call")
            if training is not None:
                warn(f"`{self.name}`: `training={training}` in a network is not kept: `fit` trains, `predict` does not, and `model(x, training=…)` says it for all")
            return self._symbolic(inputs)
        several = isinstance(first, (list, tuple)) and all(is_array(item) for item in first) and len(first) > 0
        inputs = [numbers(item, "inputs") for item in (first if several else [first])]
        return self._eager(inputs, bool(training))

    def _outputs(self, shapes: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
        try:
            return [tuple(shape) for shape in self._native.output_shapes([list(shape) for shape in shapes])]
        except ValueError as wrong:
            raise ValueError(f"layer `{self.name}`: {wrong}") from None

    def _check_shapes(self, shapes: list[tuple[int, ...]]) -> None:
        """What was built for some shape keeps its weights' shapes."""
        if self._built_for is None or not self._variables or shapes == self._built_for:
            return
        try:
            needs = [tuple(w[1]) for w in self._native.draw([list(s) for s in shapes], 0, "check")]
        except ValueError as wrong:
            raise ValueError(f"layer `{self.name}`: {wrong}") from None
        for variable, shape in zip(self._variables, needs):
            if variable.shape != shape:
                raise ValueError(
                    f"layer `{self.name}` was built for inputs of the shape {(None, *self._built_for[0])}, got {(None, *shapes[0])}: "
                    f"its {variable.name} has the shape {variable.shape}, and would need {shape}"
                )

    def _symbolic(self, inputs: list[KerasTensor]) -> Any:
        shapes = [self._sample(tensor.shape) for tensor in inputs]
        made = self._outputs(shapes)
        self._check_shapes(shapes)
        self._build(shapes)
        outputs = [KerasTensor((None, *shape)) for shape in made]
        self._nodes.append(Node(self, inputs, outputs))
        for i, tensor in enumerate(outputs):
            tensor._keras_history = History(self, len(self._nodes) - 1, i)
        return outputs[0] if len(outputs) == 1 else outputs

    def _eager(self, inputs: list[Array], training: bool) -> Any:
        for array in inputs:
            if array.ndim == 0:
                raise ValueError(f"layer `{self.name}`: an input needs a batch axis, got a single number")
        shapes = [array.shape[1:] for array in inputs]
        made = self._outputs(shapes)
        self._check_shapes(shapes)
        self._build(shapes)
        if inputs[0].shape[0] == 0:
            empty = [np.zeros((0, *shape), np.float32) for shape in made]
            return empty[0] if len(empty) == 1 else empty
        outputs = self._alone(shapes).predict(inputs, training)
        return outputs[0] if len(outputs) == 1 else outputs

    def _alone(self, shapes: list[tuple[int, ...]]) -> Runner:
        """A network of this layer alone."""
        from .graph import Graph

        if self._runner is None or self._runner_shapes != shapes or self._runner_frozen != (not self.trainable):
            graph = Graph.of_layer(self, shapes)
            self._runner = Runner(graph.native(), graph.variables(), seed=seeds.current())
            self._runner_shapes, self._runner_frozen = shapes, not self.trainable
        return self._runner

    def _own_function(self) -> Own:
        """The function in the place of its activation, which is kept here."""
        if self._own is None or self._own.function is not self._function:
            self._own = Own(self._function)
        return self._own

    def _as_native(self, functions: bool) -> Any:
        """What stands for it in a graph of the native half."""
        return self._native

    def _paths(self) -> dict[str, Variable]:
        """Its weights by their paths in a graph."""
        # By the name that it has now.
        return {f"{self.name}/{variable._path.partition('/')[2]}": variable for variable in self._variables}

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of a batch of outputs for batches of this shape."""
        several = isinstance(input_shape, list) or (bool(input_shape) and isinstance(input_shape[0], (list, tuple)))
        shapes = [self._sample(shape_of(s, "input_shape")) for s in (input_shape if several else [input_shape])]
        made = [(None, *shape) for shape in self._outputs(shapes)]
        return made[0] if len(made) == 1 else made

    def _node(self) -> Node:
        if not self._nodes:
            raise AttributeError(f"`{self.name}` has been called on nothing yet: it has no input and no output")
        return self._nodes[0]

    @property
    def input(self) -> Any:
        tensors = self._node().inputs
        return tensors[0] if len(tensors) == 1 else tensors

    @property
    def output(self) -> Any:
        tensors = self._node().outputs
        return tensors[0] if len(tensors) == 1 else tensors

    # ---- copies

    def __getstate__(self) -> dict[str, Any]:
        # A copy has settings and weights; where it is called is the business of a model.
        return {**self.__dict__, "_native": None, "_runner": None, "_nodes": []}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._native = self._made(type(self).__name__, self._without_functions(self._said))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"
