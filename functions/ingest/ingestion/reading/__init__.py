"""From the bytes of a file to the entries of its lists: container → encoding → lines → format → entries.

Everything is a stream: memory does not grow with the list. Whatever is wrong with a file, or with a line of it,
becomes a `Reject` with a reason; nothing raises but a source that cannot be read.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from ingestion.reading.blocks import Blocks, read_screened
from ingestion.reading.containers import Bounds, Member, NoList, unpack
from ingestion.reading.entries import Entry, Items, LeftOut, Reject
from ingestion.reading.formats import recognise
from ingestion.reading.lines import Line, Lines
from ingestion.screen import Screen

_SAMPLE = 100
"""Lines that a format is recognised from."""

__all__ = ["Bounds", "Entry", "LeftOut", "ReadList", "Reject", "read_lists"]


@dataclass(frozen=True, slots=True)
class ReadList:
    """One list while it is read: `items` must be used up before the next list is asked for."""

    member: str | None
    """Its name within the archive; None where the file holds just this list."""
    source: str
    """What it was recognised as."""
    items: Items
    lines: Lines | None = None

    @property
    def encoding(self) -> str:
        """As far as it was read; empty for what is no text."""
        return self.lines.encoding if self.lines else ""


def read_lists(file: BinaryIO, bounds: Bounds | None = None, screen: Screen | None = None) -> Iterator[ReadList]:
    """Reads each list that `file` (seekable, at its beginning) contains: one, or several members of an archive.

    What `screen` leaves out may come in bulk (`LeftOut`), where the list's format allows it.
    """
    try:
        for member in unpack(file, bounds or Bounds()):
            yield _read(member, screen)
    except NoList as fault:
        yield _unreadable(None, fault)


def _read(member: Member, screen: Screen | None) -> ReadList:
    try:
        lines = Lines(member.chunks)
    except NoList as fault:
        return _unreadable(member.name, fault)
    sample: list[Line] = []
    rest: Iterator[Line] = lines
    try:
        sample.extend(itertools.islice(lines, _SAMPLE))
    except NoList as fault:
        rest = _broken_off(fault)
    form = recognise(sample)
    if screen is None or form.rows is None:
        items: Items = form.read(itertools.chain(sample, rest))
    else:
        items = read_screened(form, sample, rest, Blocks(lines, form.rows, screen))
    return ReadList(member.name, form.name, _to_the_end(items, lines), lines)


def _broken_off(fault: NoList) -> Iterator[Line]:
    """What was read before counts, if any was."""
    yield from ()
    raise fault


def _to_the_end(items: Items, lines: Lines) -> Items:
    """What a broken archive still gave counts; the rest is one reject at the line reached."""
    try:
        yield from items
    except NoList as fault:
        yield Reject(lines.reached, "", str(fault), str(fault))


def _unreadable(name: str | None, fault: NoList) -> ReadList:
    return ReadList(name, "no list", iter([Reject(0, "", str(fault), str(fault))]))
