"""What a format is, and what formats have in common."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from ingestion.reading.containers import NoList
from ingestion.reading.entries import Entry, Reject
from ingestion.reading.lines import Line

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class PlainRows:
    """What a plain row has after the dot that ends its label.

    It has no blanks around it and no quotes; letters may be of either case.
    """

    tail: bytes
    """An expression, without groups, of which the zone is the beginning. It sees lower case only."""
    meaning: Callable[[str], tuple[str, datetime | None]]
    """The zone, and the finalization date (UTC), of such a tail. Raises ValueError if it takes a closer look."""
    read: Callable[[Line], Entry | Reject | None]
    """Reads any one line below the first entry; None if it is no entry."""


@dataclass(frozen=True, slots=True)
class Format:
    """A way to write a list."""

    name: str
    """As reports call it."""
    recognises: Callable[[Sequence[str]], bool]
    """Given the first lines that are not blank."""
    read: Callable[[Iterable[Line]], Iterator[Entry | Reject]]
    rows: PlainRows | None = None
    """Where most rows are plain: what they look like, so that blocks of them can be read at once."""
    note: str = ""
    """What a person should know about lists of this kind: a sentence of the summary."""


is_comment = re.compile(r"[ \t]*(?:#|;|//)").match
"""A line that is for people."""

is_comment_in_columns = re.compile(r"[ \t]*(?:#|//)").match
"""The same where a semicolon may begin a row whose first cell is empty."""


def uncommented(sample: Sequence[str]) -> list[str]:
    """The lines of a sample that are not comments."""
    return [text for text in sample if not is_comment(text)]


def look_ahead(items: Iterator[_Item], count: int) -> tuple[list[_Item], Iterator[_Item]]:
    """The first `count` items, and the rest. What an archive gave before it broke counts: its fault is raised where it
    was met."""
    first: list[_Item] = []
    try:
        first.extend(itertools.islice(items, count))
    except NoList as fault:
        return first, _broken_off(fault)
    return first, items


def _broken_off(fault: NoList) -> Iterator[_Item]:
    yield from ()
    raise fault
