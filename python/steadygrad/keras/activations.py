"""Activations as functions: of arrays, of values of a network, and as names for ``activation=``."""

from __future__ import annotations

import json
from typing import Any, Callable

from .. import _native
from ._base.arrays import numbers
from ._base.settings import _finite, plain
from ._base.tensor import is_symbolic

__all__ = [
    "celu", "elu", "exponential", "gelu", "glu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh", "leaky_relu",
    "linear", "log_sigmoid", "log_softmax", "mish", "relu", "relu6", "selu", "sigmoid", "silu", "soft_shrink", "softmax", "softplus",
    "softsign", "sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus", "swish", "tanh", "tanh_shrink", "threshold",
    "get", "serialize", "deserialize",
]


def _apply(name: str, x: Any, config: dict[str, Any]) -> Any:
    """The activation of this name, with settings that differ from its usual ones."""
    from .layers import Activation

    spec: Any = {"class_name": name, "config": config} if config else name
    layer = Activation(spec)
    if is_symbolic(x):
        return layer(x)
    array = numbers(x, "x")
    # An axis for the batch, where there is none.
    made = layer(array.reshape(1, *array.shape) if array.ndim < 2 else array)
    return made.reshape(made.shape[1:]) if array.ndim < 2 else made


def _named(function: Callable[..., Any]) -> Callable[..., Any]:
    """Marks a function as one that ``activation=`` knows by its name."""
    function._activation = function.__name__  # type: ignore[attr-defined]
    return function


@_named
def celu(x: Any, alpha: float = 1.0) -> Any:
    """max(x, 0) + min(alpha·(e^(x/alpha) − 1), 0) (Barron 2017)."""
    return _apply("celu", x, {"alpha": alpha})


@_named
def elu(x: Any, alpha: float = 1.0) -> Any:
    """x where it is positive, alpha·(eˣ − 1) elsewhere (Clevert et al. 2016)."""
    return _apply("elu", x, {"alpha": alpha})


@_named
def exponential(x: Any) -> Any:
    """eˣ"""
    return _apply("exponential", x, {})


@_named
def gelu(x: Any, approximate: bool = False) -> Any:
    """x·Φ(x) (Hendrycks and Gimpel 2016)."""
    return _apply("gelu", x, {"approximate": approximate})


@_named
def glu(x: Any, axis: int = -1) -> Any:
    """The first half times the sigmoid of the second (Dauphin et al. 2017)."""
    return _apply("glu", x, {"axis": axis})


@_named
def hard_shrink(x: Any, threshold: float = 0.5) -> Any:
    """x where |x| > threshold, else 0."""
    return _apply("hard_shrink", x, {"threshold": threshold})


@_named
def hard_sigmoid(x: Any) -> Any:
    """x/6 + 1/2, between 0 and 1."""
    return _apply("hard_sigmoid", x, {})


@_named
def hard_silu(x: Any) -> Any:
    """x·hard_sigmoid(x) (Howard et al. 2019)."""
    return _apply("hard_silu", x, {})


@_named
def hard_tanh(x: Any) -> Any:
    """x, between −1 and 1."""
    return _apply("hard_tanh", x, {})


@_named
def leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
    """x where it is positive, negative_slope·x elsewhere (Maas, Hannun and Ng 2013)."""
    return _apply("leaky_relu", x, {"negative_slope": negative_slope})


@_named
def linear(x: Any) -> Any:
    """x"""
    return _apply("linear", x, {})


@_named
def log_sigmoid(x: Any) -> Any:
    """ln sigmoid(x)"""
    return _apply("log_sigmoid", x, {})


@_named
def log_softmax(x: Any, axis: int = -1) -> Any:
    """x − ln Σ eˣ along an axis."""
    return _apply("log_softmax", x, {"axis": axis})


@_named
def mish(x: Any) -> Any:
    """x·tanh(softplus(x)) (Misra 2019)."""
    return _apply("mish", x, {})


@_named
def relu(x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Any:
    """max(x, 0) (Nair and Hinton 2010), with another slope, end or threshold where they are given."""
    return _apply("relu", x, {"negative_slope": negative_slope, "max_value": max_value, "threshold": threshold})


@_named
def relu6(x: Any) -> Any:
    """x, between 0 and 6."""
    return _apply("relu6", x, {})


@_named
def selu(x: Any) -> Any:
    """1.0507·x where it is positive, 1.7581·(eˣ − 1) elsewhere (Klambauer et al. 2017)."""
    return _apply("selu", x, {})


@_named
def sigmoid(x: Any) -> Any:
    """1 / (1 + e⁻ˣ)"""
    return _apply("sigmoid", x, {})


@_named
def silu(x: Any) -> Any:
    """x·sigmoid(x), also called swish (Elfwing et al. 2018)."""
    return _apply("silu", x, {})


@_named
def soft_shrink(x: Any, threshold: float = 0.5) -> Any:
    """x moved to 0 by threshold, and 0 between."""
    return _apply("soft_shrink", x, {"threshold": threshold})


@_named
def softmax(x: Any, axis: int = -1) -> Any:
    """eˣ / Σ eˣ along an axis."""
    return _apply("softmax", x, {"axis": axis})


@_named
def softplus(x: Any) -> Any:
    """ln(1 + eˣ)"""
    return _apply("softplus", x, {})


@_named
def softsign(x: Any) -> Any:
    """x / (1 + |x|)"""
    return _apply("softsign", x, {})


@_named
def sparse_plus(x: Any) -> Any:
    """0 below −1, x above 1, (x + 1)²/4 between."""
    return _apply("sparse_plus", x, {})


@_named
def sparse_sigmoid(x: Any) -> Any:
    """(x + 1)/2, between 0 and 1."""
    return _apply("sparse_sigmoid", x, {})


@_named
def sparsemax(x: Any, axis: int = -1) -> Any:
    """The nearest point of the probability simplex (Martins and Astudillo 2016)."""
    return _apply("sparsemax", x, {"axis": axis})


@_named
def squareplus(x: Any, b: float = 4) -> Any:
    """(x + √(x² + b)) / 2 (Barron 2021)."""
    return _apply("squareplus", x, {"b": b})


@_named
def tanh(x: Any) -> Any:
    """(eˣ − e⁻ˣ) / (eˣ + e⁻ˣ)"""
    return _apply("tanh", x, {})


@_named
def tanh_shrink(x: Any) -> Any:
    """x − tanh(x)"""
    return _apply("tanh_shrink", x, {})


@_named
def threshold(x: Any, threshold: float, default_value: float) -> Any:
    """x where it is above threshold, else default_value."""
    return _apply("threshold", x, {"threshold": threshold, "default_value": default_value})


hard_swish = hard_silu
swish = silu


def get(identifier: Any) -> Any:
    """The activation of this name; a function or layer as it is; None is linear."""
    if identifier is None:
        return linear
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, str):
        for name, others in _native.catalog("activation"):
            if identifier == name or identifier in others:
                return globals()[name]
        _native.describe("activation", json.dumps(identifier))
    if callable(identifier):
        return identifier
    raise ValueError(f"an activation is a name or a function, got {identifier!r}")


def serialize(activation: Any) -> Any:
    """The name of an activation."""
    name = getattr(activation, "_activation", None)
    if name is not None:
        return name
    if hasattr(activation, "_plain"):
        from ._base.settings import serialized

        return serialized("layer", plain(activation))
    raise ValueError(f"{activation!r} is a function of your own: it has no name that can be written down")


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The activation of such a name."""
    if isinstance(config, str) and custom_objects and config in custom_objects:
        return custom_objects[config]
    if isinstance(config, dict) and config.get("class_name") == "function":
        return get(config["config"])
    if isinstance(config, dict):
        from . import layers

        json.loads(_native.describe("activation", json.dumps(_finite(config))))
        made = getattr(layers, config["class_name"], None)
        if made is not None:
            return made.from_config({k: v for k, v in config.get("config", {}).items() if k not in ("dtype",)})
        return lambda x: _apply(config["class_name"], x, config.get("config", {}))
    return get(config)
