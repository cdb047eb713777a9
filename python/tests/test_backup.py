"""BackupAndRestore: the same script, started again after it was ended in any way, ends where it would have ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from steadygrad import keras

SCRIPT = """
import json, sys, time
import numpy as np
from steadygrad import keras

class Slow(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        time.sleep(float(sys.argv[3]))

if len(sys.argv) > 4:
    keras.utils.set_random_seed(int(sys.argv[4]))
draw = np.random.default_rng(1)
x = draw.normal(size=(320, 6)).astype("float32")
y = (x[:, :1] * x[:, 1:2] > 0).astype("float32")
model = keras.Sequential([
    keras.layers.Dense(16, use_bias=False), keras.layers.BatchNormalization(), keras.layers.ReLU(),
    keras.layers.Dropout(0.3), keras.layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
callbacks = [
    keras.callbacks.ReduceLROnPlateau(monitor="loss", patience=1, min_delta=0.05), Slow(),
    keras.callbacks.BackupAndRestore(sys.argv[1], save_freq=sys.argv[2] if sys.argv[2] == "epoch" else int(sys.argv[2])),
]
history = model.fit(x, y, epochs=6, validation_split=0.2, callbacks=callbacks, verbose=0)
weights = [w.tobytes().hex() for w in model.get_weights()]
print(json.dumps([history.epoch, history.history, weights]))
"""


def start(folder: Path, freq: str, slow: float, seed: str | None = "3") -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SCRIPT, str(folder), freq, str(slow), *([seed] if seed else [])]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(child: subprocess.Popen[str]) -> Any:
    out, err = child.communicate(timeout=120)
    assert child.returncode == 0, err
    return json.loads(out)


def checkpoints(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.glob("step-*.checkpoint")) if folder.exists() else []


@pytest.mark.skipif(os.name != "posix", reason="signals are sent")
@pytest.mark.parametrize(("how", "freq"), [(signal.SIGINT, "epoch"), (signal.SIGKILL, "epoch"), (signal.SIGINT, "3"), (signal.SIGKILL, "3")])
def test_a_script_that_was_ended_goes_on(tmp_path: Path, how: signal.Signals, freq: str) -> None:
    straight = ended(start(tmp_path / "straight", freq, 0.0))
    child = start(tmp_path / "stopped", freq, 0.03)
    for _ in range(1200):
        if checkpoints(tmp_path / "stopped") or child.poll() is not None:
            break
        time.sleep(0.02)
    time.sleep(0.1)
    child.send_signal(how)
    _, err = child.communicate(timeout=60)
    assert child.returncode != 0
    if how is signal.SIGINT:
        assert "KeyboardInterrupt" in err and "the same `fit` goes on with it from" in err, err
    assert checkpoints(tmp_path / "stopped")
    assert ended(start(tmp_path / "stopped", freq, 0.0)) == straight
    assert checkpoints(tmp_path / "stopped") == [], "what has come to its end needs no backup"


def test_without_a_seed_it_goes_on_with_the_one_it_had(tmp_path: Path) -> None:
    child = start(tmp_path / "b", "2", 0.05, None)
    while not checkpoints(tmp_path / "b") and child.poll() is None:
        time.sleep(0.02)
    child.kill()
    child.communicate()
    epochs, history, _ = ended(start(tmp_path / "b", "2", 0.0, None))
    assert epochs == [0, 1, 2, 3, 4, 5] and len(history["val_loss"]) == 6


def trained(folder: Path, epochs: int, scale: float = 1.0, **settings: Any) -> Any:
    keras.utils.set_random_seed(5)
    x = np.linspace(-1, 1, 64, dtype="float32")[:, None]
    model = keras.Sequential([keras.layers.Dense(4, activation="tanh"), keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    return model.fit(x, scale * x, epochs=epochs, verbose=0, callbacks=[keras.callbacks.BackupAndRestore(folder, **settings)])


@pytest.mark.parametrize("second", [False, True])
def test_an_interrupt_in_a_validation(tmp_path: Path, second: bool) -> None:
    seen: list[int] = []

    class Interrupting(keras.callbacks.Callback):
        epoch = 0

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.epoch = epoch
            seen.append(epoch)

        def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
            if stops and self.epoch == 2 and batch in ((1, 2) if second else (1,)):
                raise KeyboardInterrupt

    def train(folder: Path) -> Any:
        keras.utils.set_random_seed(5)
        x = np.linspace(-1, 1, 64, dtype="float32")[:, None]
        model = keras.Sequential([keras.layers.Dense(4, activation="tanh"), keras.layers.Dense(1)])
        model.compile(optimizer="adam", loss="mse")
        callbacks = [Interrupting(), keras.callbacks.EarlyStopping(patience=1), keras.callbacks.BackupAndRestore(folder)]
        return model.fit(x, x, epochs=4, batch_size=4, validation_split=0.5, verbose=0, callbacks=callbacks).history

    stops = False
    straight = train(tmp_path / "straight")
    seen.clear()
    stops = True
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "b")
    # The third epoch is kept where its validation was waited for, and trained again where it was not.
    stops = False
    assert train(tmp_path / "b") == straight
    assert seen == ([0, 1, 2, 2, 3] if second else [0, 1, 2, 3])


def test_callbacks_find_what_was_theirs_by_name(tmp_path: Path) -> None:
    def train(folder: Path, epochs: int, order: int) -> Any:
        keras.utils.set_random_seed(5)
        x = np.linspace(-1, 1, 64, dtype="float32")[:, None]
        model = keras.Sequential([keras.layers.Dense(4, activation="tanh"), keras.layers.Dense(1)])
        model.compile(optimizer=keras.optimizers.SGD(1.0), loss="mse")
        ours = [keras.callbacks.ReduceLROnPlateau(monitor="loss", patience=1, min_delta=0.1), keras.callbacks.EarlyStopping(monitor="loss", patience=5)]
        return model.fit(x, x, epochs=epochs, verbose=0, callbacks=[*ours[::order], keras.callbacks.BackupAndRestore(folder, delete_checkpoint=False)])

    straight = train(tmp_path / "straight", 6, 1)
    train(tmp_path / "b", 3, 1)
    assert train(tmp_path / "b", 6, -1).history == straight.history


def test_more_epochs_and_other_data(tmp_path: Path) -> None:
    straight = trained(tmp_path / "straight", 4)
    trained(tmp_path / "b", 2, delete_checkpoint=False)
    assert trained(tmp_path / "b", 4, delete_checkpoint=False).history == straight.history
    with pytest.raises(ValueError, match="on other data"):
        trained(tmp_path / "b", 6, scale=2.0)


def test_a_torn_backup_is_passed_over(tmp_path: Path) -> None:
    straight = trained(tmp_path / "straight", 4)
    trained(tmp_path / "b", 3, delete_checkpoint=False)
    newest = checkpoints(tmp_path / "b")[-1]
    (tmp_path / "b" / newest).write_bytes((tmp_path / "b" / newest).read_bytes()[:-5])
    with pytest.warns(UserWarning, match=f"passed over: .*{newest}"):
        again = trained(tmp_path / "b", 4)
    assert again.history == straight.history


@pytest.mark.parametrize("wrong", [{"save_freq": 0}, {"save_freq": "batch"}, {"save_freq": True}, {"backup_dir": 3}])
def test_what_it_cannot_be(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="BackupAndRestore: `"):
        keras.callbacks.BackupAndRestore(**{"backup_dir": "b", **wrong})
