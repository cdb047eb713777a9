"""The words are Keras': names, signatures, configurations, texts, counted against the reference."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from reference import Count, load

from steadygrad import _native, keras

MODULES = {
    "initializers": keras.initializers, "regularizers": keras.regularizers, "constraints": keras.constraints,
    "optimizers": keras.optimizers, "losses": keras.losses, "metrics": keras.metrics, "callbacks": keras.callbacks,
    "layers": keras.layers, "optimizers.schedules": keras.optimizers.schedules, "activations": keras.activations,
    "losses_functions": keras.losses,
}

#: Why something of Keras is not here, by a pattern of its place.
ABSENT = {
    r"initializers/(STFT|STFTInitializer|stft)": "a transform of sound, not an initializer of networks that learn",
    r"optimizers/(LossScaleOptimizer|MultiOptimizer|lossscaleoptimizer|multioptimizer|optimizermap)": "optimizers around optimizers; a loss scale is a setting of every optimizer",
    r"(losses|losses_functions)/(CTC|ctc)": "no loss aligns sequences",
    r"(losses|losses_functions)/(Circle|circle)": "no loss compares pairs of a batch",
    r"losses/LossFunctionWrapper": "it wraps a function: a function is a loss here as it is",
    r"callbacks/(OrbaxCheckpoint|ProgbarLogger|RemoteMonitor|SwapEMAWeights|TensorBoard)": "not here: ModelCheckpoint saves, verbose= shows progress, the doctor's page has the curves",
    r"layers/.*(LSTM|GRU|RNN|Bidirectional|TimeDistributed).*": "recurrent layers are not part of steadygrad",
    r"layers/.*Attention.*": "attention is not part of steadygrad",
    r"layers/(Masking|Lambda|Wrapper|SpectralNormalization|Pipeline|EinsumDense|Dot|ReversibleEmbedding)": "not here yet",
    r"layers/(StringLookup|IntegerLookup|TextVectorization|Hashing|HashedCrossing|CategoryEncoding|Discretization)": "texts and categories become numbers before",
    r"layers/(FlaxLayer|JaxLayer|TFSMLayer|TorchModuleWrapper)": "a layer of another framework",
    r"layers/(MelSpectrogram|STFTSpectrogram|MaxNumBoundingBoxes)": "sound and boxes are not part of steadygrad",
    r"layers/(Aug|Auto|Contrast|Cut|Equal|Mix|RandAug|Random|Solar).*": "photometric augmentation is not here",
    r"functions/keras.utils.plot_model": "it draws with another program; a model shows itself in a notebook",
}


def exemptions(keys: list[str]) -> dict[str, str]:
    found = {}
    for key in keys:
        for pattern, why in ABSENT.items():
            if re.fullmatch(pattern, key):
                found[key] = why
    return found


def signature(thing: Any) -> str:
    """As the reference writes it, without types."""
    told = inspect.signature(thing)
    plain = [p.replace(annotation=inspect.Parameter.empty) for p in told.parameters.values()]
    return str(told.replace(parameters=plain, return_annotation=inspect.Signature.empty))


def said(text: str) -> str:
    # Classes without arguments of their own; one annotation that slipped in.
    return {"(/, *args, **kwargs)": "()", "(*args, **kwargs)": "()"}.get(text, text.replace(": bool = ", "="))


#: What Keras has not: by keyword alone, so that Keras' own arguments stand where they stand.
OURS = {"model/fit": ", *, on_non_finite=None)"}


def test_signatures() -> None:
    reference = load("signatures.json")
    cases = [(f"{family}/{name}", MODULES[family], name, text) for family in MODULES for name, text in reference[family].items()]
    cases += [(f"model/{name}", keras.Sequential, name, text) for name, text in reference["model_methods"].items()]
    cases += [(f"functions/{name}", keras, name.removeprefix("keras."), text) for name, text in reference["functions"].items()]
    keys = [key for key, *_ in cases]
    missing = exemptions([key for key, place, name, _ in cases if not _has(place, name)])
    count = Count("signatures", missing)
    for key, place, name, text in cases:
        if not _has(place, name):
            count.case(key, False, "missing")
            continue
        thing = place
        for part in name.split("."):
            thing = getattr(thing, part)
        found = signature(thing)
        if key in OURS:
            assert found.endswith(OURS[key]), found
            found = found.removesuffix(OURS[key]) + ")"
        count.case(key, found == said(text), f"expected {text}, found {found}")
    assert len(set(keys)) == len(keys)
    count.close()


def _has(place: Any, name: str) -> bool:
    for part in name.split("."):
        try:
            place = getattr(place, part)
        except AttributeError:
            return False
    return True


BASES = "the family's base class, of which nothing is made"


def test_aliases() -> None:
    reference = load("aliases.json")
    cases = [(f"{family}/{name}", family, name, target) for family, names in reference["registry"].items() for name, target in names.items()]
    exempt = exemptions([key for key, *_ in cases])
    for family, base in (("initializers", "initializer"), ("losses", "loss"), ("metrics", "metric"), ("optimizers", "optimizer"), ("regularizers", "regularizer"), ("constraints", "constraint")):
        exempt |= {f"{family}/{word}": BASES for word in (base, base.capitalize())}
    exempt |= {key: "it wraps a function, which is given with it" for key in ("metrics/MeanMetricWrapper", "metrics/mean_metric_wrapper")}
    settings = {"IoU": {"num_classes": 2, "target_class_ids": [0]}, "OneHotIoU": {"num_classes": 2, "target_class_ids": [0]},
                "MeanIoU": {"num_classes": 2}, "OneHotMeanIoU": {"num_classes": 2}, "PrecisionAtRecall": {"recall": 0.5},
                "RecallAtPrecision": {"precision": 0.5}, "SensitivityAtSpecificity": {"specificity": 0.5}, "SpecificityAtSensitivity": {"sensitivity": 0.5}}
    count = Count("aliases", {key: why for key, why in exempt.items() if key in {k for k, *_ in cases}})
    for key, family, name, target in cases:
        module = MODULES[family]
        try:
            found = module.get({"class_name": name, "config": settings[target]}) if target in settings else module.get(name)
        except ValueError as wrong:
            count.case(key, False, wrong)
            continue
        called = getattr(found, "_activation", None) or type(found).__name__
        count.case(key, called == target, f"expected {target}, found {called}")
    for family, probes in reference["get_probe"].items():
        for name, expected in probes.items():
            key = f"get/{family}/{name}"
            try:
                found = MODULES[family].get(name)
                called = getattr(found, "_activation", None) or type(found).__name__
                if family in ("initializers", "regularizers", "constraints"):
                    word, _, config = expected.partition(" ")
                    mine = {k: pytest.approx(v) if isinstance(v, float) else v for k, v in json.loads(config or "{}").items()}
                    count.case(key, called == word and (not mine or found.get_config() == mine or word == "Identity"), f"expected {expected}, found {found!r}")
                else:
                    count.case(key, called == expected, f"expected {expected}, found {called}")
            except ValueError as wrong:
                count.case(key, expected.startswith("!"), f"expected {expected}, found {wrong}")
    count.close()


def test_configs() -> None:
    reference = load("configs.json")["serialized"]
    K, L = keras, keras.layers
    K.backend.clear_session()
    made = {
        "Dense": L.Dense(4, activation="relu", name="d"),
        "Dense_full": L.Dense(4, activation="softmax", use_bias=False, kernel_initializer="he_normal", kernel_regularizer=K.regularizers.L1(0.01), name="d2"),
    }
    count = Count("configs", {})
    for key, expected in reference.items():
        if key in ("compile_config", "Sequential_compiled_to_json") or isinstance(expected, str) or expected.get("class_name") == "function":
            continue
        module = expected["module"].removeprefix("keras.")
        if module not in MODULES:
            continue
        # What Keras wrote is read, and must be written the same.
        thing = MODULES[module].deserialize(expected) if module != "layers" else getattr(L, expected["class_name"]).from_config(expected["config"])
        found = thing.get_config()
        mine = {k: v for k, v in json.loads(json.dumps(found)).items()}
        count.case(key, _alike(mine, expected["config"]), f"\n  expected {expected['config']}\n  found    {mine}")
    assert made["Dense"].get_config()["activation"] == "relu"
    count.close()


#: What Keras writes only where it is set, or does not write.
SILENT = {"quantization_config", "activity_regularizer", "delta", "axis", "thresholds", "name"}


def _alike(mine: Any, theirs: Any) -> bool:
    if isinstance(theirs, dict) and isinstance(mine, dict):
        keys = set(theirs) | set(mine)
        return all(_alike(mine.get(k), theirs.get(k)) for k in keys if not (k in SILENT and (k not in mine or k not in theirs)) and k not in ("shared_object_id", "registered_name", "build_config"))
    if isinstance(theirs, list) and isinstance(mine, list):
        return len(theirs) == len(mine) and all(_alike(a, b) for a, b in zip(mine, theirs))
    if isinstance(theirs, float) or isinstance(mine, float):
        return mine == pytest.approx(theirs, rel=1e-6)
    return mine == theirs


def test_to_json() -> None:
    reference = load("configs.json")["serialized"]
    expected = reference["Sequential_compiled_to_json"]
    keras.backend.clear_session()
    model = keras.models.model_from_json(json.dumps(expected))
    found = json.loads(model.to_json())
    assert _alike(found["config"], {k: v for k, v in expected["config"].items()})
    assert found["compile_config"]["optimizer"]["class_name"] == expected["compile_config"]["optimizer"]["class_name"]
    assert found["compile_config"]["loss"] == expected["compile_config"]["loss"]
    assert _alike(found["compile_config"]["metrics"], expected["compile_config"]["metrics"])


def _bn() -> Any:
    K = keras
    return K.Sequential([
        K.layers.Input((28, 28)), K.layers.Flatten(), K.layers.Dense(100, kernel_initializer="he_normal", use_bias=False),
        K.layers.BatchNormalization(), K.layers.Activation("relu"), K.layers.Dense(10, activation="softmax"),
    ])


def _bn_80(model: Any) -> str:
    """In a terminal of 80 columns, every layer learning again."""
    model.layers[1].trainable = True
    return model._summary(None, 80, False, False) + "\n"


def test_text(capsys: Any) -> None:
    reference = load("text.json")
    K = keras
    recurrent = "recurrent layers are not part of steadygrad"
    count = Count("text", {"naming/LSTM": recurrent, "naming/GRU": recurrent})
    K.backend.clear_session()
    needs = {"Dense": (1,), "PReLU": (), "Conv2D": (1, 1), "Activation": ("relu",), "AlphaDropout": (0.1,), "Conv2DTranspose": (1, 1), "DepthwiseConv2D": (1,)}
    for cls, expected in reference["naming"]:
        if cls in ("LSTM", "GRU"):
            count.case(f"naming/{cls}", hasattr(K.layers, cls))
            continue
        if cls.startswith("InputLayer"):
            found = "keras_tensor" if K.Input((3,)).name.startswith("input_layer") else ""
        elif cls.startswith("Input"):
            found = K.Input((3,)).name
        elif cls.startswith("Model") or cls.startswith("Functional"):
            x = K.Input((3,))
            found = K.Model(x, K.layers.Dense(1, name=f"own_{expected}")(x)).name
        elif cls == "Sequential":
            found = K.Sequential().name
        elif hasattr(K.optimizers, cls):
            found = getattr(K.optimizers, cls)().name
        else:
            found = getattr(K.layers, cls)(*needs.get(cls, ())).name
        count.case(f"naming/{expected}", found == expected, found)

    K.backend.clear_session()
    model = K.Sequential([K.layers.Input((3,)), K.layers.Dense(2), K.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["accuracy", "mae", "mse", K.metrics.AUC(name="auc1"), K.losses.huber])
    assert [w.path for w in model.weights] == reference["naming2"]["weight_paths"]
    count.case("weight_paths", True)
    x, y = np.random.rand(8, 3), np.random.randint(0, 2, (8, 1))
    history = model.fit(x, y, epochs=1, verbose=0, validation_data=(x, y))
    count.case("history_keys", sorted(history.history) == reference["naming2"]["history_keys"], sorted(history.history))
    count.case("metrics_names", model.metrics_names == reference["naming2"]["metrics_names"])
    count.case("evaluate_list", len(model.evaluate(x, y, verbose=0)) == reference["naming2"]["evaluate_list"], model.evaluate(x, y, verbose=0))

    def summary(model: Any, **how: Any) -> str:
        capsys.readouterr()
        model.summary(**how)
        return capsys.readouterr().out

    K.backend.clear_session()
    model = K.Sequential([K.layers.Dense(2), K.layers.Dense(1)])
    count.case("summary/unbuilt", summary(model) == reference["summary"]["unbuilt"])
    model.compile("sgd", "mse")
    model.fit(x, y, epochs=1, verbose=0)
    count.case("summary/compiled_trained", summary(model) == reference["summary"]["compiled_trained"])
    K.backend.clear_session()
    model = _bn()
    count.case("summary/snippet_bn", summary(model) == reference["summary"]["snippet_bn"])
    count.case("summary/show_trainable", summary(model, show_trainable=True) == reference["summary"]["show_trainable"])
    model.layers[1].trainable = False
    count.case("summary/show_trainable_frozen", summary(model, show_trainable=True) == reference["summary"]["show_trainable_frozen"])
    count.case("summary/snippet_bn_80_columns", _bn_80(model) == reference["summary"]["snippet_bn_80_columns"])
    K.backend.clear_session()
    x = K.Input((4,))
    h = K.layers.Dense(5)(x)
    b = K.layers.Activation("relu")(K.layers.BatchNormalization()(h))
    inner = K.layers.Dense(5)(b)
    total = K.layers.Add()([h, inner])
    o = K.layers.Dense(2)(total)
    count.case("summary/functional_residual", summary(K.Model(x, o, name="resmlp")) == reference["summary"]["functional_residual"])

    lines = {key: _without_times(text) for key, text in reference["progress_bar"].items()}
    K.backend.clear_session()
    model = K.Sequential([K.layers.Input((3,)), K.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    data = (np.random.rand(64, 3), np.random.rand(64, 1))
    for key, call in {
        "fit_verbose2": lambda: model.fit(*data, epochs=2, verbose=2, validation_data=data),
        "evaluate_verbose2": lambda: model.evaluate(data[0][:32], data[1][:32], verbose=2),
        "fit_verbose1": lambda: model.fit(*data, epochs=2, verbose=1, validation_data=data),
        "predict_verbose2": lambda: model.predict(data[0][:32], verbose=2),
        "predict_verbose1": lambda: model.predict(data[0][:32]),
        "fit_epochs1": lambda: model.fit(data[0][:32], data[1][:32], verbose=1),
        "evaluate_verbose1": lambda: model.evaluate(data[0][:32], data[1][:32], verbose=1),
    }.items():
        capsys.readouterr()
        call()
        found, expected = _without_times(capsys.readouterr().out), lines[key]
        # Where nobody watches, the line of an epoch is written once, without colours.
        if key.endswith("1"):
            expected = _last_lines(reference["progress_bar"][key])
        count.case(f"progress_bar/{key}", found == expected, f"\n{found!r}\n{expected!r}")
    count.close()


def _without_times(text: str) -> str:
    """Without durations and values."""
    text = re.sub(r"\d+(ms|us|s)(/step)?", "T", text)
    text = re.sub(r": -?[\d.]+(e[+-]\d+)?", ": V", text)
    return re.sub(r"T T", "T", text)


def _last_lines(text: str) -> str:
    lines = [line.split("\r")[-1] for line in text.split("\n")]
    plain = "\n".join(re.sub("\x1b\\[\\d+m", "", line) for line in lines)
    return _without_times(plain)


def test_every_word_of_the_native_half_is_here() -> None:
    families = {"layer": keras.layers, "initializer": keras.initializers, "regularizer": keras.regularizers, "constraint": keras.constraints,
                "metric": keras.metrics, "optimizer": keras.optimizers, "schedule": keras.optimizers.schedules, "activation": keras.activations,
                "loss": keras.losses, "callback": keras.callbacks}
    refused = {"Circle", "CTC"}
    for family, module in families.items():
        for cls, _ in _native.catalog(family):
            assert cls in refused or hasattr(module, cls), f"{family}: {cls} is not a word in Python"


def test_import_is_quick() -> None:
    program = "import time, numpy; t = time.process_time(); from steadygrad import keras; print(time.process_time() - t)"
    best = min(float(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout) for _ in range(3))
    print(f"python/import: {best:.3f} s of processor time, without numpy's")
    assert best < 0.3


def test_programs_that_say_tensorflow() -> None:
    import steadygrad as tf

    tf.random.set_seed(1)
    model = tf.keras.models.Sequential([tf.keras.layers.Dense(1)])
    assert model(np.ones((2, 3))).shape == (2, 1)
    from steadygrad.keras.layers import Dense
    from steadygrad.keras.models import Sequential

    assert Sequential([Dense(2)]).name.startswith("sequential")


def test_functions_of_metrics_are_the_metrics() -> None:
    random = np.random.default_rng(0)
    predictions, labels = random.random((50, 7)).astype(np.float32), random.integers(0, 7, 50)
    for name in keras.metrics.functions.__all__:
        target = np.eye(7)[labels] if not name.startswith("sparse") else labels
        values = getattr(keras.metrics, name)(target, predictions)
        assert values.shape == ((50, 7) if name == "binary_accuracy" else (50,))
        assert values.mean() == pytest.approx(float(keras.metrics.get(name)(target, predictions)), rel=1e-6), name
