"""CSV with a header: a registry's list, an export, a person's list. Columns in any order, by comma, semicolon, tab or
bar; what stands above the header is a title."""

from __future__ import annotations

import csv
import itertools
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple
from zoneinfo import ZoneInfo

from backorder.domain.domains import Domain
from ingestion.reading.encodings import has_kept
from ingestion.reading.entries import Entry, Reject, column_name, domain_or_reject, reject
from ingestion.reading.formats import auda
from ingestion.reading.formats.columns import Roles, roles_of
from ingestion.reading.formats.dates import Order, Written, read_parts
from ingestion.reading.formats.form import Format, is_comment, look_ahead, uncommented
from ingestion.reading.formats.rows import LOOK_AHEAD, Cells, Drop, Rows
from ingestion.reading.lines import Line

_DELIMITERS = ",;\t|"
_ROME = Written(Order.DAY_FIRST, ZoneInfo("Europe/Rome"))
_SAMPLE = 100
"""Lines that a header is looked for in, or is judged by."""
_MOST_TITLES = 5
"""So many lines may stand above the header."""
_MOST_LINES_A_CELL = 50
"""A quoted note may have line ends."""


class _Header(NamedTuple):
    """What the line says that names the columns."""

    delimiter: str
    columns: tuple[str, ...]
    roles: Roles


def _header(text: str, rows: Sequence[str]) -> _Header | None:
    """What a line says, if it names columns; `rows` are some lines below it."""
    for delimiter in _DELIMITERS:
        if delimiter in text:
            columns = tuple(column_name(cell) for cell in _split(text, delimiter))
            roles = roles_of(columns)
            if roles is not None and _has_one_host(columns, roles, delimiter, rows):
                roles = roles_of(columns, addresses=False)
            header = _Header(delimiter, columns, roles) if roles is not None else None
            # A comment may look like a header.
            if header is not None and (not is_comment(text) or any(_may_be_a_row(row, header) for row in rows)):
                return header
    return None


def _has_one_host(columns: tuple[str, ...], roles: Roles, delimiter: str, rows: Sequence[str]) -> bool:
    """Whether the column of names is one of URLs, all at one place: a marketplace's own."""
    at = columns.index(roles.name)
    cells = [cells[at] for row in rows if at < len(cells := _split(row, delimiter)) and cells[at].strip()]
    hosts = {domain_or_reject(0, cell, cell) for cell in cells}
    return len(cells) > 1 and "://" in cells[0] and len(hosts) == 1


def _header_of(sample: Sequence[str]) -> tuple[int, _Header] | None:
    """The place of a header in the first lines of a list, and what it says. What stands above it is no name, or names
    would be lost."""
    titles = 0
    for at, text in enumerate(sample):
        header = _header(text, sample[at + 1 :])
        if header is not None:
            return at, header
        titles += not is_comment(text)
        if titles > _MOST_TITLES or (_begins_with_a_name(text) and not is_comment(text)):
            return None
    return None


def _begins_with_a_name(text: str) -> bool:
    first = re.split(r"[,;|\s]", text.strip().strip("\"'"), maxsplit=1)[0]
    return isinstance(domain_or_reject(0, first, text), Domain)


def _split(text: str, delimiter: str) -> list[str]:
    if '"' in text:
        try:
            return next(csv.reader([text], delimiter=delimiter), [])
        except csv.Error:
            pass
    return text.split(delimiter)


def _is_nominet(columns: Sequence[str]) -> bool:
    """`uk.csv.gz`: registrars.nominet.uk, "Drop Lists"."""
    return {"roid", "domain", "drop time"} <= set(columns)


def _is_auda(columns: Sequence[str]) -> bool:
    return auda.purge_column(columns) is not None


def _is_registry_mx(columns: Sequence[str]) -> bool:
    """A time above, `Dominio,Disponible`, and `name.com.mx,true`."""
    return list(columns) == ["dominio", "disponible"]


def _all_under(zone: str) -> Callable[[Sequence[str]], bool]:
    """Recognises a table of one top-level zone, with a date and a time in two columns that name no time zone."""

    def recognises(sample: Sequence[str]) -> bool:
        found = _header_of(sample)
        if found is None or found[1].roles.time is None or found[1].roles.drop_zone is not None:
            return False
        header = found[1]
        at = header.columns.index(header.roles.name)
        rows = uncommented(sample[found[0] + 1 :])
        names = [cells[at].strip().lower() for text in rows if at < len(cells := _split(text, header.delimiter))]
        return bool(names) and all(name.endswith(f".{zone}") for name in names)

    return recognises


def _headed(is_source: Callable[[Sequence[str]], bool]) -> Callable[[Sequence[str]], bool]:
    """Recognises a list by what its columns are called."""

    def recognises(sample: Sequence[str]) -> bool:
        found = _header_of(sample)
        return found is not None and is_source(found[1].columns)

    return recognises


def _purge(header: _Header, titles: str) -> Drop | None:
    return auda.drop_in(header.columns, titles)


def _purge_by(header: _Header, titles: str) -> Drop | None:
    return auda.drop_by(header.roles.drop or "", header.roles.time or "", titles)


def _registro(header: _Header, _titles: str) -> Drop | None:
    day, time = header.roles.drop or "", header.roles.time or ""
    return lambda cells: read_parts(cells.get(day, ""), cells.get(time, ""), _ROME)


def read(
    lines: Iterable[Line], drop: Callable[[_Header, str], Drop | None] = lambda _header, _titles: None
) -> Iterator[Entry | Reject]:
    """The entries, with whatever columns are known; the others are kept as they are, for the rules.

    `drop` gives how rows under a header and the titles above it say when a name drops, of a source that has a way of
    its own.
    """
    sample, rest = look_ahead(iter(lines), LOOK_AHEAD)
    found = _header_of([text for _, text, fault in sample if fault is None and text.strip()][:_SAMPLE])
    if found is None:
        return
    unread = _Unread(itertools.chain(sample, rest))
    titles: list[str] = []
    above = found[0] + 1
    while above:
        line, text, fault = next(unread)
        if fault is not None:
            yield reject(line, text, fault)
        elif text.strip():
            titles.append(text)
            above -= 1
    header = found[1]
    rows = Rows(drop=drop(header, " ".join(titles[:-1])))
    first, later = look_ahead(_rows(unread, header), LOOK_AHEAD)
    rows.look_ahead((row[2], header.roles) for row in first if not isinstance(row, Reject))
    for row in itertools.chain(first, later):
        yield row if isinstance(row, Reject) else rows.entry(*row, header.roles)


def _rows(unread: _Unread, header: _Header) -> Iterator[tuple[int, str, Cells] | Reject]:
    # The first of two columns of one name counts.
    places = dict(reversed([(name, at) for at, name in enumerate(header.columns)]))
    for line, text, fault in unread:
        if fault is not None:
            yield reject(line, text, fault)
            continue
        if not text or text.isspace() or (is_comment(text) and not _is_meant_as_a_row(text, header)):
            continue
        cells = _cells(text, unread, header) if '"' in text else text.split(header.delimiter)
        if cells is None:
            yield reject(line, text, "has a quote that is not closed")
        elif any(cell and not cell.isspace() for cell in cells):
            yield line, text, {name: cells[at].strip() if at < len(cells) else "" for name, at in places.items()}


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


def _cells(text: str, unread: _Unread, header: _Header) -> list[str] | None:
    """The cells of a row with quotes, whose last cell may go on in the next lines; None if a quote is never closed.

    A stray quote must not swallow names: lines that are rows of their own are not taken for the inside of a cell.
    """
    taken: list[Line] = []
    row = text
    while row.count('"') % 2:
        following = next(unread, None) if len(taken) < _MOST_LINES_A_CELL else None
        if following is not None:
            taken.append(following)
        if following is None or following[2] is not None or _is_row(following[1], header):
            unread.give_back(taken)
            return None
        row = f"{row}\n{following[1]}"
    try:
        return next(csv.reader([row], delimiter=header.delimiter), [])
    except csv.Error:
        unread.give_back(taken)
        return text.split(header.delimiter)


def _is_meant_as_a_row(text: str, header: _Header) -> bool:
    """Whether a line that begins like a comment is a row: an empty cell or a rank comes first, and something like a
    name stands where names do."""
    cells = _split(text, header.delimiter)
    at = header.columns.index(header.roles.name)
    if text.lstrip().startswith(header.delimiter):
        return True
    name = cells[at].strip().strip('"') if at < len(cells) else ""
    return at > 0 and ("." in name or has_kept(name) is not None) and not any(map(str.isspace, name))


def _may_be_a_row(text: str, header: _Header) -> bool:
    """Tell whether a name stands where names do, or something that an encoding hides."""
    cells, at = _split(text, header.delimiter), header.columns.index(header.roles.name)
    return _is_row(text, header) or (at < len(cells) and has_kept(cells[at]) is not None)


def _is_row(text: str, header: _Header) -> bool:
    at = header.columns.index(header.roles.name)
    return any(
        at < len(cells) and isinstance(domain_or_reject(0, cells[at].strip().strip('"'), text), Domain)
        for cells in (text.split(header.delimiter), _split(text, header.delimiter))
    )


NOMINET = Format("Nominet", _headed(_is_nominet), read)
AUDA = Format("auDA", _headed(_is_auda), partial(read, drop=_purge))
AUDA_TIMES = Format("auDA", _all_under("au"), partial(read, drop=_purge_by))
REGISTRO = Format("Registro.it", _all_under("it"), partial(read, drop=_registro))
REGISTRY_MX = Format(
    "registry.mx",
    _headed(_is_registry_mx),
    read,
    note="Registry .MX publishes names after their deletion: these are free already, or taken. The list has no dates.",
)
AFNIC = Format(
    "AFNIC",
    _headed(lambda columns: {"nom de domaine", "date de retrait du whois"} <= set(columns)),
    read,
    note="This is AFNIC's open data: every name that was registered. Those with a day on which they were withdrawn are "
    "free since, or taken again; the others are in use.",
)
FORMAT = Format("table", _headed(bool), read)
