"""What must not hang, leak, or be taken without effect."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import time
import warnings
import weakref
from typing import Any

import numpy as np
import pytest

from steadygrad import keras

L = keras.layers
X, Y = np.random.default_rng(0).random((64, 4)), np.random.default_rng(1).random((64, 2))


def mlp(*layers: Any, **how: Any) -> Any:
    model = keras.Sequential([L.Input((4,)), *(layers or (L.Dense(2),))])
    model.compile(**{"optimizer": "sgd", "loss": "mse", **how})
    return model


def ended(program: str, seconds: float = 30) -> str:
    """What a program says, if it ends."""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=seconds)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


BEGIN = """
import numpy as np, threading, os
from steadygrad import keras
L = keras.layers
X, Y = np.random.rand(64, 4), np.random.rand(64, 2)
"""


def test_a_metric_may_read_the_learning_rate() -> None:
    said = ended(BEGIN + """
def rate(y_true, y_pred): return float(model.optimizer.learning_rate)
model = keras.Sequential([L.Input((4,)), L.Dense(2)])
model.compile(keras.optimizers.SGD(0.25), "mse", metrics=[rate])
print(model.train_on_batch(X, Y)[1], model.fit(X, Y, verbose=0).history["rate"][0], model.evaluate(X, Y, verbose=0)[1])
""")
    assert said == "0.25 0.25 0.25"


def test_a_function_in_a_step_that_uses_its_own_model_is_told() -> None:
    said = ended(BEGIN + """
def twice(x): model.predict(X, verbose=0); return 2 * x
twice.gradient = lambda x: 2 + 0 * x
model = keras.Sequential([L.Input((4,)), L.Dense(2, activation=twice)])
model.compile("sgd", "mse")
for call in (lambda: model.predict(X, verbose=0), lambda: model.fit(X, Y, verbose=0), lambda: model.train_on_batch(X, Y)):
    try: call()
    except RuntimeError as wrong: print("middle of a step" in str(wrong) or "is training" in str(wrong))
""")
    assert said.split() == ["True"] * 3


def test_threads_share_a_model() -> None:
    said = ended(BEGIN + """
def plain(x): return x
plain.gradient = np.ones_like
model = keras.Sequential([L.Input((4,)), L.Dense(2, activation=plain)])
model.compile("sgd", "mse")
errors = []
def use(call):
    for _ in range(60):
        try: call()
        except RuntimeError as wrong:
            if "is training" not in str(wrong): errors.append(wrong)
threads = [threading.Thread(target=use, args=(c,)) for c in (lambda: model.predict(X, verbose=0), lambda: model.fit(X, Y, verbose=0), lambda: model.predict(X, verbose=0))]
[t.start() for t in threads]; [t.join() for t in threads]
print(errors, model.predict(X, verbose=0).shape)
""", 60)
    assert said == "[] (64, 2)"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_process_can_go_on() -> None:
    said = ended(BEGIN + """
import warnings; warnings.simplefilter("ignore")
X = np.random.rand(2000, 512)
model = keras.Sequential([L.Input((512,)), L.Dense(512), L.Dense(2)])
model.compile("sgd", "mse"); model.fit(X, X[:, :2], verbose=0, batch_size=500)
expected = model.predict(X, verbose=0)
child = os.fork()
if child == 0:
    os._exit(0 if np.array_equal(model.predict(X, verbose=0), expected) else 1)
print(os.waitpid(child, 0)[1])
""")
    assert said == "0"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_process_may_forget_a_model() -> None:
    said = ended(BEGIN + """
import gc, warnings; warnings.simplefilter("ignore")
model = keras.Sequential([L.Input((512,)), L.Dense(512), L.Dense(2)])
model.compile("sgd", "mse"); model.predict(np.random.rand(500, 512), verbose=0)
child = os.fork()
if child == 0:
    del model; gc.collect(); os._exit(0)
print(os.waitpid(child, 0)[1])
""")
    assert said == "0"


PROGRAM = BEGIN + """
X, Y = np.random.rand(60000, 64), np.random.rand(60000, 2)
model = keras.Sequential([L.Input((64,)), L.Dense(512), L.Dense(512), L.Dense(2)])
model.compile("sgd", "mse")
model.predict(X[:2], verbose=0)
print("begin", flush=True)
try:
    while True: {call}
except KeyboardInterrupt:
    print("interrupted", model.predict(X[:3], verbose=0).shape, flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="signals of posix")
@pytest.mark.parametrize("call", ["model.evaluate(X, Y, verbose=0)", "model.predict(X, verbose=0)", "model.fit(X, Y, verbose=0, validation_split=0.9)"])
def test_interrupts_are_raised(call: str) -> None:
    program = subprocess.Popen([sys.executable, "-c", PROGRAM.replace("{call}", call)], stdout=subprocess.PIPE, text=True)
    assert program.stdout is not None and program.stdout.readline() == "begin\n"
    time.sleep(0.6)
    program.send_signal(signal.SIGINT)
    try:
        assert program.communicate(timeout=30)[0].strip() == "interrupted (3, 2)"
    finally:
        program.kill()


def test_settings_that_are_changed_count() -> None:
    model = mlp(L.Dense(2, activation="softmax"))
    assert np.allclose(model(X).sum(-1), 1, atol=1e-5)
    model.layers[-1].activation = keras.activations.linear
    assert not np.allclose(model(X).sum(-1), 1, atol=1e-3)
    assert np.allclose(model.predict(X, verbose=0), X @ model.layers[-1].kernel.numpy() + model.layers[-1].bias.numpy(), atol=1e-5)
    drop = L.Dropout(0.5)
    drop.rate = 0.0
    assert np.array_equal(drop(X, training=True), X.astype(np.float32)) and drop.get_config()["rate"] == 0.0
    with pytest.raises(ValueError):
        drop.rate = 2.0
    with pytest.raises(AttributeError, match="is built"):
        model.layers[-1].units = 7
    adam = keras.optimizers.Adam()
    adam.beta_1 = 0.5
    assert adam.beta_1 == 0.5 and adam.get_config()["beta_1"] == 0.5
    trained = mlp(optimizer=adam)
    trained.fit(X, Y, verbose=0)
    with pytest.raises(AttributeError, match="stays as it is"):
        adam.beta_1 = 0.9
    stop = keras.callbacks.EarlyStopping(monitor="loss", patience=50)
    stop.patience, stop.min_delta = 0, 100.0
    assert len(mlp().fit(X, Y, epochs=9, verbose=0, callbacks=[stop]).epoch) < 9


def test_a_layer_may_be_called_otherwise() -> None:
    model = mlp(L.Dense(3, activation=L.PReLU()), L.Dense(2))
    expected = model.predict(X, verbose=0)
    model.layers[0].name = "first"
    other = keras.Sequential([L.Input((4,)), *model.layers])
    assert np.array_equal(other.predict(X, verbose=0), expected) and other.get_layer("first") is model.layers[0]


def test_freezing_in_the_midst_is_told() -> None:
    model = mlp(L.Dense(3), L.Dense(2))
    model.fit(X, Y, verbose=0)
    model.layers[0].trainable = False
    with pytest.warns(UserWarning, match="call `compile`"):
        model.fit(X, Y, verbose=0)


def test_noise_differs_from_call_to_call() -> None:
    for layer in (L.Dropout(0.5), L.GaussianNoise(1.0)):
        assert not np.array_equal(layer(X, training=True), layer(X, training=True))
    model = mlp(L.Dropout(0.5), L.Dense(2))
    model.fit(X, Y, verbose=0)
    assert np.std([model(X, training=True) for _ in range(10)], axis=0).mean() > 0.01
    keras.utils.set_random_seed(1)
    first = [L.Dropout(0.5)(X, training=True) for _ in range(2)]
    keras.utils.set_random_seed(1)
    assert np.array_equal(first[0], L.Dropout(0.5)(X, training=True))
    with pytest.warns(UserWarning, match="not kept"):
        L.Dropout(0.5)(keras.Input((4,)), training=True)


def test_losses_of_ones_own_are_weighted_and_reduced() -> None:
    class Squares(keras.losses.Loss):
        def call(self, y_true: Any, y_pred: Any) -> Any:
            return ((y_pred - y_true) ** 2).mean(-1)

        def gradient(self, y_true: Any, y_pred: Any) -> Any:
            return 2 * (y_pred - y_true) / y_true.shape[-1]

    weights = np.arange(64.0)
    for reduction in ("sum_over_batch_size", "sum"):
        own, theirs = Squares(reduction=reduction), keras.losses.MeanSquaredError(reduction=reduction)
        assert own(Y, X[:, :2], weights) == pytest.approx(theirs(Y, X[:, :2], weights), rel=1e-5)
        values = []
        for loss in (own, theirs):
            keras.utils.set_random_seed(1)
            values.append(mlp(loss=loss).fit(X, Y, epochs=2, verbose=0, sample_weight=weights / 64).history["loss"])
        assert values[0] == pytest.approx(values[1], rel=1e-5)
    none = keras.losses.MeanSquaredError(reduction="none")
    assert np.allclose(none(Y, X[:, :2], weights), none(Y, X[:, :2]) * weights, rtol=1e-5)


def test_weights_of_samples_and_positions() -> None:
    """Figures of real Keras."""
    bce = keras.losses.BinaryCrossentropy()
    assert bce([0, 1, 1, 0], [0.2, 0.7, 0.6, 0.4], sample_weight=[1, 0, 1, 0]) == pytest.approx(0.2002, abs=1e-4)
    y_true, y_pred = np.zeros((2, 4, 3)), np.arange(24.0).reshape(2, 4, 3)
    weights = np.arange(8.0).reshape(2, 4)
    assert keras.losses.MeanSquaredError()(y_true, y_pred, sample_weight=weights) == pytest.approx((np.mean(y_pred**2, -1) * weights).mean(), rel=1e-5)
    metric = keras.metrics.MeanSquaredError()
    metric.update_state(y_true, y_pred, sample_weight=weights)
    assert metric.result() == pytest.approx((np.mean(y_pred**2, -1) * weights).sum() / weights.sum(), rel=1e-5)
    mean = keras.metrics.Mean()
    assert mean([[1.0, 2.0], [3.0, 4.0]], sample_weight=[[1, 0], [0, 1]]) == pytest.approx(2.5)
    with pytest.raises(ValueError, match="sample_weight"):
        keras.losses.MeanSquaredError()(y_true, y_pred, sample_weight=np.ones(3))


def test_classes_over_callbacks_of_ours() -> None:
    class Telling(keras.callbacks.EarlyStopping):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            super().on_epoch_end(epoch, logs)
            self.told = [*getattr(self, "told", []), (epoch, self.best)]

    stop = Telling(monitor="loss", patience=2)
    history = mlp().fit(X, Y, epochs=3, verbose=0, callbacks=[stop])
    assert [epoch for epoch, _ in stop.told] == [0, 1, 2] and stop.told[-1][1] == min(history.history["loss"])


def test_families_of_ones_own() -> None:
    class Quarter(keras.initializers.Initializer):
        def __call__(self, shape: Any, dtype: Any = None) -> Any:
            return np.full(shape, 0.25)

    layer = L.Dense(3, kernel_initializer=Quarter())
    layer.build((None, 4))
    assert (layer.kernel.numpy() == 0.25).all()

    class Mine(keras.regularizers.Regularizer):
        def __call__(self, x: Any) -> Any:
            return 0.0

    class Own(keras.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step: Any) -> Any:
            return 0.1

    for make in (lambda: L.Dense(3, kernel_regularizer=Mine()), lambda: keras.optimizers.SGD(Own()), lambda: keras.optimizers.SGD(lambda: 0.1)):
        with pytest.raises((TypeError, ValueError)) as caught:
            make()
        assert "of your own" in str(caught.value) or "LearningRateScheduler" in str(caught.value)

    class Count(keras.metrics.Metric):
        def __init__(self, name: str = "count", **kwargs: Any) -> None:
            super().__init__(name=name, **kwargs)
            self.seen = self.add_weight(name="seen", initializer="zeros")

        def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
            self.seen.assign_add(len(y_true))

        def result(self) -> Any:
            return self.seen

    assert mlp(metrics=[Count()]).fit(X, Y, epochs=2, verbose=0).history["count"] == [64.0, 64.0]


def test_nothing_is_kept_alive() -> None:
    def make() -> weakref.ref[Any]:
        def own(y_true: Any, y_pred: Any) -> Any:
            return ((y_true - y_pred) ** 2).mean(-1) + 0 * model.count_params()

        own.gradient = lambda y_true, y_pred: 2 * (y_pred - y_true) / 2  # type: ignore[attr-defined]
        model = mlp(loss=own, metrics=[own])
        model.fit(X, Y, verbose=0)
        return weakref.ref(model)

    gone = make()
    gc.collect()
    assert gone() is None


def test_weights_are_numbers_in_arithmetic() -> None:
    layer = L.Dense(2, kernel_initializer="ones")
    layer.build((None, 3))
    v = layer.kernel
    assert np.array_equal(1 - v / 2, np.full((3, 2), 0.5)) and (v > 0).all() and np.abs(-v).sum() == 6 and (v**2).sum() == 6
    assert np.array_equal(X[:, :3] @ v, X[:, :3] @ v.numpy())
    with pytest.raises(ValueError, match="read-only"):
        v.value[:] = 5
    assert v in {v: 1}


def test_files_keep_names_and_settings(tmp_path: Any) -> None:
    for layer in (L.SpatialDropout1D(0.2), L.SpatialDropout2D(0.2), L.Dense(3, activation="relu"), L.PReLU(), L.BatchNormalization()):
        again = type(layer).from_config(layer.get_config())
        assert again.get_config() == layer.get_config()
    keras.backend.clear_session()
    model = mlp(optimizer="adam")
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "m.keras")
    assert keras.models.load_model(tmp_path / "m.keras").optimizer.name == "adam"


def test_what_is_saved_is_the_model_as_it_is(tmp_path: Any) -> None:
    model = mlp(L.Dense(2, activation="softmax"))
    model.fit(X, Y, verbose=0)
    model.layers[-1].activation = "linear"
    expected = model.predict(X, verbose=0)
    with pytest.warns(UserWarning, match="as it is now"):
        model.save(tmp_path / "m.keras")
    assert np.array_equal(keras.models.load_model(tmp_path / "m.keras").predict(X, verbose=0), expected)
    model.compile("adam", "mse")
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "m.keras")
    # Objects of one's own that the file does not need change nothing.
    again = keras.models.load_model(tmp_path / "m.keras", custom_objects={"mine": abs})
    assert int(again.optimizer.iterations) == int(model.optimizer.iterations) > 0


def test_odd_arguments_are_told() -> None:
    model = mlp()
    for call, words in [
        (lambda: model.fit(X, Y, validation_split="x", verbose=0), "validation_split"),
        (lambda: model.fit(X, Y, batch_size=0, verbose=0), "batch_size"),
        (lambda: model.fit(X, Y, epochs=1.5, verbose=0), "epochs"),
        (lambda: keras.initializers.HeNormal()(5), "tuple"),
        (lambda: keras.initializers.Zeros()((-1, 2)), "shape"),
        (lambda: keras.utils.set_random_seed(-1), "seed"),
        (lambda: keras.Input((3,)) ** 0.5, "squared"),
        (lambda: keras.Input((3,))[:, :2], "index"),
        (lambda: keras.Input((3,)) + np.ones(3), "Input"),
    ]:
        with pytest.raises((ValueError, TypeError)) as caught:
            call()
        assert words in str(caught.value), str(caught.value)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(X, Y, verbose=None)
