"""The workloads in JAX, its strongest form: the steps of a round in one compiled `lax.scan`, donated buffers, optimizers by hand."""
import time
from functools import partial

import serve

workload, threads, folder = serve.arguments()
serve.hold_to(threads)

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

INITIALIZERS = {"glorot_uniform": jax.nn.initializers.glorot_uniform(), "he_normal": jax.nn.initializers.he_normal()}


def initial(key):
    """Parameters and moving statistics, one dictionary for each layer."""
    shape, params, state = list(workload["input"]), [], []
    for layer in workload["layers"]:
        own, kept = {}, {}
        key, draw = jax.random.split(key)
        if layer[0] == "dense":
            units = int(layer[1])
            own["kernel"] = INITIALIZERS[layer[2]](draw, (shape[-1], units))
            shape = [*shape[:-1], units]
        elif layer[0] == "conv":
            filters, size = int(layer[1]), int(layer[2])
            own["kernel"] = INITIALIZERS[layer[3]](draw, (size, size, shape[-1], filters))
            shape = [shape[0] - size + 1, shape[1] - size + 1, filters]
        elif layer[0] == "bn":
            own = {"gamma": jnp.ones(shape[-1]), "beta": jnp.zeros(shape[-1])}
            kept = {"mean": jnp.zeros(shape[-1]), "variance": jnp.ones(shape[-1])}
        elif layer[0] == "pool":
            shape = [shape[0] // int(layer[1]), shape[1] // int(layer[1]), shape[2]]
        elif layer[0] == "flatten":
            shape = [int(np.prod(shape))]
        if layer[0] in ("dense", "conv") and layer[-1] != "nobias":
            own["bias"] = jnp.zeros(shape[-1])
        params.append(own)
        state.append(kept)
    return params, state


def apply(layer, own, kept, x, train):
    """The output of a layer, and its new moving statistics."""
    kind = layer[0]
    if kind == "dense":
        x = x @ own["kernel"]
    elif kind == "conv":
        # As a product with the windows: XLA's own convolution is several times slower on processors, its gradients most of all.
        size, _, channels, filters = own["kernel"].shape
        height, width = x.shape[1] - size + 1, x.shape[2] - size + 1
        shifted = [x[:, i : i + height, j : j + width] for i in range(size) for j in range(size)]
        x = jnp.concatenate(shifted, axis=3) @ own["kernel"].reshape(size * size * channels, filters)
    elif kind == "bn":
        mean, variance = kept["mean"], kept["variance"]
        if train:
            axes = tuple(range(x.ndim - 1))
            mean = x.mean(axes)
            variance = jnp.square(x - mean).mean(axes)
            old = lax.stop_gradient((mean, variance))
            kept = {"mean": 0.99 * kept["mean"] + 0.01 * old[0], "variance": 0.99 * kept["variance"] + 0.01 * old[1]}
        x = (x - mean) * (own["gamma"] * lax.rsqrt(variance + 1e-3)) + own["beta"]
    elif kind == "relu":
        x = jax.nn.relu(x)
    elif kind == "elu":
        x = jax.nn.elu(x)
    elif kind == "pool":
        size = int(layer[1])
        n, height, width, channels = x.shape
        x = x.reshape(n, height // size, size, width // size, size, channels).max((2, 4))
    elif kind == "flatten":
        x = x.reshape(x.shape[0], -1)
    if "bias" in own:
        x = x + own["bias"]
    return x, kept


def forward(params, state, x, train, noughts=None):
    """Logits, new moving statistics, and every layer's output. `noughts`, added to those, have their gradients."""
    outputs, after = [], []
    for i, (layer, own, kept) in enumerate(zip(workload["layers"], params, state)):
        if layer[0] != "softmax":
            x, kept = apply(layer, own, kept, x, train)
            if noughts is not None:
                x = x + noughts[i]
                outputs.append(x)
        after.append(kept)
    return x, after, outputs


def loss_of(params, state, x, y, noughts=None):
    logits, after, outputs = forward(params, state, x, True, noughts)
    chosen = jnp.take_along_axis(logits, y[:, None], 1)[:, 0]
    return (jax.nn.logsumexp(logits, axis=1) - chosen).mean(), (after, outputs)


def update(params, grads, memory, step):
    """One step of the optimizer."""
    kind, rate, *more = workload["optimizer"]
    each = jax.tree.map
    if kind == "sgd":
        if not more or more[0] == 0:
            return each(lambda p, g: p - rate * g, params, grads), memory
        memory = each(lambda v, g: more[0] * v - rate * g, memory, grads)
        return each(jnp.add, params, memory), memory
    first, second = memory
    first = each(lambda m, g: m + 0.1 * (g - m), first, grads)
    second = each(lambda v, g: v + 0.001 * (g * g - v), second, grads)
    t = step + 1.0
    scaled = rate * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
    return each(lambda p, m, v: p - scaled * m / (jnp.sqrt(v) + 1e-7), params, first, second), (first, second)


def memory_of(params):
    kind, _, *more = workload["optimizer"]
    zeros = lambda: jax.tree.map(jnp.zeros_like, params)
    return (zeros(), zeros()) if kind == "adam" else zeros() if more[0] else None


def looked_at(outputs, deltas, grads):
    """What our doctor reads in a step: of outputs, of their gradients and of those of parameters."""
    rms = lambda a: jnp.sqrt(jnp.mean(a * a))
    saturated = lambda a: jnp.mean(a < -0.97)
    of = lambda a: jnp.stack([a.mean(), jnp.sqrt(jnp.mean(a.var(0))), rms(a), jnp.mean(a == 0), saturated(a)])
    return [of(a) for a in outputs], [rms(d) for d in deltas], jax.tree.map(rms, grads)


def step_of(carry, batch, x, y):
    params, state, memory, step, total = carry
    xs, ys = x[batch], y[batch]
    if workload["watch"] is None:
        (loss, (state, _)), grads = jax.value_and_grad(loss_of, has_aux=True)(params, state, xs, ys)
        seen = None
    else:
        shapes = jax.eval_shape(lambda: loss_of(params, state, xs, ys, [0.0] * len(params))[1][1])
        noughts = [jnp.zeros(s.shape) for s in shapes]
        both = jax.value_and_grad(loss_of, argnums=(0, 4), has_aux=True)
        (loss, (state, outputs)), (grads, deltas) = both(params, state, xs, ys, noughts)
        seen = looked_at(outputs, deltas, grads)
    params, memory = update(params, grads, memory, step)
    return (params, state, memory, step + 1.0, total + loss), seen


@partial(jax.jit, donate_argnums=0)
def train(carry, batches, x, y):
    """All steps of a round."""
    carry, seen = lax.scan(lambda c, b: step_of(c, b, x, y), (*carry, 0.0), batches)
    return carry[:-1], carry[-1] / len(batches), seen


@partial(jax.jit, static_argnums=(1, 2))
def passing(key, samples, batch):
    """The batches of a pass over the data, in an order of its own."""
    whole = samples // batch * batch
    return jax.random.permutation(key, samples)[:whole].reshape(-1, batch)


def trainer(x, y):
    params, state = initial(jax.random.key(1))
    kept = {"carry": (params, state, memory_of(params), 0.0), "key": jax.random.key(2), "left": None}

    def batches(steps):
        """The next ones of the pass, and of those after it."""
        found, missing = [], steps
        while missing > 0:
            if kept["left"] is None or len(kept["left"]) == 0:
                kept["key"], key = jax.random.split(kept["key"])
                # Cut by NumPy: JAX would compile a cut for every length.
                kept["left"] = np.asarray(passing(key, len(x), workload["batch"]))
            found.append(kept["left"][:missing])
            kept["left"] = kept["left"][missing:]
            missing -= len(found[-1])
        return found[0] if len(found) == 1 else np.concatenate(found)

    def go(steps):
        start = time.perf_counter()
        kept["carry"], loss, seen = jax.block_until_ready(train(kept["carry"], batches(steps), x, y))
        return steps * workload["batch"], time.perf_counter() - start, float(loss)

    return go


def predictor(x):
    params, state = initial(jax.random.key(1))
    batch = workload["batch"]
    parts = [x[i * batch : (i + 1) * batch].reshape(-1, *workload["input"]) for i in range(min(1024, len(x) // batch))]
    # Arrays of its own, as the others have tensors of theirs.
    parts = [jnp.asarray(part) for part in parts]
    predict = jax.jit(lambda params, x: jax.nn.softmax(forward(params, state, x, False)[0]))

    def go(calls):
        seconds, median = serve.timed_calls(calls, lambda i: np.asarray(predict(params, parts[i % len(parts)])))
        return calls * batch, seconds, None, median

    return go


x, y, read = serve.load(folder)
if workload["train"]:
    x, y = jax.block_until_ready((jnp.asarray(x).reshape(-1, *workload["input"]), jnp.asarray(y)))
    serve.forget_peak()
go = trainer(x, y) if workload["train"] else predictor(x)
del x, y
go(1)
serve.say(first=True, read_seconds=read)
tiny = jax.jit(lambda a: a * 1e-3)(jnp.full(64, 1e-37))
flushes = "yes" if float(tiny[0]) == 0 else "no"
serve.say(ready=True, about={"jax": jax.__version__, "flushes": flushes})
for steps in serve.asked():
    serve.answer(*go(steps))
