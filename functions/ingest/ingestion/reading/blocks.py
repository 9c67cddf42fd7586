"""Blocks of plain rows, looked at as a whole: what a screen leaves out is counted, the rest is read line by line.

A plain row is `label.zone` and what its format has after that, under a zone whose names need no closer look. One
expression runs over all rows of a block; what it finds in a row is one of few values, which are judged once and
counted. Rows that are not plain, and names that may be chosen, are read as each line of any other list is: a property
test holds both ways together.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from datetime import date
from functools import lru_cache
from itertools import accumulate, chain, compress
from typing import NamedTuple

from backorder.domains import is_plain_zone, suffixes_below
from ingestion.reading.entries import Entry, Items, LeftOut, Reject
from ingestion.reading.formats.form import Format, PlainRows
from ingestion.reading.lines import Block, Line, Lines
from ingestion.screen import Screen

_plain_names_at = re.compile(rb"\n([a-z0-9.-]+)").finditer
_plain_names = re.compile(rb"\n([a-z0-9.-]+)").findall

_Row = bytes
"""What is found in a row: what follows a label that meets the rules, with its dot if it does so but for its length; or,
with the line end before it, all of any other row."""
_Failing = tuple[bytes, bytes]
"""What is found in one of these others: the character that its label fails by, and what follows the label."""
_LINE_END = ord("\n")
_REST = rb"[^\n]{1,300}+(?![^\n])"
"""What follows a label; if it is longer than any that means something, it is not kept."""
_NOT_PLAIN: _Failing = (b"", b"")


class _Meaning(NamedTuple):
    """What all rows are in which the same is found."""

    zone: str
    left_out_by: str | None
    """None: they may be chosen, where they have the keywords."""
    day: date | None


class Blocks:
    """Reads blocks of rows of one form, through one screen."""

    def __init__(self, lines: Lines, rows: PlainRows, screen: Screen) -> None:
        self.lines = lines
        self._rows = rows
        self._screen = screen
        row = re.compile(rb"(?:\n" + screen.meets + rb"|)(\n[^\n]*+|" + _REST + rb")")
        self._row_at, self._rows_of = row.match, row.findall
        failing = re.compile(rb"\n(?:" + screen.fails + rb"(" + _REST + rb")|[^\n]*+)")
        self._failing_at, self._failing_of = failing.match, failing.findall
        self._is_tail = re.compile(rows.tail).fullmatch
        self._needles = [re.compile(re.escape(needle)).finditer for needle in screen.needles or ()]
        self._meaning = lru_cache(maxsize=1 << 14)(self._judged)

    def read(self) -> Items:
        """What comes after the block that was begun: rejects, entries that may be chosen, and the rest in bulk."""
        for part in self.lines.blocks():
            if not isinstance(part, Block):
                yield from self._line_by_line([part])
            elif b"\r" in part and part.count(b"\r") != part.count(b"\r\n"):
                # Lines that end with a return, as on old Macintoshes.
                yield from self._line_by_line(self.lines.lines_of(part))
            else:
                yield from self._read(part)

    def _line_by_line(self, lines: Iterable[Line]) -> Iterator[Entry | Reject]:
        return (item for item in map(self._rows.read, lines) if item is not None)

    def _read(self, block: Block) -> Items:
        number = self.lines.reached + 1
        text = b"\n" + block.lower() + (b"" if block.endswith(b"\n") else b"\n")
        rows: list[_Row] = self._rows_of(text, 0, len(text) - 1)
        self.lines.reached += len(rows)
        times, closer = self._told_apart(Counter(rows))
        meanings = {row: meaning for row in times if (meaning := self._meaning(row)) is not None}
        closer.update({row: times[row] for row in times.keys() - meanings.keys() if isinstance(row, _Row)})
        starts = self._with_keywords(text, meanings) | self._known(text, meanings) | self._suffixes(text, meanings)
        for start in starts:
            times[self._row(text, start)] -= 1
        starts.update(_starts_of(closer, text, rows))
        yield _left_out((meaning, times[row]) for row, meaning in meanings.items())
        yield from self._line_by_line(self._lines_at(block, number, text, sorted(starts)))

    def _told_apart(self, times: Counter[_Row]) -> tuple[dict[_Row | _Failing, int], dict[_Row, int]]:
        """How often each was found, with what fails the rules on characters told by why; and the rows that are not
        plain."""
        whole = [row for row in times if row[0] == _LINE_END]
        failing: Counter[_Failing] = Counter()
        closer: dict[_Row, int] = {}
        for row, found in zip(whole, self._failing_of(b"".join(whole)), strict=True):
            if self._meaning(found) is None:
                closer[row] = times.pop(row)
            else:
                failing[found] += times.pop(row)
        return dict(chain(times.items(), failing.items())), closer

    def _judged(self, row: _Row | _Failing) -> _Meaning | None:
        """None: it takes a closer look."""
        mark, tail = row if isinstance(row, tuple) else (b".", row[1:]) if row.startswith(b".") else (b"", row)
        tail = tail.removesuffix(b"\r")
        if not self._is_tail(tail):
            return None
        try:
            zone, when = self._rows.meaning(tail.decode("ascii"))
        except ValueError:
            return None
        if not is_plain_zone(zone):
            return None
        left_out_by = self._screen.left_out_by(mark, zone)
        if left_out_by is None and self._screen.needles is None:
            return None
        return _Meaning(zone, left_out_by, when.date() if when else None)

    def _with_keywords(self, text: bytes, meanings: Mapping[_Row | _Failing, _Meaning]) -> set[int]:
        """Where plain rows begin that may be chosen and have, somewhere, what the rules look for."""
        hits = (hit.start() for occurrences in self._needles for hit in occurrences(text))
        starts = {text.rfind(b"\n", 0, hit + 1) + 1 for hit in hits}
        meant = ((start, meanings.get(self._row(text, start))) for start in starts)
        return {start for start, meaning in meant if meaning and meaning.left_out_by is None}

    def _known(self, text: bytes, meanings: Container[_Row | _Failing]) -> set[int]:
        """The same for plain rows whose names are known."""
        if not self._screen.known or self._screen.known.isdisjoint(_plain_names(text)):
            return set()
        starts = (name.start(1) for name in _plain_names_at(text) if name[1] in self._screen.known)
        return {start for start in starts if self._row(text, start) in meanings}

    def _suffixes(self, text: bytes, meanings: Mapping[_Row | _Failing, _Meaning]) -> set[int]:
        """The same for rows that are a suffix such as `com.pl`, which looks like a name."""
        zones = {meaning.zone for meaning in meanings.values()}
        nested = tuple(sorted(zone for zone in zones if suffixes_below(zone)))
        if not nested:
            return set()
        zone_at, suffixes = _suffixes_in(nested)
        starts = ((text.rfind(b"\n", 0, zone.start()) + 1, zone.end()) for zone in zone_at(text))
        return {start for start, end in starts if text[start:end] in suffixes and self._row(text, start) in meanings}

    def _row(self, text: bytes, start: int) -> _Row | _Failing:
        row = self._row_at(text, start - 1)
        if row and not row[1].startswith(b"\n"):
            return row[1]
        failing = self._failing_at(text, start - 1)
        return (failing[1] or b"", failing[2] or b"") if failing else _NOT_PLAIN

    def _lines_at(self, block: Block, number: int, text: bytes, starts: Iterable[int]) -> Iterator[Line]:
        """The lines of `block`, whose first one has `number`, that begin in `text` at `starts`, which are in order."""
        seen = 1
        for start in starts:
            number += text.count(b"\n", seen, start)
            seen = start
            # In `text` there is a line end before the block.
            yield self.lines.line(number, block[start - 1 : text.index(b"\n", start) - 1].removesuffix(b"\r"))


def _left_out(rows: Iterable[tuple[_Meaning, int]]) -> LeftOut:
    """What so many rows of each meaning come to."""
    numbers: defaultdict[tuple[str, str | None], int] = defaultdict(int)
    days: set[date | None] = set()
    for meaning, number in rows:
        if number:
            numbers[meaning[:2]] += number
            days.add(meaning[2])
    by: Counter[str] = Counter()
    zones: Counter[str] = Counter()
    for (zone, left_out_by), number in numbers.items():
        by[left_out_by or "keywords"] += number
        zones[zone] += number
    known = [day for day in days if day is not None]
    return LeftOut(by, zones, (min(known), max(known)) if known else None)


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
def _suffixes_in(zones: tuple[str, ...]) -> tuple[Callable[[bytes], Iterator[re.Match[bytes]]], frozenset[bytes]]:
    """What finds, in rows, `zones` after a label as long as that of a suffix below them; and these suffixes."""
    suffixes = {zone: suffixes_below(zone) for zone in zones}
    ends = []
    for zone, names in suffixes.items():
        ending = f"\\.{re.escape(zone)}"
        rows = (f"(?<=\\n{'.' * length}{ending})" for length in sorted({len(name) - len(zone) - 1 for name in names}))
        ends.append(f"{re.escape(zone)}(?![a-z0-9.-])(?:{'|'.join(rows)})")
    zone_at = re.compile(f"\\.(?:{'|'.join(ends)})".encode("ascii")).finditer
    return zone_at, frozenset(name.encode("ascii") for names in suffixes.values() for name in names)


def _starts_of(some: Mapping[_Row, int], text: bytes, rows: Iterable[_Row]) -> Iterator[int]:
    """Where those rows begin that are like one of `some`, which says how many these are, in the order of the first."""
    if any(row[0] != _LINE_END for row in some):
        ends = accumulate(map(len, text.splitlines(keepends=True)))
        yield from compress(ends, map(some.__contains__, rows))
        return
    first = 0
    for row, number in some.items():
        line = row + b"\n"
        start = first = text.index(line, first)
        yield start + 1
        for _ in range(number - 1):
            start = text.index(line, start + 1)
            yield start + 1
