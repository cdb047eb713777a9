"""Models as ONNX files: ONNX' own checker takes them, and ONNX Runtime computes what we compute."""

import json
from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="no onnx here: its files are not checked", exc_type=ImportError)
runtime = pytest.importorskip("onnxruntime", reason="no onnxruntime here: ONNX files are not run", exc_type=ImportError)

from steadygrad import keras  # noqa: E402

# Beside the checkout, where the tests in Rust look for it too.
REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "keras" / "models"


def session(path):
    onnx.checker.check_model(str(path), full_check=True)
    model = onnx.load(str(path))
    assert model.ir_version == 8 and [(o.domain, o.version) for o in model.opset_import] == [("", 17)]
    options = runtime.SessionOptions()
    options.log_severity_level = 3
    return model, runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def run(path, x):
    _, opened = session(path)
    names = [port.name for port in opened.get_inputs()]
    return opened.run(None, dict(zip(names, x)))


KERAS = sorted(path.stem for path in REFERENCE.glob("*.keras"))


@pytest.mark.skipif(not KERAS, reason="the reference data are not beside the checkout: models of Keras are not exported")
@pytest.mark.parametrize("name", KERAS)
def test_what_keras_predicted(name, tmp_path):
    keras.models.load_model(REFERENCE / f"{name}.keras", compile=False).export_onnx(tmp_path / "model.onnx")
    data = np.load(REFERENCE / f"{name}.npz")
    count = sum(key[0] == "x" and key[1:].isdigit() for key in data.files)
    outputs = run(tmp_path / "model.onnx", [data[f"x{i}"].astype("float32") for i in range(count)])
    for i, y in enumerate(outputs):
        np.testing.assert_allclose(y, data[f"y{i}"], rtol=1e-4, atol=1e-5)


# Weights and statistics of some size, so that none is without effect.
RANDOM = {"class_name": "RandomNormal", "config": {"mean": 0.1, "stddev": 0.5}}
POSITIVE = {"class_name": "RandomUniform", "config": {"minval": 0.3, "maxval": 1.5}}
DRAWN = {
    "Dense": ["kernel", "bias"],
    "Conv": ["kernel", "bias"],
    "DepthwiseConv": ["depthwise", "bias"],
    "SeparableConv": ["depthwise", "pointwise", "bias"],
    "BatchNormalization": ["gamma", "beta", "moving_mean"],
    "LayerNormalization": ["gamma", "beta"],
    "GroupNormalization": ["gamma", "beta"],
    "PReLU": ["alpha"],
    "Embedding": ["embeddings"],
}


def layer(kind, **config):
    base = max((start for start in DRAWN if kind.startswith(start)), key=len, default=None)
    for weight in DRAWN.get(base, []):
        config.setdefault(f"{weight}_initializer", RANDOM)
    if base == "BatchNormalization":
        config.setdefault("moving_variance_initializer", POSITIVE)
    return {"class_name": kind, "config": config}


def sequential(shape, layers):
    start = {"class_name": "InputLayer", "config": {"batch_shape": [None, *shape]}}
    return {"class_name": "Sequential", "config": {"name": "model", "layers": [start, *layers]}}


def compare(config, x, folder, rtol=1e-4, atol=1e-5):
    target = folder / "model.onnx"
    keras.utils.set_random_seed(7)
    model = keras.models.model_from_json(json.dumps(config))
    model.export_onnx(target)
    expected = model.predict(x if len(x) > 1 else x[0], verbose=0)
    expected = expected if isinstance(expected, list) else [expected]
    outputs = run(target, x)
    assert len(outputs) == len(expected)
    for y, wanted in zip(outputs, expected):
        assert y.shape == wanted.shape
        np.testing.assert_allclose(y, wanted, rtol=rtol, atol=atol)
    return onnx.load(str(target))


def operators(model):
    return [node.op_type for node in model.graph.node]


ROW, LINE, IMAGE, VOLUME = (6,), (9, 4), (8, 7, 3), (5, 4, 6, 2)


def first(shape):
    return (shape[-1], *shape[:-1])


L = layer
LAYERS = {
    "dense": (ROW, [L("Dense", units=4)]),
    "dense_of_a_line": (LINE, [L("Dense", units=5, use_bias=False)]),
    "dense_of_a_volume": (VOLUME, [L("Dense", units=3, activation="tanh")]),
    "dense_regularized": (ROW, [L("Dense", units=3, kernel_regularizer="l2", activity_regularizer="l1")]),
    "dense_with_prelu": (LINE, [L("Dense", units=5, activation=L("PReLU"))]),
    "flatten": (IMAGE, [L("Flatten"), L("Dense", units=2)]),
    "flatten_channels_first": (IMAGE, [L("Flatten", data_format="channels_first"), L("Dense", units=2)]),
    "reshape": (LINE, [L("Reshape", target_shape=[6, -1]), L("Dense", units=3), L("Reshape", target_shape=[18])]),
    "reshape_twice": (LINE, [L("Reshape", target_shape=[6, 6]), L("Reshape", target_shape=[4, 9]), L("Softmax")]),
    "reshape_and_norm": (LINE, [L("Reshape", target_shape=[4, 9]), L("LayerNormalization", axis=1)]),
    "permute": (IMAGE, [L("Permute", dims=[3, 1, 2]), L("Dense", units=2)]),
    "permute_twice": (IMAGE, [L("Permute", dims=[3, 1, 2]), L("Permute", dims=[2, 3, 1]), L("Dense", units=2)]),
    "repeat_vector": (ROW, [L("RepeatVector", n=3), L("Dense", units=2)]),
    "embedding": ((5,), [L("Embedding", input_dim=7, output_dim=3), L("GlobalAveragePooling1D")]),
    "batch_norm": (ROW, [L("BatchNormalization")]),
    "batch_norm_frozen": (ROW, [L("BatchNormalization", trainable=False, epsilon=0.1)]),
    "batch_norm_of_a_line": (LINE, [L("BatchNormalization")]),
    "batch_norm_of_an_image": (IMAGE, [L("BatchNormalization")]),
    "batch_norm_first_axis": (IMAGE, [L("BatchNormalization", axis=1)]),
    "batch_norm_middle_axis": (IMAGE, [L("BatchNormalization", axis=2)]),
    "batch_norm_bare": (IMAGE, [L("BatchNormalization", center=False, scale=False)]),
    "batch_norm_renorm": (ROW, [L("BatchNormalization", renorm=True)]),
    "layer_norm": (ROW, [L("LayerNormalization")]),
    "layer_norm_of_an_image": (IMAGE, [L("LayerNormalization")]),
    "layer_norm_two_axes": (IMAGE, [L("LayerNormalization", axis=[2, 3], epsilon=0.01)]),
    "layer_norm_first_axis": (IMAGE, [L("LayerNormalization", axis=1)]),
    "layer_norm_bare": (LINE, [L("LayerNormalization", center=False, scale=False)]),
    "layer_norm_only_scale": (LINE, [L("LayerNormalization", center=False)]),
    "layer_norm_only_center": (LINE, [L("LayerNormalization", scale=False)]),
    "rms_norm": (LINE, [L("RMSNormalization")]),
    "rms_norm_two_axes": (IMAGE, [L("RMSNormalization", axis=[1, 3])]),
    "group_norm": (IMAGE, [L("Conv2D", filters=6, kernel_size=1), L("GroupNormalization", groups=3)]),
    "instance_norm": (IMAGE, [L("GroupNormalization", groups=-1)]),
    "group_norm_one": (IMAGE, [L("GroupNormalization", groups=1)]),
    "group_norm_first": (first(IMAGE), [L("GroupNormalization", groups=3, axis=1)]),
    "unit_norm": (LINE, [L("UnitNormalization")]),
    "unit_norm_two_axes": (IMAGE, [L("UnitNormalization", axis=[1, 2])]),
    "rescaling": (IMAGE, [L("Rescaling", scale=0.1, offset=-2.0)]),
    "rescaling_each": (IMAGE, [L("Rescaling", scale=[0.1, 0.2, 0.3], offset=[1.0, 2.0, 3.0])]),
    "normalization": (IMAGE, [L("Normalization", mean=[0.1, 0.2, 0.3], variance=[1.0, 2.0, 3.0])]),
    "normalization_inverted": (IMAGE, [L("Normalization", mean=0.3, variance=4.0, invert=True)]),
    "normalization_of_state": (LINE, [L("Normalization")]),
    "prelu": (ROW, [L("PReLU")]),
    "prelu_shared": (IMAGE, [L("Conv2D", filters=4, kernel_size=3), L("PReLU", shared_axes=[1, 2]), L("Conv2D", filters=2, kernel_size=1)]),
    "prelu_of_an_image": (IMAGE, [L("Conv2D", filters=4, kernel_size=3), L("PReLU")]),
    "softmax_axis": (IMAGE, [L("Softmax", axis=1)]),
    "softmax_last": (IMAGE, [L("Conv2D", filters=5, kernel_size=3, activation="softmax")]),
    "relu_all": (LINE, [L("ReLU", max_value=1.0, negative_slope=0.1, threshold=0.2)]),
    "relu_top": (LINE, [L("ReLU", max_value=1.0)]),
    "relu_threshold": (LINE, [L("ReLU", threshold=0.5)]),
    "leaky_relu": (LINE, [L("LeakyReLU", negative_slope=0.2)]),
    "elu": (LINE, [L("ELU", alpha=0.7)]),
    "global_average": (IMAGE, [L("GlobalAveragePooling2D")]),
    "global_average_keeps": (IMAGE, [L("GlobalAveragePooling2D", keepdims=True)]),
    "global_max_first": (first(IMAGE), [L("GlobalMaxPooling2D", data_format="channels_first")]),
    "global_max_1d": (LINE, [L("GlobalMaxPooling1D")]),
    "global_average_3d": (VOLUME, [L("GlobalAveragePooling3D")]),
    "max_pool_1d": (LINE, [L("MaxPooling1D", pool_size=2, padding="same")]),
    "max_pool_2d": (IMAGE, [L("MaxPooling2D", pool_size=[2, 3], strides=[2, 1], padding="same")]),
    "max_pool_first": (first(IMAGE), [L("MaxPooling2D", data_format="channels_first")]),
    "max_pool_3d": (VOLUME, [L("MaxPooling3D", pool_size=2, padding="same")]),
    "average_pool_1d": (LINE, [L("AveragePooling1D", pool_size=3, strides=2, padding="same")]),
    "average_pool_2d": (IMAGE, [L("AveragePooling2D", pool_size=3, strides=2, padding="same")]),
    "average_pool_valid": (IMAGE, [L("AveragePooling2D", pool_size=3, strides=2)]),
    "average_pool_3d": (VOLUME, [L("AveragePooling3D", pool_size=[2, 1, 3], strides=1)]),
    "adaptive_average": (IMAGE, [L("AdaptiveAveragePooling2D", output_size=[3, 5])]),
    "adaptive_average_one": (IMAGE, [L("AdaptiveAveragePooling2D", output_size=1)]),
    "adaptive_max": (IMAGE, [L("AdaptiveMaxPooling2D", output_size=[3, 5])]),
    "adaptive_max_first": (first(IMAGE), [L("AdaptiveMaxPooling2D", output_size=3, data_format="channels_first")]),
    "adaptive_1d": (LINE, [L("AdaptiveAveragePooling1D", output_size=4)]),
    "zero_padding_1d": (LINE, [L("ZeroPadding1D", padding=[1, 2])]),
    "zero_padding_2d": (IMAGE, [L("ZeroPadding2D", padding=[[1, 2], [0, 3]]), L("Conv2D", filters=2, kernel_size=3)]),
    "zero_padding_first": (first(IMAGE), [L("ZeroPadding2D", padding=[[1, 2], [0, 3]], data_format="channels_first")]),
    "zero_padding_3d": (VOLUME, [L("ZeroPadding3D", padding=1)]),
    "cropping_1d": (LINE, [L("Cropping1D", cropping=[2, 1])]),
    "cropping_2d": (IMAGE, [L("Cropping2D", cropping=[[0, 1], [2, 0]])]),
    "cropping_3d": (VOLUME, [L("Cropping3D", cropping=1)]),
    "up_sampling_1d": (LINE, [L("UpSampling1D", size=3)]),
    "up_sampling_2d": (IMAGE, [L("Conv2D", filters=2, kernel_size=3), L("UpSampling2D", size=[2, 3]), L("Conv2D", filters=2, kernel_size=3)]),
    "up_sampling_bilinear": (IMAGE, [L("UpSampling2D", size=2, interpolation="bilinear")]),
    "up_sampling_3d": (VOLUME, [L("UpSampling3D", size=2)]),
    "resizing": (IMAGE, [L("Resizing", height=5, width=11)]),
    "resizing_antialiased": (IMAGE, [L("Resizing", height=4, width=3, interpolation="lanczos3", antialias=True)]),
    "resizing_padded": (IMAGE, [L("Resizing", height=9, width=4, pad_to_aspect_ratio=True, fill_value=0.5)]),
    "resizing_cropped": (IMAGE, [L("Resizing", height=9, width=4, crop_to_aspect_ratio=True)]),
    "center_crop": (IMAGE, [L("CenterCrop", height=5, width=4)]),
    "conv_1d": (LINE, [L("Conv1D", filters=5, kernel_size=3, strides=2)]),
    "conv_1d_causal": (LINE, [L("Conv1D", filters=5, kernel_size=3, padding="causal", dilation_rate=2)]),
    "conv_2d": (IMAGE, [L("Conv2D", filters=5, kernel_size=[3, 2], strides=[2, 1], padding="same", activation="gelu")]),
    "conv_2d_valid": (IMAGE, [L("Conv2D", filters=5, kernel_size=2, strides=3, use_bias=False)]),
    "conv_2d_dilated": (IMAGE, [L("Conv2D", filters=5, kernel_size=3, dilation_rate=2, padding="same")]),
    "conv_2d_groups": (IMAGE, [L("Conv2D", filters=6, kernel_size=3, groups=3)]),
    "conv_2d_one": (IMAGE, [L("Conv2D", filters=6, kernel_size=1), L("ReLU"), L("Conv2D", filters=2, kernel_size=3)]),
    "conv_2d_first": (first(IMAGE), [L("Conv2D", filters=5, kernel_size=3, data_format="channels_first", padding="same", activation="relu")]),
    "conv_3d": (VOLUME, [L("Conv3D", filters=3, kernel_size=2, padding="same")]),
    "depthwise_1d": (LINE, [L("DepthwiseConv1D", kernel_size=3, depth_multiplier=2)]),
    "depthwise_2d": (IMAGE, [L("DepthwiseConv2D", kernel_size=3, depth_multiplier=2, strides=2, padding="same")]),
    "separable_1d": (LINE, [L("SeparableConv1D", filters=5, kernel_size=3)]),
    "separable_2d": (IMAGE, [L("SeparableConv2D", filters=5, kernel_size=3, depth_multiplier=2, activation="relu")]),
    "transposed_1d": (LINE, [L("Conv1DTranspose", filters=3, kernel_size=3, strides=2)]),
    "transposed_2d": (IMAGE, [L("Conv2DTranspose", filters=3, kernel_size=3, strides=2, padding="same")]),
    "transposed_2d_padded": (IMAGE, [L("Conv2DTranspose", filters=3, kernel_size=3, strides=2, padding="same", output_padding=1)]),
    "transposed_2d_sparse": (IMAGE, [L("Conv2DTranspose", filters=3, kernel_size=2, strides=4)]),
    "transposed_2d_dilated": (IMAGE, [L("Conv2DTranspose", filters=3, kernel_size=3, dilation_rate=2)]),
    "transposed_3d": (VOLUME, [L("Conv3DTranspose", filters=3, kernel_size=2, strides=2)]),
    "transposed_2d_first": (first(IMAGE), [L("Conv2DTranspose", filters=3, kernel_size=4, strides=2, padding="same", data_format="channels_first")]),
    **{name: (LINE, [L(name, **config), L("Dense", units=2)]) for name, config in {
        "Dropout": {"rate": 0.5}, "AlphaDropout": {"rate": 0.5}, "GaussianDropout": {"rate": 0.5}, "GaussianNoise": {"stddev": 1.0},
        "SpatialDropout1D": {"rate": 0.5}, "ActivityRegularization": {"l1": 0.1}, "Identity": {}, "Activation": {"activation": "tanh"}}.items()},
    **{name: (IMAGE, [L(name, **config)]) for name, config in {
        "RandomFlip": {}, "RandomRotation": {"factor": 0.1}, "RandomZoom": {"height_factor": 0.1},
        "RandomTranslation": {"height_factor": 0.1, "width_factor": 0.1}, "SpatialDropout2D": {"rate": 0.5}}.items()},
    "nothing": (ROW, [L("Dropout", rate=0.5)]),
}


def values(shape, rows=3, seed=1, kind=""):
    rng = np.random.default_rng(seed)
    if kind.startswith("embedding"):
        return rng.integers(0, 7, (rows, *shape)).astype("float32")
    return (2 * rng.standard_normal((rows, *shape))).astype("float32")


@pytest.mark.parametrize("name", LAYERS)
def test_every_layer(name, tmp_path):
    shape, layers = LAYERS[name]
    compare(sequential(shape, layers), [values(shape, kind=name)], tmp_path)


ACTIVATIONS = [
    "celu", "elu", "exponential", "gelu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_tanh", "leaky_relu", "linear",
    "log_sigmoid", "mish", "relu", "relu6", "selu", "sigmoid", "silu", "soft_shrink", "softplus", "softsign", "sparse_plus",
    "sparse_sigmoid", "squareplus", "tanh", "tanh_shrink", "threshold", "glu", "log_softmax", "softmax", "sparsemax",
]


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation(name, tmp_path):
    wide = np.linspace(-20, 20, 54, dtype="float32").reshape(-1, 6)
    edges = np.array([[0, -0.0, 1, -1, 0.5, -0.5], [3, -3, 6, 1e-4, -1e-4, 15]], dtype="float32")
    x = np.concatenate([wide, edges, values(ROW, 20)])
    activation = L("threshold", threshold=0.5, default_value=-1.0) if name == "threshold" else name
    compare(sequential(ROW, [L("Activation", activation=activation)]), [x], tmp_path)


def test_a_convolutional_network_has_two_transposes(tmp_path):
    layers = []
    for filters in (4, 8):
        layers += [
            L("Conv2D", filters=filters, kernel_size=3, padding="same", use_bias=False), L("BatchNormalization"),
            L("ReLU"), L("Dropout", rate=0.2), L("MaxPooling2D"),
        ]
    layers += [L("Conv2D", filters=6, kernel_size=1), L("Activation", activation="gelu"), L("Flatten"), L("Dense", units=3, activation="softmax")]
    model = compare(sequential((12, 10, 3), layers), [values((12, 10, 3))], tmp_path)
    assert operators(model).count("Transpose") == 2
    assert operators(model).count("Conv") == 3 and "MatMul" not in operators(model)
    assert [t.name for t in model.graph.initializer][:2] == ["conv2d/kernel", "batch_normalization/gamma"]
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "N"


def tensor(name, node=0, output=0):
    return {"class_name": "__keras_tensor__", "config": {"shape": [None], "dtype": "float32", "keras_history": [name, node, output]}}


def node(*names):
    tensors = [tensor(*([name] if isinstance(name, str) else name)) for name in names]
    return {"args": tensors if len(tensors) == 1 else [tensors], "kwargs": {}}


def functional(inputs, layers, outputs):
    made = [{"class_name": "InputLayer", "name": name, "config": {"batch_shape": [None, *shape], "name": name}, "inbound_nodes": []} for name, shape in inputs.items()]
    for name, made_of, *uses in layers:
        made.append({"class_name": made_of["class_name"], "name": name, "config": {**made_of["config"], "name": name}, "inbound_nodes": list(uses)})
    ends = [[*([name, 0, 0] if isinstance(name, str) else name)] for name in outputs]
    return {"class_name": "Functional", "config": {
        "name": "graph", "layers": made, "input_layers": [[name, 0, 0] for name in inputs], "output_layers": ends}}


MERGES = ["Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"]


@pytest.mark.parametrize("kind", MERGES)
def test_merges(kind, tmp_path):
    layers = [("merged", L(kind), node("a", "b"))]
    compare(functional({"a": LINE, "b": LINE}, layers, ["merged"]), [values(LINE), values(LINE, seed=2)], tmp_path)


@pytest.mark.parametrize("kind", [m for m in MERGES if m not in ("Subtract", "Concatenate")])
def test_merges_of_three_and_of_axes_of_one(kind, tmp_path):
    layers = [("merged", L(kind), node("a", "b", "c"))]
    config = functional({"a": (9, 4), "b": (1, 4), "c": (9, 1)}, layers, ["merged"])
    compare(config, [values((9, 4)), values((1, 4), seed=2), values((9, 1), seed=3)], tmp_path)


@pytest.mark.parametrize("axis", [1, 2, 3, -1])
def test_concatenation_along_any_axis(axis, tmp_path):
    other = [8, 7, 3]
    other[axis - 1 if axis > 0 else 2] = 5
    layers = [("joined", L("Concatenate", axis=axis), node("a", "b", "a"))]
    compare(functional({"a": IMAGE, "b": other}, layers, ["joined"]), [values(IMAGE), values(other, seed=2)], tmp_path)


def test_a_residual_block_stays_with_its_channels_first(tmp_path):
    conv = {"filters": 3, "kernel_size": 3, "padding": "same"}
    layers = [
        ("one", L("Conv2D", **conv), node("x")), ("two", L("Conv2D", **conv), node("one")),
        ("sum", L("Add"), node("one", "two")), ("norm", L("BatchNormalization"), node("sum")),
        ("joined", L("Concatenate"), node("norm", "two")), ("mean", L("GlobalAveragePooling2D"), node("joined")),
        ("head", L("Dense", units=2), node("mean")),
    ]
    model = compare(functional({"x": IMAGE}, layers, ["head"]), [values(IMAGE)], tmp_path)
    assert operators(model).count("Transpose") == 1


def test_a_gate_for_each_channel_stays_with_its_channels_first(tmp_path):
    layers = [
        ("one", L("Conv2D", filters=4, kernel_size=3, padding="same"), node("x")),
        ("mean", L("GlobalAveragePooling2D", keepdims=True), node("one")),
        ("small", L("Conv2D", filters=2, kernel_size=1, activation="relu"), node("mean")),
        ("gate", L("Conv2D", filters=4, kernel_size=1, activation="sigmoid"), node("small")),
        ("gated", L("Multiply"), node("one", "gate")), ("last", L("Conv2D", filters=2, kernel_size=1), node("gated")),
        ("head", L("GlobalMaxPooling2D"), node("last")),
    ]
    model = compare(functional({"x": IMAGE}, layers, ["head"]), [values(IMAGE)], tmp_path)
    assert operators(model).count("Transpose") == 1 and "Expand" not in operators(model)


def test_shared_layers_several_inputs_and_outputs(tmp_path):
    layers = [
        ("tower", L("Dense", units=4, activation="relu"), node("left"), node("right")),
        ("both", L("Concatenate"), node("tower", ("tower", 1))),
        ("mean", L("Dense", units=2), node("both")),
        ("spread", L("Dense", units=2, activation="softplus"), node("both")),
    ]
    config = functional({"left": ROW, "right": ROW}, layers, ["mean", "spread", ("tower", 1, 0), "mean"])
    model = compare(config, [values(ROW), values(ROW, seed=2)], tmp_path)
    names = [port.name for port in model.graph.output]
    assert names[:3] == ["mean", "spread", "tower"] and len(set(names)) == 4
    assert [t.name for t in model.graph.initializer].count("tower/kernel") == 1


def test_models_in_models(tmp_path):
    inner = sequential(ROW, [L("Dense", units=4), L("BatchNormalization")])
    inner["config"]["name"] = "inner"
    layers = [("inner", inner, node("x"), node("y")), ("sum", L("Add"), node("inner", ("inner", 1)))]
    model = compare(functional({"x": ROW, "y": ROW}, layers, ["sum"]), [values(ROW), values(ROW, seed=2)], tmp_path)
    assert any(t.name.startswith("inner/") and t.name.endswith("/kernel") for t in model.graph.initializer)


def test_what_others_read_too_is_not_joined_with_what_stands_behind_it(tmp_path):
    layers = [
        ("dense", L("Dense", units=3, use_bias=False), node("x")),
        ("moved", L("Normalization", mean=[1.0, 2.0, 3.0], variance=[1.0, 4.0, 9.0]), node("dense")),
        ("norm", L("LayerNormalization", center=False, scale=False), node("dense")),
        ("scaled", L("Rescaling", scale=[1.0, 2.0, 3.0], offset=[3.0, 2.0, 1.0]), node("norm")),
        ("sum", L("Add"), node("norm", "scaled")),
    ]
    compare(functional({"x": ROW}, layers, ["moved", "dense", "sum"]), [values(ROW)], tmp_path)


def test_an_input_may_be_an_output(tmp_path):
    layers = [("y", L("Dense", units=2), node("x"))]
    compare(functional({"x": ROW}, layers, ["x", "y", "x"]), [values(ROW)], tmp_path)


PIECES = [
    lambda rng, f: L("Conv2D", filters=int(rng.integers(1, 5)), kernel_size=int(rng.integers(1, 4)), padding="same", data_format=f),
    lambda rng, f: L("Conv2D", filters=2, kernel_size=1, data_format=f, activation="softmax"),
    lambda rng, f: L("DepthwiseConv2D", kernel_size=2, depth_multiplier=2, padding="same", data_format=f),
    lambda rng, f: L("SeparableConv2D", filters=3, kernel_size=3, padding="same", data_format=f),
    lambda rng, f: L("Conv2DTranspose", filters=2, kernel_size=2, strides=2, data_format=f),
    lambda rng, f: L("MaxPooling2D", padding="same", data_format=f),
    lambda rng, f: L("AveragePooling2D", pool_size=2, strides=1, padding="same", data_format=f),
    lambda rng, f: L("UpSampling2D", data_format=f, interpolation=str(rng.choice(["nearest", "bilinear"]))),
    lambda rng, f: L("ZeroPadding2D", padding=[[1, 0], [2, 1]], data_format=f),
    lambda rng, f: L("Resizing", height=int(rng.integers(2, 7)), width=5, data_format=f),
    lambda rng, f: L("AdaptiveMaxPooling2D", output_size=3, data_format=f),
    lambda rng, f: L("BatchNormalization", axis=int(rng.integers(1, 4))),
    lambda rng, f: L("LayerNormalization", axis=int(rng.integers(1, 4))),
    lambda rng, f: L("GroupNormalization", groups=-1, axis=int(rng.integers(1, 4))),
    lambda rng, f: L("UnitNormalization", axis=int(rng.integers(1, 4))),
    lambda rng, f: L("PReLU", shared_axes=[int(rng.integers(1, 4))]),
    lambda rng, f: L("Permute", dims=[int(d) for d in rng.permutation(3) + 1]),
    lambda rng, f: L("Softmax", axis=int(rng.integers(1, 4))),
    lambda rng, f: L("Activation", activation=str(rng.choice(["gelu", "elu", "hard_silu", "sparsemax", "squareplus", "log_softmax"]))),
    lambda rng, f: L("Rescaling", scale=0.5, offset=0.1),
    lambda rng, f: L("Dense", units=3, activation="tanh"),
    lambda rng, f: L("Dropout", rate=0.3),
]
ENDS = [
    lambda rng, f: [L("Flatten", data_format=f), L("Dense", units=2)],
    lambda rng, f: [L("GlobalAveragePooling2D", data_format=f, keepdims=bool(rng.integers(2)))],
    lambda rng, f: [L("GlobalMaxPooling2D", data_format=f), L("RepeatVector", n=2)],
    lambda rng, f: [L("Reshape", target_shape=[-1]), L("BatchNormalization")],
    lambda rng, f: [],
]


@pytest.mark.parametrize("seed", range(60))
def test_any_layers_in_any_order(seed, tmp_path):
    """What moves Transposes and Reshapes about must hold wherever they meet."""
    rng = np.random.default_rng(seed)
    layers = [PIECES[rng.integers(len(PIECES))](rng, str(rng.choice(["channels_last", "channels_first"]))) for _ in range(rng.integers(2, 8))]
    layers += ENDS[rng.integers(len(ENDS))](rng, str(rng.choice(["channels_last", "channels_first"])))
    shape = [int(n) for n in rng.integers(3, 7, 3)]
    compare(sequential(shape, layers), [values(shape, seed=seed)], tmp_path, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("seed", range(40))
def test_any_graph(seed, tmp_path):
    rng = np.random.default_rng(seed)
    shapes, layers, made = {"x": (5, 6, 3), "y": (5, 6, 3)}, [], ["x", "y"]
    uses = {}
    for i in range(rng.integers(4, 12)):
        name, chance = f"l{i}", rng.random()
        of = [made[k] for k in rng.integers(len(made), size=2)]
        if chance < 0.25:
            layers.append([name, L(str(rng.choice(["Add", "Multiply", "Maximum", "Subtract", "Average"]))), node(*of)])
        elif chance < 0.35:
            layers.append([name + "a", L("GlobalMaxPooling2D", keepdims=True), node(of[0])])
            layers.append([name, L(str(rng.choice(["Add", "Multiply", "Minimum"]))), node(*[name + "a", of[1], of[0]][:: int(rng.choice([1, -1]))])])
        elif chance < 0.45 and uses:
            # A layer once more.
            shared = str(rng.choice(list(uses)))
            layers[uses[shared]].append(node(str(rng.choice(["x", "y"]))))
            layers.append([name, L("Activation", activation="linear"), node((shared, len(layers[uses[shared]]) - 3))])
        elif chance < 0.55:
            layers.append([name, L("Concatenate"), node(*of)])
            layers.append([name + "b", L("Conv2D", filters=3, kernel_size=1), node(name)])
            name += "b"
        else:
            one = [
                L("Conv2D", filters=3, kernel_size=3, padding="same"), L("BatchNormalization"), L("ReLU"), L("LayerNormalization"),
                L("Dense", units=3), L("AveragePooling2D", pool_size=2, strides=1, padding="same"), L("PReLU", shared_axes=[1, 2]),
                L("Permute", dims=[1, 2, 3]),
            ][rng.integers(8)]
            uses[name] = len(layers)
            layers.append([name, one, node(of[0])])
        made.append(name)
    outputs = [made[-1]] if rng.random() < 0.5 else [made[-1], made[rng.integers(len(made))], made[-1]]
    compare(functional(shapes, [tuple(one) for one in layers], outputs), [values((5, 6, 3), seed=1), values((5, 6, 3), seed=2)], tmp_path, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("rows", [1, 2, 300])
def test_any_number_of_samples(rows, tmp_path):
    shape, layers = LAYERS["conv_2d"]
    compare(sequential(shape, [*layers, L("Flatten"), L("Dense", units=2)]), [values(shape, rows)], tmp_path)


def test_nothing_is_written_where_something_is_missing(tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    with pytest.raises(OSError):
        model.export_onnx(tmp_path / "no folder" / "none.onnx")
    assert not list(tmp_path.iterdir())
