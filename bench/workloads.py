"""The workloads, each as one line that every runner reads: what goes in, the layers, the optimizer, the batch, and what is done.

    python bench/workloads.py A        prints the line of a workload

A line is words with settings behind colons: `in:784 dense:100:glorot_uniform:nobias bn relu … softmax sgd:0.01:0 batch:32 train`.
"""
import sys

MAIN = ["A", "B32", "B256", "C", "D", "E", "F_B1", "F_E1", "F_B1024", "F_E1024", "G"]
WATCHED = ["H_every", "H_default"]
SCALING = (
    [f"depth:{n}" for n in (2, 5, 10, 20, 50, 100, 200)]
    + [f"width:{n}" for n in (16, 64, 256, 1024, 2048, 4096)]
    + [f"batch:{n}" for n in (1, 4, 16, 64, 256, 1024, 4096)]
)

WHAT = {
    "A": "784-100 (batch normalization, ReLU)-10, SGD, batch 32",
    "B32": "784-300-100-10, ReLU, Adam, batch 32",
    "B256": "784-300-100-10, ReLU, Adam, batch 256",
    "C": "20 × (100, batch normalization, ELU) and 10, Adam, batch 32",
    "D": "50 × (100, ReLU) and 10, SGD with momentum, batch 128",
    "E": "784-2048-2048-2048-10, ReLU, Adam, batch 256",
    "F_B1": "inference of B's network, one sample",
    "F_E1": "inference of E's network, one sample",
    "F_B1024": "inference of B's network, batch 1,024",
    "F_E1024": "inference of E's network, batch 1,024",
    "G": "28×28, convolutions of 32 and 64 filters with batch normalization, pooling, 128 and 10, Adam, batch 64",
    "H_every": "C, every layer's gradients looked at in every step",
    "H_default": "C, gradients looked at on our default schedule",
}

# Steps (or calls) of one round: half a second to a few seconds for the fast runners, some ten for the slowest. Where a pass over the
# data is no round, rounds divide it, so that Keras begins no pass within one.
STEPS = {
    "A": 1875, "B32": 625, "B256": 78, "C": 375, "D": 117, "E": 13, "F_B1": 2000, "F_E1": 100, "F_B1024": 50,
    "F_E1024": 4, "G": 10, "H_every": 375, "H_default": 375,
}  # fmt: skip

# Steps before the first round that counts, where rounds are so short that losses would still be those of the start.
SETTLE = {"E": 100, "G": 100}


def dense(units, initializer, *more):
    return ":".join(["dense", str(units), initializer, *more])


HEAD = [dense(10, "glorot_uniform"), "softmax"]
B = ["in:784", dense(300, "glorot_uniform"), "relu", dense(100, "glorot_uniform"), "relu", *HEAD]
E = ["in:784", *[dense(2048, "he_normal"), "relu"] * 3, *HEAD]
C = ["in:784", *[dense(100, "he_normal", "nobias"), "bn", "elu"] * 20, *HEAD, "adam:0.001", "batch:32", "train"]
LINES = {
    "A": ["in:784", dense(100, "glorot_uniform", "nobias"), "bn", "relu", *HEAD, "sgd:0.01:0", "batch:32", "train"],
    "B32": [*B, "adam:0.001", "batch:32", "train"],
    "B256": [*B, "adam:0.001", "batch:256", "train"],
    "C": C,
    "D": ["in:784", *[dense(100, "he_normal"), "relu"] * 50, *HEAD, "sgd:0.001:0.9", "batch:128", "train"],
    "E": [*E, "adam:0.001", "batch:256", "train"],
    "F_B1": [*B, "batch:1", "predict"],
    "F_E1": [*E, "batch:1", "predict"],
    "F_B1024": [*B, "batch:1024", "predict"],
    "F_E1024": [*E, "batch:1024", "predict"],
    "G": [
        "in:28x28x1", "conv:32:3:he_normal:nobias", "bn", "relu", "conv:64:3:he_normal:nobias", "bn", "relu", "pool:2",
        "flatten", dense(128, "he_normal"), "relu", *HEAD, "adam:0.001", "batch:64", "train",
    ],
    "H_every": [*C, "watch:every"],
    "H_default": [*C, "watch:default"],
}  # fmt: skip


def line(name):
    """The line of this workload; those of the scaling runs are `depth:50`, `width:1024`, `batch:256`."""
    kind, _, number = name.partition(":")
    if not number:
        return " ".join(LINES[name])
    n = int(number)
    if kind == "depth":
        words = ["in:784", *[dense(100, "he_normal"), "relu"] * n, *HEAD, "adam:0.001", "batch:32"]
    elif kind == "width":
        words = ["in:784", *[dense(n, "he_normal"), "relu"] * 3, *HEAD, "adam:0.001", "batch:64"]
    elif kind == "batch":
        words = [*B, "adam:0.001", f"batch:{n}"]
    else:
        raise KeyError(f"no workload `{name}`")
    return " ".join([*words, "train"])


def steps(name):
    """Steps of one round."""
    kind, _, number = name.partition(":")
    if not number:
        return STEPS[name]
    n = int(number)
    work = {
        "depth": lambda: 3000 // (n + 4),
        "width": lambda: min(400, 12_000_000 // (n * n + 20_000)),
        "batch": lambda: min(1500, 25_600 // n),
    }
    return max(4, work[kind]())


def parse(text):
    """The line as a dictionary: `input`, `layers` (lists of words), `optimizer`, `batch`, `train`, `watch`."""
    found = {"layers": [], "train": False, "watch": None, "optimizer": None}
    for word in text.split():
        head, *rest = word.split(":")
        if head == "in":
            found["input"] = [int(n) for n in rest[0].split("x")]
        elif head in ("sgd", "adam"):
            found["optimizer"] = [head, *map(float, rest)]
        elif head == "batch":
            found["batch"] = int(rest[0])
        elif head in ("train", "predict"):
            found["train"] = head == "train"
        elif head == "watch":
            found["watch"] = rest[0]
        else:
            found["layers"].append([head, *rest])
    return found


if __name__ == "__main__":
    print(line(sys.argv[1]))
