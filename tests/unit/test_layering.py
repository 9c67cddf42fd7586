"""What is deployed imports nothing of what only runs on a developer's machine, and each floor only those below it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FUNCTIONS = {"ingestion", "fetching", "planning", "submission", "reconciliation"}
ABOVE_THE_LAYER = {*FUNCTIONS, "local", "tools", "ops", "tests"}
FORBIDDEN = {
    "shared/backorder": ABOVE_THE_LAYER,
    "functions/ingest": ABOVE_THE_LAYER - {"ingestion"},
    "functions/fetch": ABOVE_THE_LAYER - {"fetching"},
    "functions/plan": ABOVE_THE_LAYER - {"planning"},
    "functions/submit": ABOVE_THE_LAYER - {"submission"},
    "functions/reconcile": ABOVE_THE_LAYER - {"reconciliation"},
    "local": {"tools", "ops", "tests"},
    "local/emulator": {"backorder", *ABOVE_THE_LAYER - {"local"}},
    "ops": {"local", "tools", "tests"},
    "tools": {"tests"},
}


@pytest.mark.parametrize("folder", FORBIDDEN)
def test_a_floor_imports_nothing_from_above_it(folder: str) -> None:
    wrong = [
        f"{file.relative_to(ROOT)} imports {module}"
        for file in sorted((ROOT / folder).rglob("*.py"))
        for module in _imported(file)
        if module.partition(".")[0] in FORBIDDEN[folder]
    ]
    assert wrong == []


def _imported(file: Path) -> Iterator[str]:
    """Yield the modules that a file imports, also where it does so late or for type checkers only."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
