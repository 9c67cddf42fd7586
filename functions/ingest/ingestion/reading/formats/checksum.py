"""A checksum that a registry publishes beside its list (`uk.csv.gz.sha256`): no list, and no fault either."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from ingestion.reading.entries import Entry, Reject
from ingestion.reading.formats.form import Format
from ingestion.reading.lines import Line

_checksum = re.compile(
    r"(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128})(?:\s+\*?\S+)?|SHA256 ?\(\S+\) ?= ?[0-9a-f]{64}",
    re.IGNORECASE,
).fullmatch


def recognises(sample: Sequence[str]) -> bool:
    """Nothing but sums, with or without the names of their files."""
    return bool(sample) and all(_checksum(text.strip()) for text in sample)


def read(lines: Iterable[Line]) -> Iterator[Entry | Reject]:
    """No entries."""
    for _ in lines:
        pass
    yield from ()


FORMAT = Format(
    "checksum",
    recognises,
    read,
    note="This is the checksum of another file, not a list: there is nothing to read in it.",
)
