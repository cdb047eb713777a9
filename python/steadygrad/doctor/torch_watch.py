"""The doctor beside a PyTorch training: two lines around any loop."""

from __future__ import annotations

import json
import math
import sys
import warnings
from typing import Any, Callable

import numpy as np
import torch
from torch import nn

from .. import _native
from .diagnosis import Diagnosis
from .torch_code import Coder
from .torch_graph import Call, Graph, Layer, is_unit, leads, tensors
from .torch_setup import described, setup
from .torch_twin import twin

__all__ = ["watch", "Watch"]

#: Samples of which statistics are taken, at the most: of a larger batch the first.
SAMPLES = 256
#: Samples of the twin's data.
TWIN_SAMPLES = 64
#: Points that the curve of the loss has, at the most.
POINTS = 50


def watch(
    model: nn.Module,
    optimizer: Any = None,
    *,
    schedule: str = "default",
    quiet: bool = False,
    title: str | None = None,
) -> "Watch":
    """Looks at a network while it trains, and says what ails it.

    Use it around any loop that calls ``model(…)``, ``loss.backward()`` and ``optimizer.step()``::

        with steadygrad.watch(model, optimizer) as doctor:
            for x, y in loader:
                optimizer.zero_grad()
                loss = loss_of(model(x), y)
                loss.backward()
                optimizer.step()
        print(doctor.diagnosis)

    Of the first 10 steps every one is looked at, then ever fewer (``schedule="always"`` looks at all). On the other steps nothing
    is done but to remember the loss. The training itself is not changed: same numbers, same random state.

    ``optimizer`` may be a list; the first one's steps are counted. Without one no updates are looked at. A warning is given as
    soon as the network is seen to be sick; ``quiet=True`` keeps it back.

    Compiled models (``torch.compile``) run uncompiled on the steps that are looked at. Forward passes in evaluation mode or
    without gradients are not looked at. What happens within one ``nn.MultiheadAttention`` or recurrent layer is one layer.
    """
    return Watch(model, optimizer, schedule=schedule, quiet=quiet, title=title)


def _plain(x: torch.Tensor) -> np.ndarray:
    """The numbers where they lie, if they are float32 on the CPU in one piece; else a copy."""
    x = x.detach()
    if x.dtype is torch.float32 and x.layout is torch.strided and x.device.type == "cpu" and x.is_contiguous():
        return x.numpy()
    if x.is_sparse:
        x = x.coalesce().values()
    if x.is_complex():
        x = torch.view_as_real(x)
    return x.to(device="cpu", dtype=torch.float32).contiguous().numpy()


def _outside() -> int:
    """How many frames up the code stands that is neither ours nor PyTorch's."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None:
        name = frame.f_globals.get("__name__", "")
        if not name.startswith(("steadygrad", "torch")):
            break
        level, frame = level + 1, frame.f_back
    return level


def _some(x: torch.Tensor) -> torch.Tensor:
    return x[:SAMPLES] if x.dim() > 0 and x.shape[0] > SAMPLES else x


class Watch:
    """A doctor beside a training. See :func:`watch`."""

    def __init__(self, model: nn.Module, optimizer: Any, *, schedule: str, quiet: bool, title: str | None) -> None:
        if not isinstance(model, nn.Module):
            raise TypeError(f"`model` must be a torch.nn.Module, got {type(model).__name__}")
        optimizers = list(optimizer) if isinstance(optimizer, (list, tuple)) else [optimizer]
        for one in optimizers:
            if one is not None and not isinstance(one, torch.optim.Optimizer):
                raise TypeError(f"`optimizer` must be a torch.optim.Optimizer or a list of them, got {type(one).__name__}")
        _native.looks_at(schedule, 0)
        self._compiled = hasattr(model, "_orig_mod")
        self._model: nn.Module = model._orig_mod if self._compiled else model  # type: ignore[assignment]
        if isinstance(self._model, (nn.DataParallel, nn.parallel.DistributedDataParallel)):
            self._model = self._model.module
        self._optimizers = [one for one in optimizers if one is not None]
        self._schedule, self._quiet = schedule, quiet
        self._title = title or type(self._model).__name__
        self._step = 0
        self._native: Any = None
        self._graph: Graph | None = None
        self._layers: list[Layer] = []
        self._notes: list[str] = []
        self._losses: list[Any] = []
        self._step_losses: list[Any] = []
        self._handles: list[Any] = []
        self._look_handles: list[Any] = []
        self._node_handles: list[Any] = []
        self._calls: list[Call] = []
        self._pre: list[tuple[nn.Module, list[torch.Tensor], list[Any], list[int]]] = []
        self._passed: dict[tuple[int, int], torch.Tensor] = {}
        self._batch = 0
        self._clips = False
        self._alarmed = False
        self._seen_backward = False
        self._looking = False
        self._open = False
        self._scaled: dict[int, Any] = {}
        self._patched: list[tuple[Any, str, Any]] = []
        self._diagnosis: Diagnosis | None = None
        self._owners: dict[int, tuple[int, int]] = {}
        self._force = False
        self._failed = ""
        self._no_twin = ""
        self._unit_hooks: list[tuple[nn.Module, Callable[..., None]]] | None = None

    # ---- the two lines

    def __enter__(self) -> "Watch":
        if self._open:
            raise RuntimeError("this watch is open already; make another one for another loop")
        self._open = True
        self._diagnosis = None
        self._patch_losses()
        for one in self._optimizers:
            self._handles.append(one.register_step_pre_hook(self._before_update))
            self._handles.append(one.register_step_post_hook(self._after_update))
        self._begin_step()
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        self.close()

    def close(self) -> None:
        """Takes all hooks off. What was recorded stays."""
        if not self._open:
            return
        if not self._optimizers and self._seen_backward:
            self._file()
        self._end_look()
        for handle in self._handles:
            handle.remove()
        self._handles.clear()
        for owner, name, original in reversed(self._patched):
            setattr(owner, name, original)
        self._patched.clear()
        self._open = False

    @property
    def diagnosis(self) -> Diagnosis:
        """What was found in what was seen so far."""
        if self._diagnosis is None or self._open:
            if self._native is None:
                why = self._failed or "no training step of this model was seen between `with` and here"
                raise RuntimeError(f"there is nothing to judge: {why}")
            curves, told = self._curves()
            self._native.setup(json.dumps(told))
            coder = Coder(self._layers)
            native = self._native.conclude(json.dumps(curves))
            notes = list(self._notes)
            if self._no_twin and native.verdict != "healthy":
                notes.append(self._no_twin)
            self._diagnosis = Diagnosis(native, self._title, coder, tuple(notes))
        return self._diagnosis

    def __str__(self) -> str:
        return str(self.diagnosis)

    def _repr_html_(self) -> str:
        return self.diagnosis._repr_html_()

    # ---- losses

    def _patch_losses(self) -> None:
        """What `backward` is called on is the loss; what a gradient scaler makes of one is that one."""
        watching = self

        def wrap(owner: Any, name: str, make: Callable[[Any], Any]) -> None:
            original = getattr(owner, name)
            watching._patched.append((owner, name, original))
            setattr(owner, name, make(original))

        def backward(original: Any) -> Any:
            def backward(tensor: torch.Tensor, *args: Any, **words: Any) -> Any:
                watching._loss(tensor)
                return original(tensor, *args, **words)

            return backward

        def scale(original: Any) -> Any:
            def scale(scaler: Any, outputs: Any, *args: Any, **words: Any) -> Any:
                scaled = original(scaler, outputs, *args, **words)
                if isinstance(outputs, torch.Tensor) and isinstance(scaled, torch.Tensor):
                    watching._scaled[id(scaled)] = (scaled, outputs.detach())
                return scaled

            return scale

        def clip(original: Any) -> Any:
            def clip(*args: Any, **words: Any) -> Any:
                watching._clips = True
                return original(*args, **words)

            return clip

        wrap(torch.Tensor, "backward", backward)
        wrap(torch.amp.GradScaler, "scale", scale)
        for name in ("clip_grad_norm_", "clip_grad_value_"):
            wrap(nn.utils, name, clip)

    def _loss(self, tensor: torch.Tensor) -> None:
        if tensor.numel() != 1:
            return
        _, plain = self._scaled.pop(id(tensor), (None, tensor.detach()))
        self._scaled.clear()
        if not self._optimizers and self._seen_backward:
            self._file()
        self._step_losses.append(plain.reshape(()))
        self._seen_backward = True

    def _step_loss(self) -> float:
        if not self._step_losses:
            return float("nan")
        return float(torch.stack([x.float() for x in self._step_losses]).mean())

    # ---- steps

    def _begin_step(self) -> None:
        self._step_losses = []
        self._seen_backward = False
        if self._failed:
            return
        if self._force or _native.looks_at(self._schedule, self._step):
            self._force = False
            self._begin_look()

    def _before_update(self, optimizer: Any, *_: Any) -> None:
        if not self._looking or self._native is None or not self._seen_backward:
            return
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                place = self._owners.get(id(parameter))
                if place is None:
                    continue
                if parameter.grad is not None:
                    self._native.gradient(*place, _plain(parameter.grad))
                self._native.before(*place, _plain(parameter))

    def _after_update(self, optimizer: Any, *_: Any) -> None:
        if self._looking and self._native is not None and self._seen_backward:
            for group in optimizer.param_groups:
                for parameter in group["params"]:
                    place = self._owners.get(id(parameter))
                    if place is not None:
                        self._native.after(*place, _plain(parameter))
        if optimizer is self._optimizers[0]:
            self._file()

    def _file(self) -> None:
        """The step is over."""
        if self._looking and self._native is not None and self._seen_backward:
            loss = self._step_loss()
            for (layer, k), passed in self._passed.items():
                self._native.passed(layer, k, _plain(passed))
            self._native.end_step(self._step, loss)
            # Which units are dead is told by single batches, where those are large enough to tell.
            if self._batch >= 16 or self._step % 8 == 7:
                self._native.epoch()
            self._losses.append(loss)
            self._alarm()
        elif self._step_losses:
            # Kept as it is: to read it here would wait for the device.
            self._losses.append(self._step_losses[-1])
            before = self._losses[-2] if len(self._losses) > 1 else None
            late = before if isinstance(before, torch.Tensor) else None
            if late is not None and not bool(torch.isfinite(late)) and not self._alarmed:
                # What went wrong there is seen at the next step.
                self._force = True
        self._end_look()
        self._step += 1
        self._begin_step()

    def _alarm(self) -> None:
        if self._alarmed or self._quiet or self._step == 0 or self._step & (self._step - 1) and self._step != 18:
            return
        found = self._native.alarm(json.dumps(self._curves()[0]))
        if found is not None:
            self._alarmed = True
            found = json.loads(found)
            name = found["condition"].replace("_", " ")
            text = f"step {self._step}: {self._title} is sick: {name}: {found['summary']} (print(doctor.diagnosis) says more)"
            warnings.warn(text, stacklevel=_outside())

    # ---- looks

    def _begin_look(self) -> None:
        self._looking = True
        self._calls, self._pre, self._passed = [], [], {}
        root = self._model
        add = self._look_handles.append
        add(root.register_forward_pre_hook(self._begin_forward))
        for module, hook in self._units():
            add(module.register_forward_pre_hook(self._before_call))
            add(module.register_forward_hook(hook))
        add(root.register_forward_hook(self._end_forward))
        if self._compiled:
            torch.compiler.set_stance("force_eager")

    def _units(self) -> list[tuple[nn.Module, Callable[..., None]]]:
        """The modules that are looked at as one layer, with what is done when they were called."""
        if self._unit_hooks is None:
            self._unit_hooks = []
            inside = ""
            for name, module in self._model.named_modules():
                if inside and name.startswith(inside):
                    continue
                if is_unit(module):
                    inside = name + "."
                    self._unit_hooks.append((module, self._call_hook(name)))
        return self._unit_hooks

    def _end_look(self) -> None:
        for handle in self._look_handles + self._node_handles:
            handle.remove()
        self._look_handles.clear()
        self._node_handles.clear()
        if self._looking and self._compiled:
            torch.compiler.set_stance("default")
        self._looking = False
        self._calls, self._pre, self._passed = [], [], {}

    def _active(self) -> bool:
        return torch.is_grad_enabled() and self._model.training and not self._failed

    def _begin_forward(self, module: nn.Module, args: Any) -> None:
        self._calls, self._pre = [], []

    def _before_call(self, module: nn.Module, args: Any) -> None:
        if self._active():
            inputs = [x for x in tensors(args) if x.is_floating_point() or not x.is_complex()]
            self._pre.append((module, inputs, [x.grad_fn for x in inputs], [x._version for x in inputs]))

    def _call_hook(self, name: str) -> Callable[..., None]:
        def hook(module: nn.Module, args: Any, output: Any) -> None:
            if not self._active():
                return
            while self._pre and self._pre[-1][0] is not module:
                self._pre.pop()
            if not self._pre:
                return
            _, inputs, nodes, versions = self._pre.pop()
            out = next((x for x in tensors(output) if x.is_floating_point()), None)
            if out is None:
                return
            node = out.grad_fn
            if node is not None:
                passes = any(node is before for before in nodes)
            else:
                passes = any(out is x and x._version == v for x, v in zip(inputs, versions))
            call = Call(name, module, inputs, nodes, out, node, out.output_nr, passes)
            k = len(self._calls)
            self._calls.append(call)
            if self._graph is None:
                # What works in place behind it would change it.
                call.signal = _some(out.detach()).clone()
            elif k < len(self._graph.of_call) and self._graph.of_call[k] is not None:
                layer = self._layers[self._graph.of_call[k]]  # type: ignore[index]
                if layer.path.startswith(name):
                    self._native.signal(self._graph.of_call[k], _plain(_some(out)))

        return hook

    def _end_forward(self, module: nn.Module, args: Any, output: Any) -> None:
        if not self._active():
            return
        outputs = [x for x in tensors(output) if x.grad_fn is not None]
        if not outputs:
            return
        try:
            if self._graph is not None and self._graph.again(self._calls, outputs):
                self._hook_nodes(self._graph, list(tensors(args)))
                return
            names = {id(p): name for name, p in self._model.named_parameters()}
            graph = Graph(self._calls, outputs, names)
            if self._graph is None:
                self._start(graph, list(tensors(args)), outputs)
            elif [l.path for l in graph.layers] != [l.path for l in self._layers]:
                self._note("the network took another way in some steps: those were not looked at")
                self._end_look()
                return
            self._hook_nodes(graph, list(tensors(args)))
        except Exception as error:  # noqa: BLE001 - a doctor must not stop a training
            self._failed = f"{type(error).__name__}: {error}"
            text = f"steadygrad cannot look at this network, and leaves it alone: {self._failed}"
            warnings.warn(text, stacklevel=_outside())
            self._end_look()
        finally:
            # Graphs that are kept keep the memory of their step.
            self._calls, self._pre = [], []

    def _start(self, graph: Graph, inputs: list[torch.Tensor], outputs: list[torch.Tensor]) -> None:
        """The first look: which layers there are."""
        self._graph, self._layers = graph, graph.layers
        self._batch = int(inputs[0].shape[0]) if inputs and inputs[0].dim() else 1
        signals: dict[int, torch.Tensor] = {}
        for call, k in zip(self._calls, graph.of_call):
            if k is not None and call.signal is not None:
                signals[k] = call.signal
        for i, layer in enumerate(self._layers):
            if layer.saved is not None:
                signals[i] = _some(layer.saved)
            for k, (name, parameter) in enumerate(layer.parameters):
                if parameter.requires_grad:
                    self._owners.setdefault(id(parameter), (i, k))
        network = {"layers": described(self._layers), "setup": self._curves()[1]}
        self._native = _native.Attached(json.dumps(network))
        for i, signal in signals.items():
            self._native.signal(i, _plain(signal))
        made = twin(self._layers, inputs, outputs, TWIN_SAMPLES)
        why = made if isinstance(made, str) else self._native.twin(json.dumps(made[0]), made[1], made[2])
        if why:
            self._no_twin = f"no changes could be tried on a copy of this network, so causes may stay open: {why}"

    def _hook_nodes(self, graph: Graph, inputs: list[torch.Tensor]) -> None:
        """Gradients are seen at the nodes of this step's graph."""
        for handle in self._node_handles:
            handle.remove()
        self._node_handles.clear()
        native = self._native
        for x in inputs:
            if x.is_floating_point():
                native.input("input", _plain(_some(x)).ravel())
        readers = graph.readers()
        for i, layer in enumerate(graph.layers):
            if layer.saved is not None and self._graph is not graph:
                native.signal(i, _plain(_some(layer.saved)))
            if layer.node is None:
                continue

            def delta(grads: Any, i: int = i, nr: int = layer.output_nr) -> None:
                grad = grads[nr] if nr < len(grads) else None
                if grad is not None and self._looking:
                    native.delta(i, _plain(_some(grad)))

            self._node_handles.append(layer.node.register_prehook(delta))
            for k, source in enumerate(layer.inputs):
                if source is not None and readers[source] > 1:
                    self._hook_passed(graph, i, k, source)
            layer.saved = None
        for layer in graph.layers:
            layer.node, layer.own = None, set()

    def _hook_passed(self, graph: Graph, i: int, k: int, source: int) -> None:
        """What one of several readers gives back to what it read."""
        layer, target = graph.layers[i], graph.layers[source].node
        which = [j for j, other in enumerate(layer.inputs) if other == source].index(k)
        if which > 0 or target is None:
            return
        for node in layer.own | ({layer.node} if layer.node is not None else set()):
            for slot, (following, _) in enumerate(node.next_functions):
                if following is None or following in layer.own or not leads(following, target):
                    continue

                def passed(grad_inputs: Any, grad_outputs: Any, slot: int = slot, place: tuple[int, int] = (i, k)) -> None:
                    grad = grad_inputs[slot] if slot < len(grad_inputs) else None
                    if grad is None or not self._looking:
                        return
                    grad = _some(grad.detach())
                    known = self._passed.get(place)
                    self._passed[place] = grad if known is None or known.shape != grad.shape else known + grad

                self._node_handles.append(node.register_hook(passed))

    # ---- what is known of the training

    def _note(self, text: str) -> None:
        if text not in self._notes:
            self._notes.append(text)

    def _curves(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The loss in some points, and the setup with so many epochs."""
        values = [float(x) for x in self._losses]
        points = max(1, min(POINTS, len(values) // 4 or 1))
        parts = [part for part in np.array_split(np.array(values, dtype=np.float64), points) if len(part)]
        curve = [float(part.mean()) for part in parts]
        samples = max(1, -(-len(values) // points)) * max(1, self._batch)
        told = setup(self._model, self._optimizers, self._layers, self._batch, self._clips, samples)
        return {"loss": [x if math.isfinite(x) else None for x in curve]}, told
