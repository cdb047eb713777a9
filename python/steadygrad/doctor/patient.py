"""The doctor and a model of ``steadygrad.keras``: examined, forecast, cured."""

from __future__ import annotations

import html
import json
import os
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Iterator

from .. import _native
from .diagnosis import Diagnosis, in_words
from .keras_code import Coder

if TYPE_CHECKING:
    from ..keras import Model

__all__ = ["Cure", "Explanation", "Forecast", "cure", "examine", "explain", "forecast"]


class Forecast:
    """What theory expects of a network from its layers and initializers alone: text, HTML, and a dictionary."""

    def __init__(self, text: str, told: dict[str, Any], page: str) -> None:
        self._text, self._dict, self._page = text, told, page

    def to_dict(self) -> dict[str, Any]:
        return self._dict

    def to_html(self) -> str:
        return self._page

    def save(self, path: str) -> None:
        """Writes the page to a file."""
        with open(path, "w", encoding="utf-8") as file:
            file.write(self._page)

    def __str__(self) -> str:
        return self._text.rstrip()

    def __repr__(self) -> str:
        return f"<Forecast: {self._text.splitlines()[0] if self._text else ''}>"

    def _repr_html_(self) -> str:
        return _framed(self._page, "forecast")


class Cure:
    """What came of a treatment: ``cured``, the ``model`` that is (compiled, its weights new), the ``diff``, the ``diagnosis``."""

    def __init__(
        self, diagnosis: Diagnosis, text: str, told: dict[str, Any], page: str, diff: str, code: str, model: Model | None
    ) -> None:
        self.diagnosis = diagnosis
        self.model = model
        #: The change, as an experiment file would say it.
        self.diff = diff
        #: The cured model as Keras code.
        self.code = code
        self._text, self._dict, self._page = text, told, page

    @property
    def cured(self) -> bool:
        return self.model is not None

    @property
    def changes(self) -> list[str]:
        """What was changed, in words; nothing where nothing helped, or nothing was sick."""
        return list(self._dict.get("edits", []))

    def to_dict(self) -> dict[str, Any]:
        """What was tried with all seeds, what was kept, the proof, and both diagnoses."""
        return self._dict

    def to_html(self) -> str:
        return self._page

    def save(self, path: str) -> None:
        """Writes the page to a file."""
        with open(path, "w", encoding="utf-8") as file:
            file.write(self._page)

    def __str__(self) -> str:
        code = "\n".join("  " + line for line in self.code.splitlines())
        return self._text.rstrip() + (f"\n\nin code (`cure.model` is it):\n\n{code}" if code else "")

    def __repr__(self) -> str:
        return f"<Cure: {'cured by ' + '; '.join(self.changes) if self.cured else 'not cured'}>"

    def _repr_html_(self) -> str:
        return _framed(self._page, "cure")


class Explanation(str):
    """The text of a check; in a notebook it keeps its lines."""

    def _repr_html_(self) -> str:
        return f"<pre style='white-space:pre-wrap'>{html.escape(self)}</pre>"


def _framed(page: str, title: str) -> str:
    """The page within a notebook: it can save its pictures, and reaches nothing of the notebook that it stands in."""
    return f'<iframe sandbox="allow-scripts allow-downloads" srcdoc="{html.escape(page, quote=True)}" style="width:100%;height:720px;border:0" title="{title}"></iframe>'


@contextmanager
def _patient(
    model: Any, x: Any, y: Any, sample_weight: Any, validation_data: Any, validation_split: float, batch_size: int, epochs: int, start: str
) -> Iterator[Any]:
    """The model with its data, as the native half takes them."""
    from ..keras.models import Model, feeding
    from ..keras.models.compiled import Compiled

    if not isinstance(model, Model):
        kind = f"{type(model).__module__.split('.')[0]}.{type(model).__name__}"
        raise TypeError(
            f"a model of steadygrad.keras is examined here, got {kind}; a network of PyTorch is watched with steadygrad.watch, one of "
            "Keras with steadygrad.KerasDoctor"
        )
    if x is not None and not model.built:
        model._build_from(x)
    compiled = model._compiled
    if compiled is None or compiled.given["loss"] is None:
        if x is not None:
            raise ValueError("the doctor needs to know optimizer and loss: call `compile` first")
        compiled = Compiled("sgd", "mse", None, None, None, None)
    graph = model._graph()
    outputs = model._output_names()
    losses = compiled.losses(outputs)
    metrics = [m for m in compiled.metrics(outputs) if isinstance(m[1], str)]
    own = [name for name, loss, _ in losses if not isinstance(loss, str)] + [layer.name for layer in graph.layers if layer._function is not None]
    if own:
        raise ValueError(f"functions of your own cannot be tried with other seeds: {', '.join(str(o or 'the loss') for o in own)}")
    xs = [] if x is None else feeding.inputs(x, model._input_names(), model._input_sizes())
    ys = [] if x is None else feeding.targets(y, model._loss_outputs(), len(xs[0]))
    validation = None
    if validation_data is not None:
        vx, vy, _ = feeding.unpacked(validation_data)
        fed = feeding.inputs(vx, model._input_names(), model._input_sizes())
        validation = (fed, feeding.targets(vy, model._loss_outputs(), len(fed[0])))
    weights = feeding.sample_weights(sample_weight, len(xs[0])) if xs else None
    from ..keras._base import seeds

    if start not in ("auto", "kept", "drawn"):
        raise ValueError(f'`weights` must be "auto", "kept" or "drawn", got {start!r}')
    with tempfile.TemporaryDirectory() as folder:
        kept = None
        if start == "kept" or start == "auto" and any(variable._given for variable in model.weights):
            kept = os.path.join(folder, "weights.safetensors")
            _native.write_safetensors(kept, [(name, variable.value) for name, variable in graph.variables().items()])
        yield _native.Patient(
            graph.native(), compiled.optimizer._told(), losses, metrics, seeds.current(), (epochs, batch_size, validation_split, True),
            xs, ys, weights, validation, kept,
        )


def examine(
    model: Model,
    x: Any,
    y: Any,
    *,
    epochs: int = 3,
    seconds: float = 10.0,
    batch_size: int = 32,
    validation_data: Any = None,
    validation_split: float = 0.2,
    sample_weight: Any = None,
    weights: str = "auto",
    quiet: bool = False,
) -> Diagnosis:
    """Looks at a model: at its start, then while a copy of it trains for some epochs. The model itself stays as it is.

    ``epochs`` and ``seconds`` bound the training that is watched; with ``epochs=0`` only the start is looked at. ``weights`` says
    where it starts: ``"drawn"`` anew, as it began (several draws are looked at), or from those that it has, ``"kept"``. ``"auto"``
    keeps weights that were loaded or set, and draws where they came of drawing and training alone.
    """
    with _patient(model, x, y, sample_weight, validation_data, validation_split, batch_size, max(1, epochs), weights) as patient:
        native = patient.examine(int(epochs), float(seconds), bool(quiet))
        return Diagnosis(native, model.name, Coder(patient, native))


def forecast(model: Model, x: Any = None, y: Any = None, *, batch_size: int = 32) -> Forecast:
    """What theory expects of signal and gradient in every layer, before anything is run; without data, of standardized inputs."""
    with _patient(model, x, y, None, None, 0.0, batch_size, 1, "auto") as patient:
        text, told, page = patient.forecast(model.name)
    return Forecast(text, json.loads(told), page)


def cure(
    model: Model,
    x: Any,
    y: Any,
    *,
    seeds: int = 5,
    seconds: float = 300.0,
    epochs: int = 3,
    batch_size: int = 32,
    validation_data: Any = None,
    validation_split: float = 0.2,
    sample_weight: Any = None,
    weights: str = "auto",
    quiet: bool = False,
) -> Cure:
    """Examines a model, tries what is prescribed over several seeds, and keeps what is proved better on validation data.

    ``seconds`` is the time of all trainings together, about; ``weights`` as in ``examine``. The cured model comes back compiled, with new weights: train it.
    """
    from .. import keras

    if validation_data is None and not validation_split:
        raise ValueError("a cure is judged by validation data: give `validation_data` or a `validation_split`")
    with _patient(model, x, y, sample_weight, validation_data, validation_split, batch_size, max(1, epochs), weights) as patient, tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "cured.keras")
        native, text, told, page, diff, both = patient.cure(int(epochs), float(seconds), int(seeds), model.name, file, bool(quiet))
        diagnosis = Diagnosis(native, model.name, Coder(patient, native))
        made = keras.models.load_model(file) if both else None
    said = json.loads(told)
    code = ""
    if both:
        pair = json.loads(both)
        changes = [line for line in (in_words(edit) for edit in said["edits"]) if line]
        code = "\n".join([*(f"# {change}" for change in changes), *Coder.layers(pair["before"], pair["after"])])
    return Cure(diagnosis, in_words(text), said, page, diff, code, made)


def explain(condition: str | None = None) -> Explanation:
    """What a check sees, why it matters, its causes and cures: by code or name (``"SG101"``, ``"vanishing_gradient"``); without one,
    a list of all."""
    return Explanation(_native.explain(condition))
