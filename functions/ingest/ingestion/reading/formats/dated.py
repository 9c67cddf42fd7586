"""Rows of a name and a date, without a header, by comma, semicolon, tab, bar or blanks.

Registries and drop catchers publish such lists, each with a way to write dates that its rows do not name; they are told
apart by what else is peculiar to them.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

from backorder.domain.domains import Domain
from ingestion.reading.entries import Entry, Reject, Release, domain_or_reject, reject
from ingestion.reading.formats import auda
from ingestion.reading.formats.dates import Order, UnreadableDate, Written, read_drop
from ingestion.reading.formats.form import Format, is_comment_in_columns, look_ahead, uncommented
from ingestion.reading.formats.plain import is_title
from ingestion.reading.formats.rows import LOOK_AHEAD, SlashOrder
from ingestion.reading.lines import Line

_MOST_TITLES = 3

_BETWEEN = r"(?:[ \t]++(?:[,;|][ \t]*+)?|[,;|][ \t]*+)"
"""Possessive, so that a line of nothing but blanks takes no longer than another."""
_DAY = (
    r"\d{1,4}(?P<mark>[-/]|\. ?)(?:\d{1,2}|[a-zA-Z]{3})(?P=mark)\d{1,4}"
    r"(?:\.(?!\d))?(?: ?[^\x00-\x7f]\.?(?![^\s,;|\"]))?"
)
_TIME = r"\d{1,2}:\d\d(?::\d\d)?(?:[.]\d+)?(?: ?[AP]M)?(?: ?(?:Z|UTC|GMT|[+-]\d\d:?\d\d))?"
_row = re.compile(
    rf"[ \t]*\"?([^\s,;|\"]+)\"?{_BETWEEN}\"?({_DAY})(?:(?:T|\"?{_BETWEEN}\"?)({_TIME}))?\"?(?:{_BETWEEN}(.*))?[ \t]*",
    re.ASCII | re.IGNORECASE,
).fullmatch
_purge_row = re.compile(
    r'"?(\d{1,2}/\d{1,2}/\d{4}|\d{4}-\d\d-\d\d)"?,"?(\d{1,2}:\d\d:\d\d)"?,"?([^\s,"]+)"?(?:,.*)?'
).fullmatch
_first_cell = re.compile(r'[ \t]*"?([^\s,;|"]*)"?').match
_runs = re.compile(r"0?9:00(?::00)?|16:00(?::00)?").fullmatch
"""The two times of day at which .it names drop."""
_is_moment = re.compile(r"\d{4}-\d\d-\d\d").fullmatch


_Drop = Callable[[str, str], Release | date | datetime | None]
"""When a name drops, from the day and the time in its row. Raises UnreadableDate."""


class _Row(NamedTuple):
    name: str
    day: str
    time: str
    rest: str
    """What follows."""
    text: str


def _rows(sample: Sequence[str]) -> list[_Row]:
    """The rows of a sample, if most of it is such."""
    texts = _untitled(sample)
    found = [row for row in map(_as_row, texts) if row is not None]
    return found if len(found) * 2 > len(texts) else []


def _untitled(sample: Sequence[str]) -> list[str]:
    texts = uncommented(sample)
    return [text for text in texts[:_MOST_TITLES] if not is_title(text)] + texts[_MOST_TITLES:]


def _as_row(text: str) -> _Row | None:
    match = _row(text)
    if match is None:
        return None
    name, day, _, time, rest = match.groups("")
    return _Row(name.lower(), day, time, rest, text)


def _is_pool(row: _Row) -> bool:
    """`puchd.ac,10/25/2018 12:40:00 PM,AUC`: the last column is the kind of the sale."""
    return row.day.count("/") == 2 and row.time[-1:] in "Mm" and re.fullmatch("[A-Z]{1,5}", row.rest) is not None


def _is_internetstiftelsen(row: _Row) -> bool:
    """`name.se<TAB>2026-11-27`."""
    return row.name.endswith((".se", ".nu")) and "\t" in row.text and _is_moment(row.day) is not None and not row.time


def _is_registro(row: _Row) -> bool:
    """Name, date and exact time, all .it. The provider's list may have nothing but .it names, too, and looks the same
    where a semicolon stands between; but its finalization dates are not the times of the drops."""
    is_provider = ";" in row.text and _is_moment(row.day) is not None and _runs(row.time) is None
    return row.name.endswith(".it") and bool(row.time) and not is_provider


def _is_auda(row: _Row) -> bool:
    """`name.com.au,16/12/2021,15:04:50`: perhaps auDA's list in another order of columns."""
    is_provider = ";" in row.text and _is_moment(row.day) is not None
    return row.name.endswith(".au") and bool(row.time) and not is_provider


def _is_top(row: _Row) -> bool:
    """`name.top,2026/11/27 2:30`, under a header in Chinese."""
    return row.name.endswith(".top") and "," in row.text and row.day[4:5] == "/" and bool(row.time)


def _all(is_one: Callable[[_Row], bool]) -> Callable[[Sequence[str]], bool]:
    def recognises(sample: Sequence[str]) -> bool:
        rows = _rows(sample)
        return bool(rows) and all(map(is_one, rows))

    return recognises


def _reader(
    order: Order | None = None, zone: tzinfo = UTC, drop: _Drop | None = None
) -> Callable[[Iterable[Line]], Iterator[Entry | Reject]]:
    """Reads rows whose slash dates have that order (None: what shows in them), and whose times are of that zone; or of
    which `drop` says by day and time when they drop."""

    def read(lines: Iterable[Line]) -> Iterator[Entry | Reject]:
        shown = SlashOrder(order)
        first, rest = look_ahead(iter(lines), LOOK_AHEAD)
        shown.look_ahead(row.day for _, text, fault in first if fault is None and (row := _as_row(text)))
        titles = _MOST_TITLES
        for line, text, fault in itertools.chain(first, rest):
            if fault is not None:
                yield reject(line, text, fault)
            elif text and not text.isspace() and not is_comment_in_columns(text):
                row = _as_row(text)
                if row is None and titles and is_title(text):
                    titles -= 1
                    continue
                yield _entry(line, text, row, drop or _drop_by(Written(shown.see(row.day) if row else order, zone)))
            else:
                continue
            titles = 0

    return read


def _drop_by(how: Written) -> _Drop:
    return lambda day, time: read_drop(f"{day} {time}".strip(), how)


def _entry(line: int, text: str, row: _Row | None, drops: _Drop) -> Entry | Reject:
    match = _first_cell(text)
    name = row.name if row else match[1] if match else ""
    domain = domain_or_reject(line, name, text)
    if not isinstance(domain, Domain):
        return domain
    if row is None:
        rest = text[match.end() :].strip(" \t,;|\"'") if match else ""
        if not rest:
            return Entry(line, domain)
        return reject(line, text, f"date '{rest[:40]}' cannot be read: write it as YYYY-MM-DD", _UNREADABLE)
    try:
        drop = drops(row.day, row.time)
    except UnreadableDate as unreadable:
        return reject(line, text, str(unreadable), unreadable.kind)
    return Entry(line, domain) if drop is None else _dropping(line, domain, drop)


_UNREADABLE = UnreadableDate("").kind


def _dropping(line: int, domain: Domain, drop: Release | date | datetime) -> Entry:
    if isinstance(drop, Release):
        return Entry(line, domain, drop_at=drop.at, eligible_at=drop.eligible_at)
    return Entry(line, domain, drop_at=drop) if isinstance(drop, datetime) else Entry(line, domain, drop_day=drop)


def _recognises_purges(sample: Sequence[str]) -> bool:
    texts = _untitled(sample)
    rows = [match for match in map(_purge_row, texts) if match]
    return len(rows) * 2 > len(texts) and all(row[3].lower().endswith(".au") for row in rows)


def _read_purges(lines: Iterable[Line]) -> Iterator[Entry | Reject]:
    section = ""
    for line, text, fault in lines:
        if fault is not None:
            yield reject(line, text, fault)
            continue
        if not text or text.isspace() or is_comment_in_columns(text):
            continue
        match = _purge_row(text.strip())
        if match is None:
            if is_title(text):
                section = text
            else:
                yield reject(line, text, "is no row of date, time and name")
            continue
        domain = domain_or_reject(line, match[3], text)
        if not isinstance(domain, Domain):
            yield domain
            continue
        try:
            yield _dropping(line, domain, auda.drops_at(match[1], match[2], section))
        except UnreadableDate as unreadable:
            yield reject(line, text, str(unreadable), unreadable.kind)


POOL = Format("Pool.com", _all(_is_pool), _reader(Order.MONTH_FIRST))
INTERNETSTIFTELSEN = Format("Internetstiftelsen", _all(_is_internetstiftelsen), _reader())
REGISTRO = Format("Registro.it", _all(_is_registro), _reader(Order.DAY_FIRST, ZoneInfo("Europe/Rome")))
# The registry is in China, and its file does not say whose times it has: those of China are the earliest that they can
# be, of the two that are likely.
NIC_TOP = Format("nic.top", _all(_is_top), _reader(zone=ZoneInfo("Asia/Shanghai")))
AUDA = Format("auDA", _recognises_purges, _read_purges)
AUDA_TIMES = Format("auDA", _all(_is_auda), _reader(drop=auda.drops_by))
FORMAT = Format("names with dates", lambda sample: bool(_rows(sample)), _reader())
