"""Models of real Keras: read, used, written and read again; trainings that come to the same weights."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from reference import ROOT, Count, load

from steadygrad import keras

CLOSE = {"rtol": 1e-4, "atol": 1e-5}


def arrays(name: str) -> dict[str, Any]:
    with np.load(ROOT / name) as found:
        return {key: found[key] for key in found.files}


def numbered(found: dict[str, Any], letter: str) -> list[Any]:
    return [found[f"{letter}{i}"] for i in range(len(found)) if f"{letter}{i}" in found]


def close(made: Any, expected: list[Any]) -> bool:
    made = made if isinstance(made, list) else [made]
    return len(made) == len(expected) and all(a.shape == b.shape and np.allclose(a, b, **CLOSE) for a, b in zip(made, expected))


def one(list_or_one: list[Any]) -> Any:
    return list_or_one if len(list_or_one) > 1 else list_or_one[0]


def test_models(tmp_path: Any) -> None:
    index = {told["name"]: told for told in load("models.json")["models"]}
    names = [path.stem for path in sorted((ROOT / "models").glob("*.keras"))]
    assert len(names) == 24
    count = Count("models", {})
    for name in names:
        found = arrays(f"models/{name}.npz")
        x, y = numbered(found, "x"), numbered(found, "y")
        for ending in ("keras", "h5"):
            key = f"{name}.{ending}"
            model = keras.models.load_model(ROOT / "models" / key)
            made = model.predict(one(x), verbose=0)
            count.case(f"{key}/predictions", close(made, y), made)
            weights = numbered(found, "w")
            if weights:
                mine = model.get_weights()
                count.case(f"{key}/weights", len(mine) == len(weights) and all(np.array_equal(a, b) for a, b in zip(mine, weights)))
            again = tmp_path / f"{name}.keras"
            model.save(again)
            second = keras.models.load_model(again)
            twice = second.predict(one(x), verbose=0)
            same = all(np.array_equal(a, b) for a, b in zip(made if isinstance(made, list) else [made], twice if isinstance(twice, list) else [twice]))
            count.case(f"{key}/again", same and [layer.name for layer in second.layers] == [layer.name for layer in model.layers])
            if model.optimizer is not None and model.loss is not None:
                count.case(f"{key}/optimizer", int(second.optimizer.iterations) == int(model.optimizer.iterations) and all(
                    np.array_equal(a, b) for a, b in zip(second.optimizer.variables, model.optimizer.variables)))
        keras.backend.clear_session()
        model = keras.models.model_from_json((ROOT / "models" / f"{name}.to_json.json").read_text())
        model.set_weights(keras.models.load_model(ROOT / "models" / f"{name}.keras").get_weights())
        count.case(f"{name}.json", close(model.predict(one(x), verbose=0), y))
        told = index.get(name, {})
        if told.get("summary"):
            loaded = keras.models.load_model(ROOT / "models" / f"{name}.keras")
            count.case(f"{name}/summary", loaded._summary(None, None, False, False).strip() == told["summary"].strip())
        if "count_params" in told:
            count.case(f"{name}/count_params", model.count_params() == told["count_params"])
    count.close()


def test_models_of_keras_2() -> None:
    names = sorted(path.name.removesuffix(".to_json.json") for path in (ROOT / "legacy_keras2").glob("*.to_json.json"))
    if not names:
        pytest.skip("skipped: the reference data are not beside the checkout (legacy_keras2)")
    assert len(names) == 5
    for name in names:
        found = arrays(f"legacy_keras2/{name}.npz")
        model = keras.models.load_model(ROOT / "legacy_keras2" / f"{name}.h5")
        assert close(model.predict(found["x"], verbose=0), [found["y"]]), name
        if model.optimizer is not None:
            # The optimizer of Keras 2 goes on where it was.
            assert int(model.optimizer.iterations) > 0, name
        other = keras.models.model_from_json((ROOT / "legacy_keras2" / f"{name}.to_json.json").read_text())
        other.load_weights(ROOT / "legacy_keras2" / f"{name}.weights_only.h5")
        assert close(other.predict(found["x"], verbose=0), [found["y"]]), name


def test_trainings() -> None:
    """The fixtures of `training.json`: the same steps from the same weights."""
    count = Count("training", {})
    for told in load("training.json")["cases"]:
        key, case = told["id"], told
        found = arrays(told["data"])
        model = keras.models.load_model(ROOT / told["initial"], compile=False)
        model.compile(
            optimizer=keras.optimizers.deserialize(_spec(told["optimizer"])), loss=_spec(told["loss"]),
            metrics=told.get("metrics"), weighted_metrics=told.get("weighted_metrics"),
        )
        fit = dict(case["fit"])
        if fit.get("class_weight"):
            fit["class_weight"] = {int(k): v for k, v in fit["class_weight"].items()}
        callbacks = [getattr(keras.callbacks, name)(**config) for name, config in case.get("callbacks") or []]
        history = model.fit(found["x"], found["y"], sample_weight=found.get("sample_weight"), verbose=0, callbacks=callbacks, **fit)
        finals = [found[f"final_w{i}_f32"] for i in range(100) if f"final_w{i}_f32" in found]
        mine = model.get_weights()
        # Parameters that count for nothing (a bias before batch normalization) wander by rounding alone.
        same = len(mine) == len(finals) and all(np.allclose(a, b, rtol=1e-4, atol=2e-5) for a, b in zip(mine, finals))
        count.case(f"{key}/weights", same, [float(np.abs(a - b).max()) for a, b in zip(mine, finals)])
        for name, values in history.history.items():
            expected = found.get(f"hist_{name}_f32")
            if expected is not None:
                count.case(f"{key}/{name}", np.allclose(values, expected, rtol=1e-4, atol=1e-5), (values, expected))
    count.close()


def _spec(said: Any) -> Any:
    return {"class_name": said[0], "config": said[1]} if isinstance(said, list) else said


def test_a_model_as_json_is_read_again() -> None:
    x = keras.Input((6,))
    tower = keras.layers.Dense(4, activation="relu")
    shared = keras.layers.Add()([tower(x), tower(keras.layers.Rescaling(2.0)(x))])
    inner = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(3, name="deep")], name="inner")
    model = keras.Model(x, [inner(shared), keras.layers.Dense(2)(shared)])
    other = keras.models.model_from_json(model.to_json())
    other.set_weights(model.get_weights())
    data = np.random.rand(5, 6)
    for a, b in zip(model.predict(data), other.predict(data)):
        assert np.array_equal(a, b)
    assert json.loads(other.to_json()) == json.loads(model.to_json())
