"""The provider's pending-delete list: `john.com;2026-11-27 16:00:00`, without a header; finalization dates, in UTC."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from backorder.domain.domains import Domain
from ingestion.reading.entries import Entry, Reject, domain_or_reject, reject
from ingestion.reading.formats.dates import UnreadableDate, iso_date
from ingestion.reading.formats.form import Format, PlainRows, is_comment_in_columns, uncommented
from ingestion.reading.lines import Line

_row = re.compile(r'[^;]+;\s*"?\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d)?"?\s*').fullmatch


def recognises(sample: Sequence[str]) -> bool:
    """Most of its first lines have that form."""
    rows = uncommented(sample)
    return bool(rows) and sum(_row(text) is not None for text in rows) * 2 > len(rows)


def read(lines: Iterable[Line]) -> Iterator[Entry | Reject]:
    """The entries, each with its finalization date."""
    return (item for item in map(read_line, lines) if item is not None)


def read_line(of: Line) -> Entry | Reject | None:
    """What one line is; None for a comment or a blank line."""
    line, text, fault = of
    if fault is not None:
        return reject(line, text, fault)
    if not text or text.isspace() or is_comment_in_columns(text):
        return None
    name, _, when = text.partition(";")
    domain = domain_or_reject(line, name.strip().strip('"'), text)
    if not isinstance(domain, Domain):
        return domain
    if not when or when.isspace():
        return reject(line, text, "has no date")
    try:
        finalization_at = iso_date(when.strip().strip('"'))
    except UnreadableDate as unreadable:
        return reject(line, text, str(unreadable), "has a date that cannot be read")
    if isinstance(finalization_at, datetime):
        return Entry(line, domain, finalization_at=finalization_at)
    return reject(line, text, "has a finalization date without a time")


def _meaning(tail: str) -> tuple[str, datetime]:
    zone, _, when = tail.partition(";")
    finalization_at = iso_date(when)
    if not isinstance(finalization_at, datetime):
        raise UnreadableDate("has no time")
    return zone, finalization_at


FORMAT = Format("provider", recognises, read, PlainRows(rb"[a-z0-9.-]+;[0-9: t-]+", _meaning, read_line))
