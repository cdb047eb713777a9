"""Models that Keras saved, loaded and written here, and loaded by Keras again: the same predictions, and training goes on the same."""

import json
import os

import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
keras = pytest.importorskip("keras", reason="no Keras here: its files are not tried with it", exc_type=ImportError)

import numpy as np  # noqa: E402

from steadygrad import _native  # noqa: E402

L = keras.layers


def there_and_back(model, folder, ending="keras"):
    first, again = str(folder / f"keras.{ending}"), str(folder / f"ours.{ending}")
    model.save(first)
    _native.rewrite(first, again)
    return keras.saving.load_model(first), keras.saving.load_model(again)


def shaken(model, seed=0):
    rng = np.random.default_rng(seed)
    for variable in model.weights:
        if "seed" in variable.path or "count" in variable.path:
            continue
        spread = rng.uniform(0.3, 1.2, variable.shape) if "variance" in variable.path else rng.standard_normal(variable.shape) * 0.3
        variable.assign(spread.astype("float32"))
    return model


IMAGE, LINE, VOLUME = (8, 8, 3), (9, 4), (4, 4, 4, 2)
LAYERS = {
    "Conv2D": (IMAGE, lambda: L.Conv2D(4, 3, strides=2, padding="same", activation="gelu", kernel_regularizer="l2")),
    "Conv2D_groups": (IMAGE, lambda: L.Conv2D(3, 3, groups=3, kernel_initializer="orthogonal")),
    "Conv2D_dilated": (IMAGE, lambda: L.Conv2D(3, 3, dilation_rate=2, kernel_constraint=keras.constraints.MaxNorm(2))),
    "DepthwiseConv2D": (IMAGE, lambda: L.DepthwiseConv2D(3, depth_multiplier=2)),
    "SeparableConv2D": (IMAGE, lambda: L.SeparableConv2D(4, 3, depth_multiplier=2)),
    "Conv2DTranspose": (IMAGE, lambda: L.Conv2DTranspose(2, 3, strides=2, padding="same")),
    "Conv1D": (LINE, lambda: L.Conv1D(4, 2, padding="causal")),
    "SeparableConv1D": (LINE, lambda: L.SeparableConv1D(3, 2)),
    "DepthwiseConv1D": (LINE, lambda: L.DepthwiseConv1D(2)),
    "Conv1DTranspose": (LINE, lambda: L.Conv1DTranspose(2, 2)),
    "Conv3D": (VOLUME, lambda: L.Conv3D(2, 2)),
    "Conv3DTranspose": (VOLUME, lambda: L.Conv3DTranspose(2, 2)),
    "BatchNormalization": (IMAGE, lambda: L.BatchNormalization(momentum=0.9)),
    "BatchNormalization_without_scale": (IMAGE, lambda: L.BatchNormalization(scale=False, axis=1)),
    "BatchNormalization_without_center": (IMAGE, lambda: L.BatchNormalization(center=False)),
    "LayerNormalization": (IMAGE, lambda: L.LayerNormalization(axis=[1, 2])),
    "GroupNormalization": (IMAGE, lambda: L.GroupNormalization(3)),
    "RMSNormalization": (IMAGE, lambda: L.RMSNormalization()),
    "UnitNormalization": (IMAGE, lambda: L.UnitNormalization()),
    "Normalization": (IMAGE, lambda: L.Normalization(mean=[0.1, 0.2, 0.3], variance=[1.0, 2.0, 3.0])),
    "Normalization_by_its_weights": (IMAGE, lambda: L.Normalization()),
    "Rescaling": (IMAGE, lambda: L.Rescaling([0.1, 0.2, 0.3], offset=[0.0, 1.0, 2.0])),
    "PReLU": (IMAGE, lambda: L.PReLU(shared_axes=[1, 2])),
    "Dense_with_PReLU": (LINE, lambda: L.Dense(5, activation=L.PReLU(alpha_initializer="random_uniform"))),
    "Dense_seeded": (LINE, lambda: L.Dense(3, kernel_initializer=keras.initializers.VarianceScaling(2.0, "fan_avg", "normal", seed=4))),
    "Activation": (IMAGE, lambda: L.Activation("selu")),
    "ReLU": (IMAGE, lambda: L.ReLU(max_value=6, negative_slope=0.1, threshold=0.2)),
    "Softmax": (IMAGE, lambda: L.Softmax(axis=1)),
    "Dropout": (IMAGE, lambda: L.Dropout(0.2, seed=3)),
    "AlphaDropout": (IMAGE, lambda: L.AlphaDropout(0.1)),
    "GaussianDropout": (IMAGE, lambda: L.GaussianDropout(0.2)),
    "GaussianNoise": (IMAGE, lambda: L.GaussianNoise(0.1)),
    "SpatialDropout1D": (LINE, lambda: L.SpatialDropout1D(0.2)),
    "SpatialDropout2D": (IMAGE, lambda: L.SpatialDropout2D(0.2)),
    "SpatialDropout3D": (VOLUME, lambda: L.SpatialDropout3D(0.2)),
    "RandomFlip": (IMAGE, lambda: L.RandomFlip("horizontal")),
    "RandomRotation": (IMAGE, lambda: L.RandomRotation(0.1)),
    "RandomZoom": (IMAGE, lambda: L.RandomZoom(0.1)),
    "RandomTranslation": (IMAGE, lambda: L.RandomTranslation(0.1, 0.1)),
    "MaxPooling2D": (IMAGE, lambda: L.MaxPooling2D((2, 3), strides=(2, 1), padding="same")),
    "AveragePooling1D": (LINE, lambda: L.AveragePooling1D(2)),
    "GlobalMaxPooling2D": (IMAGE, lambda: L.GlobalMaxPooling2D(keepdims=True)),
    "GlobalAveragePooling1D": (LINE, lambda: L.GlobalAveragePooling1D()),
    "ZeroPadding2D": (IMAGE, lambda: L.ZeroPadding2D(((1, 2), (0, 3)))),
    "Cropping2D": (IMAGE, lambda: L.Cropping2D(((0, 1), (2, 0)))),
    "UpSampling2D": (IMAGE, lambda: L.UpSampling2D(2, interpolation="bilinear")),
    "Resizing": (IMAGE, lambda: L.Resizing(4, 4)),
    "CenterCrop": (IMAGE, lambda: L.CenterCrop(4, 4)),
    "Permute": (IMAGE, lambda: L.Permute((2, 1, 3))),
    "Reshape": (IMAGE, lambda: L.Reshape((4, 16, 3))),
    "ActivityRegularization": (IMAGE, lambda: L.ActivityRegularization(0.1)),
    "Identity": (IMAGE, lambda: L.Identity()),
}


ENDINGS = pytest.mark.parametrize("ending", ["keras", "h5"])


@ENDINGS
@pytest.mark.parametrize("name", LAYERS)
def test_every_layer_comes_back(name, ending, tmp_path):
    shape, make = LAYERS[name]
    model = shaken(keras.Sequential([L.Input(shape), make(), L.Flatten(), L.Dense(2)]))
    # By its name Keras would not read the loss from an .h5 file, its own or ours.
    model.compile("sgd", keras.losses.MeanSquaredError())
    x = np.random.default_rng(1).standard_normal((3, *shape)).astype("float32")
    # A layer in the place of an activation has its weights from the first call on.
    model.predict(x, verbose=0)
    if ending == "h5" and name in ("Dense_with_PReLU", "LayerNormalization"):
        pytest.skip("Keras loses a list of several axes, and a layer in the place of an activation, from its own .h5 files")
    theirs, ours = there_and_back(model, tmp_path, ending)
    np.testing.assert_allclose(ours.predict(x, verbose=0), theirs.predict(x, verbose=0), atol=1e-6)
    assert json_of(ours) == json_of(theirs)


def json_of(model):
    """A configuration without what differs from one reading to the next."""
    left_out = ("shared_object_id", "build_config", "compile_config")

    def plain(value, key=""):
        if isinstance(value, dict):
            # A layer in the place of an activation gets its name anew.
            inner = [k for k in value if k not in left_out and not (key == "activation" and k == "config")]
            return {k: plain(value[k], k) for k in inner}
        return [plain(v) for v in value] if isinstance(value, list) else value

    return plain(json.loads(model.to_json()))


OPTIMIZERS = {
    "adam": lambda: keras.optimizers.Adam(0.01, amsgrad=True),
    "schedule": lambda: keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.1, 3, 0.9), momentum=0.9, nesterov=True, clipnorm=1.0),
    **{name: (lambda name=name: keras.optimizers.get(name)) for name in
       ["sgd", "rmsprop", "adamw", "nadam", "adagrad", "adadelta", "adamax", "lion", "ftrl", "adafactor"]},
}


@ENDINGS
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_training_goes_on_where_it_was(name, ending, tmp_path):
    if ending == "h5" and name == "adafactor":
        pytest.skip("Keras cannot write it: several of its variables have one name")
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((24, 6)).astype("float32"), rng.integers(0, 3, 24)
    model = keras.Sequential([L.Input((6,)), L.Dense(8, activation="elu"), L.BatchNormalization(), L.Dense(3, activation="softmax")])
    model.compile(OPTIMIZERS[name](), keras.losses.SparseCategoricalCrossentropy(), metrics=["accuracy"])
    model.fit(x, y, batch_size=8, epochs=1, shuffle=False, verbose=0)
    theirs, ours = there_and_back(model, tmp_path, ending)
    assert len(ours.optimizer.variables) == len(theirs.optimizer.variables)
    for a, b in zip(ours.optimizer.variables, theirs.optimizer.variables):
        np.testing.assert_allclose(np.asarray(a), np.asarray(b), atol=1e-7, err_msg=a.path)
    if ending == "h5":
        # Keras does not build the optimizer of such a file, and cannot train on with it; what the files have of it is compared instead.
        assert_same_optimizer(tmp_path / "keras.h5", tmp_path / "ours.h5")
        for one in (theirs, ours):
            one.compile(OPTIMIZERS[name](), "sparse_categorical_crossentropy")
    for one in (theirs, ours):
        one.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0)
    for a, b in zip(ours.get_weights(), theirs.get_weights()):
        np.testing.assert_allclose(a, b, atol=1e-6)


def assert_same_optimizer(*files):
    h5py = pytest.importorskip("h5py")
    both = []
    for file in files:
        with h5py.File(file) as opened:
            group = opened["optimizer_weights"]
            both.append([np.asarray(group[name]) for name in group.attrs["weight_names"]])
            assert json.loads(opened.attrs["training_config"])["optimizer_config"]["class_name"]
    theirs, ours = both
    assert [a.shape for a in ours] == [b.shape for b in theirs]
    for a, b in zip(ours, theirs):
        np.testing.assert_allclose(a, b, atol=1e-7)


def test_long_lists_of_names_in_an_h5_file(tmp_path):
    """More than 64 KB of names: cut into pieces, as Keras does."""
    names = [f"{'long' * 30}_{i}" for i in range(600)]
    model = shaken(keras.Sequential([L.Input((3,)), *(L.Dense(3, activation="tanh", name=name) for name in names)]))
    theirs, ours = there_and_back(model, tmp_path, "h5")
    assert [layer.name for layer in ours.layers] == names
    for a, b in zip(ours.get_weights(), theirs.get_weights()):
        np.testing.assert_array_equal(a, b)


@ENDINGS
def test_what_does_not_learn_comes_back(ending, tmp_path):
    """In .h5 files what learns stands first, and frozen layers are told by their settings."""
    inner = keras.Sequential([L.Input((5,)), L.Dense(5, trainable=False), L.BatchNormalization(), L.Dense(4)], name="inner")
    inner.trainable = False
    model = keras.Sequential([L.Input((5,)), L.Dense(5), L.BatchNormalization(trainable=False), inner, L.BatchNormalization(), L.Dense(2)])
    model = shaken(model)
    theirs, ours = there_and_back(model, tmp_path, ending)
    for a, b in zip(ours.weights, theirs.weights):
        assert (a.trainable, a.shape) == (b.trainable, b.shape)
        np.testing.assert_array_equal(np.asarray(a), np.asarray(b))


@ENDINGS
@pytest.mark.parametrize("seed", range(20))
def test_graphs_of_any_shape_come_back(seed, ending, tmp_path):
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)

    def dense():
        return L.Dense(5, activation=rng.choice(["relu", "tanh"]), bias_initializer="random_normal")

    def graph(depth):
        inputs = [L.Input((5,)) for _ in range(1 if depth else rng.integers(1, 3))]
        values, layers = list(inputs), []
        for _ in range(rng.integers(3, 8)):
            chance = rng.random()
            if chance < 0.3 and len(values) > 1:
                a, b = rng.choice(len(values), 2, replace=False)
                values.append(rng.choice([L.Add, L.Multiply, L.Maximum, L.Average, L.Minimum, L.Subtract])()([values[a], values[b]]))
            elif chance < 0.4 and layers:
                values.append(layers[rng.integers(len(layers))](values[rng.integers(len(values))]))
            else:
                layer = graph(depth + 1) if chance > 0.85 and depth < 2 else L.BatchNormalization() if chance < 0.5 else dense()
                layers.append(layer)
                values.append(layer(values[rng.integers(len(values))]))
        outputs = [values[-1]] if depth or len(values) < 5 else [values[-1], values[-2]]
        return keras.Model(inputs if len(inputs) > 1 else inputs[0], outputs if len(outputs) > 1 else outputs[0])

    model = shaken(graph(0), seed)
    theirs, ours = there_and_back(model, tmp_path, ending)
    x = [rng.standard_normal((4, 5)).astype("float32") for _ in model.inputs]
    x = x if len(x) > 1 else x[0]
    for a, b in zip(np.atleast_3d(ours.predict(x, verbose=0)), np.atleast_3d(theirs.predict(x, verbose=0))):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_layers_that_are_not_known_are_all_named(tmp_path):
    model = keras.Sequential([L.Input((4, 3)), L.LSTM(3, return_sequences=True), L.GRU(2)])
    model.save(tmp_path / "x.keras")
    with pytest.raises(ValueError, match="LSTM.*GRU"):
        _native.rewrite(str(tmp_path / "x.keras"), str(tmp_path / "y.keras"))
    with pytest.raises(OSError):
        _native.rewrite(str(tmp_path / "none.keras"), str(tmp_path / "y.keras"))
