"""``compile``, and the learner that comes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._base import seeds
from .._base.arrays import Array
from .._base.runner import Runner
from .._base.telling import warn
from .compiled import Compiled
from .history import History

__all__ = ["Compiling"]


class Compiling:
    """What a model knows of its training, and who trains it."""

    if TYPE_CHECKING:
        name: str

        @property
        def built(self) -> bool: ...
        @property
        def layers(self) -> Any: ...
        _aliases: dict[str, str]
        _output_keys: list[str] | None

        def _graph(self) -> Any: ...
        def _build_from(self, x: Any) -> None: ...
        def _input_names(self) -> list[str]: ...
        def _output_names(self) -> list[str]: ...
        def _input_sizes(self) -> list[tuple[int, ...]]: ...
        def _output_sizes(self) -> list[tuple[int, ...]]: ...
        def _named(self, given: Any) -> Any: ...

    def _start_untrained(self) -> None:
        self._compiled: Compiled | None = None
        self._trainer: Runner | None = None
        self._plain_runner: Runner | None = None
        self._plain_of: Any = None
        self._target_shapes: list[tuple[int, ...]] | None = None
        self._trainer_of: Any = None
        self.stop_training = False
        self.history: History | None = None

    # ---- compile

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: Any = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Says how the model is trained: optimizer, loss (or one for each output), metrics.

        The weights stay as they are; the optimizer begins anew. Names and settings that cannot be are told here.
        ``run_eagerly``, ``steps_per_execution``, ``jit_compile`` and ``auto_scale_loss`` change nothing here.
        """
        outputs = self._output_names() if self.built else None
        loss, loss_weights, metrics, weighted_metrics = (self._named(g) for g in (loss, loss_weights, metrics, weighted_metrics))
        compiled = Compiled(optimizer, loss, loss_weights, metrics, weighted_metrics, outputs)
        self._forget_trainer()
        self._compiled = compiled
        compiled.optimizer._bind(None)
        self._warn_of_softmax(loss)

    def _warn_of_softmax(self, loss: Any) -> None:
        """A loss of logits behind a softmax learns, but not what is meant."""
        one = loss if hasattr(loss, "_config") else None
        if one is None or not one._config.get("from_logits") or not self.built:
            return
        last = self.layers[-1] if self.layers else None
        activation = getattr(last, "_config", {}).get("activation")
        if last is not None and activation in ("softmax", "sigmoid"):
            warn(
                f"the loss is told from_logits=True, and the last layer `{last.name}` ends in {activation}: leave one of them out",
            )

    @property
    def compiled(self) -> bool:
        return self._compiled is not None

    @property
    def optimizer(self) -> Any:
        return self._compiled.optimizer if self._compiled else None

    @property
    def loss(self) -> Any:
        return self._compiled.given["loss"] if self._compiled else None

    @property
    def metrics_names(self) -> list[str]:
        if self._compiled is None:
            return []
        return ["loss", "compile_metrics"] if self._compiled.given["metrics"] or self._compiled.given["weighted_metrics"] else ["loss"]

    @property
    def metrics(self) -> list[Any]:
        return list(self._compiled.given["metrics"] or []) if self._compiled else []

    def get_compile_config(self) -> dict[str, Any]:
        """How it is compiled, as plain data; nothing where it is not."""
        return self._compiled.get_config() if self._compiled else {}

    def reset_metrics(self) -> None:
        """Metrics begin anew with every epoch and every evaluation: there is nothing to reset."""

    def _forget_trainer(self) -> None:
        """Weights that are newer in the native half are fetched before it goes."""
        for runner in (self._trainer, self._plain_runner):
            if runner is not None:
                runner.fetch()
        self._trainer = self._plain_runner = None

    # ---- the native half

    def _training_runner(self, what: str, y: list[Array] | None = None, seed: int | None = None) -> Runner:
        """The learner that trains, made when it is first needed, and again where layers were frozen or thawed before a step was made, or
        where a training is gone on with that had another seed."""
        if self._compiled is None:
            raise ValueError(f"`{what}` needs to know optimizer and loss: call `compile` first")
        if self._compiled.given["loss"] is None:
            raise ValueError(f"`{what}` needs a loss: compile(loss=…)")
        graph = self._graph()
        native = graph.native()
        shapes = None if y is None else [array.shape[1:] for array in y]
        same = native is self._trainer_of and (shapes is None or not self._own_losses() or shapes == self._target_shapes)
        if self._trainer is not None and seed not in (None, self._trainer.seed):
            same = False
        elif self._trainer is not None and (same or int(self._compiled.optimizer.iterations) > 0):
            if native is not self._trainer_of and what == "fit":
                warn(f"layers of `{self.name}` were changed (frozen, thawed, set otherwise) since it began to train: call `compile` for that to hold")
            return self._trainer
        self._forget_trainer()
        outputs = self._output_names()
        optimizer = self._compiled.optimizer
        runner = Runner(
            native,
            graph.variables(),
            optimizer=optimizer._told(),
            losses=self._compiled.losses(outputs, shapes or [tuple(s) for s in native.output_shapes()]),
            metrics=self._compiled.metrics(outputs),
            seed=seeds.next_seed("training") if seed is None else seed,
        )
        self._trainer, self._trainer_of, self._target_shapes = runner, native, shapes
        optimizer._bind(runner)
        return runner

    def _own_losses(self) -> bool:
        made = self._compiled.losses(self._output_names(), None) if self._compiled else []
        return any(not isinstance(loss, str) for _, loss, _ in made)

    def _any_runner(self) -> Runner:
        """What predicts: the learner that trains, or one that cannot."""
        graph = self._graph()
        native = graph.native()
        if self._trainer is not None and native is self._trainer_of:
            return self._trainer
        if self._plain_runner is None or self._plain_of is not native:
            if self._plain_runner is not None:
                self._plain_runner.fetch()
            self._plain_runner, self._plain_of = Runner(native, graph.variables(), seed=seeds.current()), native
        return self._plain_runner
