"""What `make build` made, and Lambda's runtime as it is set up on this machine; skipped where either is missing."""

from __future__ import annotations

import os
import platform
import sys
from functools import cache
from pathlib import Path
from typing import NoReturn

import pytest

from local.stack.processes import PROJECT

BUILD = PROJECT / ".aws-sam" / "build"
BUILT = PROJECT / ".aws-sam" / ".built-x86_64"
LAYER = BUILD / "SharedLayer" / "python"
RUNTIME = PROJECT / "build" / "runtime"
PYTHON = RUNTIME / "bin" / "python"
FUNCTIONS = ("FetchList", "IngestList", "PlanSubmissions", "ReconcileAccount", "SubmitBackorders")
SOURCES = ("functions", "shared", "template.yaml")


def required() -> None:
    """Skips the test where `make` could build nothing; in CI that fails, for there it must."""
    if why := _missing():
        _without(why)


def emulator() -> Path:
    """The runtime interface emulator, which aws-sam-cli brings along."""
    if sys.platform != "linux" or platform.machine() not in ("x86_64", "AMD64"):
        _without("the functions are built for Linux on x86_64")
    found = list(
        (PROJECT / "build" / "sam").glob("lib/python3*/site-packages/samcli/local/rapid/aws-lambda-rie-x86_64")
    )
    if not found:
        _without("aws-sam-cli is not set up: run `make build`")
    return found[0]


@cache
def _missing() -> str | None:
    if not PYTHON.exists() or not BUILT.exists():
        return "not built: run `make test`, which needs python3.13 for it"
    built = BUILT.stat().st_mtime
    for source in SOURCES:
        root = PROJECT / source
        for file in [root, *root.rglob("*")]:
            if file.is_file() and "__pycache__" not in file.parts and file.stat().st_mtime > built:
                return f"built before {file.relative_to(PROJECT)} was changed: run `make build`"
    return None


def _without(why: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)
