"""Settings: what users write as arguments, as the plain data that describe a member of a family, and back."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, ClassVar, TypeAlias

import numpy as np

from ... import _native

__all__ = ["Described", "Setting", "plain", "arguments", "serialized", "MODULES"]

#: How a member of a family is given: by name, as it is (all of them can be called), or by its settings.
Setting: TypeAlias = str | Callable[..., Any] | dict[str, Any]

#: The module of Keras that a family lives in.
MODULES = {
    "initializer": "keras.initializers", "regularizer": "keras.regularizers", "constraint": "keras.constraints",
    "loss": "keras.losses", "metric": "keras.metrics", "optimizer": "keras.optimizers",
    "schedule": "keras.optimizers.schedules", "layer": "keras.layers", "callback": "keras.callbacks",
}


def plain(value: Any) -> Any:
    """A setting as plain data: members of a family become ``{class_name, config}``, arrays become lists."""
    if isinstance(value, Described):
        if not hasattr(value, "_config"):
            raise TypeError(
                f"{type(value).__name__} is a {value._family} of your own: in Python there are none, as nobody would know its derivative or "
                "its settings; write it in Rust (`steadygrad::extend`), or use one that is there"
            )
        return value._plain()
    if hasattr(value, "_plain"):
        return value._plain()
    name = getattr(value, "_activation", None)
    if name is not None:
        return name
    if isinstance(value, type) and hasattr(value, "_plain"):
        return plain(value())
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def as_json(value: Any, owner: str, name: str) -> str:
    """A setting as JSON, or what is wrong with it."""
    told = plain(value)
    try:
        return json.dumps(_finite(told), allow_nan=False)
    except (TypeError, ValueError):
        hint = "; a rate that changes is a schedule, or a LearningRateScheduler" if name == "learning_rate" else ""
        raise ValueError(f"{owner}: `{name}` cannot be {value!r}, a {type(value).__name__}{hint}") from None


def _finite(value: Any) -> Any:
    """Numbers that JSON has no word for, as texts."""
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return "nan" if value != value else "inf" if value > 0 else "-inf"
    if isinstance(value, list):
        return [_finite(item) for item in value]
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return value


def _numbers_again(value: Any) -> Any:
    """The other way round, for configurations that users read."""
    if isinstance(value, dict):
        return {key: _numbers_again(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_numbers_again(item) for item in value]
    return float(value) if value in ("nan", "inf", "-inf") else value


def arguments(given: dict[str, Any]) -> dict[str, Any]:
    """The arguments of ``__init__`` from its ``locals()``."""
    said = {key: value for key, value in given.items() if key not in ("self", "__class__", "kwargs")}
    said.update(given.get("kwargs", {}))
    return said


def serialized(family: str, described: Any) -> Any:
    """``{class_name, config}`` with the module that Keras looks for it in, also of what is within."""
    if isinstance(described, dict) and "class_name" in described:
        family = _family(family)
        return {
            "module": MODULES.get(family, "keras.layers"),
            "class_name": described["class_name"],
            "config": {key: serialized(key, item) for key, item in described.get("config", {}).items()},
            "registered_name": None,
        }
    if isinstance(described, list):
        return [serialized(family, item) for item in described]
    return described


def _family(word: str) -> str:
    """The family that a setting of this name is of."""
    for family in ("initializer", "regularizer", "constraint", "metric", "loss", "optimizer", "schedule"):
        if word.endswith(family) or word == family + "s":
            return family
    return "schedule" if word == "learning_rate" else "layer"


class Described:
    """A member of a family that its settings describe: made of arguments, written down, read again."""

    _family: ClassVar[str]
    #: Keras' class name, where Python's is another.
    _class: ClassVar[str | None] = None

    def _settle(self, given: dict[str, Any]) -> None:
        """Takes the arguments; what cannot be is told at once."""
        said = arguments(given)
        self._said = said
        self._config: dict[str, Any] = self._checked(said)

    def _checked(self, said: dict[str, Any]) -> dict[str, Any]:
        owner = type(self).__name__
        config = {key: json.loads(as_json(value, owner, key)) for key, value in said.items()}
        spec = json.dumps({"class_name": self._class or owner, "config": config})
        try:
            told = json.loads(_native.describe(self._family, spec))
        except ValueError as wrong:
            words = str(wrong)
            raise ValueError(words if words.startswith(f"{owner}: ") else f"{owner}: {words}") from None
        return told["config"] if isinstance(told, dict) else {}

    def _plain(self) -> dict[str, Any]:
        return {"class_name": self._class or type(self).__name__, "config": self._config}

    def _spec(self) -> str:
        return json.dumps(_finite(self._plain()))

    def get_config(self) -> dict[str, Any]:
        """The settings, under Keras' names."""
        return {key: _numbers_again(serialized(key, value)) for key, value in self._config.items()}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Made of such settings."""
        return cls(**config)

    def __repr__(self) -> str:
        said = ", ".join(f"{key}={value!r}" for key, value in self._config.items() if value is not None)
        return f"{type(self).__name__}({said})"
