"""The same network in our words: what theory is asked about, and what changes are tried on.

It need not compute the same numbers. It has the same layers in the same places, with weights drawn as wide as they are, and is fed
with some of the same data.
"""

from __future__ import annotations

import math
from typing import Any, Callable

import numpy as np
import torch
from torch import nn

from .record import numbers
from .torch_graph import Layer

__all__ = ["twin", "drawn"]

Words = dict[str, Any]


class NoTwin(Exception):
    """Something in the network has no word here."""


def drawn(tensor: torch.Tensor) -> Any:
    """How such weights could be drawn, from how wide they are."""
    values = tensor.detach().float()
    size = values.numel()
    if size == 0:
        return "zeros"
    if not bool(torch.isfinite(values).all()):
        raise NoTwin("weights that are not finite")
    mean = float(values.mean())
    deviation = float(values.std(unbiased=False))
    most = float((values - mean).abs().max())
    if deviation == 0.0:
        return "zeros" if mean == 0.0 else {"class_name": "Constant", "config": {"value": mean}}
    # Four standard errors.
    if abs(mean) < 4.0 * deviation / math.sqrt(size):
        mean = 0.0
    if size >= 32 and most <= 1.8 * deviation:
        half = deviation * math.sqrt(3.0)
        return {"class_name": "RandomUniform", "config": {"minval": mean - half, "maxval": mean + half}}
    return {"class_name": "RandomNormal", "config": {"mean": mean, "stddev": deviation}}


def _same(values: Any, what: str) -> list[int]:
    if isinstance(values, str):
        raise NoTwin(f"{what} = {values!r}")
    return [values] if isinstance(values, int) else [int(v) for v in values]


def _weights(m: nn.Module) -> Words:
    words: Words = {"kernel_initializer": drawn(m.weight), "use_bias": getattr(m, "bias", None) is not None}
    if words["use_bias"]:
        words["bias_initializer"] = drawn(m.bias)
    return words


def _convolution(m: Any) -> list[Words]:
    n = len(m.kernel_size)
    if m.transposed or m.padding_mode != "zeros":
        raise NoTwin("a transposed convolution, or one with another padding than zeros")
    words: Words = {
        "layer": f"conv{n}d", "filters": m.out_channels, "kernel_size": list(m.kernel_size), "strides": list(m.stride),
        "dilation_rate": list(m.dilation), "groups": m.groups, "data_format": "channels_first", **_weights(m),
    }
    before: list[Words] = []
    if m.padding == "same":
        words["padding"] = "same"
    elif m.padding != "valid":
        pads = _same(m.padding, "padding")
        reach = [d * (k - 1) for d, k in zip(m.dilation, m.kernel_size)]
        if all(s == 1 for s in m.stride) and all(2 * p == r for p, r in zip(pads, reach)):
            words["padding"] = "same"
        elif any(pads):
            if n == 1:
                raise NoTwin("a padded convolution over one axis with strides")
            before.append({"layer": f"zero_padding{n}d", "padding": pads, "data_format": "channels_first"})
    return before + [words]


def _pool(kind: str, m: Any, n: int) -> list[Words]:
    size = _same(m.kernel_size, "kernel_size")
    strides = _same(m.stride if m.stride is not None else m.kernel_size, "stride")
    padding = "same" if any(_same(m.padding, "padding")) else "valid"
    size = size * n if len(size) == 1 else size
    strides = strides * n if len(strides) == 1 else strides
    return [{
        "layer": f"{kind}_pooling{n}d", "pool_size": size, "strides": strides, "padding": padding,
        "data_format": "channels_first",
    }]


def _adaptive(kind: str, m: Any, n: int) -> list[Words]:
    to = m.output_size
    sizes = [to] * n if isinstance(to, int) or to is None else list(to)
    if all(s == 1 for s in sizes):
        return [{"layer": f"global_{kind}_pooling{n}d", "keepdims": True, "data_format": "channels_first"}]
    if any(s is None for s in sizes):
        raise NoTwin("an adaptive pooling that keeps an axis")
    return [{"layer": f"adaptive_{kind}_pooling{n}d", "output_size": sizes, "data_format": "channels_first"}]


def _activation(word: str, **settings: Any) -> list[Words]:
    if settings:
        return [{"layer": word, **settings}]
    return [{"layer": "activation", "activation": word}]


def _batch_norm(m: Any) -> list[Words]:
    return [{
        "layer": "batch_normalization", "axis": 1, "momentum": 1.0 - (m.momentum or 0.1), "epsilon": m.eps,
        "center": m.affine, "scale": m.affine,
    }]


def _layer_norm(m: Any) -> list[Words]:
    if len(m.normalized_shape) != 1:
        raise NoTwin("a layer normalization over several axes")
    return [{"layer": "layer_normalization", "epsilon": m.eps}]


def _group_norm(m: Any) -> list[Words]:
    return [{"layer": "group_normalization", "groups": m.num_groups, "axis": 1, "epsilon": m.eps}]


PLAIN = {
    "ReLU": "relu", "ReLU6": "relu6", "SELU": "selu", "SiLU": "silu", "Sigmoid": "sigmoid", "Tanh": "tanh", "Softplus": "softplus",
    "Softsign": "softsign", "Mish": "mish", "Hardsigmoid": "hard_sigmoid", "Hardswish": "hard_silu", "Hardtanh": "hard_tanh",
    "LogSigmoid": "log_sigmoid", "Softmax": "softmax", "LogSoftmax": "log_softmax", "Tanhshrink": "tanh_shrink",
    "Softshrink": "soft_shrink", "Hardshrink": "hard_shrink", "Softmax2d": "linear", "GELU": "gelu", "CELU": "celu",
}

MODULES: dict[str, Callable[[Any], list[Words]]] = {
    "Linear": lambda m: [{"layer": "dense", "units": m.out_features, **_weights(m)}],
    "Conv1d": _convolution, "Conv2d": _convolution, "Conv3d": _convolution,
    "BatchNorm1d": _batch_norm, "BatchNorm2d": _batch_norm, "BatchNorm3d": _batch_norm, "SyncBatchNorm": _batch_norm,
    "LayerNorm": _layer_norm, "GroupNorm": _group_norm,
    "RMSNorm": lambda m: [{"layer": "rms_normalization"}],
    "Dropout": lambda m: [{"layer": "dropout", "rate": m.p}], "AlphaDropout": lambda m: [{"layer": "alpha_dropout", "rate": m.p}],
    "Dropout1d": lambda m: [{"layer": "dropout", "rate": m.p}], "Dropout2d": lambda m: [{"layer": "dropout", "rate": m.p}],
    "Flatten": lambda m: [{"layer": "flatten"}],
    "LeakyReLU": lambda m: _activation("leaky_re_lu", negative_slope=m.negative_slope),
    "ELU": lambda m: _activation("elu", alpha=m.alpha),
    "PReLU": lambda m: _activation("leaky_re_lu", negative_slope=float(m.weight.detach().mean())),
    "MaxPool1d": lambda m: _pool("max", m, 1), "MaxPool2d": lambda m: _pool("max", m, 2), "MaxPool3d": lambda m: _pool("max", m, 3),
    "AvgPool1d": lambda m: _pool("average", m, 1), "AvgPool2d": lambda m: _pool("average", m, 2),
    "AvgPool3d": lambda m: _pool("average", m, 3),
    "AdaptiveAvgPool1d": lambda m: _adaptive("average", m, 1), "AdaptiveAvgPool2d": lambda m: _adaptive("average", m, 2),
    "AdaptiveAvgPool3d": lambda m: _adaptive("average", m, 3), "AdaptiveMaxPool2d": lambda m: _adaptive("max", m, 2),
    "Embedding": lambda m: [{
        "layer": "embedding", "input_dim": m.num_embeddings, "output_dim": m.embedding_dim, "embeddings_initializer": drawn(m.weight),
    }],
}

#: Operations in code that have a word, beside the activations.
OPERATIONS: dict[str, Words] = {"Add": {"layer": "add"}}


def _words(layer: Layer) -> list[Words]:
    if layer.module is None:
        if layer.role == "activation":
            return _activation(layer.path.rsplit("_", 1)[0] if layer.path.rsplit("_", 1)[-1].isdigit() else layer.path)
        if layer.op in OPERATIONS and len(layer.inputs) > 1:
            return [dict(OPERATIONS[layer.op])]
        raise NoTwin(f"the operation {layer.op}")
    name = type(layer.module).__name__
    if name in PLAIN:
        return _activation(PLAIN[name])
    if name in MODULES:
        return MODULES[name](layer.module)
    raise NoTwin(f"the module {layer.path} ({name})")


def twin(
    layers: list[Layer], inputs: list[torch.Tensor], outputs: list[torch.Tensor], samples: int
) -> tuple[Words, list[np.ndarray], list[np.ndarray]] | str:
    """An experiment with the same network and some of its data, or why there is none."""
    try:
        return _twin(layers, inputs, outputs, samples)
    except NoTwin as why:
        return f"there is no word for {why}"
    except (AttributeError, TypeError, ValueError, RuntimeError) as why:
        return f"it could not be written down ({why})"


def _twin(
    layers: list[Layer], inputs: list[torch.Tensor], outputs: list[torch.Tensor], samples: int
) -> tuple[Words, list[np.ndarray], list[np.ndarray]]:
    if len(inputs) != 1 or len(outputs) != 1:
        raise NoTwin("several inputs or outputs")
    x = inputs[0].detach()[:samples]
    shapes: dict[str, tuple[int, ...]] = {}
    words: list[Words] = [{"layer": "input", "shape": list(x.shape[1:]), "name": "the_input"}]
    shapes["the_input"] = tuple(x.shape[1:])
    for i, layer in enumerate(layers):
        read = ["the_input" if source is None else layers[source].path for source in layer.inputs]
        for k, name in enumerate(read):
            if name not in shapes:
                raise NoTwin(f"what {layer.path} reads")
            wanted = tuple(layer.in_shapes[k][1:]) if k < len(layer.in_shapes) else None
            if wanted is not None and shapes[name] and wanted != shapes[name]:
                if math.prod(wanted) != math.prod(shapes[name]):
                    raise NoTwin(f"what happens between {name} and {layer.path}")
                between = f"{layer.path} reads" if k == 0 else f"{layer.path} reads {k}"
                move: Words = {"layer": "flatten"} if len(wanted) == 1 else {"layer": "reshape", "target_shape": list(wanted)}
                words.append({**move, "name": between, "inputs": [name]})
                shapes[between] = wanted
                read[k] = between
        made = _words(layer)
        for k, one in enumerate(made):
            last = k == len(made) - 1
            one["name"] = layer.path if last else f"{layer.path} before"
            one["inputs"] = read if k == 0 else [f"{layer.path} before"]
            words.append(one)
        known = tuple(layer.shape[1:])
        if not known:
            known = shapes[read[0]]
        shapes[layer.path] = known
    if not words[1:]:
        raise NoTwin("a network without layers")
    y = np.random.default_rng(0).standard_normal((len(x), *outputs[0].shape[1:])).astype(np.float32)
    if outputs[0].shape[0] != inputs[0].shape[0]:
        raise NoTwin("outputs that are not one for each sample")
    experiment = {
        "model": {"layers": words, "outputs": [words[-1]["name"]]},
        "compile": {"optimizer": "sgd", "loss": "mse"},
        "fit": {"epochs": 1, "batch_size": len(x), "seed": 0},
    }
    return experiment, [numbers(x.to(device="cpu", dtype=torch.float32))], [y]
