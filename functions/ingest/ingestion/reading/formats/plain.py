"""Plain text: a name a line. Comments, blank lines, and a title or date above the first name are no entries."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from backorder.domain.domains import Domain, NotADomain, parse_domain
from ingestion.reading.entries import Entry, Reject, column_name, reject, undecoded
from ingestion.reading.formats.columns import NAME_TITLES, known_title
from ingestion.reading.formats.form import Format, PlainRows, is_comment, uncommented
from ingestion.reading.lines import Line

_TITLES = 3
"""So many lines above the first name may be a title."""
_LONGEST = 300
"""Characters of a line in which something else than a name is looked for."""
_date_line = re.compile(
    r"(?:\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{4})(?:[ T]\d{1,2}:\d\d(?::\d\d)?(?: ?[AP]M)?Z?)?"
).fullmatch
_after_name = re.compile(r"\s+(?:#|//|;).*|[\s,;]+$").sub
"""A comment behind a name, or separators of columns that are empty."""


_MORE = "has more than a name: name the columns in a header above, such as domain,priority"


def _recognises_nask(sample: Sequence[str]) -> bool:
    """`deleted_domains.txt` as its page shows it: a date above, and .pl names."""
    first, *names = uncommented(sample) or [""]
    return bool(names) and bool(_date_line(first.strip())) and all(name.strip().endswith(".pl") for name in names)


def recognises(_sample: Sequence[str]) -> bool:
    """Everything is text."""
    return True


def read(lines: Iterable[Line]) -> Iterator[Entry | Reject]:
    """The entries; no list of this form says when its names drop."""
    titles = _TITLES
    for line in lines:
        item = read_line(line)
        if item is None:
            continue
        if isinstance(item, Reject) and titles and line[2] is None and is_title(line[1]):
            titles -= 1
            continue
        titles = 0
        yield item


def read_line(of: Line) -> Entry | Reject | None:
    """What one line is, below any title; None for a comment or a blank line."""
    line, text, fault = of
    if fault is not None:
        return reject(line, text, fault)
    if not text or text.isspace() or is_comment(text):
        return None
    try:
        return Entry(line, parse_domain(text))
    except NotADomain as no_domain:
        domain = _cleaned(text)
        if domain is not None:
            return Entry(line, domain)
        name, _, rest = text.strip().partition(next((d for d in ",;\t|" if d in text), "\n"))
        return undecoded(line, name, text) or reject(line, text, *_why(name, rest, no_domain))


def _meaning(tail: str) -> tuple[str, None]:
    return tail, None


def _cleaned(text: str) -> Domain | None:
    """The name in a line that has more than a name, if it is plain where the name ends."""
    if len(text) > _LONGEST:
        return None
    name = _after_name("", text.strip()).strip("\"'")
    try:
        return parse_domain(name) if name != text else None
    except NotADomain:
        return None


def _why(name: str, rest: str, no_domain: NotADomain) -> tuple[str, str]:
    """Reason and kind. Where a name is followed by more, that is the fault."""
    try:
        if rest:
            parse_domain(name.strip("\"' "))
            return _MORE, _MORE
    except NotADomain:
        pass
    return no_domain.reason, no_domain.kind


def is_title(text: str) -> bool:
    """A date, or words of which none is a name."""
    if len(text) > _LONGEST:
        return False
    words, cells = text.split(), re.split(r"[,;\t|]", text)
    if len(cells) > 1 and not re.search(r"[\d.]", text) and not any(map(_looks_like_a_name, words)):
        # A header of columns that nobody knows.
        return True
    if _date_line(text.strip()) or known_title(column_name(text.strip().rstrip(":"))) in NAME_TITLES:
        return True
    return len(words) > 1 and not any(map(_looks_like_a_name, words))


def is_prose(texts: Sequence[str], file: str = "") -> bool:
    """Whether a text is about something, and no list: none of its lines has a name where rows have one. In a file that
    is called so (`readme.txt`), it may have some addresses."""
    lines = [text for text in texts if text.strip() and not is_comment(text)]
    rows = sum(map(_may_be_a_row, lines))
    sentences = sum(len(text.split()) > 2 and not _may_be_a_row(text) for text in lines)
    return bool(lines) and (not rows or (sentences >= rows and _is_to_be_read_first(file) is not None))


_is_to_be_read_first = re.compile(
    r"(?:.*[/\\])?(?:read.?me|licen[cs]e|liesmich|lisez.?moi|leggimi|info|about)\b.*", re.I
).fullmatch


def _may_be_a_row(text: str) -> bool:
    """Some cell is a name or meant as one; or these are cells of a header, or JSON."""
    cells = [cell.strip().strip("\"'") for cell in re.split(r"[,;|\t]", text[:_LONGEST])]
    if text.lstrip()[:1] == "{" or text.lstrip()[:2] in ("[{", '["', "["):
        return True
    if any(known_title(column_name(cell)) in NAME_TITLES for cell in cells):
        return True
    return any(len(cell.split()) < 3 and any(map(_looks_like_a_name, cell.split())) for cell in cells)


def _looks_like_a_name(word: str) -> bool:
    try:
        parse_domain(word.strip("\"',;:"))
    except NotADomain as fault:
        # `john_doe.com` is meant as one, too; a date such as 1.8.2026 ends in no zone.
        return "." in word.strip(".,;:") and not _date_line(word) and not fault.kind.startswith("ends in no known zone")
    return True


_ROWS = PlainRows(rb"[a-z0-9.-]+", _meaning, read_line)
NASK = Format(
    "NASK",
    _recognises_nask,
    read,
    _ROWS,
    "NASK publishes names after their deletion: these are free already, or taken. The list has no dates.",
)
FORMAT = Format("plain text", recognises, read, _ROWS)
