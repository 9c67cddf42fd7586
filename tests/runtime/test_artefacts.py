"""What is in the layer and in the functions, as `sam build` makes them."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runtime import artefacts
from tests.runtime.artefacts import BUILD, FUNCTIONS, LAYER, PYTHON

LAYER_LIMIT = 25_000_000
"""Bytes. Lambda takes ten times as much; what is loaded at each cold start should be small."""


@pytest.fixture(autouse=True)
def _built() -> None:
    artefacts.required()


def files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file()]


def test_the_layer_is_small() -> None:
    size = sum(file.stat().st_size for file in files(BUILD / "SharedLayer"))

    assert size < LAYER_LIMIT


@pytest.mark.parametrize("function", ["PlanSubmissions", "SubmitBackorders"])
def test_plan_and_submit_carry_nothing_beyond_the_layer(function: str) -> None:
    (package,) = (BUILD / function).iterdir()

    assert {file.suffix for file in files(package)} == {".py", ".pyc"}
    assert package.name in {"planning", "submission"}


@pytest.mark.parametrize("artefact", [*FUNCTIONS, "SharedLayer"])
def test_every_module_comes_compiled_for_the_path_that_it_has_in_lambda(artefact: str) -> None:
    root = b"/opt/python/" if artefact == "SharedLayer" else b"/var/task/"

    for module in (BUILD / artefact).rglob("*.py"):
        compiled = module.parent / "__pycache__" / f"{module.stem}.cpython-313.pyc"
        content = compiled.read_bytes()
        # Flags 1: valid whatever the time of its source, which `sam deploy` does not keep.
        assert content[4:8] == b"\x01\x00\x00\x00", compiled
        assert root in content, compiled
        assert str(BUILD.parents[1]).encode() not in content, compiled


@pytest.mark.parametrize("function", FUNCTIONS)
def test_whatever_a_function_imports_is_in_it_in_the_layer_or_in_lambda(function: str) -> None:
    (app,) = (BUILD / function).glob("*/app.py")
    wanted = sorted(set(imports(app.parent)) | set(imports(LAYER / "backorder")))

    missing = subprocess.run(
        [PYTHON, "-c", FIND, *wanted],
        cwd=BUILD / function,
        env={"PYTHONPATH": str(LAYER)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (missing.stdout, missing.stderr, missing.returncode) == ("", "", 0)


# Prints what cannot be imported; a lazy import counts as any other.
FIND = """
import importlib, sys
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except ImportError as error:
        print(f"{name}: {error}")
"""


def test_the_report_is_laid_out_by_what_was_built() -> None:
    laid_out = subprocess.run(
        [PYTHON, "-c", LAY_OUT],
        cwd=BUILD / "ReconcileAccount",
        env={"PYTHONPATH": str(LAYER)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert laid_out.stdout.startswith("<!doctype html>"), laid_out.stderr
    assert laid_out.stdout.rstrip().endswith("</html>")


LAY_OUT = """
from datetime import UTC, datetime
from backorder.domain.ledger import balances
from backorder.documents.account_outlook import Standing
from reconciliation.page import html, view
nothing = dict.fromkeys(("backorders", "lists", "postings", "findings"), ())
now = datetime(2026, 11, 24, tzinfo=UTC)
print(html(view(**nothing, held=balances(()), forecast=None, standing=Standing(), account=None, now=now)))
"""


def imports(folder: Path) -> Iterator[str]:
    """The modules that are imported anywhere in `folder`, a package of our own, but for type checkers."""
    for file in folder.rglob("*.py"):
        yield from _imports(ast.parse(file.read_text(encoding="utf-8")))


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None
            assert node.level == 0
            yield node.module
        elif isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            for other in node.orelse:
                yield from _imports(other)
        else:
            yield from _imports(node)
