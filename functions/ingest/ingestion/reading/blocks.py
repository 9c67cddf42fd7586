"""Blocks of plain rows, looked at as a whole: what a screen leaves out is counted, the rest is read line by line.

A plain row is `label.zone` and what its format has after that, under a zone whose names need no closer look. One
expression runs over all rows of a block; what it finds in a row is one of few values, which are judged once and
counted. Rows that are not plain, and names that may be chosen, are read as each line of any other list is: a property
test holds both ways together.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set
from datetime import date
from functools import lru_cache
from itertools import accumulate, compress
from typing import NamedTuple

from backorder.domains import is_plain_zone, suffixes_below
from ingestion.reading.containers import NoList
from ingestion.reading.entries import Entry, Items, LeftOut, Reject
from ingestion.reading.formats.form import Format, PlainRows
from ingestion.reading.lines import Block, Line, Lines
from ingestion.screen import Screen

_SIZE = 1 << 20
"""Bytes that are looked at in one piece: few enough for the memory, enough for a row's values to repeat."""

_plain_names_at = re.compile(rb"\n([a-z0-9.-]+)").finditer
_plain_names = re.compile(rb"\n([a-z0-9.-]+)").findall

_Row = tuple[bytes, bytes, bytes]
"""What is found in a row: the screen's mark and the tail, or all of a row that is not plain."""


class _Meaning(NamedTuple):
    """What all plain rows with the same mark and tail are."""

    zone: str
    day: date | None
    left_out_by: str | None
    """None: they may be chosen."""


class Blocks:
    """Reads blocks of rows of one form, through one screen."""

    def __init__(self, lines: Lines, rows: PlainRows, screen: Screen) -> None:
        self.lines = lines
        self._rows = rows
        self._screen = screen
        plain = screen.label + b"(" + rows.tail + b")\r?\n"
        self._row_at = re.compile(plain).match
        self._rows_of = re.compile(plain + rb"|([^\n]*\n)").findall
        self._needles = [re.compile(re.escape(needle)).finditer for needle in screen.needles or ()]
        self._meaning = lru_cache(maxsize=1 << 14)(self._judged)

    def read(self) -> Items:
        """What comes after the block that was begun: rejects, entries that may be chosen, and the rest in bulk."""
        for part in _large(self.lines.blocks()):
            if not isinstance(part, Block):
                yield from self._line_by_line([part])
            elif part.raw.count(b"\r") != part.raw.count(b"\r\n"):
                # Lines that end with a return, as on old Macintoshes.
                yield from self._line_by_line(self.lines.lines_of(part))
            else:
                yield from self._read(part)

    def _line_by_line(self, lines: Iterable[Line]) -> Iterator[Entry | Reject]:
        return (item for item in map(self._rows.read, lines) if item is not None)

    def _read(self, block: Block) -> Items:
        text = b"\n" + block.raw.lower() + (b"" if block.raw.endswith(b"\n") else b"\n")
        rows: list[_Row] = self._rows_of(text, 1)
        times = Counter(rows)
        meanings = {row: meaning for row in times if (meaning := self._meaning(row)) is not None}
        closer = {row for row in times if not row[2] and self._takes_a_closer_look(meanings.get(row))}
        starts = {*_starts_of_odd(text, times), *_starts_of(text, rows, closer)}
        single = self._with_keywords(text, meanings) | self._known(text, meanings) | self._suffixes(text, meanings)
        for start, row in single.items():
            if start not in starts:
                starts.add(start)
                times[row] -= 1
        yield _left_out((meaning, times[row]) for row, meaning in meanings.items() if row not in closer and times[row])
        yield from self._line_by_line(self._lines_at(block, text, sorted(starts)))

    def _takes_a_closer_look(self, meaning: _Meaning | None) -> bool:
        return meaning is None or (meaning.left_out_by is None and self._screen.needles is None)

    def _judged(self, row: _Row) -> _Meaning | None:
        """None: it takes a closer look."""
        mark, tail, odd = row
        if odd:
            return None
        try:
            zone, when = self._rows.meaning(tail.decode("ascii"))
        except ValueError:
            return None
        if not is_plain_zone(zone):
            return None
        return _Meaning(zone, when.date() if when else None, self._screen.left_out_by(mark, zone))

    def _with_keywords(self, text: bytes, meanings: Mapping[_Row, _Meaning]) -> dict[int, _Row]:
        """Where rows begin that may be chosen and have, somewhere, what the rules look for; and these rows."""
        hits = (hit.start() for occurrences in self._needles for hit in occurrences(text))
        starts = {text.rfind(b"\n", 0, hit + 1) + 1 for hit in hits}
        found = self._plain_rows_at(text, starts, meanings)
        return {start: row for start, row in found.items() if meanings[row].left_out_by is None}

    def _known(self, text: bytes, meanings: Mapping[_Row, _Meaning]) -> dict[int, _Row]:
        """The same for plain rows whose names are known."""
        if not self._screen.known or self._screen.known.isdisjoint(_plain_names(text)):
            return {}
        starts = [name.start(1) for name in _plain_names_at(text) if name[1] in self._screen.known]
        return self._plain_rows_at(text, starts, meanings)

    def _suffixes(self, text: bytes, meanings: Mapping[_Row, _Meaning]) -> dict[int, _Row]:
        """The same for rows that are a suffix such as `com.pl`, which looks like a name."""
        zones = {meaning.zone for meaning in meanings.values()}
        nested = tuple(sorted(zone for zone in zones if suffixes_below(zone)))
        if not nested:
            return {}
        names, suffixes = _names_in(nested)
        if suffixes.isdisjoint(names.findall(text)):
            return {}
        starts = [name.start(1) for name in names.finditer(text) if name[1] in suffixes]
        return self._plain_rows_at(text, starts, meanings)

    def _plain_rows_at(self, text: bytes, starts: Iterable[int], meanings: Mapping[_Row, _Meaning]) -> dict[int, _Row]:
        """Those rows that begin at `starts` and have a meaning."""
        found = ((start, self._row_at(text, start)) for start in starts)
        rows = {start: (row[1] or b"", row[2], b"") for start, row in found if row}
        return {start: row for start, row in rows.items() if row in meanings}

    def _lines_at(self, block: Block, text: bytes, starts: Iterable[int]) -> Iterator[Line]:
        """The lines of `block` that begin in `text` at `starts`, which are in order."""
        number, seen = block.number, 1
        for start in starts:
            number += text.count(b"\n", seen, start)
            seen = start
            # In `text` there is a line end before the block.
            yield self.lines.line(number, block.raw[start - 1 : text.index(b"\n", start) - 1].removesuffix(b"\r"))


def _left_out(rows: Iterable[tuple[_Meaning, int]]) -> LeftOut:
    """What so many rows of each meaning come to."""
    by: Counter[str] = Counter()
    zones: Counter[str] = Counter()
    days: set[date] = set()
    for meaning, number in rows:
        by[meaning.left_out_by or "keywords"] += number
        zones[meaning.zone] += number
        if meaning.day is not None:
            days.add(meaning.day)
    return LeftOut(by, zones, (min(days), max(days)) if days else None)


def read_screened(form: Format, sample: Iterable[Line], lines: Iterator[Line], blocks: Blocks) -> Items:
    """Reads a list line by line until the block ends in which its first entry is, and then block by block."""
    begun = False

    def first_lines() -> Iterator[Line]:
        yield from sample
        while True:
            yield from blocks.lines.rest_of_block()
            following = None if begun else next(lines, None)
            if following is None:
                return
            yield following

    for item in form.read(first_lines()):
        begun = begun or isinstance(item, Entry)
        yield item
    yield from blocks.read()
    # An archive that broke off within the sample: its fault is still to be met.
    next(lines, None)


@lru_cache(maxsize=64)
def _names_in(zones: tuple[str, ...]) -> tuple[re.Pattern[bytes], frozenset[bytes]]:
    """What finds the names of `zones`, and the suffixes among these."""
    any_zone = b"|".join(re.escape(zone).encode("ascii") for zone in zones)
    suffixes = frozenset(suffix.encode("ascii") for zone in zones for suffix in suffixes_below(zone))
    return re.compile(rb"\n([a-z0-9-]+\.(?:" + any_zone + rb"))(?![a-z0-9.-])"), suffixes


def _starts_of_odd(text: bytes, times: Mapping[_Row, int]) -> Iterator[int]:
    """Where the rows begin that are not plain. `times` has the rows in the order in which each came first."""
    first = 0
    for row, number in times.items():
        if row[2]:
            start = first = text.index(b"\n" + row[2], first)
            yield start + 1
            for _ in range(number - 1):
                start = text.index(b"\n" + row[2], start + 1)
                yield start + 1


def _starts_of(text: bytes, rows: Iterable[_Row], some: Set[_Row]) -> Iterator[int]:
    """Where those rows begin that are like one of `some`."""
    if not some:
        return iter(())
    starts = accumulate(map(len, text.splitlines(keepends=True)))
    return compress(starts, map(some.__contains__, rows))


def _large(parts: Iterable[Block | Line]) -> Iterator[Block | Line]:
    """Small blocks that follow each other put together."""
    first, raw = 0, bytearray()
    try:
        for part in parts:
            if isinstance(part, Block):
                first = first if raw else part.number
                raw += part.raw
            if raw and (len(raw) >= _SIZE or not isinstance(part, Block)):
                yield Block(first, bytes(raw))
                raw.clear()
            if not isinstance(part, Block):
                yield part
    except NoList:
        # What a broken archive still gave counts.
        if raw:
            yield Block(first, bytes(raw))
        raise
    if raw:
        yield Block(first, bytes(raw))
