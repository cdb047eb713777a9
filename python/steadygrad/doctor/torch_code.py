"""What is prescribed, as PyTorch code."""

from __future__ import annotations

import re
from typing import Any

from torch import nn

from .torch_graph import Layer

__all__ = ["Coder"]

#: The classes of torch.nn that are our words.
CLASSES = {
    "elu": "nn.ELU()", "relu": "nn.ReLU()", "leaky_relu": "nn.LeakyReLU()", "selu": "nn.SELU()", "gelu": "nn.GELU()",
    "silu": "nn.SiLU()", "swish": "nn.SiLU()", "tanh": "nn.Tanh()", "sigmoid": "nn.Sigmoid()", "softmax": "nn.Softmax(dim=-1)",
    "linear": "nn.Identity()", "softplus": "nn.Softplus()",
}
OPTIMIZERS = {"adam": "torch.optim.Adam(model.parameters(), lr=1e-3)", "sgd": "torch.optim.SGD(model.parameters(), lr=0.01)"}


def place(path: str) -> str:
    """``layers.3.fc`` as Python finds it: ``model.layers[3].fc``."""
    if not path:
        return "model"
    text = "model"
    for part in path.split("."):
        text += f"[{part}]" if part.isdigit() else f".{part}"
    return text


#: Lines of one kind from which on they are written as a loop.
MANY = 4


def _short(parts: list[str]) -> list[str]:
    """The lines, with those that differ in their place alone as a loop."""
    lines = [line for part in parts for line in part.split("\n")]
    kinds: dict[tuple[str, str], list[tuple[str, str]]] = {}
    order: list[tuple[str, str]] = []
    for line in lines:
        found = re.search(r"model(?:\[\d+\]|\.\w+)*\[(\d+)\]", line)
        if found is None or line.lstrip().startswith("#"):
            key = ("", line)
        else:
            start, end = found.span(1)
            key = (line[:start] + "{i}" + line[end:], "")
            again = found.group(0)[: -len(found.group(1)) - 1] + found.group(1) + "]"
            if line.count(again) > 1:
                key = (line.replace(again, again[: -len(found.group(1)) - 1] + "{i}]"), "")
        if key not in kinds:
            order.append(key)
        kinds.setdefault(key, []).append((found.group(1) if found else "", line))
    short = []
    for key in order:
        rows = kinds[key]
        if key[0] and len(rows) >= MANY:
            numbers = [int(number) for number, _ in rows]
            steps = {b - a for a, b in zip(numbers, numbers[1:])}
            if len(steps) == 1 and min(steps) > 0:
                step = steps.pop()
                every = f"range({numbers[0]}, {numbers[-1] + 1}{f', {step}' if step > 1 else ''})"
            else:
                every = f"({', '.join(map(str, numbers))})"
            short += [f"for i in {every}:", "    " + key[0].replace("{i}", "i")]
        else:
            short += [line for _, line in rows]
    return short


class Coder:
    """Writes changes as code for the network with these layers."""

    def __init__(self, layers: list[Layer]) -> None:
        self.layers = layers

    def __call__(self, changes: list[dict[str, Any]], *_: int) -> str | None:
        parts = [self._one(change) for change in changes]
        known = [part for part in parts if part is not None]
        return "\n".join(_short(known)) if len(known) == len(parts) else None

    def _linear(self) -> list[Layer]:
        return [l for l in self.layers if l.role == "linear" and l.module is not None and l.parameters]

    def _behind(self, layer: Layer) -> str | None:
        """The activation behind a layer, looked for past normalizations and what only moves numbers."""
        at = self.layers.index(layer)
        while True:
            readers = [i for i, l in enumerate(self.layers) if at in l.inputs]
            if len(readers) != 1:
                return None
            reader = self.layers[readers[0]]
            if reader.role == "activation":
                return reader.op.lower() or type(reader.module).__name__.lower()
            if reader.role not in ("normalization", "noise", "shape", "pooling"):
                return None
            at = readers[0]

    def _draw(self, layer: Layer, activation: str | None) -> str:
        weight = f"{place(layer.parameters[0][0].rpartition('.')[0])}.weight"
        name = (activation or "").replace("_", "")
        if name in ("relu", "relu6", "elu", "gelu", "silu", "mish", "hardswish", "softplus", "celu", "swish"):
            return f"nn.init.kaiming_normal_({weight}, nonlinearity='relu')"
        if name in ("leakyrelu", "prelu"):
            return f"nn.init.kaiming_normal_({weight}, a=0.01, nonlinearity='leaky_relu')"
        if name in ("selu", "linear", ""):
            return f"nn.init.kaiming_normal_({weight}, nonlinearity='linear')"
        if name == "tanh":
            return f"nn.init.xavier_normal_({weight}, gain=nn.init.calculate_gain('tanh'))"
        return f"nn.init.xavier_normal_({weight})"

    def _initializers(self, activation: str | None = None) -> list[str]:
        linear = self._linear()
        lines = []
        for i, layer in enumerate(linear):
            head = i == len(linear) - 1
            lines.append(self._draw(layer, self._behind(layer) if activation is None or head else activation))
            if layer.module is not None and getattr(layer.module, "bias", None) is not None:
                lines.append(f"nn.init.zeros_({place(layer.parameters[0][0].rpartition('.')[0])}.bias)")
        return lines

    def _one(self, change: dict[str, Any]) -> str | None:
        kind, to = change["kind"], change.get("to")
        if kind == "initializers":
            return "\n".join(self._initializers())
        if kind == "activation" and isinstance(to, str):
            return self._activation(to)
        if kind == "normalize":
            return self._normalize(str(to))
        if kind == "no_dropout":
            modules = [l for l in self.layers if isinstance(l.module, nn.modules.dropout._DropoutNd)]
            return "\n".join(f"{place(l.path)}.p = 0.0" for l in modules) or None
        if kind == "no_regularization":
            return "for group in optimizer.param_groups:\n    group['weight_decay'] = 0.0"
        if kind == "momentum":
            norms = [l for l in self.layers if isinstance(l.module, nn.modules.batchnorm._NormBase)]
            return "\n".join(f"{place(l.path)}.momentum = {1.0 - float(str(to)):.3g}" for l in norms) or None
        if kind == "residual":
            return "# in forward, around every hidden block that keeps its width:\nh = h + block(h)"
        if kind == "width":
            return f"# give the hidden layers {to} times the units: nn.Linear({to} * n, {to} * n)"
        if kind == "depth":
            return f"# keep about {100 * float(str(to)):.0f} % of the hidden layers"
        if kind == "drop_bias":
            layers = [l for l in self._linear() if self._normalized(l) and getattr(l.module, "bias", None) is not None]
            return "\n".join(f"{place(l.path)}.bias = None" for l in layers) or None
        if kind == "set":
            return self._set(change["key"], to)
        return None

    def _normalized(self, layer: Layer) -> bool:
        at = self.layers.index(layer)
        return any(at in l.inputs and isinstance(l.module, nn.modules.batchnorm._NormBase) for l in self.layers)

    def _activation(self, to: str) -> str | None:
        new = CLASSES.get(to)
        if new is None:
            return None
        last = max((i for i, l in enumerate(self.layers) if l.role == "linear"), default=0)
        lines = []
        in_code = False
        for layer in self.layers[:last]:
            if layer.role != "activation":
                continue
            if layer.module is None:
                in_code = True
            else:
                lines.append(f"{place(layer.path.rsplit('_', 1)[0] if self._again(layer) else layer.path)} = {new}")
        if in_code:
            lines.append(f"# in forward, in place of the activations there: torch.nn.functional.{to}(h)")
        lines = list(dict.fromkeys(lines))
        return "\n".join(lines + self._initializers(to))

    def _again(self, layer: Layer) -> bool:
        """A module that is used more than once stands in the list once for each use."""
        first, _, number = layer.path.rpartition("_")
        return number.isdigit() and any(l.path == first and l.module is layer.module for l in self.layers)

    def _normalize(self, to: str) -> str:
        lines = []
        linear = self._linear()[:-1]
        for layer in linear:
            width = layer.parameters[0][1].shape[0]
            at = place(layer.path)
            if isinstance(layer.module, nn.modules.conv._ConvNd):
                dims = len(layer.module.kernel_size)
                norm = f"nn.BatchNorm{dims}d({width})" if to == "batch_normalization" else f"nn.GroupNorm(1, {width})"
            else:
                norm = f"nn.BatchNorm1d({width})" if to == "batch_normalization" else f"nn.LayerNorm({width})"
            lines.append(f"{at} = nn.Sequential({at}, {norm})")
        return "\n".join(lines)

    def _set(self, key: str, to: Any) -> str | None:
        if key == "compile.optimizer.config.learning_rate":
            return f"for group in optimizer.param_groups:\n    group['lr'] = {to}"
        if key == "compile.optimizer.config.global_clipnorm":
            return f"# between loss.backward() and optimizer.step():\ntorch.nn.utils.clip_grad_norm_(model.parameters(), {to})"
        if key == "compile.optimizer" and isinstance(to, str) and to in OPTIMIZERS:
            return f"optimizer = {OPTIMIZERS[to]}"
        if key == "data.scale":
            return "# before training, with the statistics of the training data:\nx = (x - x.mean(0)) / (x.std(0) + 1e-8)"
        if key == "data.target_scale":
            return "# before training, and turn predictions back:\ny = (y - y.mean(0)) / (y.std(0) + 1e-8)"
        if key == "fit.batch_size":
            return f"loader = torch.utils.data.DataLoader(dataset, batch_size={to}, shuffle=True)"
        if key == "fit.epochs":
            return f"epochs = {to}"
        return None
