"""The doctor and models of our own words."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import steadygrad
from steadygrad import doctor, keras

L = keras.layers


@pytest.fixture
def digits() -> Any:
    (x, y), _ = keras.datasets.digits.load_data()
    return x / 16.0, y


def deep(activation: Any, initializer: Any = "glorot_uniform", depth: int = 10, **how: Any) -> Any:
    keras.utils.set_random_seed(1)
    hidden = [L.Dense(32, activation=activation, kernel_initializer=initializer) for _ in range(depth)]
    model = keras.Sequential([keras.Input((8, 8)), L.Flatten(), *hidden, L.Dense(10, activation="softmax")])
    model.compile(**{"optimizer": "sgd", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"], **how})
    return model


def test_a_sick_network_is_called_sick_and_stays_as_it_was(digits: Any) -> None:
    model = deep("sigmoid")
    before = model.get_weights()
    found = doctor.examine(model, *digits, seconds=5)
    assert found.verdict == "sick" and found.findings[0].condition == "vanishing_gradient" and found.causes[0] == "activation"
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights())) and int(model.optimizer.iterations) == 0
    assert "elu" in str(found) and found.to_html().startswith("<!") and '<iframe sandbox="allow-scripts allow-downloads"' in found._repr_html_()
    assert found.to_dict()["findings"][0]["code"] == "SG101"


def test_the_prescribed_code_runs_and_cures(digits: Any) -> None:
    x, y = digits
    found = doctor.examine(deep("sigmoid"), x, y, seconds=5)
    program: dict[str, Any] = {"keras": keras}
    exec(found.findings[0].prescriptions[0].code, program)  # noqa: S102
    model = program["model"]
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    assert doctor.examine(model, x, y, seconds=5).verdict == "healthy"


def test_a_healthy_network_is_left_alone(digits: Any) -> None:
    for model in (deep("relu", "he_normal", depth=4, optimizer="adam"), deep("elu", "he_normal", depth=6, optimizer="adam")):
        found = doctor.examine(model, *digits, seconds=5)
        assert found.verdict == "healthy" and not [f for f in found.findings if f.severity == "sick"], str(found)


def test_a_cure_is_proved(digits: Any) -> None:
    x, y = digits
    sick = deep("sigmoid")
    came = doctor.cure(sick, x, y, seconds=15, seeds=2, quiet=True)
    assert came.cured and came.changes and "proof" in str(came) and came.to_dict()["cured"] is True
    history = came.model.fit(x, y, epochs=6, verbose=0, validation_split=0.2)
    assert history.history["val_accuracy"][-1] > 0.6
    assert "keras" in came.code and came.diff and "<" in came.to_html()
    healthy = doctor.cure(deep("relu", "he_normal", depth=3, optimizer="adam"), x, y, seconds=5, seeds=2, quiet=True)
    assert not healthy.cured and healthy.model is None and "nothing to cure" in str(healthy)


def test_the_doctor_looks_at_the_weights_there_are(digits: Any) -> None:
    x, y = digits
    model = deep("relu", "he_normal", depth=3, optimizer="adam")
    model.fit(x, y, epochs=2, verbose=0)
    assert doctor.examine(model, x, y, seconds=3).verdict == "healthy"
    for layer in model.layers[1:3]:
        # All units far below 0: dead for every sample.
        layer.bias.assign(np.full(32, -50.0))
    found = doctor.examine(model, x, y, seconds=3)
    assert "dead_units" in [f.condition for f in found.findings] or found.verdict == "sick", str(found)


def test_a_network_that_was_trained_in_vain_is_looked_at_as_it_began(digits: Any) -> None:
    model = deep("sigmoid")
    model.fit(*digits, epochs=2, verbose=0)
    assert doctor.examine(model, *digits, seconds=3).causes[0] == "activation"
    with pytest.raises(ValueError, match="kept"):
        doctor.examine(model, *digits, weights="old")


def test_forecasts() -> None:
    model = keras.Sequential([keras.Input((8,)), *[L.Dense(16, activation="tanh", kernel_initializer=keras.initializers.RandomNormal(stddev=1.0)) for _ in range(30)], L.Dense(1)])
    told = steadygrad.doctor.forecast(model)
    assert "exploding" in str(told) and told.to_dict() and told.to_html().startswith("<!") and '<iframe sandbox="allow-scripts allow-downloads"' in told._repr_html_()
    assert "standardized data" in str(told)


def test_explanations() -> None:
    assert doctor.explain("SG101") == doctor.explain("vanishing_gradient") and "SG101" in doctor.explain()
    assert "<pre" in doctor.explain("SG101")._repr_html_()
    with pytest.raises(ValueError, match="did you mean"):
        doctor.explain("vanishing_gradiant")


def test_what_cannot_be_examined_is_told(digits: Any) -> None:
    x, y = digits
    for call, words in [
        (lambda: doctor.examine("model", x, y), "steadygrad.watch"),
        (lambda: doctor.examine(keras.Sequential([keras.Input((8, 8)), L.Flatten(), L.Dense(10)]), x, y), "compile"),
        (lambda: doctor.examine(deep("relu"), x[:, :4], y), "(None, 8, 8)"),
        (lambda: doctor.examine(deep("relu"), x, y[:5]), "as many"),
        (lambda: doctor.examine(deep(np.tanh), x, y), "functions of your own"),
        (lambda: doctor.cure(deep("relu"), x, y, validation_split=0.0), "validation"),
    ]:
        with pytest.raises((ValueError, TypeError)) as caught:
            call()
        assert words in str(caught.value), str(caught.value)


PROGRAM = """
import numpy as np, sys
from steadygrad import keras, doctor
x, y = np.random.rand(2000, 64), np.random.randint(0, 10, 2000)
model = keras.Sequential([keras.Input((64,)), *[keras.layers.Dense(256, activation="sigmoid") for _ in range(12)], keras.layers.Dense(10, activation="softmax")])
model.compile("sgd", "sparse_categorical_crossentropy")
print("begin", flush=True)
try:
    doctor.cure(model, x, y, seconds=600)
except KeyboardInterrupt:
    print("interrupted", flush=True)
    import os; os._exit(0)
"""


@pytest.mark.skipif(os.name != "posix", reason="signals of posix")
def test_a_cure_can_be_interrupted() -> None:
    program = subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True)
    assert program.stdout is not None and program.stdout.readline() == "begin\n"
    import time

    time.sleep(1)
    program.send_signal(signal.SIGINT)
    assert program.communicate(timeout=20)[0].strip() == "interrupted"
