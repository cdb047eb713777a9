"""Makes the data of the benchmarks: 60,000 samples of 784 numbers (mean 0, variance 1) with one of ten labels.

    python bench/data.py FOLDER           writes x.npy and y.npy, if they are not there
    python bench/data.py --small FOLDER   2,048 samples of noise, without NumPy: for seeing whether something runs

A sample is a picture of 16 hidden numbers and noise. A fixed network, the teacher, gives the label from the hidden numbers, and one
label in ten is drawn anew, so that a loss cannot become small by learning alone.
"""
import random
import struct
import sys
from array import array
from pathlib import Path

SAMPLES, PIXELS, HIDDEN, CLASSES, SMALL = 60_000, 784, 16, 10, 2_048


def make(folder):
    import numpy as np

    rng = np.random.default_rng(7)
    hidden = rng.standard_normal((SAMPLES, HIDDEN)).astype(np.float32)
    pictures = rng.standard_normal((HIDDEN, PIXELS)).astype(np.float32)
    x = hidden @ pictures + np.float32(4) * rng.standard_normal((SAMPLES, PIXELS), dtype=np.float32)
    x = ((x - x.mean(0)) / x.std(0)).astype(np.float32)
    inner = np.tanh(hidden @ rng.standard_normal((HIDDEN, 32)).astype(np.float32) / 2)
    y = (inner @ rng.standard_normal((32, CLASSES)).astype(np.float32)).argmax(1)
    other = rng.random(SAMPLES) < 0.1
    y[other] = rng.integers(0, CLASSES, other.sum())
    np.save(folder / "x.npy", x)
    np.save(folder / "y.npy", y.astype(np.int32))


def write(path, numbers, kind, shape):
    """A file of NumPy's, format 1.0."""
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (63 - (10 + len(header)) % 64) + "\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + numbers.tobytes())


def make_small(folder):
    draw = random.Random(7)
    # One row of noise, turned by one place from sample to sample: quick to draw.
    noise = [draw.gauss(0, 1) for _ in range(SMALL + PIXELS)]
    x = array("f")
    for i in range(SMALL):
        x.extend(noise[i : i + PIXELS])
    write(folder / "x.npy", x, "<f4", (SMALL, PIXELS))
    write(folder / "y.npy", array("i", (draw.randrange(CLASSES) for _ in range(SMALL))), "<i4", (SMALL,))


if __name__ == "__main__":
    where = Path(sys.argv[-1])
    if not (where / "y.npy").exists():
        where.mkdir(parents=True, exist_ok=True)
        make_small(where) if "--small" in sys.argv else make(where)
