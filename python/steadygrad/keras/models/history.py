"""What a training came to, epoch by epoch."""

from __future__ import annotations

import html
from typing import Any

__all__ = ["History"]


class History:
    """The numbers of every epoch: ``history.history["val_loss"]``; ``epoch`` says which epochs they are of."""

    def __init__(self) -> None:
        self.history: dict[str, list[float]] = {}
        self.epoch: list[int] = []
        self.params: dict[str, Any] = {}
        self.model: Any = None
        #: What the user should know: each thing once.
        self.warnings: list[str] = []
        #: With ``on_non_finite`` the batches in which a number was not finite: dictionaries with ``epoch`` and ``batch`` (from 0),
        #: ``step``, ``place``, ``phase`` ("input", "forward", "loss", "backward", "update") and ``done`` ("skipped", "rolled_back", "stopped").
        self.non_finite: list[dict[str, Any]] = []

    def __repr__(self) -> str:
        last = ", ".join(f"{name}: {values[-1]:.4f}" for name, values in self.history.items() if values)
        return f"<History of {len(self.epoch)} epoch{'' if len(self.epoch) == 1 else 's'}{': ' + last if last else ''}>"

    def _repr_html_(self) -> str:
        names = [name for name in self.history if not name.startswith("val_")]
        parts = [self._curve(name) for name in names if len(self.history[name]) > 1]
        if not parts:
            return f"<pre>{html.escape(repr(self))}</pre>"
        return f'<div style="display:flex;flex-wrap:wrap;gap:16px">{"".join(parts)}</div>'

    def _curve(self, name: str) -> str:
        """One measure over the epochs, beside that of the validation data."""
        series = [(key, self.history[key], color) for key, color in ((name, "#1f6feb"), (f"val_{name}", "#d4621a")) if key in self.history]
        finite = [v for _, values, _ in series for v in values if v == v and abs(v) != float("inf")]
        low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
        span, width, height = (high - low) or 1.0, 300, 150

        def path(values: list[float]) -> str:
            step = width / max(1, len(values) - 1)
            points = [(i * step, height - (v - low) / span * height) for i, v in enumerate(values) if v == v and abs(v) != float("inf")]
            return " ".join(f"{'M' if i == 0 else 'L'}{x:.1f} {y:.1f}" for i, (x, y) in enumerate(points))

        lines = "".join(f'<path d="{path(values)}" fill="none" stroke="{color}" stroke-width="2"/>' for _, values, color in series)
        legend = " ".join(f'<span style="color:{color}">■</span> {html.escape(key)} {values[-1]:.4g}' for key, values, color in series)
        return (
            f'<figure style="margin:0;font:13px sans-serif"><svg viewBox="-4 -4 {width + 8} {height + 8}" width="{width + 8}" role="img" '
            f'aria-label="{html.escape(name)} over {len(self.epoch)} epochs">{lines}</svg>'
            f"<figcaption>{legend}<br>{low:.4g} … {high:.4g}, {len(self.epoch)} epochs</figcaption></figure>"
        )
