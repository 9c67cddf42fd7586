"""JSON lines: an object a line, with the columns of a table."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ingestion.reading.entries import Entry, Reject, column_name, reject
from ingestion.reading.formats.columns import roles_of
from ingestion.reading.formats.form import Format, is_comment, look_ahead
from ingestion.reading.formats.rows import LOOK_AHEAD, Cells, Rows
from ingestion.reading.lines import Line

_NO_NAME = "has no name in it: expected is one under domain, name, fqdn or url"


def recognises(sample: Sequence[str]) -> bool:
    """The first line is an object that has a name in it."""
    return bool(sample) and begins_lines(sample[0])


def begins_lines(text: str) -> bool:
    """Whether a first line is one of such a list, rather than the beginning of a document."""
    found = _object(text)
    return found is not None and roles_of(tuple(cells_of(_of_values(found)))) is not None


def _of_values(members: Mapping[str, Any]) -> Mapping[str, Any]:
    """Without lists and objects: `{"domains": […]}` is a document."""
    return {key: value for key, value in members.items() if not isinstance(value, dict | list)}


def cells_of(members: Mapping[str, Any]) -> Cells:
    """An object as a row."""
    return {column_name(clean(key)): text_of(value) for key, value in members.items()}


def text_of(value: Any) -> str:
    """A value as the cell of a table; nothing for null, and for what is a list or an object itself."""
    if isinstance(value, str):
        return clean(value).strip()
    if value is None or isinstance(value, dict | list):
        return ""
    return str(value).lower()


def clean(text: str) -> str:
    """Half a character (`\\ud83d` alone) cannot be written to any file."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def entry_of(rows: Rows, number: int, text: str, cells: Cells) -> Entry | Reject:
    """The entry that an object is."""
    roles = roles_of(tuple(cells))
    if roles is None:
        return reject(number, text, _NO_NAME)
    return rows.entry(number, text, cells, roles)


def read(lines: Iterable[Line]) -> Iterator[Entry | Reject]:
    """The entries."""
    rows = Rows()
    first, rest = look_ahead(_rows(lines), LOOK_AHEAD)
    rows.look_ahead((row[2], roles_of(tuple(row[2]))) for row in first if not isinstance(row, Reject))
    for row in itertools.chain(first, rest):
        yield row if isinstance(row, Reject) else entry_of(rows, *row)


def _rows(lines: Iterable[Line]) -> Iterator[tuple[int, str, Cells] | Reject]:
    for line, text, fault in lines:
        if fault is not None:
            yield reject(line, text, fault)
            continue
        if not text or text.isspace() or is_comment(text):
            continue
        members = _object(text)
        if members is None:
            yield reject(line, text, "is no JSON object")
        else:
            yield line, text, cells_of(members)


def _object(text: str) -> dict[str, Any] | None:
    if not text.lstrip().startswith("{"):
        return None
    try:
        # Numbers stay as they are written: a float would change them, and a long one takes an age.
        found = json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


FORMAT = Format("JSON lines", recognises, read)
