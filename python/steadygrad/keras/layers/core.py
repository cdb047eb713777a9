"""Layers that everything begins with."""

from __future__ import annotations

import json
from typing import Any

from ... import _native
from .._base.arrays import shape_of
from .._base.layer import Layer
from .._base.settings import Setting
from .._base.telling import warn
from .._base.tensor import History, KerasTensor, Node

__all__ = [
    "Input", "InputLayer", "Dense", "Activation", "Embedding", "Identity",
]


class Dense(Layer):
    """kernel · x + bias, then the activation, along the last axis: ``(batch, …, n)`` → ``(batch, …, units)``."""

    def __init__(
        self,
        units: int,
        activation: Setting | None = None,
        use_bias: bool = True,
        kernel_initializer: Setting = "glorot_uniform",
        bias_initializer: Setting = "zeros",
        kernel_regularizer: Setting | None = None,
        bias_regularizer: Setting | None = None,
        activity_regularizer: Setting | None = None,
        kernel_constraint: Setting | None = None,
        bias_constraint: Setting | None = None,
        lora_rank: Any = None,
        lora_alpha: Any = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        self._settle(locals())


class Activation(Layer):
    """An activation as a layer: a name, one of ``keras.activations``, a layer, or a function of your own on arrays."""

    def __init__(self, activation: Setting | None, **kwargs: Any) -> None:
        self._settle(locals())


class Embedding(Layer):
    """Rows of a table that is learnt: whole numbers below ``input_dim`` become vectors of ``output_dim``."""

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Setting = "uniform",
        embeddings_regularizer: Setting | None = None,
        embeddings_constraint: Setting | None = None,
        mask_zero: bool = False,
        weights: Any = None,
        lora_rank: Any = None,
        lora_alpha: Any = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        self._settle(locals())


class Identity(Layer):
    """Passes its input on."""

    def __init__(self, **kwargs: Any) -> None:
        self._settle(locals())


class InputLayer(Layer):
    """Where a value enters a network: samples of this shape."""

    def __init__(
        self,
        shape: Any = None,
        batch_size: Any = None,
        dtype: Any = None,
        sparse: Any = None,
        ragged: Any = None,
        batch_shape: Any = None,
        input_tensor: Any = None,
        optional: Any = False,
        name: Any = None,
        **kwargs: Any,
    ) -> None:
        if shape is None and kwargs.get("input_shape") is not None:
            
            warn("InputLayer: `input_shape` is called `shape` today")
            shape = kwargs.pop("input_shape")
        if batch_shape is not None:
            if shape is not None:
                raise ValueError("InputLayer: give `shape` or `batch_shape`, not both")
            dims = shape_of(batch_shape, "batch_shape")
            batch_size, shape = dims[0], dims[1:]
        if shape is None:
            raise ValueError("InputLayer: the shape of a sample is missing: shape=(784,)")
        if sparse or ragged or optional or input_tensor is not None:
            raise ValueError("InputLayer: `sparse`, `ragged`, `optional` and `input_tensor` are not supported")
        if kwargs:
            raise ValueError(f"InputLayer: there is no argument `{next(iter(kwargs))}`")
        sample = shape_of(shape, "shape")
        if any(dim is None for dim in sample):
            raise ValueError(f"Input: the shape {sample} is open; say how large a sample is: layers plan their memory before they run")
        self._settle({"name": name, "kwargs": {}, "batch_shape": [batch_size, *sample]})
        self._dtype = "float32" if dtype is None else str(dtype)
        self.batch_shape = (batch_size, *sample)
        self._built_for = []
        self._feed()

    def _feed(self) -> None:
        """The value that enters here."""
        tensor = KerasTensor(self.batch_shape, self._dtype, self.name)
        self._nodes.append(Node(self, [], [tensor]))
        tensor._keras_history = History(self, 0, 0)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._feed()

    def _made(self, owner: str, said: dict[str, Any]) -> Any:
        return _native.Layer("InputLayer", json.dumps({"batch_shape": [None, *said["batch_shape"][1:]]}))

    def get_config(self) -> dict[str, Any]:
        return {
            "batch_shape": self.batch_shape, "dtype": self._dtype, "sparse": False, "ragged": False, "name": self.name, "optional": False,
        }


def Input(
    shape: Any = None,
    batch_size: Any = None,
    dtype: Any = None,
    sparse: Any = None,
    ragged: Any = None,
    batch_shape: Any = None,
    name: Any = None,
    tensor: Any = None,
    optional: Any = False,
) -> KerasTensor:
    """A value that enters a network: ``x = Input((784,))``, then ``Dense(10)(x)``."""
    layer = InputLayer(shape, batch_size, dtype, sparse, ragged, batch_shape, tensor, optional, name)
    return layer._nodes[0].outputs[0]
