"""What the doctor beside PyTorch or Keras costs: processor time of a training with it against one without, round by round.

    python bench/attached/overhead.py torch [STEPS]
    python bench/attached/overhead.py keras [STEPS]
    python bench/attached/overhead.py hooks [STEPS]     the time spent in the callback of Keras, against that of the training
"""
import sys
import time

import numpy as np

import steadygrad

which, steps = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 3000
batch, width = 32, 100
rng = np.random.default_rng(0)
x = rng.standard_normal((batch * 200, width)).astype("float32")
y = rng.integers(0, 10, batch * 200)


def torch_run(schedule):
    import torch
    from torch import nn

    torch.set_num_threads(1)
    torch.manual_seed(1)
    layers = []
    for _ in range(20):
        layers += [nn.Linear(width, width, bias=False), nn.BatchNorm1d(width), nn.ELU()]
    net = nn.Sequential(*layers, nn.Linear(width, 10))
    optimizer = torch.optim.Adam(net.parameters(), 1e-3)
    xs, ys = torch.from_numpy(x), torch.from_numpy(y)

    def go():
        for k in range(steps):
            i = k % 200 * batch
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(net(xs[i : i + batch]), ys[i : i + batch])
            loss.backward()
            optimizer.step()

    start = time.process_time()
    if schedule is None:
        go()
    else:
        with steadygrad.watch(net, optimizer, schedule=schedule, quiet=True):
            go()
    return time.process_time() - start


def counted(doctor, spent):
    """Counts the processor time of the callback's hooks."""
    for name in ("on_train_begin", "on_train_batch_begin", "on_train_batch_end", "on_epoch_end"):

        def hook(*args, of=getattr(doctor, name), **words):
            start = time.thread_time()
            of(*args, **words)
            spent.append(time.thread_time() - start)

        setattr(doctor, name, hook)
    return doctor


def keras_run(schedule, spent=None):
    import keras
    from keras import layers

    keras.utils.set_random_seed(1)
    parts = [layers.Input((width,))]
    for _ in range(20):
        parts += [layers.Dense(width, use_bias=False), layers.BatchNormalization(), layers.Activation("elu")]
    net = keras.Sequential([*parts, layers.Dense(10, activation="softmax")])
    net.compile("adam", "sparse_categorical_crossentropy")
    net.fit(x, y, batch_size=batch, epochs=1, verbose=0)
    callbacks = [] if schedule is None else [steadygrad.KerasDoctor(schedule=schedule, quiet=True)]
    if spent is not None:
        callbacks = [counted(callbacks[0], spent)]
    start = time.process_time()
    net.fit(x, y, batch_size=batch, epochs=max(1, steps // 200), verbose=0, callbacks=callbacks)
    return time.process_time() - start


if which == "hooks":
    # The first is left out: what Keras imports to write its configuration counts for it.
    keras_run("default", [])
    for _ in range(4):
        spent = []
        whole = keras_run("default", spent)
        print(f"{steps} steps: {100 * sum(spent) / (whole - sum(spent)):.1f} % in the callback")
    sys.exit()
run = {"torch": torch_run, "keras": keras_run}[which]
run(None)
for schedule in ("default", "always"):
    ratios = []
    for _ in range(5):
        without, with_it = run(None), run(schedule)
        ratios.append(with_it / without - 1)
    ratios.sort()
    print(f"{which}, {steps} steps, {schedule}: median {100 * ratios[2]:+.1f} %, from {100 * ratios[0]:+.1f} to {100 * ratios[-1]:+.1f} %")
