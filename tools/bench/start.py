"""Cold start: what a function's handler takes to import, from what was built, beside boto3 in the same interpreter."""

from __future__ import annotations

import os
import subprocess
from statistics import median

import click

from local.stack.deployment import translate
from local.stack.local_stack import TEMPLATE
from local.stack.processes import PROJECT

BUILD = PROJECT / ".aws-sam" / "build"
PYTHON = PROJECT / "build" / "runtime" / "bin" / "python"
RUNS = 15
_TIMED = "import time; began = time.perf_counter(); import {module}; print(time.perf_counter() - began)"


def bench() -> None:
    """Prints the import time of each handler as a multiple of boto3's: the medians of runs that take turns."""
    if not PYTHON.exists() or not BUILD.exists():
        click.echo("not built: `make bench` builds it where it finds python3.13")
        return
    functions = {
        name: resource["Properties"]["Handler"].rpartition(".")[0]
        for name, resource in sorted(translate(TEMPLATE)["Resources"].items())
        if resource["Type"] == "AWS::Lambda::Function"
    }
    boto3: list[float] = []
    imports: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(RUNS):
        boto3.append(_seconds("boto3", function=None))
        for name, module in functions.items():
            imports[name].append(_seconds(module, function=name))
    click.echo(
        f"import boto3: {1000 * median(boto3):.0f} ms (median of {RUNS}); each handler, with boto3 if it uses it:"
    )
    for name, seconds in imports.items():
        click.echo(f"  {name:18} {median(seconds) / median(boto3):5.2f} times")


def _seconds(module: str, *, function: str | None) -> float:
    path = [BUILD / function, BUILD / "SharedLayer" / "python"] if function else []
    command = [str(PYTHON), "-c", _TIMED.format(module=module)]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(map(str, path))}
    done = subprocess.run(command, env=environment, cwd=PROJECT, capture_output=True, text=True, check=True)
    return float(done.stdout)
