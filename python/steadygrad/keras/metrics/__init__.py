"""Metrics, under Keras' names."""

from __future__ import annotations

import json
from typing import Any

from ... import _native
from .._base.settings import _finite, plain, serialized
from ..losses import functions as losses
from . import classes, functions
from .classes import *  # noqa: F403
from .functions import *  # noqa: F403
from .metric import Metric

__all__ = [
    "Metric", *classes.__all__, *functions.__all__, "MAE", "MAPE", "MSE", "MSLE", "KLD", "mae", "mape", "mse", "msle", "kld", "mean_absolute_error",
    "mean_absolute_percentage_error", "mean_squared_error", "mean_squared_logarithmic_error", "kl_divergence", "binary_crossentropy",
    "categorical_crossentropy", "sparse_categorical_crossentropy", "hinge", "squared_hinge", "categorical_hinge", "poisson", "get",
    "serialize", "deserialize",
]

mean_absolute_error = MAE = mae = losses.mean_absolute_error
mean_absolute_percentage_error = MAPE = mape = losses.mean_absolute_percentage_error
mean_squared_error = MSE = mse = losses.mean_squared_error
mean_squared_logarithmic_error = MSLE = msle = losses.mean_squared_logarithmic_error
kl_divergence = KLD = kld = losses.kl_divergence
binary_crossentropy = losses.binary_crossentropy
categorical_crossentropy = losses.categorical_crossentropy
sparse_categorical_crossentropy = losses.sparse_categorical_crossentropy
hinge, squared_hinge, categorical_hinge, poisson = losses.hinge, losses.squared_hinge, losses.categorical_hinge, losses.poisson


def get(identifier: Any) -> Any:
    """The metric of this name or these settings; one that is there already, and a function, as it is."""
    if identifier is None or isinstance(identifier, Metric):
        return identifier
    if isinstance(identifier, (str, dict)):
        return deserialize(identifier)
    if isinstance(identifier, type) and issubclass(identifier, Metric):
        return identifier()
    if callable(identifier):
        return identifier
    raise ValueError(f"a metric is a name, settings, a function or one of keras.metrics, got {identifier!r}")


def serialize(metric: Any) -> Any:
    """A metric as its settings."""
    if not isinstance(metric, Metric):
        raise ValueError(f"{metric!r} is a function of your own: it has no settings")
    return {**serialized("metric", {"class_name": type(metric).__name__, "config": {}}), "config": metric.get_config()}


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The metric of such settings or of this name."""
    word = config if isinstance(config, str) else config.get("class_name")
    if custom_objects and word in custom_objects:
        return custom_objects[word]
    told = json.loads(_native.describe("metric", json.dumps(_finite(plain(config)))))
    cls = getattr(classes, told["class_name"])
    return cls(**(config.get("config") or {})) if isinstance(config, dict) else cls()
