"""dynalite, a DynamoDB that nobody here wrote: a second judge of what the store asks of one, where there is Node.

What it lacks: it never gives the item that a condition failed on (`ReturnValuesOnConditionCheckFailure`), so the store
has to read it, which it never does at moto; it knows no transactions and no point-in-time recovery, which the store
doesn't ask for; and it handles one call after the other, so of writers at the same moment moto is no worse a judge.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest

from local.stack.lifetime import end_with_parent
from local.stack.processes import PROJECT

FOLDER: Final = PROJECT / "build" / "dynalite"
# Its own command takes port 0 for "the usual one".
SERVE: Final = """
const server = require('dynalite')({createTableMs: 0})
server.listen(0, '127.0.0.1', () => console.log('http://127.0.0.1:' + server.address().port))
"""


@contextmanager
def dynalite() -> Iterator[str]:
    """Runs it in a process of its own, with tables in memory, and gives its URL. Skips the test where it is not."""
    if not (FOLDER / ".ready").exists():
        pytest.skip("dynalite is not set up: `make test` does it where npm is")
    with subprocess.Popen(
        ["node", "-e", SERVE],
        cwd=FOLDER,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=end_with_parent,  # noqa: PLW1509 - it takes no locks
    ) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            assert url, f"dynalite ended by itself: {process.wait()}"
            yield url
        finally:
            process.kill()
