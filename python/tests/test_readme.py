"""What the README shows in Python, as it stands there."""

import pathlib
import re

import pytest

pytest.importorskip("torch", reason="no PyTorch here: the README's Python is not run")


def test_the_readmes_python_runs(capsys):
    text = (pathlib.Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert blocks
    for block in blocks:
        names: dict = {}
        exec(block, names)  # noqa: S102 - it is what readers paste
        said = capsys.readouterr().out
        assert "sick: vanishing gradient" in said and "cause     activation" in said, said
        assert "for i in range(2, 25, 2):\n      model[i] = nn.ELU()" in said, said
