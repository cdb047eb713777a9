"""Five snippets as tutorials print them, with only the import line changed: they run, and they learn.

Each has its twin in Rust: `examples/snippets/`.
"""

from __future__ import annotations

import gzip
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from reference import ROOT

from steadygrad import keras

TUTORIAL = "from tensorflow import keras"

SNIPPETS = {
    "dense_he": """
from tensorflow import keras

model = keras.Sequential([
    keras.layers.Dense(64, activation='relu', kernel_initializer='he_normal', input_shape=(784,)),
    keras.layers.Dense(10, activation='softmax')
])
""",
    "leaky": """
from tensorflow import keras

model = keras.Sequential([
    keras.layers.Dense(32, input_shape=(784,)),
    keras.layers.LeakyReLU(alpha=0.2),
    keras.layers.Dense(10, activation='softmax')
])
""",
    "elu": """
from tensorflow import keras

model = keras.Sequential([
    keras.layers.Dense(32, activation='elu', kernel_initializer='he_normal', input_shape=(784,)),
    keras.layers.Dense(10, activation='softmax')
])
""",
    "bn_before": """
from tensorflow import keras

model = keras.models.Sequential([
    keras.layers.Flatten(input_shape=[28, 28]),
    keras.layers.Dense(100, kernel_initializer='he_normal', use_bias=False),
    keras.layers.BatchNormalization(),
    keras.layers.Activation('relu'),
    keras.layers.Dense(10, activation='softmax')
])
""",
    "bn_after": """
from tensorflow import keras

model = keras.models.Sequential([
    keras.layers.Flatten(input_shape=[28, 28]),
    keras.layers.Dense(100, activation='relu', kernel_initializer='he_normal'),
    keras.layers.BatchNormalization(),
    keras.layers.Dense(10, activation='softmax')
])
""",
}

#: What real Keras counts.
PARAMETERS = {"dense_he": 50_890, "leaky": 25_450, "elu": 25_450, "bn_before": 79_810, "bn_after": 79_910}


def images() -> tuple[Any, Any]:
    """MNIST's test images where they are beside the checkout; else the embedded digits, three times as large."""
    folder = Path(os.environ.get("STEADYGRAD_MNIST", ROOT.parents[1] / "data" / "mnist-t10k"))
    found = sorted(folder.glob("*images*")) if folder.is_dir() else []
    if found:

        def read(path: Path, skip: int) -> Any:
            raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            return np.frombuffer(raw, np.uint8, offset=skip)

        return read(found[0], 16).reshape(-1, 28, 28) / 255.0, read(sorted(folder.glob("*labels*"))[0], 8)
    print("skipped: MNIST is not beside the checkout; the embedded digits are used")
    (x, y), (xt, yt) = keras.datasets.digits.load_data()
    x, y = np.concatenate([x, xt]), np.concatenate([y, yt])
    return np.pad(np.kron(x / 16.0, np.ones((1, 3, 3))), ((0, 0), (2, 2), (2, 2))), y


@pytest.mark.parametrize("name", SNIPPETS)
def test_snippet(name: str) -> None:
    snippet = SNIPPETS[name]
    assert snippet.count(TUTORIAL) == 1
    program: dict[str, Any] = {}
    keras.utils.set_random_seed(42)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        exec(snippet.replace(TUTORIAL, "from steadygrad import keras"), program)  # noqa: S102
    # One clear warning for each argument of old.
    assert len(told) == snippet.count("input_shape=") + snippet.count("alpha="), [str(t.message) for t in told]
    model = program["model"]
    assert model.count_params() == PARAMETERS[name]
    x, y = images()
    if "Flatten" not in snippet:
        x = x.reshape(len(x), 784)
    most = len(x) * 4 // 5
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x[:most], y[:most], epochs=3, verbose=0)
    loss, accuracy = model.evaluate(x[most:], y[most:], verbose=0)
    print(f"python/snippets/{name}: accuracy {accuracy:.4f} after 3 epochs on {most} images")
    assert accuracy > 0.88
