"""Mistakes: the class of exception is Keras', the words are ours and name what was found and what to do."""

from __future__ import annotations

import warnings
import zipfile
from typing import Any, Callable

import numpy as np
import pytest
from reference import Count, load

from steadygrad import keras

L, K = keras.layers, keras


def mlp(*layers: Any, **how: Any) -> Any:
    model = K.Sequential([L.Input((4,)), *(layers or (L.Dense(3, activation="softmax"),))])
    if how:
        model.compile(**how)
    return model


X, Y = np.random.rand(6, 4), np.array([0, 1, 2, 0, 1, 2])
CLASSES = {"optimizer": "sgd", "loss": "sparse_categorical_crossentropy"}
ERROR = {"optimizer": "sgd", "loss": "mse"}


def cases(folder: Any) -> dict[str, Callable[[], Any]]:
    def bad_zip() -> Any:
        path = folder / "bad.keras"
        path.write_bytes(b"no archive at all")
        return K.models.load_model(path)

    def lambda_layer() -> Any:
        path = folder / "lambda.keras"
        mlp().save(path)
        with zipfile.ZipFile(path) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        parts["config.json"] = parts["config.json"].replace(b'"class_name":"Dense"', b'"class_name":"Lambda"').replace(b'"class_name": "Dense"', b'"class_name":"Lambda"')
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in parts.items():
                archive.writestr(name, data)
        return K.models.load_model(path)

    def fit(model: Any, x: Any = X, y: Any = Y, **how: Any) -> Any:
        return model.fit(x, y, verbose=0, epochs=1, **how)

    def legacy() -> Any:
        from steadygrad.keras.optimizers import legacy

        return legacy.Adam()

    def frozen() -> Any:
        model = mlp(L.Dense(3), L.BatchNormalization(), L.Dense(3, activation="softmax"), **CLASSES)
        model.layers[1].trainable = False
        return fit(model)

    dense = L.Dense(2)
    return {
        "seed: Dense(64, activation='relu', kernel_initializer='he_normal', input_shape=(784,))": lambda: L.Dense(64, activation="relu", kernel_initializer="he_normal", input_shape=(784,)),
        "seed: LeakyReLU(alpha=0.2)": lambda: L.LeakyReLU(alpha=0.2),
        "seed: LeakyReLU(0.2)": lambda: L.LeakyReLU(0.2),
        "seed: LeakyReLU(negative_slope=0.2)": lambda: L.LeakyReLU(negative_slope=0.2),
        "ReLU(alpha)": lambda: L.ReLU(alpha=0.1),
        "seed: Flatten(input_shape=(28,28))": lambda: L.Flatten(input_shape=(28, 28)),
        "Dense(input_dim=8)": lambda: L.Dense(3, input_dim=8),
        "Dense(batch_input_shape=...)": lambda: L.Dense(3, batch_input_shape=(None, 8)),
        "Dense(weights=...)": lambda: L.Dense(3, weights=[np.zeros((4, 3))]),
        "InputLayer(input_shape=(3,))": lambda: L.InputLayer(input_shape=(3,)),
        "Input((3,)) in Sequential": lambda: K.Sequential([K.Input((3,)), L.Dense(2)]),
        "Input(shape=3)": lambda: K.Input(shape=3),
        "Input(784)": lambda: K.Input(784),
        "Dense(0)": lambda: L.Dense(0),
        "Dense(2.5)": lambda: L.Dense(2.5),
        "Dense('a')": lambda: L.Dense("a"),
        "Dense(np.int64(3))": lambda: L.Dense(np.int64(3)),
        "Dense unknown kwarg": lambda: L.Dense(3, colour="red"),
        "Dense bad activation": lambda: L.Dense(3, activation="nope"),
        "Dense bad init": lambda: L.Dense(3, kernel_initializer="nope"),
        "Dense activation=LeakyReLU()": lambda: L.Dense(3, activation=L.LeakyReLU()),
        "Dense activation='LeakyReLU'": lambda: L.Dense(3, activation="LeakyReLU"),
        "Dense activation='leaky_relu'": lambda: L.Dense(3, activation="leaky_relu"),
        "Dense rank1 input": lambda: L.Dense(3)(np.ones(4)),
        "Dense wrong last dim": lambda: (dense(np.ones((2, 4))), dense(np.ones((2, 5)))),
        "BN wrong ndim": lambda: (lambda bn: (bn(np.ones((2, 4))), bn(np.ones((2, 3, 5)))))(L.BatchNormalization()),
        "model wrong shape": lambda: mlp().predict(np.ones((2, 5)), verbose=0),
        "kernel before build": lambda: L.Dense(3).kernel,
        "Dropout(1.5)": lambda: L.Dropout(1.5),
        "Dropout(1)": lambda: L.Dropout(1),
        "LeakyReLU(-1)": lambda: L.LeakyReLU(-1),
        "ReLU(max_value=-1)": lambda: L.ReLU(max_value=-1),
        "Sequential dup names": lambda: K.Sequential([L.Dense(2, name="a"), L.Dense(2, name="a")]),
        "Sequential add nonlayer": lambda: K.Sequential().add("dense"),
        "Sequential build no layers": lambda: K.Sequential().build((None, 3)),
        "Sequential summary unbuilt": lambda: K.Sequential([L.Dense(2)]).summary(print_fn=str),
        "Sequential.weights unbuilt": lambda: K.Sequential([L.Dense(2)]).weights,
        "Sequential input_shape unbuilt": lambda: K.Sequential([L.Dense(2)]).input_shape,
        "Sequential two Inputs": lambda: K.Sequential([K.Input((3,)), K.Input((3,))]),
        "count_params unbuilt": lambda: L.Dense(2).count_params(),
        "same layer twice": lambda: (lambda layer, x: K.Model(x, layer(layer(x))))(L.Dense(4), K.Input((4,))),
        "fit before compile": lambda: fit(mlp()),
        "evaluate before compile": lambda: mlp().evaluate(X, Y, verbose=0),
        "predict before compile": lambda: mlp().predict(X, verbose=0),
        "compile() default optimizer": lambda: mlp().compile(),
        "compile bad optimizer": lambda: mlp().compile("nope", "mse"),
        "compile bad loss": lambda: fit(mlp(optimizer="sgd", loss="nope")),
        "compile bad metric": lambda: fit(mlp(**CLASSES, metrics=["nope"])),
        "compile metrics str": lambda: fit(mlp(**CLASSES, metrics="accuracy")),
        "fit no loss": lambda: fit(mlp(optimizer="sgd")),
        "fit size mismatch": lambda: fit(mlp(**CLASSES), X, Y[:3]),
        "fit y shape mismatch cat": lambda: fit(mlp(optimizer="sgd", loss="categorical_crossentropy")),
        "fit sparse label out of range": lambda: fit(mlp(**CLASSES), X, Y + 5),
        "fit val_split 1.0": lambda: fit(mlp(**CLASSES), validation_split=1.0),
        "fit class_weight+sample_weight": lambda: fit(mlp(**CLASSES), class_weight={0: 1.0}, sample_weight=np.ones(6)),
        "fit list input": lambda: fit(mlp(**CLASSES), X.tolist(), Y.tolist()),
        "fit one-hot with sparse loss": lambda: fit(mlp(**CLASSES), X, np.eye(3)[Y]),
        "SGD(lr=0.1)": lambda: K.optimizers.SGD(lr=0.1),
        "SGD(learning_rate=1)": lambda: K.optimizers.SGD(learning_rate=1),
        "SGD(decay=1e-6)": lambda: K.optimizers.SGD(decay=1e-6),
        "SGD(momentum=1)": lambda: K.optimizers.SGD(momentum=1),
        "Adam(clipnorm+clipvalue)": lambda: K.optimizers.Adam(clipnorm=1.0, clipvalue=1.0),
        "AdamW(weight_decay=None)": lambda: K.optimizers.AdamW(weight_decay=None),
        "Lion(beta_1=0)": lambda: K.optimizers.Lion(beta_1=0),
        "legacy.Adam": legacy,
        "L2(-1)": lambda: K.regularizers.L2(-1),
        "VarianceScaling(scale=-1)": lambda: K.initializers.VarianceScaling(scale=-1),
        "VarianceScaling mode": lambda: K.initializers.VarianceScaling(mode="nope"),
        "VarianceScaling dist": lambda: K.initializers.VarianceScaling(distribution="nope"),
        "Orthogonal 1d": lambda: K.initializers.Orthogonal()((3,)),
        "Identity 3d": lambda: K.initializers.Identity()((3, 3, 3)),
        "loss bad reduction": lambda: K.losses.MeanSquaredError(reduction="nope"),
        "keras.losses.Reduction": lambda: K.losses.Reduction,
        "save bad ext": lambda: mlp().save(folder / "m.txt"),
        "save no ext": lambda: mlp().save(folder / "m"),
        "save h5": lambda: mlp(**CLASSES).save(folder / "m.h5"),
        "save_weights bad ext": lambda: mlp().save_weights(folder / "w.txt"),
        "load missing": lambda: K.models.load_model(folder / "nothing.keras"),
        "load bad zip": bad_zip,
        "save lambda layer + load safe": lambda_layer,
        "save unbuilt": lambda: K.Sequential([L.Dense(2)]).save(folder / "u.keras"),
        "set_weights wrong count": lambda: mlp().set_weights([np.zeros((4, 3))]),
        "set_weights wrong shape": lambda: mlp().set_weights([np.zeros((4, 2)), np.zeros(3)]),
        "EarlyStopping no metric": lambda: fit(mlp(**CLASSES), callbacks=[K.callbacks.EarlyStopping()]),
        "EarlyStopping auto unknown": lambda: fit(mlp(**CLASSES), callbacks=[K.callbacks.EarlyStopping(monitor="nope")]),
        "ReduceLROnPlateau factor 1": lambda: K.callbacks.ReduceLROnPlateau(factor=1.0),
        "ModelCheckpoint ext": lambda: K.callbacks.ModelCheckpoint(folder / "m.ckpt"),
        "ModelCheckpoint weights ext": lambda: K.callbacks.ModelCheckpoint(folder / "m.keras", save_weights_only=True),
        "get_layer missing": lambda: mlp().get_layer("nope"),
        "to_categorical": lambda: K.utils.to_categorical([0, 2]),
        "bn trainable change after compile": frozen,
        "from_logits with softmax": lambda: fit(mlp(optimizer="sgd", loss=K.losses.SparseCategoricalCrossentropy(from_logits=True))),
        "glu odd": lambda: K.activations.glu(np.ones((2, 3))),
    }


def test_messages(tmp_path: Any) -> None:
    reference = load("messages.json")["cases"]
    called = cases(tmp_path)
    assert set(called) == set(reference), set(called) ^ set(reference)
    # A resource that Keras' own reader leaves open.
    count = Count("messages", {})
    for key, expected in reference.items():
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                called[key]()
                outcome, words = "ok", ""
            except Exception as wrong:  # noqa: BLE001
                outcome, words = type(wrong).__name__, str(wrong)
        warned = sorted({type_.category.__name__ for type_ in caught})
        # TensorFlow's own class is a ValueError here.
        wanted = {"InvalidArgumentError": "ValueError"}.get(expected["outcome"], expected["outcome"])
        wanted_warnings = sorted(set(expected["warns"]) - {"ResourceWarning"})
        count.case(key, outcome == wanted and warned == wanted_warnings, f"expected {wanted} {wanted_warnings}, found {outcome} {warned}: {words[:200]}")
        if outcome != "ok":
            assert words and "PanicException" not in words, key
    count.close()


def test_words_of_errors() -> None:
    """They name the place, what was found, what was expected, what to do."""
    for call, words in [
        (lambda: L.Dense(3, activation="rely"), ["Dense", "`rely`", "did you mean `relu`?"]),
        (lambda: L.Dense(3, kernal_initializer="zeros"), ["Dense", "kernal_initializer", "kernel_initializer"]),
        (lambda: mlp(**ERROR).fit(X, np.ones((6, 2)), verbose=0), ["(None, 3)", "(None, 2)", "help:"]),
        (lambda: mlp().predict(X[0]), ["one sample", "x[None]"]),
        (lambda: mlp().predict(np.array(["a", "b"])), ["`x`", "numbers"]),
        (lambda: mlp(**ERROR).fit(X, Y.tolist(), verbose=0), ["`y`", "list", "numpy.array"]),
        (lambda: L.Dnse(3), ["Dense"]),
        (lambda: L.LSTM(3), ["recurrent"]),
        (lambda: mlp(**CLASSES).fit(X, Y, callbacks=[K.callbacks.EarlyStopping], verbose=0), ["EarlyStopping(…)"]),
        (lambda: K.Sequential([L.Dense]), ["Dense(…)"]),
        (lambda: mlp(**CLASSES).fit(iter([X]), Y, verbose=0), ["array"]),
    ]:
        with pytest.raises((ValueError, AttributeError)) as caught:
            call()
        for word in words:
            assert word in str(caught.value), (word, str(caught.value))
