"""What is prescribed, as Keras code."""

from __future__ import annotations

import json
import re
from typing import Any

__all__ = ["Coder"]

#: Settings that go without saying.
USUAL: dict[str, Any] = {
    "kernel_initializer": "glorot_uniform", "bias_initializer": "zeros", "activation": "linear", "use_bias": True, "axis": -1,
    "momentum": 0.99, "epsilon": 1e-3, "center": True, "scale": True, "beta_initializer": "zeros", "gamma_initializer": "ones",
    "moving_mean_initializer": "zeros", "moving_variance_initializer": "ones", "trainable": True, "padding": "valid",
    "data_format": "channels_last", "groups": 1, "synchronized": False,
}
ONES = ([1], [1, 1], [1, 1, 1], 1)
OPTIMIZERS = {"adam": "keras.optimizers.Adam(1e-3)", "sgd": "keras.optimizers.SGD(0.01)"}


def _class(word: str) -> str:
    """``batch_normalization`` → ``BatchNormalization``."""
    if word[:1].isupper():
        return word
    text = "".join(part[:1].upper() + part[1:] for part in word.split("_"))
    for ours, keras in {"ReLu": "ReLU", "ReLU": "ReLU", "Elu": "ELU", "PReLu": "PReLU", "Conv": "Conv", "1d": "1D", "2d": "2D", "3d": "3D"}.items():
        text = text.replace(ours, keras)
    return text


def _value(value: Any) -> str:
    if isinstance(value, dict) and "class_name" in value:
        inner = ", ".join(f"{k}={_value(v)}" for k, v in (value.get("config") or {}).items() if v is not None)
        family = "initializers" if any(w in value["class_name"] for w in ("Normal", "Uniform", "Scaling", "Constant", "Orthogonal", "Zeros", "Ones")) else "regularizers"
        return f"keras.{family}.{value['class_name']}({inner})"
    return repr(value)


#: What comes first in a call, without its name.
FIRST = ("units", "filters", "rate", "pool_size", "input_dim")


def layer_code(words: dict[str, Any]) -> str:
    """A layer as an experiment file says it, as a call."""
    cls = _class(words["layer"])
    if cls in ("Input", "InputLayer"):
        shape = words.get("shape") or (words.get("batch_shape") or [None])[1:]
        return f"keras.Input({tuple(shape)!r})"
    settings = [repr(words[key]) for key in FIRST if key in words][:1]
    for key, value in words.items():
        if key in ("layer", "inputs") or value is None or USUAL.get(key, object()) == value:
            continue
        if key in ("strides", "dilation_rate") and value in ONES or key in FIRST and settings[:1] == [repr(value)]:
            continue
        # A name that Keras gives by itself.
        if key == "name" and re.fullmatch(r"[a-z0-9_]+", str(value)) and re.sub(r"_\d+$", "", str(value)) == _snake(cls):
            continue
        settings.append(f"{key}={_value(value)}")
    return f"keras.layers.{cls}({', '.join(settings)})"


def _snake(cls: str) -> str:
    text = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", cls)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", text).lower()


def _flat(items: list[Any]) -> list[dict[str, Any]]:
    flat: list[dict[str, Any]] = []
    for item in items:
        if "layer" in item:
            flat.append(item)
        elif "residual" in item:
            flat.append({"layer": "residual_begins"})
            flat += _flat(item["residual"])
            flat.append({"layer": "residual_ends"})
        elif "block" in item:
            flat += _flat(item["block"]) * int(item.get("repeat", 1))
    return flat


class Coder:
    """Writes changes as code for the network in this mirror."""

    def __init__(self, mirror: Any, native: Any) -> None:
        self._mirror, self._native = mirror, native

    def __call__(self, changes: list[dict[str, Any]], finding: int, prescription: int) -> str | None:
        lines = []
        for change in changes:
            if change["kind"] == "set":
                line = _set(change["key"], change["to"])
                if line is None:
                    return None
                lines.append(line)
        if all(change["kind"] == "set" for change in changes):
            return "\n".join(lines)
        try:
            both = json.loads(self._mirror.edited(self._native, finding, prescription))
        except ValueError:
            return None
        return "\n".join(lines + self.layers(both["before"], both["after"]))

    @staticmethod
    def layers(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
        """The network after a change, with a word at what is new."""
        old, new = _flat(before.get("layers", [])), _flat(after.get("layers", []))
        known = {json.dumps(layer, sort_keys=True) for layer in old}
        lines = ["model = keras.Sequential(["]
        graph = any("inputs" in layer for layer in new)
        if graph:
            lines = ["# the layers that change:"]
        for layer in new:
            if layer["layer"] == "residual_begins":
                lines.append("    # from here the input is kept, and added (keras.layers.Add) where this part ends:")
                continue
            if layer["layer"] == "residual_ends":
                lines.append("    # the kept input is added here")
                continue
            changed = json.dumps(layer, sort_keys=True) not in known
            if graph and changed:
                lines.append(layer_code(layer))
            elif not graph:
                lines.append(f"    {layer_code(layer)}," + ("  # changed" if changed else ""))
        if not graph:
            lines.append("])")
        return lines


def _set(key: str, to: Any) -> str | None:
    if key == "compile.optimizer.config.learning_rate":
        return f"model.optimizer.learning_rate = {to}"
    if key == "compile.optimizer.config.global_clipnorm":
        return f"# give the optimizer global_clipnorm={to}: keras.optimizers.Adam(…, global_clipnorm={to})"
    if key == "compile.optimizer" and isinstance(to, str) and to in OPTIMIZERS:
        return f"model.compile(optimizer={OPTIMIZERS[to]}, …)"
    if key == "data.scale":
        return "x = (x - x.mean(axis=0)) / (x.std(axis=0) + 1e-8)"
    if key == "data.target_scale":
        return "y = (y - y.mean(axis=0)) / (y.std(axis=0) + 1e-8)  # and turn predictions back"
    if key == "fit.batch_size":
        return f"model.fit(…, batch_size={to})"
    if key == "fit.epochs":
        return f"model.fit(…, epochs={to})"
    return None
