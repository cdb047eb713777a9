"""What a PyTorch network is: its layers and how they are wired, read from one forward pass and the graph that autograd kept of it.

Modules are found by hooks. What stands between them in code (``torch.relu(x)``, ``x + y``, ``x @ w``) is found in the graph, so
that a network need not be made of modules alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Iterator

import torch
from torch import nn

__all__ = ["Call", "Layer", "Graph", "tensors", "is_unit", "leads"]

#: Operations that move numbers and change none.
MOVES = (
    "View", "UnsafeView", "ReshapeAlias", "Squeeze", "Unsqueeze", "Transpose", "Permute", "T", "Clone", "Alias", "ToCopy",
    "Contiguous", "Flatten", "Unflatten", "Movedim", "SwapAxes", "Mt", "Detach", "AsStrided",
)
#: Activations in the graph: our word, and where their output can be read from.
ACTIVATIONS = {
    "Relu": ("relu", "_saved_result", None),
    "Tanh": ("tanh", "_saved_result", (-1.0, 1.0)),
    "Sigmoid": ("sigmoid", "_saved_result", (0.0, 1.0)),
    "Gelu": ("gelu", None, None),
    "Silu": ("silu", None, None),
    "Elu": ("elu", None, None),
    "LeakyRelu": ("leaky_relu", None, None),
    "Softplus": ("softplus", None, None),
    "Mish": ("mish", None, None),
    "LogSigmoid": ("log_sigmoid", None, None),
    "LogSigmoidForward": ("log_sigmoid", None, None),
    "Hardtanh": ("hard_tanh", None, (-1.0, 1.0)),
    "Hardsigmoid": ("hard_sigmoid", None, (0.0, 1.0)),
    "Hardswish": ("hard_silu", None, None),
    "Softmax": ("softmax", "_saved_result", None),
    "LogSoftmax": ("log_softmax", "_saved_result", None),
}
#: Of those, the ones whose values can be computed again from what autograd saved.
AGAIN = {
    "gelu": torch.nn.functional.gelu,
    "silu": torch.nn.functional.silu,
    "softplus": torch.nn.functional.softplus,
    "mish": torch.nn.functional.mish,
}
#: Modules that are looked at as one, though they have modules within.
WHOLE = (nn.MultiheadAttention,)


def tensors(value: Any) -> Iterator[torch.Tensor]:
    """All tensors in what a module takes or gives."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from tensors(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from tensors(item)


def is_unit(module: nn.Module) -> bool:
    """Whether a module is looked at as one layer: those of PyTorch with no others within. What somebody wrote is looked into."""
    if isinstance(module, WHOLE):
        return True
    within = any(True for _ in module.children())
    return not within and type(module).__module__.startswith(("torch.nn.", "torch.ao."))


@dataclass
class Call:
    """One use of a module in a forward pass."""

    name: str
    module: nn.Module
    inputs: list[torch.Tensor]
    #: The nodes of autograd behind the inputs when it was called: what works in place changes them.
    input_nodes: list[Any]
    output: torch.Tensor
    node: Any
    output_nr: int
    #: It hands its input on as it is, as Identity does.
    passes: bool
    #: The output as it was, as long as it is not known which layer it belongs to.
    signal: torch.Tensor | None = None


@dataclass
class Layer:
    """A layer of the network: a module, or an operation in code."""

    path: str
    cls: str
    role: str
    module: nn.Module | None = None
    op: str = ""
    node: Any = None
    output_nr: int = 0
    call: int | None = None
    inputs: list[int | None] = field(default_factory=list)
    in_shapes: list[tuple[int, ...]] = field(default_factory=list)
    shape: tuple[int, ...] = ()
    parameters: list[tuple[str, nn.Parameter]] = field(default_factory=list)
    bounds: tuple[float, float] | None = None
    own: set[Any] = field(default_factory=set)
    saved: torch.Tensor | None = None

    @property
    def channels_first(self) -> bool:
        """Its units are the axis behind the batch."""
        spatial = (nn.modules.conv._ConvNd, nn.modules.batchnorm._NormBase, nn.GroupNorm)
        return isinstance(self.module, spatial)


def _op(node: Any) -> str:
    """ReluBackward0 → Relu."""
    name = node.name().split("::")[-1]
    return name.split("Backward")[0]


def _role(module: nn.Module) -> tuple[str, tuple[float, float] | None]:
    if isinstance(module, (nn.Linear, nn.Bilinear, nn.modules.conv._ConvNd, nn.Embedding, nn.EmbeddingBag)):
        return "linear", None
    norms = (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm, nn.LocalResponseNorm, nn.CrossMapLRN2d)
    if isinstance(module, norms) or type(module).__name__ in ("RMSNorm", "LayerNorm2d"):
        return "normalization", None
    if isinstance(module, (nn.modules.dropout._DropoutNd,)):
        return "noise", None
    pools = (
        nn.modules.pooling._MaxPoolNd, nn.modules.pooling._AvgPoolNd, nn.modules.pooling._AdaptiveMaxPoolNd,
        nn.modules.pooling._AdaptiveAvgPoolNd, nn.modules.pooling._LPPoolNd,
    )
    if isinstance(module, pools):
        return "pooling", None
    if isinstance(module, (nn.Flatten, nn.Unflatten, nn.PixelShuffle, nn.Upsample, nn.modules.padding._ConstantPadNd)):
        return "shape", None
    if type(module).__module__.startswith("torch.nn.modules.activation") and not isinstance(module, WHOLE):
        bounds = {"Sigmoid": (0.0, 1.0), "Tanh": (-1.0, 1.0), "Hardsigmoid": (0.0, 1.0), "Softsign": (-1.0, 1.0)}
        if isinstance(module, nn.Hardtanh) and type(module) is nn.Hardtanh:
            return "activation", (float(module.min_val), float(module.max_val))
        return "activation", bounds.get(type(module).__name__)
    return "other", None


class Graph:
    """The layers of a network in the order of its forward pass."""

    def __init__(self, calls: list[Call], outputs: list[torch.Tensor], names: dict[int, str]) -> None:
        self.layers: list[Layer] = []
        #: For each call the layer that it is; None where it only hands its input on.
        self.of_call: list[int | None] = []
        self._names = names
        self._build(calls, outputs)

    def again(self, calls: list[Call], outputs: list[torch.Tensor]) -> bool:
        """Takes the nodes of another pass over the same modules; False where that needs the whole of its graph."""
        plain = len(calls) == len(self.of_call) and all(layer.call is not None for layer in self.layers)
        if not plain or max(self.readers(), default=0) > 1:
            return False
        for call, k in zip(calls, self.of_call):
            if call.passes != (k is None) or k is not None and self.layers[k].module is not call.module:
                return False
        for call, k in zip(calls, self.of_call):
            if k is not None:
                self.layers[k].node, self.layers[k].output_nr = call.node, call.output_nr
        # What happens between the modules must be as it was, too.
        for call, k in zip(calls, self.of_call):
            if k is None:
                continue
            for node, source in zip(call.input_nodes, self.layers[k].inputs):
                if (node is None) != (source is None or self.layers[source].node is None):
                    return False
                if node is not None and source is not None and not leads(node, self.layers[source].node):
                    return False
        heads = [layer.node for layer in self.layers]
        return all(any(leads(x.grad_fn, head) for head in heads if head is not None) for x in outputs)

    def readers(self) -> list[int]:
        """How many inputs of other layers read each layer."""
        count = [0] * len(self.layers)
        for layer in self.layers:
            for source in layer.inputs:
                if source is not None:
                    count[source] += 1
        return count

    def _build(self, calls: list[Call], outputs: list[torch.Tensor]) -> None:
        heads: dict[Any, int] = {}
        passes: set[int] = set()
        for k, call in enumerate(calls):
            if call.passes:
                passes.add(k)
            elif call.node is not None:
                heads[call.node] = k
        nodes = _nodes(outputs)
        inside: set[Any] = set()
        own: dict[int, set[Any]] = {}
        for node, k in heads.items():
            own[k] = _within(node, calls[k], heads)
            inside |= own[k] - {node}
        # Forward order; a call without a graph comes behind what was called before it.
        entries: list[tuple[float, int, Any, int | None]] = []
        last = -1.0
        for k, call in enumerate(calls):
            if k in passes:
                continue
            node = call.node
            if node is not None and heads.get(node) == k:
                last = float(node._sequence_nr())
                entries.append((last, 0, node, k))
            elif node is None:
                entries.append((last, 1, None, k))
        for node in nodes:
            if node not in inside and node not in heads and not _is_leaf(node):
                entries.append((float(node._sequence_nr()), 0, node, None))
        entries.sort(key=lambda e: (e[0], e[1], e[3] if e[3] is not None else -1))
        self.of_call = [None] * len(calls)
        index: dict[Any, int | None] = {}
        by_tensor: dict[int, int | None] = {}
        used: dict[str, int] = {}
        for _, _, node, k in entries:  # type: ignore[assignment]
            if k is None and _op(node) in MOVES:
                index[node] = self._source(node, index)
                continue
            layer = self._of_module(calls[k]) if k is not None else self._of_op(node)
            count = used[layer.path] = used.get(layer.path, 0) + 1
            if count > 1 or (k is None):
                layer.path = f"{layer.path}_{count}" if count > 1 else layer.path
            layer.node, layer.call = node, k
            if k is not None:
                layer.own = own.get(k, set())
                for x, before in zip(calls[k].inputs, calls[k].input_nodes):
                    if before is not None:
                        layer.inputs.append(index.get(before))
                    else:
                        layer.inputs.append(by_tensor.get(id(x)))
                    layer.in_shapes.append(tuple(x.shape))
                if not layer.inputs:
                    layer.inputs = [None]
            else:
                layer.own = {node}
                for following, _ in node.next_functions:
                    if following is not None and not _is_parameter(following):
                        layer.inputs.append(index.get(following))
                    elif following is not None:
                        layer.parameters += self._parameters(following)
                if layer.op == "Add" and layer.parameters:
                    layer.role = "scaling"
                if layer.parameters and layer.role == "other":
                    layer.role = "linear" if layer.op in ("Mm", "Addmm", "Bmm", "Convolution", "Embedding") else "scaling"
                layer.inputs = layer.inputs or [None]
            number = len(self.layers)
            self.layers.append(layer)
            if node is not None:
                index[node] = number
            if k is not None:
                self.of_call[k] = number
                by_tensor[id(calls[k].output)] = number

    @staticmethod
    def _source(node: Any, index: dict[Any, int | None]) -> int | None:
        for following, _ in node.next_functions:
            if following is not None and following in index:
                return index[following]
        return None

    def _parameters(self, node: Any) -> list[tuple[str, nn.Parameter]]:
        found = []
        todo = [node]
        while todo:
            at = todo.pop()
            if hasattr(at, "variable"):
                parameter = at.variable
                found.append((self._names.get(id(parameter), "weight"), parameter))
            todo += [n for n, _ in at.next_functions if n is not None]
        return found

    def _of_module(self, call: Call) -> Layer:
        role, bounds = _role(call.module)
        layer = Layer(call.name or type(call.module).__name__.lower(), type(call.module).__name__, role, call.module)
        layer.output_nr = call.output_nr
        layer.shape = tuple(call.output.shape)
        layer.bounds = bounds
        recurse = isinstance(call.module, WHOLE)
        named = list(call.module.named_parameters(recurse=recurse))
        # The kernel first.
        named.sort(key=lambda item: item[0] != "weight")
        prefix = f"{call.name}." if call.name else ""
        layer.parameters = [(prefix + name, p) for name, p in named]
        return layer

    def _of_op(self, node: Any) -> Layer:
        op = _op(node)
        if op in ACTIVATIONS:
            word, saved, bounds = ACTIVATIONS[op]
            layer = Layer(word, op, "activation", op=op, bounds=bounds)
            layer.saved = _saved(node, word, saved)
        elif op in ("Add", "Cat", "Stack"):
            layer = Layer(op.lower(), op, "merge", op=op)
        elif op in ("NativeBatchNorm", "NativeLayerNorm", "NativeGroupNorm", "CudnnBatchNorm"):
            layer = Layer("normalization", op, "normalization", op=op)
        elif op in ("NativeDropout", "FusedDropout"):
            layer = Layer("dropout", op, "noise", op=op)
        elif "Pool" in op:
            layer = Layer("pool", op, "pooling", op=op)
        elif op in ("Mean", "Select", "Slice", "Split", "Index", "Narrow", "Expand", "ConstantPadNd"):
            layer = Layer(op.lower(), op, "pooling" if op == "Mean" else "shape", op=op)
        elif op in ("Mul", "Div"):
            layer = Layer(op.lower(), op, "scaling", op=op)
        else:
            layer = Layer(op.lower() or "op", op, "other", op=op)
        layer.shape = _shape(node, layer.saved)
        return layer


def _saved(node: Any, word: str, attribute: str | None) -> torch.Tensor | None:
    """The output of an activation, from what autograd keeps for its slope."""
    try:
        if attribute is not None:
            return getattr(node, attribute).detach()
        if word in AGAIN and hasattr(node, "_saved_self"):
            with torch.no_grad():
                return AGAIN[word](node._saved_self.detach())
    except RuntimeError:
        pass
    return None


def _shape(node: Any, saved: torch.Tensor | None) -> tuple[int, ...]:
    """The shape of what an operation gives."""
    if saved is not None:
        return tuple(saved.shape)
    about = getattr(node, "_input_metadata", None)
    return tuple(int(n) for n in about[0].shape) if about else ()


def leads(node: Any, target: Any) -> bool:
    """Whether an edge ends at this node, but for what only moves numbers."""
    while node is not target:
        following = [n for n, _ in node.next_functions if n is not None]
        if _op(node) not in MOVES or len(following) != 1:
            return False
        node = following[0]
    return True


def _is_leaf(node: Any) -> bool:
    return hasattr(node, "variable")


def _is_parameter(node: Any) -> bool:
    """A weight, or a weight that was only moved."""
    while True:
        if _is_leaf(node):
            return True
        following = [n for n, _ in node.next_functions if n is not None]
        if len(following) != 1 or _op(node) not in MOVES:
            return False
        node = following[0]


def _nodes(outputs: list[torch.Tensor]) -> list[Any]:
    """All nodes of the graph behind these tensors, but for what only prepares weights."""
    todo = [x.grad_fn for x in outputs if x.grad_fn is not None]
    seen = set(todo)
    found = list(todo)
    while todo:
        node = todo.pop()
        for following, _ in node.next_functions:
            if following is None or following in seen or _is_parameter(following):
                continue
            seen.add(following)
            found.append(following)
            todo.append(following)
    return found


def _within(head: Any, call: Call, heads: dict[Any, int]) -> set[Any]:
    """The nodes of one call: from its output back to its inputs."""
    ends = {node for node in call.input_nodes if node is not None}
    own = {head}
    todo = [head]
    while todo:
        node = todo.pop()
        for following, _ in node.next_functions:
            if following is None or following in own or following in ends or following in heads:
                continue
            own.add(following)
            todo.append(following)
    return own
