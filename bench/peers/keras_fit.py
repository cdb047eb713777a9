"""The workloads in Keras 3, on JAX or on TensorFlow: `model.fit` as it is, and `predict_on_batch` or the compiled call, whichever is faster.

    KERAS_BACKEND=jax python bench/peers/keras_fit.py LINE THREADS FOLDER

One `fit` runs all rounds: a callback, which sees epochs and no batches, holds it between them, so that no round pays for starting one.
"""
import os
import time

import serve

workload, threads, folder = serve.arguments()
serve.hold_to(threads)

import numpy as np

if os.environ["KERAS_BACKEND"] == "tensorflow":
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
import keras
from keras import layers

# A pass over the data that ends within a round makes this round shorter, and is told as an accident.
import warnings

warnings.filterwarnings("ignore", message=".*ran out of data.*")
keras.utils.set_random_seed(1)


def network():
    parts = [layers.Input(tuple(workload["input"]))]
    for word, *rest in workload["layers"]:
        if word == "dense":
            parts.append(layers.Dense(int(rest[0]), use_bias="nobias" not in rest, kernel_initializer=rest[1]))
        elif word == "conv":
            settings = {"use_bias": "nobias" not in rest, "kernel_initializer": rest[2]}
            parts.append(layers.Conv2D(int(rest[0]), int(rest[1]), **settings))
        elif word == "bn":
            parts.append(layers.BatchNormalization())
        elif word == "pool":
            parts.append(layers.MaxPooling2D(int(rest[0])))
        elif word == "flatten":
            parts.append(layers.Flatten())
        elif word == "softmax" and workload["train"]:
            continue  # It is in the loss: behind a softmax, Keras on JAX clips the loss, and E stays where the clip has no slope.
        else:
            parts.append(layers.Activation(word))
    return keras.Sequential(parts)


def optimizer():
    kind, rate, *more = workload["optimizer"]
    if kind == "adam":
        return keras.optimizers.Adam(rate)
    return keras.optimizers.SGD(rate, momentum=more[0])


class Gate(keras.callbacks.Callback):
    """Holds `fit` between two epochs until the driver asks for the next one, and answers with what it took."""

    def __init__(self, steps):
        super().__init__()
        self.asked, self.expected = serve.asked(), steps

    def on_epoch_begin(self, epoch, logs=None):
        if self.waiting:
            steps = next(self.asked, None)
            if steps is None:
                os._exit(0)
            if steps != self.expected:
                raise SystemExit(f"all rounds have {self.expected} steps, not {steps}")
            self.waiting = False
        self.before, self.start = int(self.model.optimizer.iterations), time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        seconds = time.perf_counter() - self.start
        steps = int(self.model.optimizer.iterations) - self.before
        if steps > 0:  # Nothing was left of the pass: the next epoch begins a new one.
            serve.answer(steps * workload["batch"], seconds, logs["loss"])
            self.waiting = True

    waiting = True


def ready():
    version = {"keras": keras.__version__, keras.backend.backend(): backend_version()}
    tiny = keras.ops.convert_to_tensor(np.full(64, 1e-37, "float32")) * 1e-3
    tiny = float(keras.ops.convert_to_numpy(tiny)[0])
    serve.say(ready=True, about={**version, "flushes": "yes" if tiny == 0 else "no"})


def backend_version():
    return __import__(keras.backend.backend()).__version__


def train(x, y, read):
    net = network()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    net.compile(optimizer=optimizer(), loss=loss)
    x, batch = x.reshape(-1, *workload["input"]), workload["batch"]
    # The driver's first line, before which nothing is timed, says how long rounds are: `fit` must know.
    net.fit(x[:batch], y[:batch], batch_size=batch, epochs=1, verbose=0)
    serve.say(first=True, read_seconds=read)
    ready()
    steps = next(serve.asked())
    gate = Gate(steps)
    gate.asked = (n for source in ([steps], gate.asked) for n in source)
    whole = steps * batch == len(x) // batch * batch
    net.fit(
        x,
        y,
        batch_size=batch,
        epochs=10**6,
        steps_per_epoch=None if whole else steps,
        verbose=0,
        callbacks=[gate],
    )


def predict(x, read):
    net, batch = network(), workload["batch"]
    x = x.reshape(-1, *workload["input"])
    parts = [x[i * batch : (i + 1) * batch] for i in range(min(1024, len(x) // batch))]
    if keras.backend.backend() == "jax":
        import jax

        compiled = jax.jit(lambda t, n, x: net.stateless_call(t, n, x, training=False)[0])
        # Copies, as `predict_on_batch` gives away the buffers of the model.
        trainable = [jax.numpy.array(v.value) for v in net.trainable_variables]
        fixed = [jax.numpy.array(v.value) for v in net.non_trainable_variables]
        call = lambda x: compiled(trainable, fixed, x)
    else:
        function = tf.function(lambda x: net(x, training=False), jit_compile=False)
        call = lambda x: function(tf.convert_to_tensor(x))
    forms = {"compiled call": lambda x: np.asarray(call(x)), "predict_on_batch": net.predict_on_batch}
    forms["compiled call"](parts[0])
    serve.say(first=True, read_seconds=read)
    many = 50 if batch == 1 else 2
    taken = {}
    for name, form in forms.items():
        form(parts[0])
        taken[name], _ = serve.timed_calls(many, lambda i: form(parts[i]))
    form = forms[min(taken, key=taken.get)]
    ready()
    for calls in serve.asked():
        seconds, median = serve.timed_calls(calls, lambda i: form(parts[i % len(parts)]))
        serve.answer(calls * batch, seconds, None, median)


x, y, read = serve.load(folder)
train(x, y, read) if workload["train"] else predict(x, read)
