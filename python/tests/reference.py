"""Where the reference numbers are, and how many of them hold."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(os.environ.get("STEADYGRAD_REFERENCE", Path(__file__).resolve().parents[3] / "shared" / "reference" / "keras"))


def load(name: str) -> Any:
    """A file of the reference; without it the test says that it is skipped."""
    path = ROOT / name
    if not path.exists():
        pytest.skip(f"skipped: the reference data are not beside the checkout ({name})")
    return json.loads(path.read_text())


class Count:
    """Counts cases that hold, those that are exempt with a reason, and those that fail."""

    def __init__(self, family: str, exempt: dict[str, str]) -> None:
        self.family, self.exempt = family, exempt
        self.held, self.used, self.failed = 0, set(), []

    def case(self, key: str, holds: bool, what: Any = "") -> None:
        if holds:
            self.held += 1
            assert key not in self.exempt, f"{self.family}: {key} holds, and is still called exempt"
        elif key in self.exempt:
            self.used.add(key)
        else:
            self.failed.append(f"{key}: {what}")

    def close(self) -> None:
        for key in sorted(self.used):
            print(f"  exempt: {self.family}/{key}: {self.exempt[key]}")
        total = self.held + len(self.used) + len(self.failed)
        print(f"python/{self.family}: {self.held} of {total} cases hold, {len(self.used)} exempt")
        assert not self.failed, "\n".join(self.failed)
