"""Servers of the local stack as processes: started, waited for, and stopped."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from local.stack.lifetime import end_with_parent

PROJECT = Path(__file__).resolve().parents[2]
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 5.0
POLL_S = 0.02


class StackError(Exception):
    """The local stack cannot be started or reached; the message says what to do."""


@dataclass(frozen=True)
class Server:
    """A Python module that serves in a process of its own, and says where, on a line of its own."""

    name: str
    ready: str
    """What that line begins with; a URL follows."""
    process: subprocess.Popen[str]
    output: Path
    errors: Path

    def url(self) -> str:
        """Waits until it serves. Raises `StackError`, with what it said, if it dies before."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            for line in self.output.read_text().splitlines(keepends=True):
                if line.startswith(self.ready) and line.endswith("\n"):
                    return line.removeprefix(self.ready).strip()
            self.check()
            time.sleep(POLL_S)
        raise StackError(f"{self.name} did not start within {START_TIMEOUT_S:.0f} s{self._said()}")

    def check(self) -> None:
        """Raises `StackError` if the process has ended."""
        if (status := self.process.poll()) is not None:
            raise StackError(f"{self.name} ended by itself (exit status {status}){self._said()}")

    def log(self) -> str:
        """What it wrote so far; of two streams the one for errors, if anything is there."""
        return (self.errors.read_text() or self.output.read_text()).strip()

    def _said(self) -> str:
        said = self.log()
        return f"; it said:\n{said}" if said else " and said nothing"


@contextmanager
def server(
    name: str,
    module: str,
    arguments: Sequence[str],
    *,
    ready: str,
    python: Path = Path(sys.executable),
    environment: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """Starts `python -m module` and stops it at the end of the block; `Server.url()` waits until it serves.

    What it writes goes to files, where it blocks nobody. It has a session of its own: Ctrl-C reaches who started it,
    who then stops it, with what it started itself. `environment` replaces this process's own.
    """
    with tempfile.TemporaryDirectory() as folder:
        output, errors = Path(folder, "output"), Path(folder, "errors")
        with output.open("w") as output_file, errors.open("w") as errors_file:
            process = subprocess.Popen(
                [python, "-m", module, *arguments],
                cwd=PROJECT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output_file,
                stderr=errors_file,
                text=True,
                start_new_session=True,
                preexec_fn=end_with_parent,  # noqa: PLW1509 - it takes no locks
            )
        try:
            yield Server(name, ready, process, output, errors)
        finally:
            _stop(process)


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    with suppress(ProcessLookupError):  # nothing is left of its session
        os.killpg(process.pid, signal.SIGKILL)
