"""What a format is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ingestion.reading.entries import Entry, Reject
from ingestion.reading.lines import Line


@dataclass(frozen=True, slots=True)
class Format:
    """A way to write a list."""

    name: str
    """As reports call it."""
    recognises: Callable[[Sequence[str]], bool]
    """Given the first lines that are not blank."""
    read: Callable[[Iterable[Line]], Iterator[Entry | Reject]]


is_comment = re.compile(r"[ \t]*(?:#|;|//)").match
"""A line that is for people."""

is_comment_in_columns = re.compile(r"[ \t]*(?:#|//)").match
"""The same where a semicolon may begin a row whose first cell is empty."""


def uncommented(sample: Sequence[str]) -> list[str]:
    """The lines of a sample that are not comments."""
    return [text for text in sample if not is_comment(text)]
