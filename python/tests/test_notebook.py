"""The notebook runs from its first cell to its last, and what it shows is what it tells."""

from __future__ import annotations

from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")

NOTEBOOK = Path(__file__).resolve().parents[2] / "examples" / "broken_diagnosed_cured.ipynb"


def test_notebook() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    done = nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    shown = "".join(output.get("text", "") for cell in done.cells for output in cell.get("outputs", []))
    for words in ("sick: vanishing gradient", "SG101", "cured by", "healthy"):
        assert words in shown, words
    pages = [o for cell in done.cells for o in cell.get("outputs", []) if "text/html" in o.get("data", {})]
    assert pages, "a history shows itself"
