"""`python -m tools mutants MODULE`: cosmic-ray on copies of the checkout, one for each processor."""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from local.stack.lifetime import end_with_parent
from local.stack.processes import PROJECT
from tools.mutants.tester import ADDRESS, READY
from tools.mutants.verdicts import ENOUGH, Equivalent, Mutant, read_session, report, share_killed

TOOL = PROJECT / "build" / "mutants" / "bin" / "cosmic-ray"
FILTER = TOOL.with_name("cr-filter-operators")
TOO_LONG_S = 600
"""For cosmic-ray; `tester` knows how long the tests take, and ends them sooner."""
OLD = 2**30
"""2004, of each copied file: what is compiled of it is no mutant's, each of which is newer."""
KNOWN = tomllib.loads(Path(__file__).with_name("modules.toml").read_text(encoding="utf-8"))
SOURCES = ("shared", *(f"functions/{name}" for name in ("ingest", "plan", "submit", "reconcile", "fetch")))
# What stands in annotations is never computed.
CONFIGURATION = """\
[cosmic-ray]
module-path = {module!r}
timeout = {timeout}
excluded-modules = []
test-command = {tests!r}
[cosmic-ray.distributor]
name = "http"
[cosmic-ray.distributor.http]
worker-urls = {urls!r}
[cosmic-ray.filters.operators-filter]
exclude-operators = ["core/ReplaceBinaryOperator_BitOr_.*"]
"""


@click.command()
@click.argument("module", type=click.Choice(list(KNOWN["modules"])))
def mutants(module: str) -> None:
    """Plants bugs in MODULE, and names those that its tests do not notice; ends with 1 if these are too many."""
    equivalents = [Equivalent(**each) for each in KNOWN["equivalent"]]
    processes = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    found = plant(module, KNOWN["modules"][module], processes=processes)
    print("\n".join(report(found, equivalents)))
    sys.exit(0 if share_killed(found, equivalents) >= ENOUGH else 1)


def plant(module: str, tests: Sequence[str], *, processes: int) -> list[Mutant]:
    """Runs the tests against each mutant of the module. Raises `click.ClickException` where they fail without one."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as cleanup:
        copies = [_copy(Path(folder, f"copy-{number}")) for number in range(processes)]
        for copy in copies:
            cleanup.enter_context(_tester(copy, tests))
        urls = [cleanup.enter_context(_worker(copy)) for copy in copies]
        configuration, session = Path(folder, "cosmic-ray.toml"), Path(folder, "session.sqlite")
        asked = shlex.join([sys.executable, "-I", "-S", "tools/mutants/asked.py", ADDRESS])
        configuration.write_text(
            CONFIGURATION.format(module=module, timeout=TOO_LONG_S, tests=asked, urls=urls), encoding="utf-8"
        )
        _run([str(TOOL), "init", str(configuration), str(session)], copies[0])
        _run([str(FILTER), str(session), str(configuration)], copies[0])
        _run([str(TOOL), "exec", str(configuration), str(session)], copies[0])
        return list(read_session(_run([str(TOOL), "dump", str(session)], copies[0])))


def _copy(folder: Path) -> Path:
    """What git tracks, or would: a mutant never stands in the checkout itself."""
    listed = _run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], PROJECT)
    for name in filter(None, listed.split("\0")):
        if (PROJECT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(PROJECT / name, folder / name)
            os.utime(folder / name, (OLD, OLD))
    return folder


@contextmanager
def _tester(copy: Path, tests: Sequence[str]) -> Iterator[None]:
    """Serves test runs in this copy."""
    options = ("-x", "-q", "-n0", "-p", "no:cacheprovider", "--hypothesis-profile=fails", "-m", "not soak")
    with subprocess.Popen(
        [sys.executable, "-m", "tools.mutants.tester", *options, *tests],
        cwd=copy,
        env=_environment(copy),
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=end_with_parent,  # noqa: PLW1509 - it takes no locks
    ) as process:
        try:
            if process.stdout is None or process.stdout.readline().strip() != READY:
                raise click.ClickException("the tests fail without any mutant")
            yield
        finally:
            process.terminate()


@contextmanager
def _worker(copy: Path) -> Iterator[str]:
    """A worker of cosmic-ray that plants in this copy; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [str(TOOL), "http-worker", "--port", str(port)],
        cwd=copy,
        env=_environment(copy),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=end_with_parent,  # noqa: PLW1509 - it takes no locks
    )
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                if process.poll() is not None:
                    raise
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _environment(copy: Path) -> dict[str, str]:
    """Imports find the copy."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(str(copy / source) for source in (".", *SOURCES))}


def _run(command: Sequence[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, env=_environment(folder), stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        print(done.stdout, file=sys.stderr)
        done.check_returncode()
    return done.stdout
