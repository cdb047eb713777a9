"""Models in files."""

from __future__ import annotations

import json
import os
import tempfile
from typing import Any

import numpy as np

from ... import _native
from .._base.telling import warn

__all__ = ["save_model", "load_model", "save_weights", "load_weights", "model_from_json", "clone_model", "export_onnx"]


def _path(filepath: Any) -> str:
    return os.fspath(filepath)


def _writable(path: str, overwrite: bool) -> None:
    if not overwrite and os.path.exists(path):
        raise ValueError(f"{path} is there already, and `overwrite` is False")


def save_model(model: Any, filepath: Any, overwrite: bool = True, zipped: Any = None, **kwargs: Any) -> None:
    """Writes the whole model to a `.keras` file: layers, weights, how it is compiled, where its optimizer is. `.h5` is written too."""
    path = _path(filepath)
    kwargs.pop("include_optimizer", None)
    if kwargs or zipped not in (None, True):
        raise ValueError(f"`save`: {next(iter(kwargs), 'zipped')} is not supported")
    if not path.endswith((".keras", ".h5", ".hdf5")):
        raise ValueError(f"a model is saved in a file that ends in .keras, got {path!r}" + (f": write {path + '.keras'!r}" if "." not in os.path.basename(path) else ""))
    if path.endswith((".h5", ".hdf5")):
        warn("files of the ending .h5 are of an older form; today models are saved as .keras", DeprecationWarning)
    if not model.built:
        warn(f"`{model.name}` has no weights yet: it is not saved; build it first")
        return
    _writable(path, overwrite)
    for layer in model._graph().layers:
        if layer._function is not None:
            raise ValueError(f"layer `{layer.name}` has a function of your own as its activation, which no file can hold; save the weights alone")
    compiled = model._compiled
    own = compiled is not None and compiled.given["loss"] is not None and (model._own_losses() or any(not isinstance(m, str) for _, m, _ in compiled.metrics(model._output_names())))
    if own:
        warn("the loss or a metric is a function of your own, which no file can hold: the model is saved without how it is compiled")
    changed = model._trainer is not None and model._graph().native() is not model._trainer_of
    if changed:
        warn("layers were changed since the model began to train: it is saved as it is now, without how it is compiled; compile it again first to keep that")
    trains = compiled is not None and compiled.given["loss"] is not None and not own and not changed
    runner = model._training_runner("save") if trains else _untrained(model)
    runner.push()
    runner.native.save(path)


def _untrained(model: Any) -> Any:
    """A runner that knows no loss."""
    from .._base.runner import Runner

    graph = model._graph()
    return Runner(graph.native(), graph.variables())


def load_model(filepath: Any, custom_objects: Any = None, compile: bool = True, safe_mode: bool = True) -> Any:
    """The model in a `.keras` or `.h5` file of Keras 2 or 3, with its weights; compiled as it was, its optimizer where it was."""
    from . import reading

    path = _path(filepath)
    if not os.path.exists(path):
        raise ValueError(f"there is no file {path}")
    if not path.endswith((".keras", ".h5", ".hdf5")):
        raise ValueError(f"a model is loaded from a file that ends in .keras or .h5, got {path!r}")
    try:
        config, weights, compiled = _native.read_model(path)
    except OSError as wrong:
        raise ValueError(str(wrong)) from None
    model = reading.model(json.loads(config), custom_objects)
    _set(model, dict(weights))
    if compile and compiled is not None:
        _compile(model, json.loads(compiled), path, custom_objects)
    return model


def _set(model: Any, weights: dict[str, Any]) -> None:
    for path, variable in model._graph().variables().items():
        if path in weights:
            variable.assign(weights[path])


def _compile(model: Any, compiled: dict[str, Any], path: str | None, custom_objects: Any = None) -> None:
    """Compiles a model as a file says it was; with the file's path, its optimizer goes on where it was."""
    from .. import optimizers

    kept = {key: compiled.get(key) for key in ("loss", "loss_weights", "metrics", "weighted_metrics")}
    optimizer = optimizers.deserialize(compiled["optimizer"], custom_objects)
    told = compiled["optimizer"]
    if not (isinstance(told, dict) and (told.get("config") or {}).get("name")):
        optimizer.name = _native.snake_case(type(optimizer).__name__)
    model.compile(optimizer=optimizer, **{k: _known(v, custom_objects) for k, v in kept.items()})
    if path is not None and kept["loss"] is not None:
        for words in model._training_runner("load_model").native.resume(path):
            warn(words)


def _known(value: Any, custom_objects: Any) -> Any:
    """Names of the user's own objects are replaced by these."""
    if isinstance(value, list):
        return [_known(item, custom_objects) for item in value]
    if isinstance(value, dict) and value.get("class_name") == "function":
        value = value["config"]
    if isinstance(value, dict) and "class_name" not in value:
        return {key: _known(item, custom_objects) for key, item in value.items()}
    name = value.get("class_name") if isinstance(value, dict) else value
    return custom_objects[name] if custom_objects and name in custom_objects else value


def to_bytes(model: Any) -> Any:
    """The model as a file would hold it; before the shape of its input is known, its settings."""
    if not model.built:
        return model.get_config()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.keras")
        save_model(model, path)
        with open(path, "rb") as file:
            return file.read()


def from_bytes(cls: Any, held: Any) -> Any:
    """The model that ``to_bytes`` gave."""
    if not isinstance(held, bytes):
        return cls.from_config(held)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.keras")
        with open(path, "wb") as file:
            file.write(held)
        return load_model(path)


def save_weights(model: Any, filepath: Any, overwrite: bool = True, max_shard_size: Any = None) -> None:
    """Writes the weights to a `.weights.h5` or `.safetensors` file."""
    path = _path(filepath)
    if max_shard_size is not None:
        raise ValueError("`save_weights`: weights are written in one file, `max_shard_size` is not supported")
    if not path.endswith((".weights.h5", ".safetensors")):
        raise ValueError(f"weights are saved in a file that ends in .weights.h5 or .safetensors, got {path!r}")
    _writable(path, overwrite)
    graph = model._graph()
    if path.endswith(".safetensors"):
        _native.write_safetensors(path, [(name, variable.value) for name, variable in graph.variables().items()])
        return
    runner = model._any_runner()
    runner.push()
    runner.native.save(path)


def load_weights(model: Any, filepath: Any, skip_mismatch: bool = False, **kwargs: Any) -> None:
    """Reads the weights from a `.weights.h5`, `.h5`, `.keras` or `.safetensors` file."""
    if skip_mismatch or kwargs:
        raise ValueError("`load_weights`: all weights of the file must be the model's; `skip_mismatch` and `by_name` are not supported")
    path = _path(filepath)
    if not os.path.exists(path):
        raise ValueError(f"there is no file {path}")
    graph = model._graph()
    weights = dict(_native.read_weights_of(path, graph.without_functions()))
    mine = graph.variables()
    if set(weights) != set(mine):
        # Names that were made count on from model to model: what counts is their order.
        given, own = _numbered(weights), _numbered(mine)
        if set(given) == set(own):
            weights = {own[key]: weights[name] for key, name in given.items()}
    for name in mine:
        if name not in weights:
            raise ValueError(f"{path}: the weight `{name}` is missing: the file is another model's")
    for name, array in weights.items():
        if name not in mine:
            raise ValueError(f"{path}: the weight `{name}` is not the model's")
        if mine[name].shape != array.shape:
            raise ValueError(f"{path}: `{name}` has the shape {array.shape}, and the model needs {mine[name].shape}")
        if not np.isfinite(array).all():
            warn(f"{path}: `{name}` has numbers that are not finite")
    _set(model, weights)


def _numbered(names: Any) -> dict[tuple[str, int, str], str]:
    """Names by (class, which of them, weight): ``dense_7/kernel`` is the second Dense's where ``dense_3`` is the first."""
    parts = {}
    for name in names:
        layer, _, weight = name.partition("/")
        word, _, number = layer.rpartition("_")
        parts[name] = (word, int(number), weight) if number.isdigit() else (layer, 0, weight)
    ranks: dict[str, list[int]] = {}
    for word, number, _ in parts.values():
        ranks.setdefault(word, []).append(number)
    return {(word, sorted(set(ranks[word])).index(number), weight): name for name, (word, number, weight) in parts.items()}


def model_from_json(json_string: str, custom_objects: Any = None) -> Any:
    """The model of such JSON (Keras 2 or 3), with new weights, and compiled where the JSON says how."""
    from . import reading

    try:
        told = json.loads(json_string)
    except ValueError as wrong:
        raise ValueError(f"this is no JSON of a model: {wrong}") from None
    if not custom_objects:
        compiled = told.get("compile_config") if isinstance(told, dict) else None
        told = json.loads(_native.keras_3_config(json_string))
    else:
        compiled = told.get("compile_config")
    model = reading.model(told, custom_objects)
    if compiled and compiled.get("optimizer"):
        _compile(model, compiled, None, custom_objects)
    return model


def clone_model(model: Any, input_tensors: Any = None, clone_function: Any = None, call_function: Any = None, recursive: bool = False, **kwargs: Any) -> Any:
    """The same layers with new weights; `clone_function` may put others in their places."""
    from . import reading

    if input_tensors is not None or call_function is not None or kwargs:
        raise ValueError("`clone_model`: `input_tensors` and `call_function` are not supported")
    from .model import _maker
    from .sequential import Sequential

    if clone_function is not None:
        if not isinstance(model, Sequential):
            raise ValueError("`clone_model`: `clone_function` is supported for Sequential models")
        made = Sequential(name=model.name)
        if model.built:
            source = _maker(model._values[0])
            made._append(source.from_config(source.get_config()))
        for layer in model.layers:
            made._append(clone_function(layer))
        made._rebuild()
        return made
    if not model.built:
        return type(model).from_config(model.get_config())
    return reading.model(model._whole_config())


def export_onnx(model: Any, filepath: Any) -> None:
    """Writes what `predict` computes as ONNX (opset 17): the batch is open, weights keep their names."""
    runner = model._any_runner()
    runner.push()
    runner.native.export_onnx(_path(filepath))
