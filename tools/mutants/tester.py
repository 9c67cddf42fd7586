"""`python -m tools.mutants.tester ARGUMENTS`: runs pytest again and again, each time in a fork.

What every run imports of other packages is there already: to import it takes longer than most of the tests. It serves
on a socket in the working folder, where a run's first byte says whether the tests passed (`asked.py` asks).
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import resource
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from local.stack.lifetime import end_with_parent

ADDRESS = ".tests.sock"
READY = "ready"
LOG = Path(".tests.log")
LOADED = Path(".tests.loaded")
TOOK = Path(".tests.took")
PATIENCE = 5
"""Times as much computing as the tests take without a mutant: some of them loop for ever."""
MEMORY = 2 * 2**30
"""In bytes: some of them gather for ever."""
WAITING = 10
"""Times as long by the clock: a busy machine must not kill a mutant, and some wait for ever."""


class QuickestFirst:
    """Has pytest try what takes long only where nothing else fails; what took how long is kept for the next run."""

    def __init__(self) -> None:
        self._took: dict[str, float] = json.loads(TOOK.read_text(encoding="utf-8")) if TOOK.exists() else {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items.sort(key=lambda item: self._took.get(item.nodeid, 0.0))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._took[report.nodeid] = max(report.duration, self._took.get(report.nodeid, 0.0))

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        if exitstatus == pytest.ExitCode.OK:
            TOOK.write_text(json.dumps(self._took), encoding="utf-8")


def main(arguments: list[str]) -> None:
    """Says that it is ready once the tests have passed without a mutant; ends with what they said where they do not."""
    passed, _ = _run(arguments, seconds=0)
    if not passed:
        sys.exit(LOG.read_text(encoding="utf-8"))
    _load()
    # A compiled file of a mutant would outlive it.
    sys.dont_write_bytecode = True
    _, unharmed = _run(arguments, seconds=0)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(ADDRESS)
        server.listen()
        print(READY, flush=True)
        while True:
            connection, _ = server.accept()
            passed, _ = _run(arguments, seconds=max(1, PATIENCE * unharmed))
            with connection, suppress(BrokenPipeError):
                connection.sendall(b"1" if passed else b"0")


def _run(arguments: list[str], *, seconds: float) -> tuple[bool, float]:
    """Whether the tests pass, and how many seconds they compute; they are ended after so many; 0: never."""
    child = os.fork()
    if not child:
        _test(arguments, seconds)
    _, status, used = os.wait4(child, 0)
    return status == 0, used.ru_utime + used.ru_stime


def _test(arguments: list[str], seconds: float) -> None:
    status = 1
    try:
        end_with_parent()
        with LOG.open("w", encoding="utf-8") as log:
            os.dup2(log.fileno(), sys.stdout.fileno())
            os.dup2(log.fileno(), sys.stderr.fileno())
        if sys.platform == "linux":  # others refuse
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        signal.setitimer(signal.ITIMER_PROF, seconds)
        signal.setitimer(signal.ITIMER_REAL, WAITING * seconds)
        status = pytest.main(arguments, plugins=[QuickestFirst()])
        LOADED.write_text(json.dumps(_loaded()), encoding="utf-8")
    finally:
        os._exit(status)


def _loaded() -> list[str]:
    """The modules that are not of this checkout: no mutant is in them."""
    here = Path.cwd()
    files = {name: getattr(module, "__file__", None) for name, module in sys.modules.items()}
    return sorted(name for name, file in files.items() if file and here not in Path(file).parents)


def _load() -> None:
    for name in json.loads(LOADED.read_text(encoding="utf-8")):
        with suppress(ImportError):  # made by others as they were loaded
            importlib.import_module(name)
    gc.freeze()


if __name__ == "__main__":
    main(sys.argv[1:])
