"""`make deploy-check` that is ended before its end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from local.stack.processes import PROJECT
from tools.deploy_check.sandbox import CHECK_PYTHON, missing


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows what runs in /proc")
@pytest.mark.skipif(missing() is not None, reason=f"{CHECK_PYTHON.parent.parent.name}: `make deploy-check` sets it up")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_check_leaves_nothing_behind(number: signal.Signals, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "tools", "deploy-check"],
        cwd=PROJECT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    ) as check:
        assert check.stdout is not None
        begun, told_of_folder = check.stdout.readline(), _programs_told_of(tmp_path)
        check.send_signal(number)
        check.stdout.read()

    assert begun.startswith("ok    emulators")
    assert told_of_folder

    assert check.returncode == 128 + number
    assert list(tmp_path.iterdir()) == []
    assert not _programs_told_of(tmp_path)


def _programs_told_of(folder: Path) -> list[str]:
    """Processes that have the folder in their command line, as the emulator of AWS and its functions have."""
    lines = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has ended meanwhile
            lines.append(process.read_text(errors="replace"))
    return [line for line in lines if str(folder) in line]
