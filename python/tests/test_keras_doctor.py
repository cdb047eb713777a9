"""The doctor beside Keras: a callback of `fit`, on whatever backend there is."""

import os
import warnings

import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
keras = pytest.importorskip("keras", reason="no Keras here: the doctor beside it is not tested", exc_type=ImportError)

import numpy as np  # noqa: E402

import steadygrad  # noqa: E402

layers = keras.layers


@pytest.fixture(autouse=True)
def quiet_and_seeded():
    keras.utils.set_random_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


def data(n=2000):
    x = np.random.default_rng(1).standard_normal((n, 20)).astype("float32")
    return x, (x[:, 0] > 0).astype("int32")


def deep(activation, depth=12, width=32, initializer="glorot_uniform"):
    hidden = [layers.Dense(width, activation=activation, kernel_initializer=initializer) for _ in range(depth)]
    return keras.Sequential([layers.Input((20,)), *hidden, layers.Dense(2, activation="softmax")])


def train(model, optimizer="adam", epochs=4, x_y=None, **settings):
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    doctor = steadygrad.KerasDoctor(**settings)
    x, y = data() if x_y is None else x_y
    model.fit(x, y, epochs=epochs, verbose=0, callbacks=[doctor])
    return doctor.diagnosis


def resnet():
    inputs = keras.Input((12, 12, 1))
    h = layers.Conv2D(8, 3, padding="same")(inputs)
    for _ in range(3):
        start = h
        h = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(8, 3, padding="same", use_bias=False)(h)))
        h = layers.BatchNormalization()(layers.Conv2D(8, 3, padding="same", use_bias=False)(h))
        h = layers.ReLU()(layers.Add()([start, h]))
    h = layers.Dropout(0.2)(layers.GlobalAveragePooling2D()(h))
    return keras.Model(inputs, layers.Dense(2, activation="softmax")(h))


def images():
    x = np.random.default_rng(1).standard_normal((512, 12, 12, 1)).astype("float32")
    return x, (x.mean((1, 2, 3)) > 0).astype("int32")


def test_a_deep_sigmoid_network_loses_its_gradient_by_its_activation():
    found = train(deep("sigmoid"))
    assert (found.verdict, found.findings[0].condition) == ("sick", "vanishing_gradient")
    assert found.causes == ["activation"]
    assert "keras.layers.Dense(32, activation='elu'" in found.code()


def test_weights_drawn_too_large_blow_up_a_tanh_network():
    found = train(deep("tanh", width=100, initializer=keras.initializers.RandomNormal(stddev=1.0)))
    assert (found.verdict, found.findings[0].condition) == ("sick", "exploding_gradient")
    assert found.causes[0] == "initializer"


def test_a_run_that_is_lost_is_the_rates_fault():
    found = train(deep("relu", 4, 64), keras.optimizers.SGD(1e8))
    assert found.verdict == "sick"
    assert found.causes == ["learning_rate"]


def test_weights_that_become_nan_are_named():
    model = deep("relu", 3)
    model.layers[1].kernel.assign(np.full((32, 32), np.nan, dtype="float32"))
    found = train(model, epochs=1)
    assert (found.verdict, found.findings[0].condition) == ("sick", "non_finite")
    assert "dense" in found.findings[0].summary


def test_rectifiers_that_never_fire_are_dead():
    model = deep("relu", 4, 64)
    for layer in model.layers[:-1]:
        layer.bias.assign(np.full(layer.bias.shape, -3.0, dtype="float32"))
    found = train(model)
    assert found.verdict == "sick" and "dead_units" in [f.condition for f in found.findings]


@pytest.mark.parametrize("make, x_y", [(lambda: deep("relu", 3, 64, "he_normal"), None), (resnet, images())])
def test_healthy_networks_are_left_alone(make, x_y):
    found = train(make(), epochs=2, x_y=x_y)
    assert found.verdict == "healthy", str(found)
    assert not found.notes


def test_what_is_prescribed_cures():
    found = train(deep("sigmoid"))
    names = {"keras": keras}
    exec(found.code(), names)  # noqa: S102 - it is what the user is told to paste
    again = train(names["model"])
    assert again.verdict == "healthy", found.code() + str(again)


def test_no_bit_of_the_training_is_changed():
    def weights(callbacks):
        keras.utils.set_random_seed(3)
        model = keras.Sequential([
            layers.Input((20,)), layers.Dense(16), layers.BatchNormalization(), layers.ReLU(), layers.Dropout(0.3), layers.Dense(2, activation="softmax"),
        ])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(*data(), epochs=2, verbose=0, callbacks=callbacks)
        return model.get_weights()

    watched, plain = weights([steadygrad.KerasDoctor(schedule="always")]), weights([])
    assert all(np.array_equal(a, b) for a, b in zip(watched, plain))


def test_data_that_can_be_read_only_once_are_asked_for():
    def batches():
        x, y = data()
        for k in range(20):
            yield x[32 * k : 32 * k + 32], y[32 * k : 32 * k + 32]

    model = deep("sigmoid")
    model.compile("adam", "sparse_categorical_crossentropy")
    doctor = steadygrad.KerasDoctor()
    with pytest.warns(UserWarning, match=r"KerasDoctor\(data="):
        warnings.simplefilter("always", UserWarning)
        model.fit(batches(), epochs=1, verbose=0, callbacks=[doctor])
    with pytest.raises(RuntimeError, match="read only once"):
        doctor.diagnosis
    doctor = steadygrad.KerasDoctor(data=data(), quiet=True)
    model.fit(batches(), epochs=1, verbose=0, callbacks=[doctor])
    assert "vanishing_gradient" in [f.condition for f in doctor.diagnosis.findings]


def test_layers_that_are_not_known_are_named_and_the_training_goes_on():
    class Mine(layers.Layer):
        def call(self, x):
            return x * 2.0

    model = keras.Sequential([layers.Input((20,)), Mine(), layers.Dense(2, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    doctor = steadygrad.KerasDoctor()
    with pytest.warns(UserWarning, match="Mine"):
        warnings.simplefilter("always", UserWarning)
        history = model.fit(*data(), epochs=1, verbose=0, callbacks=[doctor])
    assert len(history.history["loss"]) == 1


def test_mistakes_are_told():
    with pytest.raises(TypeError, match="a pair"):
        steadygrad.KerasDoctor(data=3)
    with pytest.raises(ValueError, match="schedule"):
        steadygrad.KerasDoctor(schedule="sometimes")
    with pytest.raises(RuntimeError, match="callbacks"):
        steadygrad.KerasDoctor().diagnosis


def test_the_weights_in_the_midst_of_a_training_are_the_models():
    """On JAX they are read where they are; bringing them back into the model gives the same."""
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((96, 6)).astype("float32"), rng.integers(0, 3, 96)
    layers = [keras.layers.Dense(8), keras.layers.BatchNormalization(), keras.layers.Dropout(0.2), keras.layers.Dense(3, activation="softmax")]
    model = keras.Sequential([keras.Input((6,)), *layers])
    model.layers[0].trainable = False
    model.compile("adam", "sparse_categorical_crossentropy")
    doctor = steadygrad.KerasDoctor(schedule="always", quiet=True)
    compared = []

    class Compare(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            running = doctor._running()
            found = [np.array(weight) for weight in running] if running is not None else doctor._weights()
            kept = [v.numpy() for v in self.model.weights if "seed_generator" not in v.path]
            compared.append(len(found) == len(kept) and all(np.array_equal(a, b) for a, b in zip(found, kept)))

    model.fit(x, y, batch_size=32, epochs=2, verbose=0, callbacks=[doctor, Compare()])
    assert len(compared) == 6 and all(compared)
    assert not doctor._failed
