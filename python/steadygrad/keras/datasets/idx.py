"""Published sets in four files of the IDX format: found where they are kept, or fetched there once."""

from __future__ import annotations

import gzip
import hashlib
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from ... import _native
from .._base.arrays import Array

__all__ = ["load"]

#: Where the sets are published.
PUBLISHED = {
    "mnist": "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "fashion_mnist": "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
}
#: No array of these sets is larger than this.
LARGEST = 60_000 * 28 * 28 + 16


def load(name: str, path: Any) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Training and test data of a set."""
    for archive in _archives(name, path):
        if archive.is_file():
            with np.load(archive, allow_pickle=False) as found:
                return (found["x_train"], found["y_train"]), (found["x_test"], found["y_test"])
    folder = _folder() / name
    arrays = {file: _array(folder / file, name, size, md5) for file, size, md5 in _native.published(name)}
    part = {kind: next(a for f, a in arrays.items() if f.startswith(kind)) for kind in ("train-images", "train-labels", "t10k-images", "t10k-labels")}
    return (part["train-images"], part["train-labels"]), (part["t10k-images"], part["t10k-labels"])


def _archives(name: str, path: Any) -> list[Path]:
    if path is None:
        return []
    kept = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras")) / "datasets"
    return [Path(path), kept / Path(path).name] if os.path.isabs(path) else [kept / Path(path).name]


def _folder() -> Path:
    """The folder of downloaded sets, as the system's conventions have it: the command's own."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):
        base = os.environ.get("LOCALAPPDATA", "") if sys.platform == "win32" else str(Path.home() / ".cache")
    return Path(base) / "steadygrad"


def _array(place: Path, name: str, size: int, md5: str) -> Array:
    packed = place.read_bytes() if place.is_file() else b""
    if hashlib.md5(packed, usedforsecurity=False).hexdigest() != md5:
        packed = _fetched(PUBLISHED[name] + place.name, place, size, md5)
    with gzip.open(place) as file:
        raw = file.read(LARGEST + 1)
    # Two zeros, the type (8: bytes), the number of axes, their sizes, the numbers.
    axes = raw[3]
    dims = [int.from_bytes(raw[4 + 4 * i : 8 + 4 * i], "big") for i in range(axes)]
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * axes).reshape(dims).copy()


def _fetched(url: str, place: Path, size: int, md5: str) -> bytes:
    """The file, once it is sure to be the published one."""
    import urllib.request

    print(f"fetching {place.name} ({size / 1e6:.1f} MB)", file=sys.stderr)
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            packed = answer.read(size + 1)
    except OSError as wrong:
        raise OSError(f"{url} cannot be fetched ({wrong}); put the file into {place.parent} by hand, or use keras.datasets.digits, which is part of the package") from None
    if len(packed) != size or hashlib.md5(packed, usedforsecurity=False).hexdigest() != md5:
        raise OSError(f"{url} did not give the published file: {len(packed)} bytes, expected {size}")
    place.parent.mkdir(parents=True, exist_ok=True)
    beside = place.with_name(place.name + ".part")
    beside.write_bytes(packed)
    beside.replace(place)
    return packed
