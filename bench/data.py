"""Makes the data of the benchmarks: 60,000 samples of 784 numbers (mean 0, variance 1) with one of ten labels.

    python bench/data.py FOLDER        writes x.npy and y.npy, if they are not there

A sample is a picture of 16 hidden numbers and noise. A fixed network, the teacher, gives the label from the hidden numbers, and one
label in ten is drawn anew, so that a loss cannot become small by learning alone.
"""
import sys
from pathlib import Path

import numpy as np

SAMPLES, PIXELS, HIDDEN, CLASSES = 60_000, 784, 16, 10


def make(folder):
    rng = np.random.default_rng(7)
    hidden = rng.standard_normal((SAMPLES, HIDDEN)).astype(np.float32)
    pictures = rng.standard_normal((HIDDEN, PIXELS)).astype(np.float32)
    x = hidden @ pictures + np.float32(4) * rng.standard_normal((SAMPLES, PIXELS), dtype=np.float32)
    x = ((x - x.mean(0)) / x.std(0)).astype(np.float32)
    inner = np.tanh(hidden @ rng.standard_normal((HIDDEN, 32)).astype(np.float32) / 2)
    y = (inner @ rng.standard_normal((32, CLASSES)).astype(np.float32)).argmax(1)
    other = rng.random(SAMPLES) < 0.1
    y[other] = rng.integers(0, CLASSES, other.sum())
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "x.npy", x)
    np.save(folder / "y.npy", y.astype(np.int32))


if __name__ == "__main__":
    where = Path(sys.argv[1])
    if not (where / "y.npy").exists():
        make(where)
