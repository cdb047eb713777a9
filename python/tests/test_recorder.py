"""The doctor beside a loop of one's own, in numpy."""

import numpy as np
import pytest

import steadygrad
from steadygrad.doctor import Recorder


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def train(depth, activation, slope, scale, steps=30, rate=0.1):
    """A network of so many layers, with all of its backward pass by hand; the doctor sees each number."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((64, 16))
    y = (x[:, :1] > 0).astype(np.float64)
    widths = [16] * (depth + 1) + [1]
    weights = [rng.standard_normal((a, b)) * scale(a) for a, b in zip(widths, widths[1:])]
    layers = []
    for i in range(depth):
        layers += [{"name": f"z{i}", "role": "linear"}, {"name": f"h{i}", "role": "activation"}]
        if activation is sigmoid:
            layers[-1]["bounds"] = (0, 1)
    layers.append({"name": "out", "role": "linear"})
    doctor = Recorder(layers, optimizer="SGD", learning_rate=rate, batch_size=64)
    for step in range(steps):
        signals, h = [], x
        for i, w in enumerate(weights):
            z = h @ w
            signals.append((h, z))
            h = activation(z) if i < depth else z
        loss = float(np.mean((h - y) ** 2))
        delta = 2 * (h - y) / len(x)
        gradients, deltas = [None] * len(weights), {}
        for i in reversed(range(len(weights))):
            before, z = signals[i]
            if i < depth:
                deltas[f"h{i}"] = delta
                delta = delta * slope(z)
            deltas[f"z{i}" if i < depth else "out"] = delta
            gradients[i] = before.T @ delta
            delta = delta @ weights[i].T
        names = [f"z{i}" for i in range(depth)] + ["out"]
        if doctor.looks_at(step):
            for i, name in enumerate(names):
                doctor.record(step, name, signal=signals[i][1], delta=deltas[name], gradient=gradients[i], weight=weights[i])
                if i < depth:
                    doctor.record(step, f"h{i}", signal=activation(signals[i][1]), delta=deltas[f"h{i}"])
        weights = [w - rate * g for w, g in zip(weights, gradients)]
        if doctor.looks_at(step):
            doctor.end_step(step, loss, weights=dict(zip(names, weights)))
    return doctor.diagnosis()


def test_a_sigmoid_network_loses_its_gradient():
    found = train(10, sigmoid, lambda z: sigmoid(z) * (1 - sigmoid(z)), lambda n: np.sqrt(1 / n))
    assert found.verdict != "healthy"
    assert "vanishing_gradient" in [f.condition for f in found.findings]
    assert "dB" in str(found)


def test_a_rectifier_network_keeps_it():
    relu = lambda z: np.maximum(z, 0)  # noqa: E731
    found = train(4, relu, lambda z: (z > 0).astype(float), lambda n: np.sqrt(2 / n))
    assert found.verdict == "healthy", str(found)
    seen = found.chart()["training"]["samples"][0]["layers"]
    assert all(layer["delta"] > 0 for layer in seen)
    # The only reader passes on all that comes to what it reads.
    assert seen[1]["passed"] == [seen[0]["delta"]]


def test_what_is_not_finite_is_named():
    doctor = Recorder([{"name": "a", "role": "linear"}, {"name": "b", "role": "linear"}])
    for step, value in enumerate([1.0, np.nan]):
        doctor.record(step, "a", signal=np.ones((4, 2)), delta=np.ones((4, 2)))
        doctor.record(step, "b", signal=np.full((4, 2), value), delta=np.ones((4, 2)))
        doctor.end_step(step, 0.5)
    found = doctor.diagnosis()
    assert found.verdict == "sick"
    assert found.findings[0].condition == "non_finite"
    assert "`b`" in found.findings[0].summary


@pytest.mark.parametrize("values", [np.ones((4, 3), dtype=np.float64)[:, ::2], np.ones((4, 2), dtype=int, order="F"), [[1, 2]] * 4])
def test_numbers_of_any_kind_are_taken(values):
    doctor = Recorder([{"name": "a", "role": "linear"}])
    doctor.record(0, "a", signal=values, delta=values)
    doctor.end_step(0, 1.0)
    assert doctor.diagnosis().chart()["training"]["samples"][0]["layers"][0]["delta"] > 0


def test_mistakes_are_told():
    with pytest.raises(ValueError, match="same name"):
        Recorder([{"name": "a"}, {"name": "a"}])
    with pytest.raises(ValueError, match="schedule"):
        Recorder([{"name": "a"}], schedule="sometimes")
    doctor = Recorder([{"name": "a", "role": "linear"}])
    with pytest.raises(ValueError, match="no layer 'b'"):
        doctor.record(0, "b", signal=np.ones(3))


def test_only_who_needs_a_framework_imports_it():
    import subprocess
    import sys

    code = "import sys, steadygrad; print([m for m in ('torch', 'keras', 'tensorflow', 'jax') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    assert steadygrad.__version__
