"""What a run of `python -m local run` left, for those who look at it."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass
class Ran:
    """What a run left."""

    status: int
    screen: str
    errors: str
    out: Path

    @property
    def summary(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.out / "summary.json").read_text())
        return content

    def table(self, name: str) -> list[dict[str, str]]:
        with (self.out / name).open(newline="") as file:
            return list(csv.DictReader(file))

    @property
    def line(self) -> str:
        """The screen without its line breaks."""
        return " ".join(self.screen.split())


Run = Callable[..., Ran]
"""Takes the command's arguments and `status`, its expected exit status (0)."""
