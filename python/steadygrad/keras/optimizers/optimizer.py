"""What all optimizers have in common."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from .._base.arrays import Array
from .._base.names import auto_name
from .._base.telling import warn
from .._base.settings import Described, arguments, serialized

if TYPE_CHECKING:
    from .._base.runner import Runner

__all__ = ["Count", "Number", "Optimizer"]


class Number(float):
    """A number of an optimizer: a float with the methods of Keras' variables."""

    _optimizer: Any = None

    def numpy(self) -> np.float32:
        return np.float32(self)

    @property
    def value(self) -> np.float32:
        return np.float32(self)

    def assign(self, value: Any) -> None:
        """Changes the learning rate that this number was read from."""
        self._optimizer.learning_rate = value


class Count(int):
    """A count of an optimizer: an int with the methods of Keras' variables."""

    def numpy(self) -> np.int64:
        return np.int64(self)

    @property
    def value(self) -> np.int64:
        return np.int64(self)


class Optimizer(Described):
    """The base class: an optimizer belongs to the model that is compiled with it.

    ``learning_rate`` can be read and set while the model trains; ``iterations`` counts the steps.
    """

    _family = "optimizer"

    def _settle(self, given: dict[str, Any]) -> None:
        owner = type(self).__name__
        said = arguments(given)
        for old in ("lr", "decay"):
            if old not in said:
                continue
            value = said.pop(old)
            if old == "decay" and not value:
                continue
            if old == "lr":
                raise ValueError(f"{owner}: `lr` is called `learning_rate` today: {owner}(learning_rate={value})")
            warn(
                f"{owner}: `decay` is no longer an argument, and is left out; give `learning_rate` a schedule, such as InverseTimeDecay",
            )
        name = said.pop("name", None)
        for legacy in ("is_legacy_optimizer", "jit_compile"):
            said.pop(legacy, None)
        for key in ("learning_rate", "momentum"):
            if type(said.get(key)) is int and (key == "learning_rate" or said[key] != 0):
                raise ValueError(f"{owner}: `{key}` must be a number with a point, got {said[key]}: write {said[key]}.0")
        clips = [key for key in ("clipnorm", "clipvalue", "global_clipnorm") if said.get(key) is not None]
        if len(clips) > 1:
            raise ValueError(f"{owner}: one way to clip at a time, got {' and '.join(clips)}")
        self.name: str = name or auto_name(owner)
        self._runner: Runner | None = None
        self._last_rate = float("nan")
        self._said = said
        rate = said.get("learning_rate")
        self._config = self._checked(said)
        self._schedule = rate if callable(rate) and not isinstance(rate, (int, float)) else None

    def _bind(self, runner: Runner | None) -> None:
        """The model that it trains."""
        self._runner = runner
        if runner is not None:
            self._last_rate = runner.native.learning_rate()

    def __setattr__(self, name: str, value: Any) -> None:
        if name != "learning_rate" and name != "name" and name in self.__dict__.get("_config", ()):
            if self._runner is not None:
                raise AttributeError(
                    f"{type(self).__name__}: `{name}` stays as it is while the optimizer trains a model; compile the model with another one"
                )
            self._config = self._checked({**self._config, name: value})
            return
        super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        config = self.__dict__.get("_config", {})
        if name in config:
            return config[name]
        raise AttributeError(f"{type(self).__name__} has no attribute `{name}`")

    def build(self, variables: Any = None) -> None:
        """Accepted for Keras' sake: what an optimizer keeps is made with the model that it trains."""

    @property
    def learning_rate(self) -> Any:
        """The rate of the next step; setting it holds from the next step on."""
        if self._runner is not None:
            try:
                rate = self._last_rate = self._runner.native.learning_rate()
            except RuntimeError:
                # In the middle of a step: as it was known last.
                rate = self._last_rate
        elif isinstance(self._config["learning_rate"], dict):
            return self._schedule
        else:
            rate = self._config["learning_rate"]
        number = Number(rate)
        number._optimizer = self
        return number

    @learning_rate.setter
    def learning_rate(self, rate: Any) -> None:
        if isinstance(rate, Described):
            raise ValueError(f"{type(self).__name__}: a schedule is given when the optimizer is made, and stays")
        if isinstance(self._config["learning_rate"], dict):
            raise TypeError(f"{type(self).__name__}: a schedule decides about the learning rate; it cannot be set")
        value = float(np.asarray(rate))
        self._config = self._checked({**self._config, "learning_rate": value})
        if self._runner is not None:
            self._runner.native.set_learning_rate(value)
            self._last_rate = value

    @property
    def iterations(self) -> Count:
        """How many steps were trained."""
        return Count(0 if self._runner is None else self._runner.native.iterations())

    @property
    def variables(self) -> list[Array]:
        """What the optimizer keeps: iterations, learning rate, and its slots, as arrays."""
        if self._runner is None:
            return []
        all_of_them = self._runner.native.optimizer_variables()
        return [np.asarray(count, np.int64) if numbers is None else numbers for _, count, numbers in all_of_them]

    def swap_to_eval(self) -> None:
        """Moves the weights to where the model is used (ScheduleFreeAdamW; for all others nothing happens)."""
        self._swap(True)

    def swap_to_train(self) -> None:
        """Moves the weights back to where they are trained."""
        self._swap(False)

    def _swap(self, to_eval: bool) -> None:
        if self._runner is not None:
            self._runner.push()
            self._runner.native.swap(to_eval)
            self._runner.changed()

    def get_config(self) -> dict[str, Any]:
        told = {key: serialized(key, value) for key, value in self._config.items() if key != "name"}
        rate = told.get("learning_rate")
        if isinstance(rate, float):
            # Keras keeps it as a float32 number.
            told["learning_rate"] = float(np.float32(self.learning_rate))
        elif isinstance(rate, dict) and "name" not in rate["config"] and self._schedule is not None:
            rate["config"]["name"] = self._schedule._said.get("name")
        return {"name": self.name, **told}

    def _plain(self) -> dict[str, Any]:
        config = dict(self._config)
        if self._runner is not None and not isinstance(config["learning_rate"], dict):
            config["learning_rate"] = float(self._runner.native.learning_rate())
        return {"class_name": type(self).__name__, "config": config}

    def _told(self) -> str:
        return json.dumps(self._plain())

    def __getstate__(self) -> dict[str, Any]:
        # A copy has the settings of now, and no model.
        return {**self.__dict__, "_runner": None, "_config": self._plain()["config"]}

    def apply_gradients(self, *_: Any, **__: Any) -> None:
        raise NotImplementedError(
            "steadygrad computes gradients within `fit` and `train_on_batch`; there is no tape that hands them out"
        )

    apply = apply_gradients


