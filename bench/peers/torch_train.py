"""The workloads in PyTorch. With `--best`: compiled by torch.compile, fused optimizers, convolutions in the layout channels_last.

The usual form is eager with ordinary optimizers. Data lie in memory as tensors, batches are picked by index, there is no DataLoader.
"""
import sys
import time

import serve

best = "--best" in sys.argv
sys.argv = [word for word in sys.argv if word != "--best"]
workload, threads, folder = serve.arguments()
serve.hold_to(threads)

import torch
from torch import nn

torch.set_num_threads(threads)
torch.set_num_interop_threads(1)
torch.set_flush_denormal(True)
torch.manual_seed(1)


def initialize(weight, name, fan_in, fan_out):
    """As Keras draws: uniform, or normal and cut off at two deviations."""
    if name == "he_normal":
        deviation = (2 / fan_in) ** 0.5 / 0.8796256610342398
        nn.init.trunc_normal_(weight, 0.0, deviation, -2 * deviation, 2 * deviation)
    else:
        limit = (6 / (fan_in + fan_out)) ** 0.5
        nn.init.uniform_(weight, -limit, limit)


def network():
    """The layers of the workload; the last softmax is in the loss, or in the prediction."""
    shape, layers = list(workload["input"]), []
    if len(shape) == 3:
        shape = [shape[2], shape[0], shape[1]]
    for word, *rest in workload["layers"]:
        bias = "nobias" not in rest
        if word == "dense":
            layer = nn.Linear(shape[0], int(rest[0]), bias=bias)
            initialize(layer.weight, rest[1], shape[0], int(rest[0]))
            shape = [int(rest[0])]
        elif word == "conv":
            filters, size = int(rest[0]), int(rest[1])
            layer = nn.Conv2d(shape[0], filters, size, bias=bias)
            initialize(layer.weight, rest[2], shape[0] * size * size, filters * size * size)
            shape = [filters, shape[1] - size + 1, shape[2] - size + 1]
        elif word == "bn":
            kind = nn.BatchNorm2d if len(shape) == 3 else nn.BatchNorm1d
            layer = kind(shape[0], eps=1e-3, momentum=0.01)
        elif word == "pool":
            layer = nn.MaxPool2d(int(rest[0]))
            shape = [shape[0], shape[1] // int(rest[0]), shape[2] // int(rest[0])]
        elif word == "flatten":
            layer, shape = nn.Flatten(), [shape[0] * shape[1] * shape[2]]
        elif word == "softmax":
            if workload["train"]:
                continue
            layer = nn.Softmax(dim=1)
        else:
            layer = {"relu": nn.ReLU, "elu": nn.ELU}[word]()
        if getattr(layer, "bias", None) is not None and word in ("dense", "conv"):
            nn.init.zeros_(layer.bias)
        layers.append(layer)
    net = nn.Sequential(*layers)
    return net.to(memory_format=torch.channels_last) if best and len(workload["input"]) == 3 else net


def optimizer_of(net):
    kind, rate, *more = workload["optimizer"]
    fused = {"fused": True} if best else {}
    if kind == "adam":
        return torch.optim.Adam(net.parameters(), lr=rate, eps=1e-7, **fused)
    return torch.optim.SGD(net.parameters(), lr=rate, momentum=more[0], **fused)


def rms(a):
    return a.square().mean().sqrt()


class Watched:
    """What our doctor reads in a step, by hooks: of outputs, of their gradients and of those of parameters. No number leaves
    the tensors before the round is over."""

    def __init__(self, net):
        self.net, self.step, self.steps = net, [], []
        for layer in net:
            layer.register_forward_hook(self.output)

    def output(self, layer, inputs, output):
        with torch.no_grad():
            a = output.detach()
            deviation = a.var(0, correction=0).mean().sqrt()
            zeros, saturated = (a == 0).float().mean(), (a < -0.97).float().mean()
            self.step += [a.mean(), deviation, rms(a), zeros, saturated]
        output.register_hook(lambda delta: self.step.append(rms(delta)))

    @torch.no_grad()
    def end_of_step(self):
        self.step += [rms(p.grad) for p in self.net.parameters()]
        self.steps.append(torch.stack(self.step))
        self.step = []


def shaped(x):
    """The samples in the layout of convolutions, where there are some."""
    x = torch.from_numpy(x)
    if len(workload["input"]) == 3:
        height, width, channels = workload["input"]
        x = x.reshape(-1, height, width, channels).permute(0, 3, 1, 2)
        x = x if best else x.contiguous()
    return x


def trainer(x, y):
    x, y = shaped(x), torch.from_numpy(y).long()
    net = network()
    optimizer, loss_of, batch = optimizer_of(net), nn.CrossEntropyLoss(), workload["batch"]
    watched = Watched(net) if workload["watch"] else None
    forward = torch.compile(lambda xs, ys: loss_of(net(xs), ys)) if best else lambda xs, ys: loss_of(net(xs), ys)
    passes = {"batches": iter(())}

    def batches(steps):
        for _ in range(steps):
            part = next(passes["batches"], None)
            if part is None:
                order = torch.randperm(len(x))[: len(x) // batch * batch]
                passes["batches"] = iter(order.split(batch))
                part = next(passes["batches"])
            yield part

    def go(steps):
        total = torch.zeros(())
        start = time.perf_counter()
        for part in batches(steps):
            optimizer.zero_grad(set_to_none=True)
            loss = forward(x[part], y[part])
            loss.backward()
            if watched:
                watched.end_of_step()
            optimizer.step()
            total += loss.detach()
        if watched:
            torch.stack(watched.steps).numpy()
            watched.steps = []
        loss = total.item() / steps
        return steps * batch, time.perf_counter() - start, loss

    return go


def predictor(x):
    net, batch = network().eval(), workload["batch"]
    x = shaped(x)
    parts = [x[i * batch : (i + 1) * batch] for i in range(min(1024, len(x) // batch))]
    predict = torch.compile(net) if best else net

    def go(calls):
        with torch.inference_mode():
            seconds, median = serve.timed_calls(calls, lambda i: predict(parts[i % len(parts)]).numpy())
        return calls * batch, seconds, None, median

    return go


x, y, read = serve.load(folder)
go = trainer(x, y) if workload["train"] else predictor(x)
go(1)
serve.say(first=True, read_seconds=read)
flushes = "yes" if (torch.full((64,), 1e-37) * 1e-3)[0].item() == 0 else "no"
serve.say(ready=True, about={"torch": torch.__version__, "flushes": flushes})
for steps in serve.asked():
    serve.answer(*go(steps))
