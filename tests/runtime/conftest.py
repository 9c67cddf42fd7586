"""One deployed stack for a file's tests, and each function's sample event."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from local.stack.local_stack import LocalStack, local_stack
from local.stack.processes import PROJECT
from tests.runtime import artefacts


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    artefacts.required()
    artefacts.emulator()
    with local_stack() as stack:
        yield stack


def sample_event(function: str) -> dict[str, Any]:
    """From `events/`, where the name is the function's in words: `IngestList` is `ingest_list.json`."""
    words = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in function).strip("_")
    event: dict[str, Any] = json.loads((PROJECT / "events" / f"{words}.json").read_text())
    return event
