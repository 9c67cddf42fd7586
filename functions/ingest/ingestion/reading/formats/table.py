"""CSV with a header: a person's list of wanted names, or an export. Columns in any order, by comma, semicolon, tab or
bar."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal

from backorder.domains import Domain
from ingestion.reading.entries import Entry, Reject, column_name, domain_or_reject, reject
from ingestion.reading.formats.dates import UnreadableDate, iso_date
from ingestion.reading.formats.form import Format, is_comment_in_columns, uncommented
from ingestion.reading.lines import Line

_DELIMITERS = ",;\t|"
_NAMES = ("domain", "domain name", "domainname", "fqdn", "name", "url")
"""What a column of names is called; the first of these that is there."""
_DROPS = (
    "drop date",
    "dropdate",
    "drop time",
    "release at",
    "date available",
    "end time",
    "delete date",
)
_FINALIZATIONS = ("finalizationdate", "finalization date")
_PRIORITIES = ("priority",)
_PRICES = ("max price", "maxprice")
_NOTES = ("note", "notes", "comment")
_LONGEST_NOTE = 500
_MOST_LINES_A_CELL = 50
"""A quoted note may have line ends."""

_price = re.compile(r"\d{1,9}(?:[.,]\d{1,2})?", re.ASCII).fullmatch
_priority = re.compile(r"(?:10(?:[.,]0+)?|\d(?:[.,]\d{1,4})?)", re.ASCII).fullmatch


class _Columns:
    """Where in a row things are."""

    def __init__(self, header: Sequence[str]) -> None:
        names = [column_name(cell) for cell in header]

        def position(called: Sequence[str]) -> int | None:
            return next((names.index(name) for name in called if name in names), None)

        self.name = position(_NAMES)
        self.drop = position(_DROPS)
        self.finalization = position(_FINALIZATIONS)
        self.priority = position(_PRIORITIES)
        self.price = position(_PRICES)
        self.note = position(_NOTES)
        known = {self.name, self.drop, self.finalization, self.priority, self.price, self.note}
        self.others = {name: at for at, name in reversed([*enumerate(names)]) if name and at not in known}


def recognises(sample: Sequence[str]) -> bool:
    """Its first line names a column of names, and others."""
    first = next(iter(uncommented(sample)), "")
    return _delimiter(first) is not None


def _delimiter(header: str) -> str | None:
    found = (d for d in _DELIMITERS if d in header and _Columns(header.split(d)).name is not None)
    return next(found, None)


def read(lines: Iterable[Line]) -> Iterator[Entry | Reject]:
    """The entries, with whatever columns are known; the others are kept as they are, for the rules."""
    unread = _Unread(lines)
    header = next(
        (text for _, text, fault in unread if fault is None and text.strip() and not is_comment_in_columns(text)), ""
    )
    delimiter = _delimiter(header) or ","
    columns = _Columns(header.split(delimiter))
    for line, text, fault in unread:
        if fault is not None:
            yield reject(line, text, fault)
            continue
        if not text or text.isspace() or is_comment_in_columns(text):
            continue
        cells = _cells(text, unread, delimiter, columns) if '"' in text else text.split(delimiter)
        if cells is None:
            yield reject(line, text, "has a quote that is not closed")
        elif any(cell and not cell.isspace() for cell in cells):
            yield _entry(line, text, cells, columns)


class _Unread:
    """Lines, of which some can be given back."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._lines = iter(lines)
        self._back: deque[Line] = deque()

    def __iter__(self) -> Iterator[Line]:
        return self

    def __next__(self) -> Line:
        return self._back.popleft() if self._back else next(self._lines)

    def give_back(self, lines: Sequence[Line]) -> None:
        self._back.extendleft(reversed(lines))


def _cells(text: str, unread: _Unread, delimiter: str, columns: _Columns) -> list[str] | None:
    """The cells of a row with quotes, whose last cell may go on in the next lines; None if a quote is never closed.

    A stray quote must not swallow names: lines that are rows of their own are not taken for the inside of a cell.
    """
    taken: list[Line] = []
    row = text
    while row.count('"') % 2:
        following = next(unread, None) if len(taken) < _MOST_LINES_A_CELL else None
        if following is not None:
            taken.append(following)
        if following is None or following[2] is not None or _is_row(following[1], delimiter, columns):
            unread.give_back(taken)
            return None
        row = f"{row}\n{following[1]}"
    try:
        return next(csv.reader([row], delimiter=delimiter), [])
    except csv.Error:
        unread.give_back(taken)
        return text.split(delimiter)


def _is_row(text: str, delimiter: str, columns: _Columns) -> bool:
    cells = text.split(delimiter)
    if columns.name is None or columns.name >= len(cells):
        return False
    return isinstance(domain_or_reject(0, cells[columns.name].strip().strip('"'), text), Domain)


def _entry(line: int, text: str, cells: list[str], columns: _Columns) -> Entry | Reject:
    def cell(position: int | None) -> str:
        return cells[position].strip() if position is not None and position < len(cells) else ""

    domain = domain_or_reject(line, cell(columns.name), text)
    if not isinstance(domain, Domain):
        return domain
    priority, price = cell(columns.priority), cell(columns.price)
    if priority and not _priority(priority):
        return reject(
            line, text, f"priority '{priority[:40]}' is no number from 0 to 10", "has a priority beyond 0 to 10"
        )
    if price and not _price(price):
        return reject(
            line, text, f"max price '{price[:40]}' is no amount, such as 59.00", "has a max price that is no amount"
        )
    try:
        drop, finalization = _date(cell(columns.drop)), _date(cell(columns.finalization))
    except UnreadableDate as unreadable:
        return reject(line, text, str(unreadable), "has a date that cannot be read")
    if finalization is not None and not isinstance(finalization, datetime):
        return reject(line, text, "has a finalization date without a time")
    return Entry(
        line,
        domain,
        drop_day=None if isinstance(drop, datetime) else drop,
        drop_at=drop if isinstance(drop, datetime) else None,
        finalization_at=finalization,
        priority=Decimal(priority.replace(",", ".")) if priority else None,
        max_price=Decimal(price.replace(",", ".")) if price else None,
        note=" ".join(cell(columns.note).split())[:_LONGEST_NOTE] or None,
        columns={name: found for name, at in columns.others.items() if (found := cell(at))},
    )


def _date(text: str) -> date | datetime | None:
    return iso_date(text) if text else None


FORMAT = Format("table", recognises, read)
