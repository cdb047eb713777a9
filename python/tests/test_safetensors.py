"""Arrays in safetensors files: the library of the format reads what is written here, and what it writes is read here."""

import json
import struct

import numpy as np
import pytest

numpy_side = pytest.importorskip("safetensors.numpy", reason="no safetensors here: its files are not compared", exc_type=ImportError)
from safetensors import SafetensorError, safe_open  # noqa: E402

from steadygrad import _native  # noqa: E402


def read(path):
    return dict(_native.read_safetensors(str(path)))


def test_the_library_reads_what_is_written_here(tmp_path):
    rng = np.random.default_rng(0)
    arrays = {
        "dense/kernel": rng.standard_normal((3, 4)).astype("float32"),
        "dense/bias": np.array([np.nan, np.inf, -0.0, 1e-42], "float32"),
        "empty": np.zeros((0, 5), "float32"),
        "größe \"x\"\n:{}": np.ones((1, 2, 1, 3), "float32"),
    }
    path = tmp_path / "ours.safetensors"
    _native.write_safetensors(str(path), list(arrays.items()))
    loaded = numpy_side.load_file(path)
    assert loaded.keys() == arrays.keys()
    for name, array in arrays.items():
        assert loaded[name].dtype == np.float32 and loaded[name].shape == array.shape
        assert loaded[name].tobytes() == array.tobytes()
    with safe_open(path, framework="np") as opened:
        assert opened.metadata() in (None, {})
    with open(path, "rb") as file:
        length = struct.unpack("<Q", file.read(8))[0]
    assert length % 8 == 0


NUMBERS = [0, 1, 5, 100]
KINDS = ["float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool"]


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_of_every_kind(kind, tmp_path):
    array = np.array(NUMBERS + ([-3] if not kind.startswith(("u", "b")) else []), kind)
    if kind.startswith("float"):
        array = np.concatenate([array, np.array([0.1, -1e-7, 65504, np.inf], kind)])
    numpy_side.save_file({"x": array.reshape(1, -1)}, tmp_path / "x.safetensors")
    got = read(tmp_path / "x.safetensors")["x"]
    assert got.dtype == np.float32
    np.testing.assert_array_equal(got[0], array.astype("float32"))


def test_every_half_precision_number(tmp_path):
    array = np.arange(1 << 16, dtype="uint16").view("float16")
    numpy_side.save_file({"x": array}, tmp_path / "x.safetensors")
    np.testing.assert_array_equal(read(tmp_path / "x.safetensors")["x"], array.astype("float32"))


def test_bfloat16(tmp_path):
    # NumPy has no such type: the file is put together here, and the library says what is in it.
    bits = np.array([0x3F80, 0xC000, 0x7F80, 0x0001], "uint16")
    path = tmp_path / "x.safetensors"
    path.write_bytes(file({"x": entry(dtype="BF16", shape=[2, 2])}, bits.tobytes()))
    with safe_open(path, framework="np") as opened:
        assert (opened.get_slice("x").get_dtype(), opened.get_slice("x").get_shape()) == ("BF16", [2, 2])
    expected = (bits.astype("uint32") << 16).view("float32").reshape(2, 2)
    np.testing.assert_array_equal(read(path)["x"], expected)


def test_single_numbers_empty_arrays_and_metadata(tmp_path):
    arrays = {"one": np.array(3.0, "float32"), "empty": np.zeros((2, 0, 3), "float32"), "none": np.zeros((0,), "int64")}
    numpy_side.save_file(arrays, tmp_path / "x.safetensors", metadata={"format": "pt", "note": 'a "quoted": text'})
    got = read(tmp_path / "x.safetensors")
    assert {name: array.shape for name, array in got.items()} == {"one": (1,), "empty": (2, 0, 3), "none": (0,)}
    assert got["one"] == [3.0]


def file(header, tail=b"\0" * 8):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + tail


def entry(**changes):
    return {"dtype": "F32", "shape": [2], "data_offsets": [0, 8], **changes}


HOSTILE = {
    "empty": b"",
    "short": b"\1\2\3",
    "huge_header": struct.pack("<Q", 2**63) + b"{}",
    "header_past_the_end": struct.pack("<Q", 1000) + b"{}",
    "no_json": file(b"not json"),
    "a_list": file([entry()]),
    "deep": file(b'{"w":' + b"[" * 200_000),
    "name_twice": file(b'{"w":' + json.dumps(entry()).encode() + b',"w":' + json.dumps(entry()).encode() + b"}"),
    "overlap": file({"a": entry(), "b": entry()}),
    "past_the_end": file({"w": entry(shape=[4], data_offsets=[0, 16])}),
    "gap": file({"w": entry(shape=[1], data_offsets=[4, 8])}),
    "backward": file({"w": entry(data_offsets=[8, 0])}),
    "negative_shape": file({"w": entry(shape=[-2])}),
    "overflow": file({"w": entry(shape=[2**62, 8])}),
    "beyond_64_bits": file({"w": entry(data_offsets=[0, 2**70])}),
    "nan": file(b'{"w": {"dtype": "F32", "shape": [NaN], "data_offsets": [0, 8]}}'),
    "fraction": file({"w": entry(shape=[2.5])}),
    "unknown_kind": file({"w": entry(dtype="F31")}),
    "no_kind": file({"w": {"shape": [2], "data_offsets": [0, 8]}}),
    "leftover": file({"w": entry()}, b"\0" * 9),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_broken_is_refused(name, tmp_path):
    path = tmp_path / "x.safetensors"
    path.write_bytes(HOSTILE[name])
    with pytest.raises(ValueError, match="x.safetensors"):
        _native.read_safetensors(str(path))
    # The library takes the second of two with one name, though the format allows one only.
    if name != "name_twice":
        with pytest.raises(SafetensorError):
            numpy_side.load(HOSTILE[name])
