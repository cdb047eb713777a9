"""``fit(on_non_finite=…)``: what is done about numbers that are not finite."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from steadygrad import keras

L = keras.layers
X = np.random.default_rng(0).normal(size=(40, 2)).astype(np.float32)
Y = X[:, :1] - 0.5 * X[:, 1:]
BAD = X.copy()
BAD[21] = np.nan


def model(rate: float = 0.05) -> Any:
    keras.utils.set_random_seed(1)
    made = keras.Sequential([L.Input((2,)), L.Dense(1)])
    made.compile(keras.optimizers.Adam(rate), "mse")
    return made


def fit(made: Any, x: Any, **how: Any) -> Any:
    return made.fit(x, Y, batch_size=4, epochs=3, shuffle=False, verbose=0, **how)


def test_a_batch_that_is_skipped_counts_nowhere() -> None:
    one, other = model(), model()
    with pytest.warns(UserWarning, match="3 batches were skipped; the first in epoch 1, batch 6"):
        history = fit(one, BAD, on_non_finite="skip", callbacks=[keras.callbacks.TerminateOnNaN()])
    x, y = np.delete(X, range(20, 24), 0), np.delete(Y, range(20, 24), 0)
    other.fit(x, y, batch_size=4, epochs=3, shuffle=False, verbose=0)
    for a, b in zip(one.get_weights(), other.get_weights()):
        np.testing.assert_array_equal(a, b)
    assert int(one.optimizer.iterations) == 27 and np.isfinite(history.history["loss"]).all()
    place = history.non_finite[0].pop("place")
    assert place and history.non_finite[0] == {"epoch": 0, "batch": 5, "step": 5, "phase": "input", "done": "skipped"}
    assert [n["done"] for n in history.non_finite] == ["skipped"] * 3


def test_stop_keeps_the_weights_and_rollback_halves_the_rate() -> None:
    made = model()
    with pytest.warns(UserWarning, match="the loss is not a finite number in epoch 1, batch 6"):
        history = fit(made, BAD, on_non_finite="stop")
    assert history.epoch == [0] and history.non_finite[-1]["done"] == "stopped"
    assert all(np.isfinite(w).all() for w in made.get_weights())
    made = model(0.05)
    with pytest.warns(UserWarning, match="went back to where an epoch began 3 times"):
        history = fit(made, BAD, on_non_finite="rollback")
    assert float(made.optimizer.learning_rate) == pytest.approx(0.05 / 8)
    assert [n["done"] for n in history.non_finite] == ["rolled_back"] * 3


def test_without_it_nothing_is_done() -> None:
    made = model()
    with pytest.warns(UserWarning, match="the loss is not a finite number"):
        history = fit(made, BAD)
    assert history.epoch == [0, 1, 2] and history.non_finite == []
    assert not np.isfinite(made.get_weights()[0]).all()


def test_another_word_is_told() -> None:
    with pytest.raises(ValueError, match="did you mean `skip`"):
        fit(model(), X, on_non_finite="skipp")
    with pytest.raises(ValueError, match="on_non_finite"):
        fit(model(), X, on_non_finite=True)
