"""What the doctor found, as objects: text, HTML, and plain dictionaries."""

from __future__ import annotations

import html
import json
from typing import Any, Callable

__all__ = ["Diagnosis", "Finding", "Prescription"]

#: Writes the changes of a prescription as code: what they change, and which prescription of which finding it is.
Coder = Callable[[list[dict[str, Any]], int, int], "str | None"]

#: Keys of our experiments, in words for who has none.
WORDS = {
    "compile.optimizer.config.learning_rate =": "learning rate",
    "compile.optimizer.config.global_clipnorm =": "gradients clipped to a global norm of",
    "compile.optimizer =": "the optimizer",
    "fit.batch_size =": "batches of",
    "fit.epochs =": "epochs:",
    "fit.shuffle =": "shuffle:",
    ": data.scale = standard": " to mean 0 and deviation 1",
    ": data.target_scale = standard": " to mean 0 and deviation 1",
}


def in_words(text: str) -> str:
    """A text without the keys of experiment files."""
    for key, words in WORDS.items():
        text = text.replace(key, words)
    return text


class Prescription:
    """What to do about a finding.

    ``title`` says it in words, ``applicability`` is ``"safe"``, ``"trial"`` or ``"advice"``, and ``code`` is the change in the
    framework that the network is written in, or None where it has to be made by hand.
    """

    def __init__(self, said: dict[str, Any], coder: Coder | None = None, place: tuple[int, int] = (0, 0)) -> None:
        self.title: str = in_words(said["title"]) if coder else said["title"]
        self.applicability: str = said["applicability"]
        self.changes: list[dict[str, Any]] = said.get("changes", [])
        self.code: str | None = coder(self.changes, *place) if coder and self.changes else None

    def __repr__(self) -> str:
        return f"<Prescription: {self.title} ({self.applicability})>"


class Finding:
    """One thing that is wrong: ``code``, ``condition``, ``severity``, ``summary``, ``layers``, ``causes``, ``evidence``,
    ``prescriptions``; ``follows_from`` is the code of the finding that this one follows from."""

    def __init__(self, said: dict[str, Any], coder: Coder | None = None, place: int = 0) -> None:
        self.code: str = said["code"]
        self.condition: str = said["condition"]
        self.severity: str = said["severity"]
        self.summary: str = said["summary"]
        self.layers: list[str] = said["layers"]
        self.causes: list[str] = said["causes"]
        self.evidence: list[dict[str, Any]] = said["evidence"]
        self.follows_from: str | None = said["follows_from"]
        self.prescriptions = [Prescription(p, coder, (place, i)) for i, p in enumerate(said["prescriptions"])]

    def __repr__(self) -> str:
        return f"<Finding {self.code} {self.condition} ({self.severity}): {self.summary}>"


class Diagnosis:
    """What ails a network.

    ``str(diagnosis)`` is the report in words, in a notebook it shows itself as a page, ``to_dict()`` has every number.
    """

    def __init__(self, native: Any, title: str = "network", coder: Coder | None = None, notes: tuple[str, ...] = ()) -> None:
        self._native = native
        self._title = title
        self._foreign = coder is not None
        #: What the doctor could not do, and why.
        self.notes = list(notes)
        self._dict: dict[str, Any] = json.loads(native.json())
        self.findings = [Finding(found, coder, i) for i, found in enumerate(self._dict["findings"])]

    @property
    def verdict(self) -> str:
        """``"healthy"``, ``"sick"`` or ``"unsure"``."""
        return self._native.verdict

    @property
    def causes(self) -> list[str]:
        """The causes of the root of what is wrong, the likeliest first."""
        return self.findings[0].causes if self.findings else []

    def to_dict(self) -> dict[str, Any]:
        """Verdict, findings, ledger, signal and forecast as plain data; NaN and infinities are strings."""
        return self._dict

    def chart(self) -> dict[str, Any]:
        """All that was measured, layer by layer and step by step: ``{"start": …, "training": …}``."""
        return json.loads(self._native.chart())

    def brief(self) -> str:
        """The verdict in a few lines."""
        return in_words(self._native.brief()) if self._foreign else self._native.brief()

    def prescription(self) -> Prescription | None:
        """The first thing to try."""
        for finding in self.findings:
            for prescription in finding.prescriptions:
                if prescription.changes:
                    return prescription
        return None

    def code(self) -> str:
        """The first thing to try for each sick finding, as code in the network's own framework."""
        lines = []
        for finding in self.findings:
            if finding.severity != "sick" or finding.follows_from:
                continue
            for prescription in finding.prescriptions:
                if prescription.code:
                    lines += [f"# {finding.code} {finding.condition}: {prescription.title}", prescription.code, ""]
                    break
        return "\n".join(lines)

    def to_html(self) -> str:
        """A page that needs nothing else: pictures of the flow, the findings, every layer."""
        return self._native.page(self._title)

    def save(self, path: str) -> None:
        """Writes the page to a file."""
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.to_html())

    def __str__(self) -> str:
        text = self._native.text().rstrip()
        if self._foreign:
            text = in_words(text)
        code = self.code().rstrip()
        if code:
            text += "\n\nin code:\n\n" + "\n".join("  " + line if line else "" for line in code.splitlines())
        for note in self.notes:
            text += f"\n\nnote: {note}"
        return text

    def __repr__(self) -> str:
        return f"<Diagnosis: {self.verdict}>"

    def _repr_html_(self) -> str:
        page = html.escape(self.to_html(), quote=True)
        # It can save its pictures, and reaches nothing of the notebook that it stands in.
        return f'<iframe sandbox="allow-scripts allow-downloads" srcdoc="{page}" style="width:100%;height:720px;border:0" title="diagnosis"></iframe>'
