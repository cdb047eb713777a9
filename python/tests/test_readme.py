"""What the README shows in Python, as it stands there."""

from __future__ import annotations

import importlib.util
import pathlib
import re
from typing import Any

import pytest

TEXT = (pathlib.Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


def run(word: str, capsys: Any) -> str:
    """What the one block with this word in it says."""
    (block,) = [block for block in BLOCKS if word in block]
    exec(block, {})  # noqa: S102 - it is what readers paste
    return capsys.readouterr().out


def test_all_blocks_are_run() -> None:
    assert len(BLOCKS) == 2


def test_keras_words(capsys: Any, tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    said = run("from steadygrad import doctor, keras", capsys)
    assert "sick: vanishing gradient" in said and "cause     activation" in said, said
    accuracy = float(re.findall(r"'accuracy': ([\d.]+)", said)[-1])
    assert accuracy > 0.8 and (tmp_path / "cured.keras").exists()


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="no PyTorch here: the README's PyTorch is not run")
def test_beside_pytorch(capsys: Any) -> None:
    said = run("import steadygrad, torch", capsys)
    assert "sick: vanishing gradient" in said and "cause     activation" in said, said
    assert "for i in range(2, 25, 2):\n      model[i] = nn.ELU()" in said, said
