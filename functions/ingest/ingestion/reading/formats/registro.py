"""Registro.it's own files, `2026112709.txt` and `2026112716.txt`: a name a line, and in the file's name the day and the
hour, in Italy, at which all of them drop.

nic.it, "Drop Time": two lists a day. That the files are called so is told by the programs that fetch them; that the day
is the drop's, by those that fetch tomorrow's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

from ingestion.reading.entries import Entry, Reject
from ingestion.reading.formats import plain
from ingestion.reading.formats.dates import EARLIEST, LATEST
from ingestion.reading.formats.form import Format, uncommented
from ingestion.reading.lines import Line

_ROME = ZoneInfo("Europe/Rome")
_file = re.compile(r"(?:.*[/\\])?(\d{10})\.txt(?:\.gz)?", re.DOTALL | re.ASCII).fullmatch


def by_file(name: str, sample: Sequence[str]) -> Format | None:
    """How to read a file of plain names that begins with `sample`, if its name says when they drop."""
    match = _file(name)
    drop_at = _moment(match[1]) if match else None
    names = [text.strip().rstrip(".").lower() for text in uncommented(sample) if not plain.is_title(text)]
    if drop_at is None or not names or not all(text.endswith(".it") for text in names):
        return None
    return replace(_FORMAT, read=partial(_read, drop_at=drop_at))


def _moment(digits: str) -> datetime | None:
    try:
        found = datetime.strptime(digits, "%Y%m%d%H").replace(tzinfo=_ROME)
    except ValueError:
        return None
    return found.astimezone(UTC) if EARLIEST <= found.year < LATEST and found.hour in (9, 16) else None


def _read(lines: Iterable[Line], drop_at: datetime) -> Iterator[Entry | Reject]:
    for item in plain.read(lines):
        if isinstance(item, Entry) and item.domain.name.endswith(".it"):
            yield item._replace(drop_at=drop_at)
        else:
            yield item


_FORMAT = Format("Registro.it", lambda _sample: False, plain.read)
