"""Blocks of plain rows, looked at as a whole: what a screen leaves out is counted, the rest is read line by line.

A plain row is `label.zone` and what its format has after that, under a zone whose names need no closer look. One
expression runs over all rows of a block; what it finds in a row is one of few values, which are judged once and
counted. Rows that are not plain, and names that may be chosen, are read as each line of any other list is: a property
test holds both ways together.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from itertools import accumulate, chain, compress, repeat
from typing import NamedTuple

from backorder.domain.domains import Domain, is_plain_zone, suffixes_below
from ingestion.reading.containers import NoList
from ingestion.reading.entries import Entry, Items, LeftOut, Reject
from ingestion.reading.formats.form import Format, PlainRows
from ingestion.reading.lines import Block, Line, Lines
from ingestion.reading.prefilter.screen import Screen

_plain_names_at = re.compile(rb"\n([a-z0-9.-]+)").finditer
_plain_names = re.compile(rb"\n([a-z0-9.-]+)").findall

_Tail = bytes
"""What is found in a row: what follows a label that meets the rules, with its dot if it does so but for its length; or,
with the line end before it, all of any other row."""
_Failing = tuple[bytes, bytes]
"""What is found in one of these others: the character that its label fails by, and what follows the label."""
_Found = _Tail | _Failing
_LINE_END = ord("\n")
_REST = rb"[^\n]{1,300}+(?![^\n])"
"""What follows a label; if it is longer than any that means something, it is not kept."""
_NOT_PLAIN: _Failing = (b"", b"")
_MOST_MEANINGS = 1 << 14
"""That are kept."""


class _Meaning(NamedTuple):
    """What all rows are in which the same is found."""

    zone: str
    left_out_by: str | None
    """None: they may be chosen, where they have the keywords."""
    when: datetime | None


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
        self._forget()

    def _forget(self) -> None:
        self._times: Counter[_Found] = Counter()
        """How many rows, that are not read line by line, each was found in."""
        self._meanings: dict[_Found, _Meaning | None] = {}
        """Of all that was found. None: it takes a closer look."""
        self._odd: set[_Found] = set()
        """What takes a closer look."""
        self._entries: dict[_Found, _Meaning] = {}
        """Of these, what rows have that need only be counted out: their names may be chosen."""
        self._nested: tuple[str, ...] = ()
        """Zones with suffixes below them, in their order."""

    def read(self) -> Items:
        """What comes after the block that was begun: rejects, entries that may be chosen, and the rest in bulk.

        Raises NoList where an archive breaks off, when all before it was given.
        """
        try:
            for part in self.lines.blocks():
                if not isinstance(part, Block):
                    yield from self._line_by_line([part])
                elif b"\r" in part and part.count(b"\r") != part.count(b"\r\n"):
                    # Lines that end with a return, as on old Macintoshes.
                    yield from self._line_by_line(self.lines.lines_of(part))
                else:
                    yield from self._read(part)
                if len(self._meanings) > _MOST_MEANINGS:
                    yield self._left_out()
        except NoList:
            yield self._left_out()
            raise
        yield self._left_out()

    def _line_by_line(self, lines: Iterable[Line]) -> Iterator[Entry | Reject]:
        return (item for item in map(self._rows.read, lines) if item is not None)

    def _read(self, block: Block) -> Iterator[Entry | Reject]:
        number = self.lines.reached + 1
        text = b"\n" + block.lower() + (b"" if block.endswith(b"\n") else b"\n")
        rows: list[_Tail] = self._rows_of(text, 0, len(text) - 1)
        self.lines.reached += len(rows)
        closer = self._count(Counter(rows))
        starts = self._with_keywords(text) | self._known(text) | self._suffixes(text)
        self._times.subtract(self._row(text, start) for start in starts)
        found = {start: self._entries.get(row) for start, row in _starts_of(closer, text, rows)}
        found.update(dict.fromkeys(starts))
        yield from self._items_at(block, number, text, found)

    def _count(self, times: Counter[_Tail]) -> dict[_Tail, int]:
        """Counts what was found, `times`; gives what takes a closer look, and how often it was found."""
        whole = [row for row in times if row[0] == _LINE_END]
        numbers = list(map(times.pop, whole))
        failing: list[_Failing] = self._failing_of(b"".join(whole))
        found: set[_Found] = {*times, *failing}
        for new in found - self._meanings.keys():
            self._judge(new)
        self._times.update(times)
        self._times.update(chain.from_iterable(map(repeat, failing, numbers)))
        closer = {tail: times[tail] for tail in times.keys() & self._odd}
        closer.update(compress(zip(whole, numbers, strict=True), map(self._odd.__contains__, failing)))
        return closer

    def _judge(self, found: _Found) -> None:
        meaning = self._meaning(found)
        may_be_chosen = meaning is not None and meaning.left_out_by is None and self._screen.needles is None
        if meaning is None or may_be_chosen:
            self._meanings[found] = None
            self._odd.add(found)
        else:
            self._meanings[found] = meaning
        if meaning is not None and may_be_chosen:
            self._entries[found] = meaning
        if meaning is None:
            return
        if meaning.zone not in self._nested and suffixes_below(meaning.zone):
            self._nested = tuple(sorted((*self._nested, meaning.zone)))

    def _meaning(self, found: _Found) -> _Meaning | None:
        mark, tail = found if isinstance(found, tuple) else (b".", found[1:]) if found[:1] == b"." else (b"", found)
        tail = tail.removesuffix(b"\r")
        if not self._is_tail(tail):
            return None
        try:
            zone, when = self._rows.meaning(tail.decode("ascii"))
        except ValueError:
            return None
        if not is_plain_zone(zone):
            return None
        return _Meaning(zone, self._screen.left_out_by(mark, zone), when)

    def _with_keywords(self, text: bytes) -> set[int]:
        """Where plain rows begin that may be chosen and have, somewhere, what the rules look for."""
        hits = (hit.start() for occurrences in self._needles for hit in occurrences(text))
        starts = {text.rfind(b"\n", 0, hit + 1) + 1 for hit in hits}
        meant = ((start, self._meanings[self._row(text, start)]) for start in starts)
        return {start for start, meaning in meant if meaning and meaning.left_out_by is None}

    def _known(self, text: bytes) -> set[int]:
        """The same for plain rows whose names are known."""
        if not self._screen.known or self._screen.known.isdisjoint(_plain_names(text)):
            return set()
        starts = (name.start(1) for name in _plain_names_at(text) if name[1] in self._screen.known)
        return {start for start in starts if self._row(text, start) not in self._odd}

    def _suffixes(self, text: bytes) -> set[int]:
        """The same for rows that are a suffix such as `com.pl`, which looks like a name."""
        if not self._nested:
            return set()
        zone_at, suffixes = _suffixes_in(self._nested)
        starts = ((text.rfind(b"\n", 0, zone.start()) + 1, zone.end()) for zone in zone_at(text))
        return {
            start for start, end in starts if text[start:end] in suffixes and self._row(text, start) not in self._odd
        }

    def _row(self, text: bytes, start: int) -> _Found:
        row = self._row_at(text, start - 1)
        if row and not row[1].startswith(b"\n"):
            return row[1]
        failing = self._failing_at(text, start - 1)
        return (failing[1] or b"", failing[2] or b"") if failing else _NOT_PLAIN

    def _left_out(self) -> LeftOut:
        """What all that was counted comes to; it is counted no more."""
        by: Counter[str] = Counter()
        zones: Counter[str] = Counter()
        days: set[date] = set()
        for found, number in self._times.items():
            meaning = self._meanings[found]
            if meaning and number:
                by[meaning.left_out_by or "keywords"] += number
                zones[meaning.zone] += number
                days.update([meaning.when.date()] if meaning.when else ())
        self._forget()
        return LeftOut(by, zones, (min(days), max(days)) if days else None)

    def _items_at(
        self, block: Block, number: int, text: bytes, found: Mapping[int, _Meaning | None]
    ) -> Iterator[Entry | Reject]:
        """What the rows of `block` are, whose first one has `number`, that begin in `text` at the keys of `found`; what
        it has for them is what is known of them already."""
        seen = 1
        for start in sorted(found):
            number += text.count(b"\n", seen, start)
            seen, known = start, found[start]
            if known is not None:
                label = text[start : text.index(b".", start)].decode("ascii")
                name = f"{label}.{known.zone}"
                if name not in suffixes_below(known.zone):
                    yield Entry(number, Domain(name, label, known.zone), finalization_at=known.when)
                    continue
            # In `text` there is a line end before the block.
            row = block[start - 1 : text.index(b"\n", start) - 1].removesuffix(b"\r")
            yield from self._line_by_line([self.lines.line(number, row)])


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


def _starts_of(some: Mapping[_Tail, int], text: bytes, rows: Sequence[_Tail]) -> Iterator[tuple[int, _Tail]]:
    """Where those rows begin that are like one of `some`, which says how many these are, and what is found in them."""
    if any(row[0] != _LINE_END for row in some):
        ends = accumulate(map(len, text.splitlines(keepends=True)))
        yield from compress(zip(ends, rows, strict=False), map(some.__contains__, rows))
        return
    first = 0
    for row, number in some.items():
        line = row + b"\n"
        start = first = text.index(line, first)
        yield start + 1, row
        for _ in range(number - 1):
            start = text.index(line, start + 1)
            yield start + 1, row
