"""Losses, under Keras' names: classes, and functions that do not reduce."""

from __future__ import annotations

import json
from typing import Any

from ... import _native
from .._base.settings import _finite, plain, serialized
from . import classes, functions
from .classes import *  # noqa: F403
from .functions import *  # noqa: F403
from .loss import Loss

__all__ = ["Loss", *classes.__all__, *functions.__all__, "MAE", "MAPE", "MSE", "MSLE", "KLD", "BCE", "mae", "mape", "mse", "msle", "kld", "bce", "get", "serialize", "deserialize"]

MAE = mae = functions.mean_absolute_error
MAPE = mape = functions.mean_absolute_percentage_error
MSE = mse = functions.mean_squared_error
MSLE = msle = functions.mean_squared_logarithmic_error
KLD = kld = functions.kl_divergence
BCE = bce = functions.binary_crossentropy


def get(identifier: Any) -> Any:
    """The loss of this name or these settings: for the name of a function the function; one that is there already, as it is."""
    if identifier is None or isinstance(identifier, Loss):
        return identifier
    if isinstance(identifier, (str, dict)):
        return deserialize(identifier)
    if isinstance(identifier, type) and issubclass(identifier, Loss):
        return identifier()
    if callable(identifier):
        return identifier
    raise ValueError(f"a loss is a name, settings, a function or one of keras.losses, got {identifier!r}")


def serialize(loss: Any) -> Any:
    """A loss as its settings; a function as its name."""
    name = getattr(loss, "_activation", None)
    if name is not None:
        return {"module": "builtins", "class_name": "function", "config": name, "registered_name": "function"}
    if not isinstance(loss, Loss):
        raise ValueError(f"{loss!r} is a function of your own: it has no settings")
    return {**serialized("loss", {"class_name": type(loss).__name__, "config": {}}), "config": loss.get_config()}


def deserialize(name: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The loss of such settings or of this name."""
    word = name if isinstance(name, str) else name.get("config") if name.get("class_name") == "function" else name.get("class_name")
    if custom_objects and word in custom_objects:
        return custom_objects[word]
    if isinstance(name, dict) and name.get("class_name") != "function":
        told = json.loads(_native.describe("loss", json.dumps(_finite(plain(name)))))
        return getattr(classes, told["class_name"])(**(name.get("config") or {}))
    told = json.loads(_native.describe("loss", json.dumps(word)))
    if word in classes.__all__:
        return getattr(classes, word)()
    found = globals().get(word)
    return found if found is not None else getattr(classes, told["class_name"])()
