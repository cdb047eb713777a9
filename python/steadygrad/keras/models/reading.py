"""Models from their configurations: what ``get_config``, ``to_json`` and files say."""

from __future__ import annotations

from typing import Any

from .._base.layer import Layer
from .._base.tensor import KerasTensor

__all__ = ["model", "sequential", "functional", "is_functional"]


def is_functional(config: dict[str, Any]) -> bool:
    return "layers" in config and "output_layers" in config


def model(config: dict[str, Any], custom_objects: Any = None) -> Any:
    """A model from ``{class_name, config}``."""
    inner = config["config"]
    if config.get("class_name") == "Sequential":
        return sequential(inner, custom_objects)
    if is_functional(inner):
        return functional(inner, custom_objects)
    raise ValueError(f"expected the configuration of a Sequential or Functional model, found {config.get('class_name')!r}")


def layer(entry: dict[str, Any], custom_objects: Any = None) -> Layer:
    """A layer, or a model in the place of one."""
    from .. import layers

    class_name, config = entry["class_name"], dict(entry["config"])
    if class_name in ("Sequential", "Functional", "Model"):
        return model(entry, custom_objects)
    cls = (custom_objects or {}).get(class_name) or getattr(layers, class_name)
    if class_name == "InputLayer":
        kept = ("batch_shape", "dtype", "name")
        return cls(**{key: config[key] for key in kept if key in config})
    # How the shape was said before there was an Input.
    shape = config.pop("batch_input_shape", None)
    made = cls.from_config(config)
    if shape is not None:
        made._input_shape = tuple(shape[1:])
    return made


def sequential(config: Any, custom_objects: Any = None) -> Any:
    """Of ``{name, layers, build_input_shape}``."""
    from .sequential import Sequential

    if isinstance(config, list):
        config = {"layers": config}
    made = Sequential(name=config.get("name"))
    for entry in config["layers"]:
        made._append(layer(entry, custom_objects))
    made._rebuild()
    shape = config.get("build_input_shape")
    if shape and not made.built:
        made.build(tuple(shape))
    return made


def functional(config: dict[str, Any], custom_objects: Any = None) -> Any:
    """Of ``{name, layers, input_layers, output_layers}``: each layer is called as its ``inbound_nodes`` say."""
    from .model import Model

    made: dict[str, Layer] = {}
    calls: list[tuple[str, int, dict[str, Any]]] = []
    for entry in config["layers"]:
        name = entry.get("name") or entry["config"]["name"]
        made[name] = layer(entry, custom_objects)
        calls += [(name, i, call) for i, call in enumerate(entry.get("inbound_nodes", []))]
    values: dict[tuple[str, int], list[KerasTensor]] = {}
    for name, one in made.items():
        if type(one).__name__ == "InputLayer":
            values[name, 0] = one._nodes[0].outputs
    waiting = calls
    while waiting:
        left = []
        for name, i, call in waiting:
            reads = [tuple(t) for t in _histories(call["args"])]
            if all((n, c) in values for n, c, _ in reads) and (i == 0 or (name, i - 1) in values):
                inputs = [values[n, c][o] for n, c, o in reads]
                several = isinstance(call["args"][0], list) or len(inputs) > 1
                output = made[name](inputs if several else inputs[0])
                values[name, i] = output if isinstance(output, list) else [output]
            else:
                left.append((name, i, call))
        if len(left) == len(waiting):
            raise ValueError(f"the model's layers depend on each other in a circle: {', '.join(sorted({n for n, _, _ in left}))}")
        waiting = left

    def ends(given: Any) -> Any:
        if isinstance(given, list) and given and not isinstance(given[0], str):
            return [ends(item) for item in given]
        name, call, output = given
        inner = made[name]
        # A graph within has a node of its own, which Keras counts where the ends are named.
        if isinstance(inner, Model) and type(inner) is Model:
            call -= 1
        return values[name, call][output]

    return Model(ends(config["input_layers"]), ends(config["output_layers"]), name=config.get("name"))


def _histories(args: Any) -> list[list[Any]]:
    if isinstance(args, dict) and args.get("class_name") == "__keras_tensor__":
        return [args["config"]["keras_history"]]
    if isinstance(args, (list, tuple)):
        return [found for item in args for found in _histories(item)]
    return []
