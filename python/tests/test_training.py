"""Training as its users do it: callbacks, functions of their own, interrupts, arrays of all kinds, threads."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from typing import Any

import numpy as np
import pytest

from steadygrad import keras

L = keras.layers


@pytest.fixture
def digits() -> Any:
    (x, y), (xt, yt) = keras.datasets.digits.load_data()
    return (x / 16.0).reshape(len(x), -1), y, (xt / 16.0).reshape(len(xt), -1), yt


def mlp(width: int = 32, **how: Any) -> Any:
    model = keras.Sequential([L.Input((64,)), L.Dense(width, activation="relu", kernel_initializer="he_normal"), L.Dense(10, activation="softmax")])
    model.compile(**{"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"], **how})
    return model


def test_it_learns(digits: Any) -> None:
    x, y, xt, yt = digits
    keras.utils.set_random_seed(7)
    model = mlp()
    history = model.fit(x, y, epochs=30, verbose=0, validation_split=0.1)
    assert history.history["val_accuracy"][-1] > 0.85 and list(history.epoch) == list(range(30))
    loss, accuracy = model.evaluate(xt, yt, verbose=0)
    assert accuracy > 0.9 and model.evaluate(xt, yt, verbose=0, return_dict=True) == {"loss": loss, "accuracy": accuracy}
    assert (model.predict(xt, verbose=0).argmax(-1) == yt).mean() == pytest.approx(accuracy)
    assert "<svg" in history._repr_html_() and "<table" in model._repr_html_()


def test_the_same_seed_gives_the_same_bits(digits: Any) -> None:
    x, y, *_ = digits
    runs = []
    for _ in range(2):
        keras.utils.set_random_seed(3)
        model = keras.Sequential([L.Input((64,)), L.Dense(16, activation="tanh"), L.Dropout(0.2), L.Dense(10, activation="softmax")])
        model.compile("sgd", "sparse_categorical_crossentropy")
        model.fit(x, y, epochs=2, verbose=0)
        runs.append(model.get_weights())
    assert all(np.array_equal(a, b) for a, b in zip(*runs))
    # One layer more leaves the weights of the others as they were.
    drawn = []
    for extra in ([], [L.BatchNormalization()]):
        keras.utils.set_random_seed(3)
        drawn.append(keras.Sequential([L.Input((4,)), L.Dense(5), *extra, L.Dense(6)]))
    assert np.array_equal(drawn[0].layers[1].kernel, drawn[1].layers[2].kernel)
    keras.utils.set_random_seed(4)
    assert not np.array_equal(drawn[0].layers[0].kernel, keras.Sequential([L.Input((4,)), L.Dense(5)]).layers[0].kernel)


class Listener(keras.callbacks.Callback):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Any] = []

    def on_train_begin(self, logs: Any = None) -> None:
        self.seen.append("begin")

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.seen.append(("epoch", epoch))

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.seen.append(("batch", batch, logs["loss"]))

    def on_test_begin(self, logs: Any = None) -> None:
        self.seen.append("test")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        # The weights of this moment, and one number more for the history.
        logs["norm"] = float(np.linalg.norm(self.model.layers[0].kernel.numpy()))
        self.seen.append(("end", epoch, sorted(logs)))
        if epoch == 1:
            self.model.stop_training = True


def test_callbacks_see_the_training(digits: Any) -> None:
    x, y, *_ = digits
    model, listener = mlp(), Listener()
    history = model.fit(x[:64], y[:64], batch_size=32, epochs=9, verbose=0, validation_data=(x[:32], y[:32]), callbacks=[listener])
    assert [s if isinstance(s, str) else s[:2] for s in listener.seen[:6]] == ["begin", ("epoch", 0), ("batch", 0), ("batch", 1), "test", ("end", 0)]
    assert history.epoch == [0, 1] and len(history.history["norm"]) == 2
    assert history.history["norm"][0] != history.history["norm"][1]
    assert history.history["norm"][-1] == pytest.approx(np.linalg.norm(model.layers[0].kernel.numpy()))


def test_callbacks_of_the_native_half(digits: Any, tmp_path: Any) -> None:
    x, y, *_ = digits
    model = mlp(optimizer=keras.optimizers.SGD(5.0))
    stop = keras.callbacks.EarlyStopping(monitor="loss", patience=1, restore_best_weights=True)
    lower = keras.callbacks.ReduceLROnPlateau(monitor="loss", patience=1, factor=0.5, min_lr=0.01)
    log = keras.callbacks.CSVLogger(tmp_path / "log.csv")
    history = model.fit(x, y, epochs=30, verbose=0, callbacks=[stop, lower, log])
    assert 0 < stop.stopped_epoch == history.epoch[-1] and stop.best == min(history.history["loss"]) and stop.best_epoch == int(np.argmin(history.history["loss"]))
    assert (tmp_path / "log.csv").read_text().startswith("epoch,accuracy,learning_rate,loss")
    weights = keras.callbacks.ModelCheckpoint(tmp_path / "{epoch:02d}.safetensors", save_weights_only=True)
    model.fit(x[:64], y[:64], epochs=2, verbose=0, callbacks=[weights])
    other = mlp()
    other.load_weights(tmp_path / "02.safetensors")
    assert all(np.array_equal(a, b) for a, b in zip(other.get_weights(), model.get_weights()))


def test_checkpoints_are_models(digits: Any, tmp_path: Any) -> None:
    x, y, *_ = digits
    model = mlp()
    best = keras.callbacks.ModelCheckpoint(tmp_path / "best.keras", monitor="val_loss", save_best_only=True)
    history = model.fit(x, y, epochs=3, verbose=0, validation_split=0.2, callbacks=[best])
    other = keras.models.load_model(tmp_path / "best.keras")
    most = len(x) * 4 // 5
    assert other.evaluate(x[most:], y[most:], verbose=0)[0] == pytest.approx(min(history.history["val_loss"]), rel=1e-3)
    assert 0 < int(other.optimizer.iterations) <= int(model.optimizer.iterations)
    named = keras.callbacks.ModelCheckpoint(str(tmp_path / "{epoch:02d}.weights.h5"), save_weights_only=True)
    model.fit(x, y, epochs=2, verbose=0, callbacks=[named])
    other.load_weights(tmp_path / "02.weights.h5")
    assert all(np.array_equal(a, b) for a, b in zip(other.get_weights(), model.get_weights()))


def test_the_learning_rate_in_the_hands_of_callbacks(digits: Any) -> None:
    x, y, *_ = digits
    model = mlp(optimizer="sgd")
    schedule = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5)
    history = model.fit(x[:64], y[:64], epochs=3, verbose=0, callbacks=[schedule])
    assert history.history["learning_rate"] == pytest.approx([0.005, 0.0025, 0.00125])
    model.optimizer.learning_rate = 0.3
    assert float(model.optimizer.learning_rate.numpy()) == pytest.approx(0.3) and int(model.optimizer.iterations) == 6
    model.optimizer.learning_rate.assign(0.2)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.2)
    scheduled = mlp(optimizer=keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)))
    scheduled.fit(x[:64], y[:64], epochs=5, verbose=0)
    assert float(scheduled.optimizer.learning_rate) == pytest.approx(0.1 * 0.5 ** (10 / 10))
    with pytest.raises(TypeError, match="schedule"):
        scheduled.optimizer.learning_rate = 0.1


def test_what_a_callback_raises_is_raised(digits: Any) -> None:
    x, y, *_ = digits

    class Angry(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            raise RuntimeError("no more")

    model = mlp()
    with pytest.raises(RuntimeError, match="no more"):
        model.fit(x, y, verbose=0, callbacks=[Angry()])
    # The model can be used as before.
    assert model.predict(x[:2], verbose=0).shape == (2, 10) and int(model.optimizer.iterations) == 45


def test_models_and_files_within_callbacks(digits: Any, tmp_path: Any) -> None:
    x, y, *_ = digits

    class Saves(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.model.save(tmp_path / f"{epoch}.keras")
            self.predicted = self.model.predict(x[:4], verbose=0)
            self.model.layers[1].bias.assign(np.full(10, float(epoch)))

    saves = Saves()
    model = mlp()
    model.fit(x, y, epochs=2, verbose=0, callbacks=[saves])
    assert np.array_equal(keras.models.load_model(tmp_path / "1.keras").predict(x[:4], verbose=0), saves.predicted)
    assert np.array_equal(model.layers[1].bias.numpy(), np.ones(10, np.float32))


# ---- functions of the user's own


def test_an_activation_of_ones_own(digits: Any) -> None:
    x, y, *_ = digits

    def bent(v: Any) -> Any:
        return v + 0.5 * (np.sqrt(v * v + 1) - 1)

    layer = L.Dense(16, activation=bent)
    assert np.allclose(layer(x[:3]), bent(x[:3] @ layer.kernel.numpy() + layer.bias.numpy()), atol=1e-5)
    model = keras.Sequential([L.Input((64,)), layer, L.Dense(10, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    with pytest.raises(ValueError, match="bent.gradient"):
        model.fit(x, y, verbose=0)
    bent.gradient = lambda v: 1 + 0.5 * v / np.sqrt(v * v + 1)  # type: ignore[attr-defined]
    keras.utils.set_random_seed(1)
    model = keras.Sequential([L.Input((64,)), L.Dense(16, activation=bent), L.Dense(10, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    history = model.fit(x, y, epochs=10, verbose=0)
    assert history.history["loss"][-1] < 0.5 * history.history["loss"][0]
    assert model._summary(None, None, False, False).count("Dense") == 2
    with pytest.raises(ValueError, match="function of your own"):
        model.save("never.keras")


def test_the_gradient_of_an_activation_of_ones_own_is_the_one_of_its_twin(digits: Any) -> None:
    x, y, *_ = digits

    def mine(v: Any) -> Any:
        return np.tanh(v)

    mine.gradient = lambda v: 1 - np.tanh(v) ** 2  # type: ignore[attr-defined]
    results = []
    for activation in ("tanh", mine):
        keras.utils.set_random_seed(5)
        model = keras.Sequential([L.Input((64,)), L.Dense(16, activation=activation), L.Dense(10, activation="softmax")])
        model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
        model.fit(x, y, epochs=2, verbose=0, shuffle=False)
        results.append(model.get_weights())
    assert all(np.allclose(a, b, atol=1e-4) for a, b in zip(*results))


def test_a_loss_of_ones_own_is_its_twin(digits: Any) -> None:
    x, _, *_ = digits
    target = x[:, :10]

    def squares(y_true: Any, y_pred: Any) -> Any:
        return ((y_pred - y_true) ** 2).mean(-1)

    def build(loss: Any) -> Any:
        keras.utils.set_random_seed(5)
        model = keras.Sequential([L.Input((64,)), L.Dense(10)])
        model.compile(keras.optimizers.SGD(0.1), loss)
        return model

    with pytest.raises(ValueError, match="squares.gradient"):
        build(squares).fit(x, target, verbose=0)
    squares.gradient = lambda y_true, y_pred: 2 * (y_pred - y_true) / y_true.shape[-1]  # type: ignore[attr-defined]

    class Squares(keras.losses.Loss):
        def call(self, y_true: Any, y_pred: Any) -> Any:
            return squares(y_true, y_pred)

        def gradient(self, y_true: Any, y_pred: Any) -> Any:
            return squares.gradient(y_true, y_pred)  # type: ignore[attr-defined]

    histories = [build(loss).fit(x, target, epochs=2, verbose=0).history["loss"] for loss in ("mse", squares, Squares())]
    assert histories[1] == pytest.approx(histories[0], rel=1e-5) and histories[2] == pytest.approx(histories[0], rel=1e-5)


def test_metrics_of_ones_own(digits: Any) -> None:
    x, y, *_ = digits

    def hits(y_true: Any, y_pred: Any) -> Any:
        return y_pred.argmax(-1) == y_true.reshape(-1)

    class Hits(keras.metrics.Metric):
        def __init__(self) -> None:
            super().__init__(name="kept")
            self.right, self.all = 0, 0

        def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
            self.right += int((y_pred.argmax(-1) == y_true.reshape(-1)).sum())
            self.all += len(y_true)

        def result(self) -> Any:
            return self.right / max(1, self.all)

        def reset_state(self) -> None:
            self.right, self.all = 0, 0

    model = mlp(metrics=["accuracy", hits, Hits()])
    history = model.fit(x, y, epochs=2, verbose=0, validation_split=0.2).history
    for prefix in ("", "val_"):
        assert history[f"{prefix}hits"] == pytest.approx(history[f"{prefix}accuracy"], abs=1e-6)
        assert history[f"{prefix}kept"] == pytest.approx(history[f"{prefix}accuracy"], abs=1e-6)


def test_what_functions_raise_is_raised(digits: Any) -> None:
    x, y, *_ = digits

    def angry(*_: Any) -> Any:
        raise ZeroDivisionError("in the middle")

    angry.gradient = angry  # type: ignore[attr-defined]
    for how in ({"loss": angry}, {"metrics": [angry]}):
        with pytest.raises(ZeroDivisionError, match="in the middle"):
            mlp(**how).fit(x, np.eye(10)[y] if "loss" in how else y, verbose=0)
    layer = L.Dense(3, activation=angry)
    with pytest.raises(ZeroDivisionError):
        layer(x[:2])
    with pytest.raises(ValueError, match="one number for each"):
        L.Dense(3, activation=lambda v: v[:, :1])(x[:2])


def test_an_initializer_of_ones_own() -> None:
    layer = L.Dense(3, kernel_initializer=lambda shape, dtype=None: np.full(shape, 0.25))
    layer.build((None, 4))
    assert np.array_equal(layer.kernel.numpy(), np.full((4, 3), 0.25, np.float32))
    with pytest.raises(ValueError, match="needs an array"):
        L.Dense(3, kernel_initializer=lambda shape, dtype=None: np.zeros((1, 1)))(np.ones((2, 4)))


# ---- arrays of all kinds


def test_arrays_of_all_kinds(digits: Any) -> None:
    x, y, *_ = digits
    x32 = np.ascontiguousarray(x, np.float32)
    model = mlp()
    expected = model.predict(x32, verbose=0)
    read_only = x32.copy()
    read_only.flags.writeable = False
    for kind in (x, np.asfortranarray(x32), np.repeat(x32, 2, axis=0)[::2], read_only, x32.astype(np.float64), x32.astype(">f4")):
        assert np.array_equal(model.predict(kind, verbose=0), expected)
    whole = (x * 16).astype(np.uint8)
    assert np.array_equal(model.predict(whole, verbose=0), model.predict(whole.astype(np.float32), verbose=0))
    assert model.predict(x[:0], verbose=0).shape == (0, 10)
    assert model.predict([x32], verbose=0).shape == expected.shape
    assert model.predict({"input_layer": x32} if model.input_names == ["input_layer"] else {model.input_names[0]: x32}, verbose=0).shape == expected.shape
    for bad in (np.array(["a"]), np.array([object()]), x.astype(complex), None, 3.0, "x"):
        with pytest.raises((ValueError, TypeError)):
            model.predict(bad, verbose=0)
    for labels in (y.astype(np.int64), y.astype(np.float32), y[:, None], y.astype(np.int8)):
        model.fit(x, labels, epochs=1, verbose=0)
    with pytest.raises(ValueError):
        model.fit(x[:0], y[:0], verbose=0)
    model.fit(x[:1], y[:1], verbose=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(np.full((4, 64), np.nan), y[:4], verbose=0)


def test_several_inputs_and_outputs(digits: Any) -> None:
    x, y, *_ = digits
    a, b = keras.Input((32,), name="left"), keras.Input((32,), name="right")
    h = L.Concatenate()([L.Dense(16, activation="relu")(a), L.Dense(16, activation="relu")(b)])
    model = keras.Model({"left": a, "right": b}, [L.Dense(10, activation="softmax", name="digit")(h), L.Dense(1, name="ink")(h)])
    model.compile("adam", {"digit": "sparse_categorical_crossentropy", "ink": "mse"}, loss_weights={"digit": 1.0, "ink": 0.5}, metrics={"digit": ["accuracy"]})
    fed, wanted = {"left": x[:, :32], "right": x[:, 32:]}, {"digit": y, "ink": x.mean(1)}
    history = model.fit(fed, wanted, epochs=3, verbose=0).history
    assert set(history) == {"loss", "digit_loss", "ink_loss", "digit_accuracy"}
    assert len(model.evaluate(fed, wanted, verbose=0)) == 4
    assert [p.shape for p in model.predict(fed, verbose=0)] == [(len(x), 10), (len(x), 1)]
    with pytest.raises(ValueError, match="left, right"):
        model.fit(x, wanted, verbose=0)


def test_inputs_and_outputs_by_names_of_ones_own() -> None:
    x, y = np.random.rand(40, 3), np.random.rand(40, 2)
    a, b = keras.Input((3,)), keras.Input((3,))
    h = L.Add()([a, b])
    model = keras.Model({"x": a, "z": b}, {"reg": L.Dense(2)(h), "cls": L.Dense(1, activation="sigmoid")(h)})
    model.compile("sgd", {"reg": "mse", "cls": "binary_crossentropy"}, metrics={"reg": ["mae"]})
    model.fit({"x": x, "z": x}, {"reg": y, "cls": np.ones(40)}, verbose=0)
    made = model.predict({"x": x, "z": x}, verbose=0)
    assert set(made) == {"reg", "cls"} and made["reg"].shape == (40, 2) and model({"x": x, "z": x})["cls"].shape == (40, 1)


def test_weights_are_shared_between_models_and_layers(digits: Any) -> None:
    x, y, *_ = digits
    model = mlp()
    head = keras.Model(model.inputs, model.layers[0].output)
    before = head.predict(x[:5], verbose=0)
    model.fit(x, y, epochs=1, verbose=0)
    after = head.predict(x[:5], verbose=0)
    assert not np.array_equal(before, after)
    assert np.allclose(after, np.maximum(x[:5] @ model.layers[0].kernel.numpy() + model.layers[0].bias.numpy(), 0), atol=1e-5)
    assert np.array_equal(model.layers[0](x[:5]), after)
    model.layers[0].kernel.assign(np.zeros((64, 32)))
    assert np.array_equal(head.predict(x[:5], verbose=0), np.maximum(np.tile(model.layers[0].bias.numpy(), (5, 1)), 0))


def test_frozen_layers_stay(digits: Any) -> None:
    x, y, *_ = digits
    model = mlp()
    model.layers[0].trainable = False
    model.compile("adam", "sparse_categorical_crossentropy")
    before = model.get_weights()
    model.fit(x, y, epochs=1, verbose=0)
    assert np.array_equal(before[0], model.get_weights()[0]) and not np.array_equal(before[2], model.get_weights()[2])
    assert len(model.trainable_weights) == 2 and len(model.non_trainable_weights) == 2


def test_single_batches(digits: Any) -> None:
    x, y, *_ = digits
    model = mlp()
    first = model.train_on_batch(x[:32], y[:32])
    for _ in range(30):
        last = model.train_on_batch(x[:32], y[:32], return_dict=True)
    assert last["loss"] < first[0] and list(last) == ["loss", "accuracy"]
    assert model.test_on_batch(x[:32], y[:32])[0] < first[0]


# ---- threads and interrupts


def test_other_threads_go_on(digits: Any) -> None:
    x, y, *_ = digits
    model = mlp(256)
    ticks, busy = [], threading.Event()

    def tick() -> None:
        while not busy.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.002)

    thread = threading.Thread(target=tick)
    thread.start()
    try:
        started = time.perf_counter()
        model.fit(x, y, epochs=10, verbose=0)
        took = time.perf_counter() - started
    finally:
        busy.set()
        thread.join()
    assert len(ticks) > min(20, took / 0.1), (len(ticks), took)


def test_a_model_that_trains_says_so(digits: Any) -> None:
    x, y, *_ = digits
    model = mlp(512)
    errors: list[str] = []
    thread = threading.Thread(target=lambda: model.fit(x, y, epochs=40, verbose=0))
    thread.start()
    while thread.is_alive() and not errors:
        try:
            model._trainer and model._trainer.native.weights()
        except RuntimeError as wrong:
            errors.append(str(wrong))
    thread.join()
    assert not errors or "is training" in errors[0]


PROGRAM = """
import numpy as np, sys, time
from steadygrad import keras
x, y = np.random.rand(4000, 64), np.random.randint(0, 10, 4000)
model = keras.Sequential([keras.layers.Input((64,)), keras.layers.Dense(512, activation="relu"), keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
class Say(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        print("epoch", epoch, flush=True)
try:
    model.fit(x, y, epochs=100000, verbose=0, callbacks=[Say()])
except KeyboardInterrupt as wrong:
    print("interrupted", len(model.history.epoch) >= 1, len(model.history.history["loss"]) == len(model.history.epoch), flush=True)
    print(np.isfinite(model.predict(x[:3], verbose=0)).all(), int(model.optimizer.iterations) > 0, flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="signals of posix")
def test_an_interrupt_ends_cleanly() -> None:
    program = subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert program.stdout is not None
    assert program.stdout.readline().startswith("epoch 0")
    program.send_signal(signal.SIGINT)
    out, err = program.communicate(timeout=30)
    lines = out.strip().splitlines()
    assert lines[-2:] == ["interrupted True True", "True True"], (out, err)


# ---- layers on arrays


def test_layers_are_called_on_arrays() -> None:
    x = np.random.rand(3, 8, 8, 2)
    conv = L.Conv2D(4, 3, padding="same", activation="relu")
    assert conv(x).shape == (3, 8, 8, 4) and conv.kernel.shape == (3, 3, 2, 4) and conv.count_params() == 76
    norm = L.BatchNormalization()
    made = norm(x, training=True)
    assert np.allclose(made.mean((0, 1, 2)), 0, atol=1e-5) and not np.allclose(norm.moving_mean.numpy(), 0)
    assert np.allclose(norm(x), (x - norm.moving_mean.numpy()) / np.sqrt(norm.moving_variance.numpy() + 1e-3), atol=1e-4)
    drop = L.Dropout(0.5, seed=1)
    assert np.array_equal(drop(x), x.astype(np.float32)) and (drop(x, training=True) == 0).mean() > 0.3
    assert L.Add()([x, x]).max() == pytest.approx(2 * x.max())
    assert np.allclose(L.Normalization(mean=1.0, variance=4.0)(np.array([[3.0]])), [[1.0]])
    scale = L.Normalization()
    scale.adapt(x)
    assert np.allclose(scale(x).std((0, 1, 2)), 1, atol=1e-3)
    with pytest.raises(ValueError, match="was built for"):
        conv(np.random.rand(3, 8, 8, 3))


def test_sums_and_products_of_values() -> None:
    x = keras.Input((3,))
    model = keras.Model(x, 2.0 * x + x * x - 1.0)
    data = np.random.rand(4, 3).astype(np.float32)
    assert np.allclose(model.predict(data, verbose=0), 2 * data + data * data - 1, atol=1e-6)


def test_copies(digits: Any) -> None:
    import copy
    import pickle

    x, y, *_ = digits
    model = mlp(optimizer=keras.optimizers.Adam(0.01))
    model.fit(x, y, epochs=1, verbose=0)
    expected = model.predict(x[:5], verbose=0)
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert np.array_equal(other.predict(x[:5], verbose=0), expected)
        assert int(other.optimizer.iterations) == int(model.optimizer.iterations) and float(other.optimizer.learning_rate) == pytest.approx(0.01)
    other.fit(x, y, epochs=1, verbose=0)
    assert np.array_equal(model.predict(x[:5], verbose=0), expected)
    layer = copy.deepcopy(model.layers[0])
    assert np.array_equal(layer(x[:3]), model.layers[0](x[:3])) and layer.kernel is not model.layers[0].kernel
    assert float(copy.copy(model.optimizer).learning_rate) == pytest.approx(0.01)
    assert len(copy.deepcopy(keras.Sequential([L.Dense(3)])).layers) == 1
