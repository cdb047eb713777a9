"""What is told of a PyTorch network and of its training, in the words of the native half."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

from .torch_graph import Layer

__all__ = ["described", "setup"]


def described(layers: list[Layer]) -> list[dict[str, Any]]:
    """The layers: path, class, role, what they read, shape, parameters."""
    return [_describe(layers, layer) for layer in layers]


def _describe(layers: list[Layer], layer: Layer) -> dict[str, Any]:
    shape = layer.shape
    units, apart = (shape[-1] if len(shape) > 1 else 1), 1
    if len(shape) > 2 and (layer.channels_first or _behind_channels(layers, layer)):
        units, apart = shape[1], math.prod(shape[2:])
    return {
        "path": layer.path,
        "class": layer.cls,
        "role": layer.role,
        "inputs": layer.inputs,
        "size": math.prod(shape[1:]) if len(shape) > 1 else 1,
        "units": units,
        "apart": apart,
        "bounds": list(layer.bounds) if layer.bounds else None,
        "parameters": [name for name, _ in layer.parameters],
    }


def _behind_channels(layers: list[Layer], layer: Layer) -> bool:
    """A layer between convolutions has its channels where they have them."""
    at: Layer | None = layer
    while at is not None and len(at.shape) == len(layer.shape):
        if at.channels_first:
            return True
        if isinstance(at.module, (nn.Linear, nn.LayerNorm, nn.Embedding)):
            return False
        first = next((i for i in at.inputs if i is not None), None)
        at = layers[first] if first is not None else None
    return False


def setup(model: nn.Module, optimizers: list[Any], layers: list[Layer], batch: int, clips: bool, samples: int) -> dict[str, Any]:
    """How it is trained."""
    group = optimizers[0].param_groups[0] if optimizers else {}
    rate = group.get("lr")
    modules = list(model.modules())
    momenta = [1.0 - (0.1 if m.momentum is None else m.momentum) for m in modules if isinstance(m, nn.modules.batchnorm._NormBase)]
    last = next((l for l in reversed(layers) if l.role in ("linear", "activation")), None)
    word = last.op.lower() if last is not None and last.op else type(last.module).__name__.lower() if last else ""
    return {
        "samples": samples,
        # Where an epoch ends is not seen.
        "epochs": 0,
        "batch_size": batch,
        "optimizer": type(optimizers[0]).__name__ if optimizers else "",
        "learning_rate": float(rate) if rate is not None else None,
        "regularized": any(g.get("weight_decay") for o in optimizers for g in o.param_groups),
        "noisy": any(isinstance(m, nn.modules.dropout._DropoutNd) and m.p > 0 for m in modules),
        "clips": clips,
        "momentum": max(momenta) if momenta else None,
        "head": "linear" if last is None or last.role == "linear" else word,
        "outputs": last.shape[-1] if last is not None and last.shape else 0,
        "parts": [_part(layer) for layer in layers if layer.role == "linear"],
    }


def _part(layer: Layer) -> dict[str, Any]:
    """A layer with weights as the doctor's checks know one."""
    kernel = layer.parameters[0][1] if layer.parameters else None
    size = kernel.numel() if kernel is not None else 0
    out = kernel.shape[0] if kernel is not None and kernel.dim() > 0 else 1
    variance = None
    if kernel is not None and size > 1:
        with torch.no_grad():
            variance = float(kernel.detach().float().var(unbiased=False))
    return {
        "path": layer.path,
        "units": int(out),
        "fan_in": int(size // max(1, out)),
        "variance": variance if variance is not None and math.isfinite(variance) else None,
        "bias": any(name.endswith("bias") for name, _ in layer.parameters),
        "trainable": kernel is not None and kernel.requires_grad,
    }
